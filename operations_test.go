package fhirlake_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// docs/operations.md speaks of flags and commands that there are.
func TestOperationsNameFlags(t *testing.T) {
	page, err := os.ReadFile("docs/operations.md")
	require.NoError(t, err)
	var source strings.Builder
	for _, program := range []string{"server", "admin"} {
		files, err := filepath.Glob("examples/" + program + "/*.go")
		require.NoError(t, err)
		for _, name := range files {
			text, err := os.ReadFile(name)
			require.NoError(t, err)
			source.Write(text)
		}
	}
	code := regexp.MustCompile("(?s)```.*?```|`[^`]+`").FindAllString(string(page), -1)
	require.NotEmpty(t, code)
	for _, text := range code {
		if strings.HasPrefix(text, "`go ") {
			continue
		}
		for _, flag := range regexp.MustCompile("[` ]-([a-z][a-z-]+)").FindAllStringSubmatch(text, -1) {
			require.True(t, strings.Contains(source.String(), `"`+flag[1]+`"`), "no program has the flag -%s", flag[1])
		}
		if command := regexp.MustCompile("^`admin ([a-z-]+)").FindStringSubmatch(text); command != nil {
			require.True(t, strings.Contains(source.String(), `"`+command[1]+`"`), "admin has no command %s", command[1])
		}
	}
}
