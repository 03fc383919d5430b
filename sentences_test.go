package fhirlake_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// forbidden are turns that make a reader stop: a pronoun stands where the noun belongs.
// A number of things may be counted: "windows, one of which must hold".
var forbidden = regexp.MustCompile(`(?i)\b(((one|some|all|each|both|none|many|most) )?of which|by what|as which|as what|those that|those which|that which|of what|from what|whatever it is|what is \S+( \S+)? of what)\b`)

// TestSentences finds forbidden turns in the comments of all code but tests.
func TestSentences(t *testing.T) {
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != "." {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_gen.go") {
			return nil
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, group := range file.Comments {
			text := strings.Join(strings.Fields(group.Text()), " ")
			for _, turn := range forbidden.FindAllString(text, -1) {
				if len(turn) > len("of which") && strings.HasSuffix(strings.ToLower(turn), " of which") {
					continue
				}
				assert.Fail(t, "a comment that must be read twice", "%s: %q: name the noun", files.Position(group.Pos()), turn)
			}
		}
		return nil
	}))
}
