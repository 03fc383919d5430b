package fhirlake_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mostNames is how many names each package may export at package level, without fields
// and methods. A change may lower a number.
var mostNames = map[string]int{
	"datastore": 92,
	"search":    27,
	"fhirpath":  33,
}

func TestExportedNames(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(mostNames)) {
		names := map[string]bool{}
		for _, file := range filesOf(t, name) {
			for _, declared := range file.Decls {
				exported(declared, func(name string, _ []ast.Node) {
					if !strings.Contains(name, ".") {
						names[name] = true
					}
				})
			}
		}
		t.Logf("%s exports %d names", name, len(names))
		require.LessOrEqual(t, len(names), mostNames[name], "%s exports more names than before: use what is there, or unexport another", name)
	}
}

// TestInternalTypesInSignatures finds each type of an internal package that an exported
// declaration shows.
func TestInternalTypesInSignatures(t *testing.T) {
	found := map[string]bool{}
	for _, floor := range floors {
		for _, name := range floor {
			if strings.Contains("/"+name+"/", "/internal/") || strings.HasPrefix(name, "examples/") {
				continue
			}
			for _, file := range filesOf(t, name) {
				imports := internalImports(t, file)
				for _, declared := range file.Decls {
					exported(declared, func(of string, shown []ast.Node) {
						for _, n := range shown {
							eachType(n, imports, func(internal string) { found[name+" "+of+": "+internal] = true })
						}
					})
				}
			}
		}
	}
	require.Empty(t, slices.Sorted(maps.Keys(found)), "exported declarations show types of internal packages: declare a type where users see it")
}

// filesOf returns the syntax of a package without its tests.
func filesOf(t *testing.T, folder string) (files []*ast.File) {
	names, err := fs.Glob(os.DirFS(folder), "*.go")
	require.NoError(t, err)
	for _, name := range names {
		if !strings.HasSuffix(name, "_test.go") {
			file, err := parser.ParseFile(token.NewFileSet(), folder+"/"+name, nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			files = append(files, file)
		}
	}
	return files
}

// exported calls yield for each exported name that a declaration has, with the types
// that it shows. Methods and fields are "Type.Name".
func exported(declared ast.Decl, yield func(name string, shown []ast.Node)) {
	switch d := declared.(type) {
	case *ast.FuncDecl:
		name := nameOf(d)
		typ, _, isMethod := strings.Cut(name, ".")
		if ast.IsExported(d.Name.Name) && (!isMethod || ast.IsExported(typ)) {
			yield(name, []ast.Node{d.Type})
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.ValueSpec:
				for _, name := range s.Names {
					if name.IsExported() {
						yield(name.Name, []ast.Node{s.Type})
					}
				}
			case *ast.TypeSpec:
				if s.Name.IsExported() {
					exportedType(s, yield)
				}
			}
		}
	}
}

// exportedType calls yield for a type, and for each of its exported fields.
func exportedType(s *ast.TypeSpec, yield func(name string, shown []ast.Node)) {
	of, isStruct := s.Type.(*ast.StructType)
	if !isStruct {
		yield(s.Name.Name, []ast.Node{s.TypeParams, s.Type})
		return
	}
	yield(s.Name.Name, []ast.Node{s.TypeParams})
	for _, field := range of.Fields.List {
		if len(field.Names) == 0 {
			yield(s.Name.Name+".embedded", []ast.Node{field.Type})
		}
		for _, name := range field.Names {
			if name.IsExported() {
				yield(s.Name.Name+"."+name.Name, []ast.Node{field.Type})
			}
		}
	}
}

// internalImports returns the names of the internal packages that a file imports.
func internalImports(t *testing.T, file *ast.File) map[string]bool {
	names := map[string]bool{}
	for _, i := range file.Imports {
		path, err := strconv.Unquote(i.Path.Value)
		require.NoError(t, err)
		if strings.Contains(path, "/internal/") {
			name := path[strings.LastIndexByte(path, '/')+1:]
			if i.Name != nil {
				name = i.Name.Name
			}
			names[name] = true
		}
	}
	return names
}

// eachType calls yield for each type of an internal package in a piece of syntax.
func eachType(n ast.Node, imports map[string]bool, yield func(string)) {
	if list, isList := n.(*ast.FieldList); n == nil || isList && list == nil {
		return
	}
	ast.Inspect(n, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if of, ok := s.X.(*ast.Ident); ok && imports[of.Name] {
				yield(of.Name + "." + s.Sel.Name)
			}
		}
		return true
	})
}
