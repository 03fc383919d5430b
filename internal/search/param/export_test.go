package param

import (
	"flag"
	"fmt"
	"hash/fnv"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

var rewrite = flag.Bool("rewrite", false, "add new streams to numbers.txt, and raise the versions of what is extracted in another way")

const numbersHead = `# The numbers of streams and types in stored values, and the versions of what is
# extracted. Lines are added and versions rise; nothing else changes. Made by go generate.
#
# type NUMBER NAME VERSION HASH-OF-THE-PLAN HASH-OF-HL7'S-EXAMPLES
# stream NUMBER PLACE KIND
`

// EvaluatedR4 is R4's registry, in which the expressions of those parameters are evaluated
// that are chosen by their code.
func EvaluatedR4(chosen func(code string) bool) *Registry {
	n := &numbers{streams: map[string]index.Param{}, types: readNumbers(numbersText).types}
	return newRegistry(n, func(b *registryBuilder, t, base schema.TypeID, p *Param) ([]use, bool) {
		if chosen(p.Row.Code) {
			return nil, false
		}
		return b.uses(t, base, p)
	})
}

// Paths returns the paths of an expression on a type as texts, and whether paths can say
// what it yields.
func Paths(expression string, t schema.TypeID) ([]string, bool) {
	found, ok := pathsOf(mustParse(expression), t, path{typ: t})
	var texts []string
	for _, p := range found {
		text := ""
		for _, h := range p.hops {
			text += "." + h.field.Field().Name + h.filter.String()
		}
		if p.exists {
			text += " exists"
		}
		texts = append(texts, text)
	}
	return texts, ok
}

// Fits reports whether the parameters of some expressions fit into one trie.
func Fits(t schema.TypeID, expressions ...string) bool {
	fits := newFitting()
	for _, e := range expressions {
		found, _ := pathsOf(mustParse(e), t, path{typ: t})
		if !fits.add(convert(nil, found, &Param{Row: &schema.Param{Type: schema.ParamString}}, false)) {
			return false
		}
	}
	return true
}

// Evaluated returns how many parameters of a type are no part of its trie.
func (r *Registry) Evaluated(t schema.TypeID) int { return len(r.Types[t].Places) }

// RequireNumbers fails if a stream or a type has no number or another than before, and if
// something else than before is extracted of a type whose version is the same. examples
// are the hashes of what is extracted of HL7's examples, by the names of their types.
func RequireNumbers(t *testing.T, examples map[string]string) {
	stored, r := readNumbers(numbersText), R4()
	next := &numbers{streams: maps.Clone(stored.streams), types: map[string]typeNumbers{}}
	for _, s := range r.streams {
		if s != nil {
			next.streams[s.name] = s.ID
		}
	}
	for name, typ := range r.Names {
		before, known := stored.types[name]
		if known {
			require.Equal(t, before.number, int(typ), "%s has another number in package schema", name)
		}
		now := typeNumbers{int(typ), before.version, r.plan(typ), before.examples}
		if !known {
			now.examples = "-"
		}
		changed := now.plan != before.plan
		if of, found := examples[name]; found && of != before.examples {
			changed = changed || before.examples != "-"
			now.examples = of
		}
		if changed {
			now.version++
		}
		next.types[name] = now
	}
	text := next.text()
	if *rewrite {
		require.NoError(t, os.WriteFile("numbers.txt", []byte(text), 0o644))
		return
	}
	require.Equal(t, numbersText, text, "other things are extracted than before: see whether that is meant, and run go generate")
}

func TestNumbersAreApart(t *testing.T) {
	n := readNumbers(numbersText)
	seen := map[index.Param]string{}
	for name, at := range n.streams {
		require.NotZero(t, at)
		require.Less(t, at, FirstInside)
		require.Empty(t, seen[at], name)
		seen[at] = name
	}
	for name, typ := range R4().Names {
		require.NotZero(t, Version(typ), name)
	}
}

// text returns the file.
func (n *numbers) text() string {
	var b strings.Builder
	b.WriteString(numbersHead)
	for _, name := range slices.Sorted(maps.Keys(n.types)) {
		t := n.types[name]
		fmt.Fprintln(&b, "type", t.number, name, t.version, t.plan, t.examples)
	}
	byNumber := slices.SortedFunc(maps.Keys(n.streams), func(a, b string) int { return int(n.streams[a]) - int(n.streams[b]) })
	for _, name := range byNumber {
		fmt.Fprintln(&b, "stream", n.streams[name], name)
	}
	return b.String()
}

// plan returns a hash of what is extracted of a type, contained resources left out.
func (r *Registry) plan(t schema.TypeID) string {
	digest := fnv.New64a()
	var walk func(n *Node)
	walk = func(n *Node) {
		for _, l := range n.Leaves {
			s := r.streams[l.Param]
			fmt.Fprintln(digest, s.ID, s.name, s.typ, *l.Binding)
		}
		for _, e := range n.Edges {
			if e == nil {
				continue
			}
			fmt.Fprintln(digest, e.Numbered)
			for _, b := range e.Branches {
				walk(b.Node)
			}
		}
	}
	walk(r.Types[t].Root)
	for _, e := range r.Types[t].Exists {
		fmt.Fprintln(digest, e.Stream.ID, e.Stream.name)
		for _, f := range e.Fields {
			fmt.Fprintln(digest, f.Field().Name)
		}
	}
	for _, p := range r.Types[t].Places {
		fmt.Fprintln(digest, p.Expression)
		for _, part := range p.Parts {
			fmt.Fprintln(digest, part.Expression)
		}
	}
	return fmt.Sprintf("%016x", digest.Sum64())
}
