package browse_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/require"
)

// A chromium is a browser without a window.
type chromium struct {
	t       *testing.T
	program string
	profile string
}

// newChromium finds the browser, or skips the test.
func newChromium(t *testing.T) *chromium {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes seconds for each page")
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if program, err := exec.LookPath(name); err == nil {
			return &chromium{t, program, t.TempDir()}
		}
	}
	t.Skip("there is no Chromium here: install Debian's package chromium")
	return nil
}

// complaint is a line that the browser writes for a message of the console: errors of
// scripts, and what a Content-Security-Policy keeps out.
var complaint = regexp.MustCompile(`(?m)^.*CONSOLE.*$`)

// open shows a page, and returns the document as the browser has it and what its console
// says.
func (c *chromium) open(address string, options ...string) (document string, console []string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 90*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, c.program, append([]string{
		"--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run", "--enable-logging=stderr",
		"--user-data-dir=" + c.profile, "--virtual-time-budget=2000", "--dump-dom",
	}, append(options, address)...)...)
	command.WaitDelay = 5 * time.Second
	var out, log strings.Builder
	command.Stdout, command.Stderr = &out, &log
	if err := command.Run(); err != nil {
		c.t.Skipf("Chromium does not run here: %v", err)
	}
	return out.String(), complaint.FindAllString(log.String(), -1)
}

// serve serves pages to a browser, which cannot be told what to accept.
func serve(t *testing.T, handler http.Handler) string {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// TestInChromium has pages load in a browser without a message on its console, and their
// script run.
func TestInChromium(t *testing.T) {
	c := newChromium(t)
	control := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'")
		_, _ = io.WriteString(w, `<!DOCTYPE html><title>x</title><script>document.title = "ran"</script>`)
	}))
	document, console := c.open(control)
	require.NotEmpty(t, console, "what the policy keeps out is not told")
	require.NotContains(t, document, "<title>ran")

	s := story(t)
	address := serve(t, s.handler) + "/fhir"
	for path, want := range map[string]string{
		"/":                              `<p class="narrow"><label for="narrow-held">`,
		"/Patient?name=smith":            `id="add">Another condition`,
		"/Patient/ann/_history/2":        `<iframe class="narrative" sandbox=""`,
		"/Patient/ann/_history":          `<del>Ann</del>`,
		"/Patient/ann?:view=curves":      `<circle class="dot outside"`,
		"/Patient/ann?:view=timeline":    `<h2>2022</h2>`,
		"/DocumentReference/d1":          `<mark class="condition negated"`,
		"/Patient/nobody":                `404 Not Found`,
		"/metadata":                      `<p class="narrow"><label for="narrow-capable">`,
		"/Patient?name=x&_explain=true&": `About this search`,
	} {
		t.Run(path, func(t *testing.T) {
			document, console := (&chromium{t, c.program, c.profile}).open(address + path)
			require.Contains(t, document, want)
			require.Empty(t, console)
		})
	}
}

// TestHostileInChromium has texts that would change the title run in no page.
func TestHostileInChromium(t *testing.T) {
	c := newChromium(t)
	s := newSite(t, datastore.Minimal)
	const attack = `</script></style></title></pre>\"'><script>document.title='ran'</script><img src=x onerror=\"document.title='ran'\"><svg onload=\"document.title='ran'\">`
	s.put(`{"resourceType":"Patient","id":"h","name":[{"text":"` + attack + `"}],"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><img src=\"x\" onerror=\"top.document.title='ran'\"/><script>top.document.title='ran'</script>` + strings.ReplaceAll(attack, "</script></style></title></pre>", "") + `</div>"}}`)
	s.put(`{"resourceType":"Observation","id":"o","status":"final","code":{"text":"` + attack + `"},"subject":{"reference":"Patient/h","display":"` + attack + `"},"effectiveDateTime":"2020","valueQuantity":{"value":1,"unit":"` + attack + `"}}`)
	address := serve(t, s.handler) + "/fhir"
	for _, path := range []string{"/Patient/h", "/Patient/h?:view=xml", "/Patient/h?:view=curves", "/Observation", "/Patient/h/_history"} {
		document, console := c.open(address + path)
		require.Empty(t, console, path)
		require.NotContains(t, document, "<title>ran", path)
		require.NotContains(t, document, "<img", path)
	}
}
