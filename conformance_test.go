package fhirlake_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestConformanceNamesTests checks that each test named in docs/conformance.md exists.
func TestConformanceNamesTests(t *testing.T) {
	namesTests(t, "docs/conformance.md", map[string]string{"### Search": "datastore", "### JSON, FHIRPath, definitions": "internal/fhirjson"})
}

// TestGuaranteesNameTests checks that each test named in docs/guarantees.md exists, and
// that each promise names one.
func TestGuaranteesNameTests(t *testing.T) {
	lines := namesTests(t, "docs/guarantees.md", map[string]string{"": "datastore"})
	require.Greater(t, len(lines), 50)
	for _, line := range lines {
		require.Regexp(t, "`(Test|Benchmark|Fuzz)\\w+`", line, "a promise without a test")
	}
}

// namesTests checks that each test, benchmark and fuzz target that a page names exists: in
// a package that its line names, in the default package of its section, or here. defaults
// has the packages of sections by their headings; that of "" is for all others. It returns
// the rows of the page's tables.
func namesTests(t *testing.T, page string, defaults map[string]string) (rows []string) {
	t.Helper()
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	quoted := regexp.MustCompile("`(\\w[\\w/]*)[^`]*`")
	section, row := defaults[""], false
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			heading, ok := defaults[strings.TrimSpace(line)]
			if section = heading; !ok {
				section = defaults[""]
			}
		}
		switch { // the head of a table ends with a line of dashes
		case strings.HasPrefix(line, "|---"):
			row = true
		case !strings.HasPrefix(line, "|"):
			row = false
		case row:
			rows = append(rows, line)
		}
		tests := map[string]bool{}
		testsOf(t, ".", tests)
		testsOf(t, section, tests)
		for _, q := range quoted.FindAllStringSubmatch(line, -1) {
			testsOf(t, q[1], tests)
		}
		for _, q := range quoted.FindAllStringSubmatch(line, -1) {
			isTest := strings.HasPrefix(q[1], "Test") || strings.HasPrefix(q[1], "Benchmark") || strings.HasPrefix(q[1], "Fuzz")
			require.True(t, tests[q[1]] || !isTest, "no package of the line has %s:\n%s", q[1], line)
		}
	}
	return rows
}

// testsOf adds the names of a package's tests, benchmarks and fuzz targets to tests.
func testsOf(t *testing.T, dir string, tests map[string]bool) {
	t.Helper()
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Benchmark|Fuzz)\w+)\(`)
	if dir == "" {
		return
	}
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
