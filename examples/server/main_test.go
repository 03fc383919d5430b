package main_test

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// A process is a server that runs.
type process struct {
	t       *testing.T
	command *exec.Cmd
	base    string
	said    []string      // what it printed before it listened
	stdout  *bufio.Reader // what it prints after that
	stderr  bytes.Buffer
}

// start runs the server and waits until it listens.
func start(t *testing.T, program string, args ...string) *process {
	t.Helper()
	if !slices.Contains(args, "-socket") {
		args = append([]string{"-addr", "127.0.0.1:0"}, args...)
	}
	p := &process{t: t, command: exec.Command(program, args...)}
	p.command.Stderr = &p.stderr
	stdout, err := p.command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.command.Start())
	t.Cleanup(func() {
		if p.command.ProcessState == nil {
			_ = p.command.Process.Kill()
			_ = p.command.Wait()
		}
	})
	p.stdout = bufio.NewReader(stdout)
	for {
		line, err := p.stdout.ReadString('\n')
		if err != nil {
			_ = p.command.Wait()
			require.NoError(t, err, "it did not listen: %s", p.stderr.String())
		}
		line = strings.TrimSuffix(line, "\n")
		if base, ok := strings.CutPrefix(line, "listening on "); ok {
			p.base = base
			return p
		}
		p.said = append(p.said, line)
	}
}

// stop ends the server as a supervisor would, and checks that it had nothing to say.
func (p *process) stop() {
	p.t.Helper()
	p.end()
	said := p.stderr.String()
	if !slices.Contains(p.command.Args, "-smart") {
		require.Regexp(p.t, "anyone who reaches this server may do anything\n", said)
		_, said, _ = strings.Cut(said, "\n")
	}
	require.Empty(p.t, said)
}

// end ends the server as a supervisor would.
func (p *process) end() {
	p.t.Helper()
	require.NoError(p.t, p.command.Process.Signal(syscall.SIGTERM))
	_, err := io.Copy(io.Discard, p.stdout)
	require.NoError(p.t, err)
	require.NoError(p.t, p.command.Wait(), "%s", p.stderr.String())
}

// kill ends the server at once, as kill -9 does.
func (p *process) kill() {
	p.t.Helper()
	require.NoError(p.t, p.command.Process.Kill())
	require.Error(p.t, p.command.Wait())
}

func (p *process) do(method, path, body string) (status int, answer string) {
	p.t.Helper()
	return p.doWith(nil, method, path, body)
}

func (p *process) doWith(header http.Header, method, path, body string) (status int, answer string) {
	p.t.Helper()
	r, err := http.NewRequest(method, p.base+path, strings.NewReader(body))
	require.NoError(p.t, err)
	if header != nil {
		r.Header = header
	}
	response, err := http.DefaultClient.Do(r)
	require.NoError(p.t, err)
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	require.NoError(p.t, err)
	return response.StatusCode, string(got)
}

