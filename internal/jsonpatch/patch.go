package jsonpatch

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/fhirlake/fhirlake/internal/quote"
	"github.com/fhirlake/fhirlake/issue"
)

// The limits of one patch.
const (
	// MaxBytes is the size that the document may have on the way: the limit of a
	// resource.
	MaxBytes = 64 << 20
	// MaxDepth is how deep the document may nest on the way. Fewer levels would do
	// for FHIR; more would not harm either, but each takes stack.
	MaxDepth = 1000
	// MaxWork bounds the steps of a patch: members looked at, items moved, values
	// compared and bytes read. It is a second at the most, and 150 MB.
	MaxWork = 1 << 26
)

// Apply appends doc with the patch applied. Both are JSON text; doc must be good.
// An error about the patch is an [*Error], and dst is then nil.
func Apply(dst, doc, patch []byte) ([]byte, error) {
	root, err := read(doc)
	if err != nil {
		return nil, errors.New("jsonpatch: the document is not valid JSON")
	}
	operations, err := read(patch)
	if err != nil {
		return nil, malformed(err)
	}
	p := &patcher{root: root}
	list, err := p.open(operations)
	if err != nil {
		return nil, costly()
	}
	if operations.kind != '[' {
		return nil, &Error{Offset: 0, Code: issue.Structure, Reason: "a patch must be an array of operations"}
	}
	if p.size = len(root.raw); p.size > MaxBytes {
		return nil, &Error{Offset: -1, Code: issue.TooCostly, Reason: "the document is larger than the limit"}
	}
	for i, op := range list.items {
		if err := p.operation(op); err != nil {
			err.Pointer = "/" + strconv.Itoa(i) + err.Pointer
			err.Reason = fmt.Sprintf("operation %d of %d: %s", i+1, len(list.items), err.Reason)
			return nil, err
		}
	}
	return p.root.append(slices.Grow(dst, min(p.size, len(doc)+len(patch)))), nil
}

// malformed turns an error of jsontext into an Error.
func malformed(err error) *Error {
	e := &Error{Offset: -1, Code: issue.Structure, Reason: "the patch is not valid JSON"}
	if fault := (*jsontext.SyntacticError)(nil); errors.As(err, &fault) {
		e.Offset = fault.ByteOffset
		if errors.Is(err, jsontext.ErrDuplicateName) {
			e.Reason = "name stands twice"
		}
	}
	return e
}

// A patcher is a document that is being patched.
type patcher struct {
	root *value
	size int // of the document, at most: what is removed is not taken off
	work int
}

// spend counts steps.
func (p *patcher) spend(steps int) error {
	if p.work += steps; p.work > MaxWork {
		return errCostly
	}
	return nil
}

var errCostly = errors.New("jsonpatch: too much work")

// fail returns an Error at a member of the operation.
func fail(member string, code issue.Code, format string, args ...any) *Error {
	e := &Error{Offset: -1, Code: code, Reason: fmt.Sprintf(format, args...)}
	if member != "" {
		e.Pointer = "/" + member
	}
	return e
}

// costly is the Error for a patch beyond a limit.
func costly() *Error { return fail("", issue.TooCostly, "the patch needs too much work or memory") }

// operation applies one operation.
func (p *patcher) operation(op *value) *Error {
	if op.kind != '{' {
		return fail("", issue.Structure, "an operation must be an object")
	}
	in, err := p.open(op)
	if err != nil {
		return costly()
	}
	name, e := text(in, "op")
	if e != nil {
		return e
	}
	path, e := pointer(in, "path")
	if e != nil {
		return e
	}
	switch name {
	case "add", "replace", "test":
		at := in.find("value")
		if at < 0 {
			return fail("", issue.Required, "value is missing")
		}
		v := in.members[at].value
		switch name {
		case "add":
			return p.add(path, v)
		case "replace":
			return p.replace(path, v)
		}
		return p.test(path, v)
	case "remove":
		_, e := p.remove("path", path)
		return e
	case "move", "copy":
		from, e := pointer(in, "from")
		if e != nil {
			return e
		}
		if name == "copy" {
			return p.copy(from, path)
		}
		return p.move(from, path)
	}
	return fail("op", issue.Value, "unknown operation")
}

// text returns the string member of an operation.
func text(op *inside, name string) (string, *Error) {
	at := op.find(name)
	if at < 0 {
		return "", fail("", issue.Required, "%s is missing", name)
	}
	v := op.members[at].value
	if v.kind != '"' {
		return "", fail(name, issue.Structure, "%s must be a string", name)
	}
	s, err := jsontext.AppendUnquote(nil, v.raw)
	if err != nil {
		return "", fail(name, issue.Structure, "%s must be a string", name)
	}
	return string(s), nil
}

// pointer returns the tokens of the pointer member of an operation.
func pointer(op *inside, name string) ([]string, *Error) {
	s, e := text(op, name)
	if e != nil {
		return nil, e
	}
	tokens, ok := splitPointer(s)
	if !ok {
		return nil, fail(name, issue.Value, "%s is no JSON Pointer", name)
	}
	if len(tokens) > MaxDepth {
		return nil, costly()
	}
	return tokens, nil
}

