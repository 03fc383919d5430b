package ingest

import (
	"cmp"
	"strings"
)

// compareNames orders the names of files like the parts of an export: by folder, then by
// name without suffix, where digits count as a number. Patient.ndjson comes before
// Patient-2.ndjson, and Patient-2.ndjson before Patient-10.ndjson.
func compareNames(a, b string) int {
	for x, y := a, b; ; {
		inX, restX, deepX := strings.Cut(x, "/")
		inY, restY, deepY := strings.Cut(y, "/")
		if !deepX {
			inX = stem(inX)
		}
		if !deepY {
			inY = stem(inY)
		}
		if c := compareText(inX, inY); c != 0 {
			return c
		}
		if !deepX || !deepY {
			return cmp.Or(strings.Compare(restX, restY), strings.Compare(a, b))
		}
		x, y = restX, restY
	}
}

// stem returns the name of a file without suffixes of format and compression.
func stem(name string) string {
	for _, suffix := range []string{gzipSuffix, zstdSuffix, ".ndjson", ".ldjson", ".jsonl", jsonSuffix} {
		name = strings.TrimSuffix(name, suffix)
	}
	return name
}

// compareText orders texts by their bytes, but runs of digits by their values.
func compareText(a, b string) int {
	for len(a) > 0 && len(b) > 0 {
		m, n := digits(a), digits(b)
		if m == 0 || n == 0 {
			if a[0] != b[0] {
				return cmp.Compare(a[0], b[0])
			}
			a, b = a[1:], b[1:]
			continue
		}
		x, y := strings.TrimLeft(a[:m], "0"), strings.TrimLeft(b[:n], "0")
		if c := cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y)); c != 0 {
			return c
		}
		a, b = a[m:], b[n:]
	}
	return cmp.Compare(len(a), len(b))
}

// digits returns how many digits a text begins with.
func digits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }
