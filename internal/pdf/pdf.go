package pdf

import (
	"bytes"
	"context"
	"fmt"
)

const (
	deepestTree = 64
	// header is where "%PDF-" must stand at the latest (ISO 32000-1 annex H).
	header = 1024
)

// Text returns the text of a document, page after page, a line break between them. It
// keeps nothing of data. nil limits are the defaults.
//
// Its errors are [ErrMalformed], [ErrEncrypted], [ErrLimit] and ctx's.
func Text(ctx context.Context, data []byte, limits *Limits) (text string, err error) {
	if !bytes.Contains(data[:min(len(data), header)], []byte("%PDF-")) {
		return "", fmt.Errorf("%w: it has no header", ErrMalformed)
	}
	defer func() {
		switch p := recover().(type) {
		case nil:
		case stop:
			text, err = "", p.err
		default:
			text, err = "", fmt.Errorf("%w: its reader panicked (%T)", ErrMalformed, p)
		}
	}()
	l := limits.withDefaults()
	b := &budget{ctx: ctx, left: l.Work, since: 1 << 20}
	b.spend(0)
	p := &painter{file: open(b, data, l), layout: layout{max: l.Text}, fonts: map[ref]*font{}}
	if p.tree() == 0 {
		return "", fmt.Errorf("%w: it has no pages", ErrMalformed)
	}
	return p.layout.String(), nil
}

// tree paints the pages and returns how many there are. If the page tree is damaged,
// all pages of the file count, in its order.
func (p *painter) tree() int {
	root := p.dict(p.root)
	if root["Pages"] == nil {
		root = p.dict(p.catalog)
	}
	w := walk{painter: p, seen: map[ref]bool{}}
	w.node(root["Pages"], nil, 0)
	if w.pages > 0 {
		return w.pages
	}
	for _, page := range p.pages {
		w.seen = map[ref]bool{}
		w.node(page, nil, 0)
	}
	return w.pages
}

// A walk goes through a page tree (ISO 32000-1 §7.7.3).
type walk struct {
	*painter
	seen  map[ref]bool
	pages int
}

// node goes through a node with the resources that it inherits.
func (w *walk) node(o object, resources dict, depth int) {
	if r, is := o.(ref); is {
		if w.seen[r] {
			return
		}
		w.seen[r] = true
	}
	d := w.dict(o)
	if d == nil || depth > deepestTree {
		return
	}
	w.spend(64)
	if own := w.dict(d["Resources"]); own != nil {
		resources = own
	}
	if kids := w.array(d["Kids"]); kids != nil {
		for _, kid := range kids {
			w.node(kid, resources, depth+1)
		}
		return
	}
	w.pages++
	w.page(d, resources)
}

// page paints a page and the appearances of its annotations.
func (w *walk) page(d, resources dict) {
	w.layout.page()
	w.paint(w.contents(d["Contents"]), resources, identity, 0)
	for _, o := range w.array(d["Annots"]) {
		w.annotation(w.dict(o))
	}
}

// contents returns the content of a page, which may be in several streams.
func (w *walk) contents(o object) []byte {
	switch o := w.get(o).(type) {
	case *stream:
		return w.decode(o)
	case array:
		var out []byte
		for _, part := range o {
			if s, ok := w.get(part).(*stream); ok {
				out = append(append(out, w.decode(s)...), '\n')
				w.room(len(out))
			}
		}
		return out
	}
	return nil
}

// annotation paints the appearance of a form's field or of a note on the page (ISO
// 32000-1 §12.5.5).
func (w *walk) annotation(d dict) {
	const hidden, noView = 1 << 1, 1 << 5
	if flags := integer(w.get(d["F"])); flags&(hidden|noView) != 0 {
		return
	}
	if kind := w.name(d["Subtype"]); kind != "Widget" && kind != "FreeText" {
		return
	}
	form, ok := w.get(w.dict(d["AP"])["N"]).(*stream)
	if !ok {
		return
	}
	at := identity
	if rect := w.array(d["Rect"]); len(rect) == 4 {
		at.e = min(number(w.get(rect[0])), number(w.get(rect[2])))
		at.f = min(number(w.get(rect[1])), number(w.get(rect[3])))
	}
	w.paintForm(form, nil, at, 1)
}
