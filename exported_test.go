package fhirlake_test

import (
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mostNames is how many names each package may export at package level, without fields
// and methods. A change may lower a number.
var mostNames = map[string]int{
	"datastore": 90,
	"search":    27,
	"fhirpath":  33,
}

func TestExportedNames(t *testing.T) {
	public := publicPackages(t)
	for _, name := range slices.Sorted(maps.Keys(mostNames)) {
		scope, n := public[name].Scope(), 0
		for _, declared := range scope.Names() {
			if scope.Lookup(declared).Exported() {
				n++
			}
		}
		t.Logf("%s exports %d names", name, n)
		require.LessOrEqual(t, n, mostNames[name], "%s exports more names than before: use what is there, or unexport another", name)
	}
}

// TestInternalTypesInSignatures finds each type that a public package shows and that is of
// an internal package, or of a module whose types may not show.
func TestInternalTypesInSignatures(t *testing.T) {
	var found []string
	for name, of := range publicPackages(t) {
		shown := shownTypes{of: of, seen: map[types.Type]bool{}}
		for _, declared := range of.Scope().Names() {
			if o := of.Scope().Lookup(declared); o.Exported() {
				shown.walk(o.Type(), name+" "+declared)
			}
		}
		found = append(found, shown.wrong...)
	}
	require.Empty(t, found, "exported declarations show types that users do not have: declare a type where users see it")
}

// publicPackages returns the packages of the floors that programs import, as the compiler
// has them.
func publicPackages(t *testing.T) map[string]*types.Package {
	out, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}}={{.Export}}", "./...").Output()
	require.NoError(t, err)
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), "=")
		files[path] = file
	}
	compiled := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) { return os.Open(files[path]) })
	public := map[string]*types.Package{}
	for _, floor := range floors {
		for _, name := range floor {
			if !strings.Contains("/"+name+"/", "/internal/") && !strings.HasPrefix(name, "examples/") {
				public[name], err = compiled.Import(module + "/" + name)
				require.NoError(t, err)
			}
		}
	}
	return public
}

// foreign are the packages, or the beginnings of their paths, whose types a public package
// may show beside those of the standard library.
var foreign = map[string][]string{
	"":              {"github.com/google/fhir/go/", "google.golang.org/protobuf/"},
	"ingest/bucket": {"gocloud.dev/blob"},
}

// shownTypes walks over the types that a package shows: through fields, embedded ones too,
// methods, promoted ones too, parameters, results, constraints and aliases, and through
// types that have no exported name.
type shownTypes struct {
	of    *types.Package
	seen  map[types.Type]bool
	wrong []string
}

func (s *shownTypes) walk(t types.Type, where string) {
	if s.seen[t] {
		return
	}
	s.seen[t] = true
	switch t := t.(type) {
	case *types.Alias:
		if s.own(t.Obj(), where) || t.Obj().Pkg() == nil {
			s.walk(types.Unalias(t), where)
		}
	case *types.Named:
		for arg := range t.TypeArgs().Types() {
			s.walk(arg, where)
		}
		if !s.own(t.Obj(), where) {
			return
		}
		for parameter := range t.TypeParams().TypeParams() {
			s.walk(parameter.Constraint(), where)
		}
		for method := range types.NewMethodSet(types.NewPointer(t)).Methods() {
			if method.Obj().Exported() {
				s.walk(method.Type(), where+"."+method.Obj().Name())
			}
		}
		s.walk(t.Underlying(), where)
	case *types.Struct:
		for field := range t.Fields() {
			if field.Exported() || field.Embedded() {
				s.walk(field.Type(), where+"."+field.Name())
			}
		}
	case *types.Signature:
		for parameter := range t.TypeParams().TypeParams() {
			s.walk(parameter.Constraint(), where)
		}
		for _, list := range []*types.Tuple{t.Params(), t.Results()} {
			for v := range list.Variables() {
				s.walk(v.Type(), where)
			}
		}
	case *types.Interface:
		for method := range t.Methods() {
			if method.Exported() {
				s.walk(method.Type(), where+"."+method.Name())
			}
		}
		for embedded := range t.EmbeddedTypes() {
			s.walk(embedded, where)
		}
	case *types.Map:
		s.walk(t.Key(), where)
		s.walk(t.Elem(), where)
	case interface{ Elem() types.Type }:
		s.walk(t.Elem(), where)
	}
}

// own reports whether a type is of the package itself, and notes a type that may not show.
func (s *shownTypes) own(t *types.TypeName, where string) bool {
	if t.Pkg() == nil || t.Pkg() == s.of {
		return t.Pkg() != nil
	}
	path := t.Pkg().Path()
	allowed := func(of string) bool {
		return strings.HasPrefix(path+"/", of+"/") || strings.HasPrefix(path, of) && strings.HasSuffix(of, "/")
	}
	inModule := strings.HasPrefix(path, module+"/")
	switch first, _, _ := strings.Cut(path, "/"); {
	case inModule && !strings.Contains(path+"/", "/internal/"), !inModule && !strings.Contains(first, "."):
	case slices.ContainsFunc(slices.Concat(foreign[""], foreign[strings.TrimPrefix(s.of.Path(), module+"/")]), allowed):
	default:
		s.wrong = append(s.wrong, where+": "+path+"."+t.Name())
	}
	return false
}