func TestServer(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no SIGTERM on Windows")
	}
	folder := t.TempDir()
	t.Setenv("TMPDIR", t.TempDir()) // for the report of the import
	program := filepath.Join(folder, "server")
	built, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput()
	require.NoError(t, err, "%s", built)

	for name, test := range map[string]func(*testing.T, string){
		"TLS": testTLS, "socket": testSocket, "passphrase": testPassphrase, "arguments": testArguments, "operations": testOperations, "ending": testEnding,
	} {
		t.Run(name, func(t *testing.T) { test(t, program) })
	}

	t.Run("memory", func(t *testing.T) {
		p := start(t, program, "-synthetic", "2")
		require.Regexp(t, `^imported (\d+) of \d+ resources in .*: COMPLETED$`, strings.Join(p.said, "\n"))
		require.Regexp(t, `^http://127\.0\.0\.1:[1-9][0-9]*/fhir$`, p.base)
		status, body := p.do("GET", "/Patient?_summary=count", "")
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, body, `"total":2`)
		status, _ = p.do("GET", "/metadata", "")
		require.Equal(t, http.StatusOK, status)
		status, body = p.do("POST", "", `{"resourceType":"Bundle","type":"batch"}`)
		require.Equal(t, http.StatusOK, status, body)
		p.stop()
	})

	t.Run("smart", func(t *testing.T) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(t, err)
		keys, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k", Use: "sig"}}})
		require.NoError(t, err)
		file := filepath.Join(folder, "smart.json")
		require.NoError(t, os.WriteFile(file, []byte(`{"issuer":"https://i.example","audience":"me","jwks":`+string(keys)+`,"token_endpoint":"https://i.example/token"}`), 0o600))
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "k"))
		require.NoError(t, err)
		token := func(scope string) http.Header {
			text, err := jwt.Signed(signer).Claims(map[string]any{"iss": "https://i.example", "aud": "me", "exp": time.Now().Add(time.Hour).Unix(), "sub": "s", "scope": scope, "patient": "p1"}).Serialize()
			require.NoError(t, err)
			return http.Header{"Authorization": {"Bearer " + text}}
		}
		p := start(t, program, "-smart", file)
		status, body := p.do("GET", "/metadata", "")
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, body, "https://i.example/token")
		for _, address := range []string{p.base, strings.TrimSuffix(p.base, "/fhir")} {
			response, err := http.Get(address + "/.well-known/smart-configuration")
			require.NoError(t, err)
			shown, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			require.Contains(t, string(shown), `"token_endpoint":"https://i.example/token"`)
		}
		status, _ = p.do("GET", "/Patient", "")
		require.Equal(t, http.StatusUnauthorized, status)
		for _, id := range []string{"p1", "p2"} {
			status, body = p.doWith(token("system/*.cruds"), "PUT", "/Patient/"+id, `{"resourceType":"Patient","id":"`+id+`"}`)
			require.Equal(t, http.StatusCreated, status, body)
		}
		_, body = p.doWith(token("patient/*.rs"), "GET", "/Patient", "")
		require.Contains(t, body, `"total":1`)
		status, _ = p.doWith(token("patient/*.rs"), "GET", "/Patient/p2", "")
		require.Equal(t, http.StatusNotFound, status)
		status, _ = p.doWith(token("patient/*.rs"), "DELETE", "/Patient/p1", "")
		require.Equal(t, http.StatusForbidden, status)
		p.stop()
	})

	t.Run("notes", func(t *testing.T) {
		p := start(t, program, "-nlp")
		note := base64.StdEncoding.EncodeToString([]byte("Assessment: asthma. Denies fever. Start amoxicillin 500 mg po bid."))
		status, body := p.do("PUT", "/DocumentReference/d", `{"resourceType":"DocumentReference","id":"d","status":"current","subject":{"reference":"Patient/p"},`+
			`"content":[{"attachment":{"contentType":"text/plain","data":"`+note+`"}}]}`)
		require.Equal(t, http.StatusCreated, status, body)
		for query, total := range map[string]string{
			"/DocumentReference?cm-decoration-status=SUCCESS":                            "1",
			"/DocumentReference?infer-icd10cm-entity-text-concept-code=asthma%7CJ45.909": "1",
			"/DocumentReference?infer-rxnorm-entity-concept-code=723":                    "1",
			"/Condition?code=http://hl7.org/fhir/sid/icd-10-cm%7CJ45.909&patient=p":      "1",
			"/Observation?patient=p":         "0",
			"/MedicationStatement?patient=p": "1",
			"/Linkage":                       "1",
		} {
			status, body := p.do("GET", query, "")
			require.Equal(t, http.StatusOK, status, body)
			require.Contains(t, body, `"total":`+total, query)
		}
		p.stop()
	})

	t.Run("folder", func(t *testing.T) {
		data := filepath.Join(folder, "data")
		require.NoError(t, os.Mkdir(data, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(data, "Patient.ndjson"),
			[]byte(`{"resourceType":"Patient","id":"a"}`+"\n"+`{"resourceType":"Patient","id":"b","nickname":"x"}`+"\n"), 0o600))
		args := []string{"-store", filepath.Join(folder, "store"), "-key-file", filepath.Join(folder, "key")}
		p := start(t, program, append(args, "-import", data)...)
		require.Regexp(t, `(?s)^imported 1 of 2 resources in .*: COMPLETED_WITH_ERRORS\n  Patient.ndjson: 1 not imported\n  report: .+$`, strings.Join(p.said, "\n"))
		status, _ := p.do("PUT", "/Patient/c", `{"resourceType":"Patient","id":"c"}`)
		require.Equal(t, http.StatusCreated, status)
		p.stop()

		p = start(t, program, args...)
		require.Empty(t, p.said)
		for _, id := range []string{"a", "c"} {
			status, _ := p.do("GET", "/Patient/"+id, "")
			require.Equal(t, http.StatusOK, status, "it is there after a restart")
		}
		p.stop()
	})

	t.Run("minimal", func(t *testing.T) {
		p := start(t, program, "-validation", "minimal", "-import", filepath.Join(folder, "data"))
		require.Regexp(t, `(?s)^imported 2 of 2 resources in .*: COMPLETED\n  Patient.ndjson: 1 imported with issues\n  report: .+$`, strings.Join(p.said, "\n"))
		status, body := p.do("GET", "/Patient/b", "")
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, body, `"nickname":"x"`)
		status, _ = p.do("PUT", "/Patient/c", `{"resourceType":"Patient","id":"c","nickname":"x"}`)
		require.Equal(t, http.StatusCreated, status, "the store's own level")
		p.stop()
	})

	t.Run("packages", func(t *testing.T) {
		var args []string
		for _, name := range []string{"a", "b"} {
			path := filepath.Join(folder, name+".tgz")
			require.NoError(t, os.WriteFile(path, pack(t, map[string]string{
				"package/package.json": `{"name":"guide.` + name + `","version":"1.0.0","dependencies":{"hl7.fhir.r4.core":"4.0.1"}}`,
				"package/parameter.json": `{"resourceType":"SearchParameter","id":"` + name + `","url":"http://example.org/` + name + `","name":"` + name +
					`","status":"active","description":"x","code":"my-` + name + `","base":["Patient"],"type":"token","expression":"Patient.gender"}`,
				"package/example/Patient-x.json": `{"resourceType":"Patient","id":"x"}`,
			}), 0o600))
			args = append(args, "-package", path)
		}
		p := start(t, program, append(args, "-synthetic", "1")...)
		require.Regexp(t, `(?s)^package guide.a 1.0.0\n  builds on hl7.fhir.r4.core 4.0.1, .*\nimported 1 of 1 .*\npackage guide.b 1.0.0\n`, strings.Join(p.said, "\n"))
		for _, query := range []string{"/Patient?my-a=male,female&_summary=count", "/Patient?my-b=male,female&_summary=count"} {
			status, body := p.do("GET", query, "")
			require.Equal(t, http.StatusOK, status, body)
			require.Contains(t, body, `"total":1`)
		}
		p.stop()
		said, err := exec.Command(program, "-addr", "127.0.0.1:0", "-package", program).CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(said), "not a FHIR package")
	})

	t.Run("no level", func(t *testing.T) {
		said, err := exec.Command(program, "-validation", "lax").CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(said), "no level of validation")
	})

	t.Run("durability", func(t *testing.T) {
		for _, level := range []string{"commit", "interval", "none"} {
			args := []string{"-store", filepath.Join(folder, "durable"), "-key-file", filepath.Join(folder, "key"), "-durability", level}
			p := start(t, program, args...)
			status, _ := p.do("PUT", "/Patient/"+level, `{"resourceType":"Patient","id":"`+level+`"}`)
			require.Equal(t, http.StatusCreated, status)
			p.kill() // what was acknowledged outlives the process at each level
			p = start(t, program, args...)
			status, _ = p.do("GET", "/Patient/"+level, "")
			require.Equal(t, http.StatusOK, status)
			p.kill()
		}
		said, err := exec.Command(program, "-durability", "never").CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(said), "no level of durability")
	})

	t.Run("no key", func(t *testing.T) {
		said, err := exec.Command(program, "-addr", "127.0.0.1:0", "-store", filepath.Join(folder, "other")).CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(said), "-key-file")
	})
}

// pack returns a FHIR package of some files.
func pack(t *testing.T, files map[string]string) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	archive := tar.NewWriter(z)
	for name, text := range files {
		require.NoError(t, archive.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text))}))
		_, err := io.WriteString(archive, text)
		require.NoError(t, err)
	}
	require.NoError(t, archive.Close())
	require.NoError(t, z.Close())
	return out.Bytes()
}
