package param

import (
	"strings"
)

// NormalBase returns a base URL with exactly one slash at its end, or "".
func NormalBase(base string) string {
	if base == "" {
		return ""
	}
	return strings.TrimRight(base, "/") + "/"
}