// notThere is the Error for a place that the document does not have.
func notThere(member string) *Error {
	return fail(member, issue.NotFound, "%s leads to nothing in the document", member)
}

// get returns the value to which tokens lead. member is the member of the operation
// that has them.
func (p *patcher) get(member string, tokens []string) (*value, *Error) {
	v := p.root
	for _, t := range tokens {
		in, err := p.open(v)
		if err != nil {
			return nil, costly()
		}
		switch v.kind {
		case '{':
			if p.spend(len(in.members)) != nil {
				return nil, costly()
			}
			at := in.find(t)
			if at < 0 {
				return nil, notThere(member)
			}
			v = in.members[at].value
		case '[':
			at, ok := index(t, len(in.items)-1)
			if !ok {
				return nil, notThere(member)
			}
			v = in.items[at]
		default:
			return nil, notThere(member)
		}
	}
	return v, nil
}

// grow counts a value that is put in at a depth.
func (p *patcher) grow(v *value, depth int) *Error {
	size, levels, err := p.measure(v)
	if p.size += size; err != nil || p.size > MaxBytes || depth+levels > MaxDepth {
		return costly()
	}
	return nil
}

// add puts v where path leads (RFC 6902 §4.1).
func (p *patcher) add(path []string, v *value) *Error {
	if e := p.grow(v, len(path)); e != nil {
		return e
	}
	if len(path) == 0 {
		p.root = v
		return nil
	}
	last := len(path) - 1
	at, e := p.get("path", path[:last])
	if e != nil {
		return e
	}
	in, err := p.open(at)
	if err != nil {
		return costly()
	}
	switch at.kind {
	case '{':
		if p.spend(len(in.members)) != nil {
			return costly()
		}
		if at := in.find(path[last]); at >= 0 {
			in.members[at].value = v
			return nil
		}
		raw, ok := quote.AppendValid(nil, path[last])
		if !ok {
			return fail("path", issue.Value, "path is not valid UTF-8")
		}
		in.members = append(in.members, member{path[last], raw, v})
		p.size += len(raw) + 2
	case '[':
		at, ok := len(in.items), true
		if path[last] != "-" {
			at, ok = index(path[last], len(in.items))
		}
		if !ok {
			return notThere("path")
		}
		if p.spend(len(in.items)-at) != nil {
			return costly()
		}
		in.items = slices.Insert(in.items, at, v)
	default:
		return notThere("path")
	}
	return nil
}

// remove takes out the value to which tokens lead, and returns it (RFC 6902 §4.2).
func (p *patcher) remove(member string, tokens []string) (*value, *Error) {
	if len(tokens) == 0 {
		return nil, fail(member, issue.Value, "the whole document cannot be removed")
	}
	last := len(tokens) - 1
	at, e := p.get(member, tokens[:last])
	if e != nil {
		return nil, e
	}
	in, err := p.open(at)
	if err != nil {
		return nil, costly()
	}
	if in == nil {
		return nil, notThere(member)
	}
	if p.spend(len(in.members)+len(in.items)) != nil {
		return nil, costly()
	}
	switch at.kind {
	case '{':
		if at := in.find(tokens[last]); at >= 0 {
			v := in.members[at].value
			in.members = slices.Delete(in.members, at, at+1)
			return v, nil
		}
	case '[':
		if at, ok := index(tokens[last], len(in.items)-1); ok {
			v := in.items[at]
			in.items = slices.Delete(in.items, at, at+1)
			return v, nil
		}
	}
	return nil, notThere(member)
}

// replace puts v in the place of the value to which path leads (RFC 6902 §4.3).
func (p *patcher) replace(path []string, v *value) *Error {
	old, e := p.get("path", path)
	if e != nil {
		return e
	}
	if e := p.grow(v, len(path)); e != nil {
		return e
	}
	*old = *v
	return nil
}

// move takes the value to which from leads and adds it where path leads (RFC 6902
// §4.4).
func (p *patcher) move(from, path []string) *Error {
	if len(from) <= len(path) && slices.Equal(from, path[:len(from)]) {
		if len(from) < len(path) {
			return fail("path", issue.Value, "a value cannot be moved into itself")
		}
		_, e := p.get("from", from)
		return e
	}
	v, e := p.remove("from", from)
	if e != nil {
		return e
	}
	size, _, err := p.measure(v)
	if err != nil {
		return costly()
	}
	p.size -= size // add counts it again
	return p.add(path, v)
}

// copy adds the value to which from leads where path leads (RFC 6902 §4.5).
func (p *patcher) copy(from, path []string) *Error {
	v, e := p.get("from", from)
	if e != nil {
		return e
	}
	if size, _, err := p.measure(v); err != nil || p.size+size > MaxBytes {
		return costly()
	}
	c, err := p.clone(v)
	if err != nil {
		return costly()
	}
	return p.add(path, c)
}

// test reports a value that is not equal to v (RFC 6902 §4.6).
func (p *patcher) test(path []string, v *value) *Error {
	at, e := p.get("path", path)
	if e != nil {
		return e
	}
	same, err := p.equal(at, v)
	switch {
	case err != nil:
		return costly()
	case !same:
		return fail("value", issue.Conflict, "the test failed: the document has another value there")
	}
	return nil
}
