package fhirlake_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A package whose tests start goroutines, or use a package of ours that does, has a
// TestMain that fails if a goroutine outlives the tests.
func TestGoroutinesEndWithTests(t *testing.T) {
	packages := packagesWithTests(t)
	starting := map[string]bool{}
	for name := range starters(t) {
		folder, _, _ := strings.Cut(name, " ")
		starting[folder] = true
	}
	checked, missing := 0, []string{}
	for name, p := range packages {
		if len(p.TestImports)+len(p.XTestImports) == 0 {
			continue
		}
		needs, has := p.lookAtTests(t, name)
		if needs = needs || starting[name]; !needs {
			used := map[string]bool{}
			for _, i := range append(append([]string{name}, p.TestImports...), p.XTestImports...) {
				use(packages, i, used)
			}
			for u := range used {
				needs = needs || starting[u]
			}
		}
		if needs {
			checked++
			if !has {
				missing = append(missing, name)
			}
		}
	}
	require.Empty(t, missing, "write TestMain with storetest.Main, txlogtest.Main or goleak.VerifyTestMain")
	require.Greater(t, checked, 30)
}

// A testedPackage is what "go list" says of a package of the module. Imports are names
// below the module.
type testedPackage struct{ Imports, TestImports, XTestImports []string }

func packagesWithTests(t *testing.T) map[string]*testedPackage {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...").Output()
	require.NoError(t, err)
	packages := map[string]*testedPackage{}
	below := func(path string) string { return strings.TrimPrefix(strings.TrimPrefix(path, module), "/") }
	for in := json.NewDecoder(strings.NewReader(string(out))); in.More(); {
		var p struct {
			ImportPath string
			testedPackage
		}
		require.NoError(t, in.Decode(&p))
		for _, list := range [][]string{p.Imports, p.TestImports, p.XTestImports} {
			for i := range list {
				list[i] = below(list[i])
			}
		}
		packages[below(p.ImportPath)] = &p.testedPackage
	}
	return packages
}

// use adds a package and all that it imports.
func use(packages map[string]*testedPackage, name string, used map[string]bool) {
	if p := packages[name]; p != nil && !used[name] {
		used[name] = true
		for _, i := range p.Imports {
			use(packages, i, used)
		}
	}
}

// lookAtTests reports whether a package's tests start goroutines, and whether they have a
// TestMain that looks for them at the end.
func (p *testedPackage) lookAtTests(t *testing.T, folder string) (start, look bool) {
	names, err := filepath.Glob(filepath.Join("./"+folder, "*_test.go"))
	require.NoError(t, err)
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			start = start || starts(n)
			f, ok := n.(*ast.FuncDecl)
			look = look || ok && f.Name.Name == "TestMain" && looksForGoroutines(f)
			return true
		})
	}
	return start, look
}

// looksForGoroutines reports whether a TestMain calls a function that does.
func looksForGoroutines(main *ast.FuncDecl) (looks bool) {
	ast.Inspect(main, func(n ast.Node) bool {
		if called, ok := n.(*ast.SelectorExpr); ok {
			of, _ := called.X.(*ast.Ident)
			switch {
			case of == nil:
			case of.Name == "storetest" || of.Name == "txlogtest":
				looks = looks || called.Sel.Name == "Main"
			case of.Name == "goleak":
				looks = looks || called.Sel.Name == "VerifyTestMain"
			}
		}
		return true
	})
	return looks
}
