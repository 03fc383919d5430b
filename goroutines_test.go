package fhirlake_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// docs/goroutines.md has a row for each function outside tests that starts a goroutine:
// by "go", by the Go method of a group, or by an AfterFunc.
func TestTableOfGoroutines(t *testing.T) {
	page, err := os.ReadFile("docs/goroutines.md")
	require.NoError(t, err)
	var listed []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` `([^`]+)` \\|").FindAllStringSubmatch(string(page), -1) {
		listed = append(listed, row[1]+" "+row[2])
	}
	slices.Sort(listed)
	require.Equal(t, slices.Sorted(maps.Keys(starters(t))), listed, "docs/goroutines.md does not list the functions that start goroutines")
}

// starters returns the functions that start goroutines, as "package function".
func starters(t *testing.T) map[string]bool {
	found := map[string]bool{}
	require.NoError(t, filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, declared := range file.Decls {
			ast.Inspect(declared, func(n ast.Node) bool {
				if starts(n) {
					found[path.Dir(filepath.ToSlash(name))+" "+nameOf(declared)] = true
				}
				return true
			})
		}
		return nil
	}))
	return found
}

// starts reports whether a node starts a goroutine.
func starts(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GoStmt:
		return true
	case *ast.CallExpr:
		called, ok := n.Fun.(*ast.SelectorExpr)
		return ok && (called.Sel.Name == "Go" || called.Sel.Name == "TryGo" || called.Sel.Name == "AfterFunc")
	}
	return false
}

// nameOf returns the name of a function, after its receiver's type if it has one.
func nameOf(declared ast.Decl) string {
	f, ok := declared.(*ast.FuncDecl)
	if !ok {
		return "a variable"
	}
	name := f.Name.Name
	if f.Recv != nil {
		ast.Inspect(f.Recv.List[0].Type, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				name = id.Name + "." + name
				return false
			}
			return true
		})
	}
	return name
}
