package fhirlake_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// conformanceDefaults are the packages of tests that stand without one in a section of
// docs/conformance.md.
var conformanceDefaults = map[string]string{"### Search": "datastore", "### JSON, FHIRPath, definitions": "internal/fhirjson"}

// TestConformanceNamesTests checks that each test named in docs/conformance.md exists: in
// a package that its line names, in its section's default, or here.
func TestConformanceNamesTests(t *testing.T) {
	page, err := os.ReadFile("docs/conformance.md")
	require.NoError(t, err)
	quoted := regexp.MustCompile("`(\\w[\\w/]*)[^`]*`")
	section := "."
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "#") {
			section = conformanceDefaults[strings.TrimSpace(line)]
		}
		tests := map[string]bool{}
		testsOf(t, ".", tests)
		testsOf(t, section, tests)
		for _, q := range quoted.FindAllStringSubmatch(line, -1) {
			testsOf(t, q[1], tests)
		}
		for _, q := range quoted.FindAllStringSubmatch(line, -1) {
			require.True(t, tests[q[1]] || !strings.HasPrefix(q[1], "Test"), "no package of the line has %s:\n%s", q[1], line)
		}
	}
}

// testsOf adds the names of a package's tests to tests.
func testsOf(t *testing.T, dir string, tests map[string]bool) {
	t.Helper()
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	files, err := filepath.Glob(dir + "/*_test.go")
	require.NoError(t, err)
	for _, name := range files {
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, f := range declared.FindAllStringSubmatch(string(source), -1) {
			tests[f[1]] = true
		}
	}
}
