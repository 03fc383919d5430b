package fhirjsontest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"
)

// filesOf returns the names of the files that match a pattern below ../shared/data, seen
// from the project's root.
func filesOf(pattern string) []string {
	root, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(root, "go.mod")); missing == nil || root == filepath.Dir(root) {
			break
		}
		root = filepath.Dir(root)
	}
	files, _ := filepath.Glob(filepath.Join(root, "..", "shared", "data", pattern))
	return files
}

// Has reports whether there are files that [Lines] reads.
func Has(pattern string) bool { return len(filesOf(pattern)) > 0 }

// Lines returns the lines of the gzip files that match a pattern below ../shared/data,
// seen from the project's root. It skips the test if there are none.
func Lines(tb testing.TB, pattern string) (lines [][]byte) {
	tb.Helper()
	files := filesOf(pattern)
	if len(files) == 0 {
		tb.Skipf("the shared test data is not there: ../shared/data/%s", pattern)
	}
	for _, name := range files {
		lines = append(lines, linesOf(tb, name)...)
	}
	return lines
}

// Text is the lines as one ldjson text.
func Text(tb testing.TB, pattern string) []byte {
	tb.Helper()
	return append(bytes.Join(Lines(tb, pattern), []byte("\n")), '\n')
}

func linesOf(tb testing.TB, name string) (lines [][]byte) {
	tb.Helper()
	file, err := os.Open(name)
	if err != nil {
		tb.Fatal(err)
	}
	defer file.Close()
	text, err := gzip.NewReader(file)
	if err != nil {
		tb.Fatal(err)
	}
	s := bufio.NewScanner(text)
	s.Buffer(nil, 64<<20)
	for s.Scan() {
		if len(s.Bytes()) > 0 {
			lines = append(lines, bytes.Clone(s.Bytes()))
		}
	}
	if s.Err() != nil {
		tb.Fatal(s.Err())
	}
	return lines
}
