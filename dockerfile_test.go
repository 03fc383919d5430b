package fhirlake_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// An instruction is a line of a Dockerfile.
type instruction struct {
	name  string
	flags map[string]string // of --name=value
	words []string          // of the JSON array, or else split at spaces
	text  string
}

// readDockerfile reads instructions, of which none goes over several lines.
func readDockerfile(t *testing.T, text string) (list []instruction) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		require.False(t, strings.HasSuffix(line, `\`), "one line an instruction: %s", line)
		name, rest, _ := strings.Cut(line, " ")
		i := instruction{name: name, flags: map[string]string{}}
		for rest = strings.TrimSpace(rest); strings.HasPrefix(rest, "--"); {
			var flag string
			flag, rest, _ = strings.Cut(rest, " ")
			key, value, _ := strings.Cut(strings.TrimPrefix(flag, "--"), "=")
			i.flags[key] = value
		}
		if i.text = rest; strings.HasPrefix(rest, "[") {
			require.NoError(t, json.Unmarshal([]byte(rest), &i.words), line)
		} else {
			i.words = strings.Fields(rest)
		}
		list = append(list, i)
	}
	return list
}

// The image holds the program alone, run by a user without a name; what the Dockerfile
// speaks of is there.
func TestDockerfile(t *testing.T) {
	text, err := os.ReadFile("Dockerfile")
	require.NoError(t, err)
	list := readDockerfile(t, string(text))
	known := []string{"FROM", "WORKDIR", "COPY", "RUN", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "ENTRYPOINT", "CMD"}
	stages := []string{}
	last := map[string]instruction{} // of the last stage
	var copied []string
	for _, i := range list {
		require.Contains(t, known, i.name)
		switch i.name {
		case "FROM":
			clear(last)
			copied = nil
			if len(i.words) == 3 && i.words[1] == "AS" {
				stages = append(stages, i.words[2])
			}
		case "COPY":
			if from, ok := i.flags["from"]; ok {
				require.Contains(t, stages, from)
			}
			copied = append(copied, i.words[len(i.words)-1])
		case "ENTRYPOINT", "CMD":
			require.True(t, strings.HasPrefix(i.text, "["), "without a shell: %s", i.text)
		}
		last[i.name] = i
	}
	require.Equal(t, "scratch", last["FROM"].text)
	require.NotContains(t, last, "RUN", "scratch has no shell")
	require.Regexp(t, `^[1-9][0-9]*:[1-9][0-9]*$`, last["USER"].text)
	require.Equal(t, "SIGTERM", last["STOPSIGNAL"].text)

	// What is built is what is run, by the Go of go.mod.
	mod, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(string(mod))[1]
	require.Equal(t, "golang:"+version, list[0].words[0])
	require.Contains(t, string(text), "-o /out"+last["ENTRYPOINT"].words[0]+" ./examples/server\n")
	require.Contains(t, string(text), "CGO_ENABLED=0")
	require.Contains(t, copied, last["ENTRYPOINT"].words[0])

	// The flags are the program's, and the places are volumes, or mounted as the head says.
	source, err := os.ReadFile("examples/server/main.go")
	require.NoError(t, err)
	for _, word := range last["CMD"].words {
		if name, ok := strings.CutPrefix(word, "-"); ok {
			require.Regexp(t, `flag\.\w+\([^"]*"`+name+`"`, string(source), "examples/server has no flag -%s", name)
		} else if strings.HasPrefix(word, "/") {
			root := "/" + strings.Split(word, "/")[1]
			require.True(t, slices.Contains(last["VOLUME"].words, root) || strings.Contains(string(text), ":"+root+":ro"), word)
		}
	}
	for _, volume := range last["VOLUME"].words {
		require.Contains(t, copied, volume, "made for the user before it is mounted")
	}
	require.Contains(t, last["CMD"].words[1], ":"+last["EXPOSE"].text)
	require.Contains(t, last["CMD"].words, "-tls-cert", "what others reach is reached over TLS")
}
