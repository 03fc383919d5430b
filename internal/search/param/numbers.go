package param

import (
	_ "embed"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// Stored values name streams and types by numbers, which therefore never change:
// numbers.txt has them, and only grows.
//
//go:generate go test -run TestNumbers$ -rewrite .

// The numbers of streams of contained resources and of headings follow from the others;
// see contained.go. Custom parameters begin at [index.FirstCustom].
const (
	FirstInside index.Param = 1 << 13
	firstHead   index.Param = 1 << 14
)

//go:embed numbers.txt
var numbersText string

// numbers are the contents of numbers.txt.
type numbers struct {
	streams map[string]index.Param // by name
	last    index.Param            // the highest number of a stream
	types   map[string]typeNumbers // by name
}

// A typeNumbers is the file's entry of a resource type.
type typeNumbers struct {
	number  int
	version uint32
	// plan is a hash of the type's trie, and examples a hash of the values extracted
	// from HL7's examples, "-" if there are none. A test compares them.
	plan, examples string
}

// readNumbers reads the file. It panics for a malformed file, which is a fault of the
// program.
func readNumbers(text string) *numbers {
	n := &numbers{streams: map[string]index.Param{}, types: map[string]typeNumbers{}}
	for line := range strings.Lines(text) {
		kind, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		number, name, _ := strings.Cut(rest, " ")
		at, err := strconv.ParseUint(number, 10, 16)
		switch kind {
		case "#", "":
			continue
		case "stream":
			n.streams[name] = index.Param(at)
			n.last = max(n.last, index.Param(at))
		case "type":
			of := typeNumbers{number: int(at)}
			if _, err := fmt.Sscan(name, &name, &of.version, &of.plan, &of.examples); err != nil {
				panic("search: numbers.txt: " + err.Error())
			}
			n.types[name] = of
		default:
			err = strconv.ErrSyntax
		}
		if err != nil {
			panic("search: numbers.txt: " + line)
		}
	}
	return n
}

// number returns the number of a stream, a new one if the file has none yet.
func (n *numbers) number(name string) index.Param {
	at, known := n.streams[name]
	if !known {
		n.last++
		at = n.last
		n.streams[name] = at
	}
	return at
}

// Version returns the version of the extractor of a type. Values of another version
// must be extracted again. It is 0 for a type that this program does not know.
//
// It does not cover the values of contained resources, which lie with the version of
// their own type. [Stale] looks at both.
func Version(t schema.TypeID) uint32 {
	if versions := R4().Versions; int(t) < len(versions) {
		return versions[t]
	}
	return 0
}

// Stale reports whether the values of a resource, extracted under some version of its
// type's extractor, must be extracted again.
func Stale(t schema.TypeID, version uint32, payload []byte) bool {
	if version != Version(t) {
		return true
	}
	contained := index.FirstNote(payload)
	for len(contained) > 0 {
		typ, n := binary.Uvarint([]byte(contained))
		version, m := binary.Uvarint([]byte(contained[max(n, 0):]))
		if n <= 0 || m <= 0 || typ >= uint64(len(schema.Types)) || version != uint64(Version(schema.TypeID(typ))) {
			return true
		}
		contained = contained[n+m:]
	}
	return false
}
