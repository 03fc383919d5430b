package jsonpatch

import (
	"strconv"
	"strings"
)

// splitPointer returns the tokens of a JSON Pointer (RFC 6901), none for the whole
// document.
func splitPointer(text string) ([]string, bool) {
	if text == "" {
		return nil, true
	}
	if text[0] != '/' {
		return nil, false
	}
	tokens := strings.Split(text[1:], "/")
	for i, t := range tokens {
		if strings.IndexByte(t, '~') < 0 {
			continue
		}
		if rest := strings.NewReplacer("~0", "", "~1", "").Replace(t); strings.IndexByte(rest, '~') >= 0 {
			return nil, false
		}
		tokens[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(t)
	}
	return tokens, true
}

// index returns the place in an array that a token names: digits without a leading
// zero, from 0 to at most limit.
func index(token string, limit int) (int, bool) {
	if token == "" || len(token) > 10 || token[0] == '0' && token != "0" {
		return 0, false
	}
	for _, c := range []byte(token) {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	n, err := strconv.Atoi(token)
	return n, err == nil && n <= limit
}
