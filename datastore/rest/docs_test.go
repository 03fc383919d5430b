package rest_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRestPage runs the commands of docs/rest.md, one after the other, on one server. A line
// that begins with "curl" is a command; "# 404" at its end is the status of its answer.
func TestRestPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/rest.md")
	require.NoError(t, err)
	_, chapter, ok := strings.Cut(string(page), "\n## Operations\n")
	require.True(t, ok)
	chapter, _, _ = strings.Cut(chapter, "\n## ")
	c := newClient(t, nil)
	run := 0
	for line := range strings.Lines(strings.ReplaceAll(chapter, "\\\n", " ")) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "curl ") {
			continue
		}
		run++
		command, status, has := strings.Cut(line, "  # ")
		method, path, body := "GET", "", ""
		var headers []string
		words := shellWords(t, command)[1:]
		for i := 0; i < len(words); i++ {
			switch words[i] {
			case "-X":
				i++
				method = words[i]
			case "-H":
				i++
				headers = append(headers, words[i])
			case "--json":
				i++
				if body = words[i]; method == "GET" {
					method = "POST"
				}
			default:
				var below bool
				path, below = strings.CutPrefix(words[i], "$FHIR")
				require.True(t, below, "%s: %s", line, words[i])
			}
		}
		a := c.do(method, path, body, headers...)
		require.True(t, has, "no status: %s", line)
		want, err := strconv.Atoi(strings.TrimSpace(status)[:3])
		require.NoError(t, err, line)
		require.Equal(t, want, a.status, "%s: %s", line, a.body)
	}
	require.Greater(t, run, 20)
}

// shellWords splits a line as a shell does: at spaces, outside of quotes. Between double
// quotes, \$ is a dollar.
func shellWords(t *testing.T, line string) (words []string) {
	word, quoted, in := "", byte(0), false
	for i := 0; i < len(line); i++ {
		switch b := line[i]; {
		case quoted == 0 && (b == '\'' || b == '"'):
			quoted, in = b, true
		case b == quoted:
			quoted = 0
		case quoted == 0 && b == ' ':
			if in {
				words = append(words, word)
			}
			word, in = "", false
		case b == '\\' && quoted == '"' && i+1 < len(line) && line[i+1] == '$':
			i++
			word += "$"
		default:
			word, in = word+string(b), true
		}
	}
	require.Zero(t, quoted, line)
	if in {
		words = append(words, word)
	}
	return words
}
