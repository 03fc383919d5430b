package rest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/fhirlake/fhirlake/internal/storetest"
)

// TestPage runs each curl of docs/rest.md, from its top to its end.
func TestPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/rest.md")
	require.NoError(t, err)
	serve := func(o *rest.Options) string {
		server := httptest.NewServer(rest.NewHandler(storetest.Open(t, nil), o))
		t.Cleanup(server.Close)
		return server.URL + "/fhir"
	}
	names := map[string]string{
		"FHIR": serve(nil), "ROOT": "root", "ANN": "ann", "LAB": "lab",
		"GUARDED": serve(&rest.Options{Authorization: callers(map[string]*access.Rights{
			"root": everything, "ann": {Caller: "ann", Grants: ofPatient("ann", access.Permissions)},
			"lab": {Caller: "lab", Grants: []access.Grant{{Type: "Observation", Permissions: "rs", Query: "category=laboratory"}}},
		})}),
	}
	commands := 0
	for i, block := range strings.Split(string(page), "```") {
		commandsOf, shell := strings.CutPrefix(block, "sh\n")
		if i%2 == 0 || !shell {
			continue
		}
		for line := range strings.Lines(commandsOf) {
			command, want, ok := strings.Cut(strings.TrimSpace(line), "# ")
			require.True(t, ok, "no status: %s", line)
			commands++
			r := requestOf(t, words(command, names))
			response, err := http.DefaultClient.Do(r)
			require.NoError(t, err)
			body, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			require.Equal(t, want[:3], response.Status[:3], "%s\n%s", line, body)
		}
	}
	require.NotZero(t, commands)
}

var (
	word = regexp.MustCompile(`'[^']*'|"[^"]*"|[^\s'"]+`)
	name = regexp.MustCompile(`\$[A-Z]+`)
)

// words splits a command as a shell does, as far as the page needs it.
func words(command string, names map[string]string) (all []string) {
	for _, w := range word.FindAllString(command, -1) {
		if w[0] != '\'' {
			w = name.ReplaceAllStringFunc(w, func(n string) string { return names[n[1:]] })
			w = strings.ReplaceAll(w, `\$`, "$")
		}
		all = append(all, strings.Trim(w, `'"`))
	}
	return all
}

// requestOf reads the arguments of curl.
func requestOf(t *testing.T, args []string) *http.Request {
	require.Equal(t, "curl", args[0])
	method, url, body, header := "", "", "", http.Header{}
	for args = args[1:]; len(args) > 0; args = args[1:] {
		switch args[0] {
		case "-X":
			method, args = args[1], args[1:]
		case "-d", "--json":
			if kind := map[string]string{"-d": "application/x-www-form-urlencoded", "--json": "application/json"}[args[0]]; header.Get("Content-Type") == "" {
				header.Set("Content-Type", kind)
			}
			body, args = args[1], args[1:]
		case "-H":
			field, value, _ := strings.Cut(args[1], ": ")
			header.Set(field, value)
			args = args[1:]
		default:
			url = args[0]
		}
	}
	switch {
	case method == "" && body != "":
		method = "POST"
	case method == "":
		method = "GET"
	}
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	require.NoError(t, err)
	r.Header = header
	return r
}
