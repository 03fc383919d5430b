package engine

import (
	"bytes"
	"context"
	"errors"
	"hash/maphash"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/nlp"
)

// A content tells the stored forms of resources apart: by length, and by a hash under a
// secret seed. The zero content is unknown.
type content struct{ hash, length uint64 }

var contentSeed = maphash.MakeSeed()

func contentOf(stored []byte) content {
	return content{maphash.Bytes(contentSeed, stored), uint64(len(stored))}
}

// errSame ends the steps for a resource whose current version has the same content.
var errSame = errors.New("datastore: the same content")

// errOther sends a commit back whose resource was the same and is not any more.
var errOther = errors.New("datastore: no longer the same content")

// A comparison says whether the version that was current when a resource was prepared
// has the same content.
type comparison struct {
	content content       // of the resource; zero if nobody asked
	ordinal index.Ordinal // of that version, 0 if there was none
	same    bool
	// source and how are for preparing again, should another version come first. They
	// are set only for a resource without parts, since its content is the same.
	source []byte
	how    *How
}

// compare ends the steps if the current version has the same content and How.Compare is
// set.
func (e *Engine) compare(_ context.Context, c *scratch) error {
	p := c.out
	if c.how.Know || c.how.Compare {
		p.compared.content = contentOf(c.stored)
	}
	if !c.how.Compare {
		if !c.how.Know {
			return nil
		}
		var err error // so that the writer need not read the current version
		p.compared.same, err = e.compareCurrent(p)
		return err
	}
	if same, err := e.compareCurrent(p); err != nil || !same {
		return err
	}
	how := *c.how
	how.Compare = false
	p.compared.same, p.compared.source, p.compared.how = true, bytes.Clone(c.source), &how
	return errSame
}

// compareCurrent compares a resource with the current version, or with the version
// whose number it brings.
func (e *Engine) compareCurrent(p *Prepared) (same bool, err error) {
	if p.brought.version != 0 {
		return e.compareBrought(p)
	}
	view := e.Last()
	o, ok := view.Find(p.Type, p.ID)
	if !ok {
		return false, nil
	}
	p.compared.ordinal = o
	if view.Deleted(o) {
		return false, nil
	}
	now, err := e.contentAt(o)
	return err == nil && now == p.compared.content, err
}

// contentAt returns the content of a version that is no deletion, without what an
// annotator of this store added.
func (e *Engine) contentAt(o index.Ordinal) (content, error) {
	b := readBuffers.Get().(*buffers)
	defer readBuffers.Put(b)
	if err := e.stored(o, b); err != nil {
		return content{}, err
	}
	if typ, _ := e.Last().Key(o); e.annotates(schema.TypeID(typ)) {
		return e.contentOfDocument(b.stored)
	}
	return contentOf(b.stored), nil
}

// contentOfDocument returns the content of the stored form of a document.
func (e *Engine) contentOfDocument(stored []byte) (content, error) {
	var doc fhirjson.Document
	if err := ParseStored(stored, &doc); err != nil {
		return content{}, err
	}
	text, changed := withExtensions(nil, &doc, nil, nlp.Owned)
	if !changed {
		return contentOf(stored), nil
	}
	id := string(doc.ID())
	if err := ParseStored(text, &doc); err != nil {
		return content{}, err
	}
	return contentOf(fhirjson.AppendStored(nil, &doc, []byte(id))), nil
}

// isBare reports whether the resource has no parts, being the same as a version.
func (p *Prepared) isBare() bool { return p.compared.how != nil }

// complete makes the parts of bare resources whose content differs from the current
// version by now.
func (e *Engine) complete(ctx context.Context, ops []Op) error {
	for i := range ops {
		p := ops[i].Prepared
		if !p.isBare() {
			continue
		}
		whole, err := e.Prepare(ctx, p.compared.source, p.compared.how)
		if err != nil {
			return err
		}
		whole.compared.content = p.compared.content
		*p = *whole
	}
	return nil
}

// isSame reports whether an update has the content of the resource's newest version,
// and so writes nothing. It returns errOther for a bare resource whose content differs.
func (t *taking) isSame(o *Op, old known) (same bool, err error) {
	if !o.SkipSame || o.Deletes() {
		return false, nil
	}
	switch c := &o.compared; {
	case o.brought.version != 0 && c.same: // what a version holds never changes
		return true, nil
	case !old.exists():
	case old.ordinal == 0: // written in this group
		same = o.sameAs(old)
	case o.brought.version != 0:
	case old.ordinal == c.ordinal:
		same = c.same
	default:
		now, err := t.engine.contentAt(old.ordinal)
		if err != nil {
			return false, err
		}
		same = now == c.content
	}
	if !same && o.isBare() {
		return false, errOther
	}
	return same, nil
}

// tellUnchanged completes the answers for resources that were not written.
func (e *Engine) tellUnchanged(versions []Version) {
	view := e.Last()
	for i := range versions {
		v := &versions[i]
		if !v.Unchanged {
			continue
		}
		o, ok := view.Find(v.Type, v.ID)
		for ok && view.VersionNumber(o) > v.Number {
			o, ok = view.Previous(o)
		}
		if ok && view.VersionNumber(o) == v.Number {
			now := view.Version(o)
			now.Unchanged, now.Issues = true, v.Issues
			*v = now
		}
	}
}
