package pdf

import (
	"bytes"
	"math"
)

const (
	mostOperands = 1 << 16
	deepestForm  = 16
	deepestState = 256
	mostFonts    = 1 << 12
)

// A state is the part of the graphics state on which text depends (ISO 32000-1 §8.4,
// §9.3).
type state struct {
	ctm                  matrix
	font                 *font
	size                 float64
	charSpace, wordSpace float64
	scale, leading, rise float64
}

// A painter interprets the content of pages.
type painter struct {
	*file
	layout layout
	fonts  map[ref]*font // by the objects that they are
	held   int           // bytes of content that is being interpreted
}

// A scene is a content stream that is being interpreted.
type scene struct {
	*painter
	resources dict
	named     map[name]*font // fonts of the resources
	state     state
	saved     []state
	tm, line  matrix // text matrix and line matrix
	depth     int
}

// paint interprets a content stream.
func (p *painter) paint(data []byte, resources dict, ctm matrix, depth int) {
	p.room(p.held + len(data)) // forms inside of forms are held together
	p.held += len(data)
	defer func() { p.held -= len(data) }()
	s := &scene{painter: p, resources: resources, named: map[name]*font{}, tm: identity, line: identity, depth: depth}
	s.state = state{ctm: ctm, scale: 1}
	l := lexer{src: data}
	var operands []object
	for !l.end() {
		from := l.pos
		l.values = 0
		o := l.object(0)
		p.spend(l.pos - from + perStep)
		switch o := o.(type) {
		case word:
			if o == "BI" {
				skipImage(&l)
			} else {
				s.do(o, operands)
			}
			operands = operands[:0]
		case closing:
		default:
			if len(operands) < mostOperands {
				operands = append(operands, o)
			}
		}
	}
}

// skipImage passes over an image inside of a content stream.
func skipImage(l *lexer) {
	for l.pos < len(l.src) {
		found := bytes.Index(l.src[l.pos:], []byte("EI"))
		if found < 0 {
			l.pos = len(l.src)
			return
		}
		at := l.pos + found
		l.pos = at + 2
		if at > 0 && isSpace(l.src[at-1]) && (l.end() || isSpace(l.src[l.pos])) {
			return
		}
	}
}

// do carries out an operator.
func (s *scene) do(operator word, operands []object) {
	n := func(i int) float64 {
		if i < len(operands) {
			return number(operands[i])
		}
		return 0
	}
	last := func() text {
		if len(operands) == 0 {
			return ""
		}
		t, _ := operands[len(operands)-1].(text)
		return t
	}
	switch operator {
	case "q":
		if len(s.saved) < deepestState {
			s.saved = append(s.saved, s.state)
		}
	case "Q":
		if i := len(s.saved) - 1; i >= 0 {
			s.state, s.saved = s.saved[i], s.saved[:i]
		}
	case "cm":
		if m, ok := matrixOf(operands); ok {
			if m = m.times(s.state.ctm); m.sound() {
				s.state.ctm = m
			}
		}
	case "BT":
		s.tm, s.line = identity, identity
	case "Tc":
		s.state.charSpace = n(0)
	case "Tw":
		s.state.wordSpace = n(0)
	case "Tz":
		s.state.scale = n(0) / 100
	case "TL":
		s.state.leading = n(0)
	case "Ts":
		s.state.rise = n(0)
	case "Tf":
		if len(operands) == 2 {
			font, _ := operands[0].(name)
			s.state.font, s.state.size = s.fontOf(font), n(1)
		}
	case "gs":
		if len(operands) == 1 {
			s.external(operands[0])
		}
	case "Td":
		s.move(n(0), n(1))
	case "TD":
		s.state.leading = -n(1)
		s.move(n(0), n(1))
	case "Tm":
		if m, ok := matrixOf(operands); ok {
			s.tm, s.line = m, m
		}
	case "T*":
		s.move(0, -s.state.leading)
	case "Tj":
		s.show(last())
	case "'":
		s.move(0, -s.state.leading)
		s.show(last())
	case "\"":
		s.state.wordSpace, s.state.charSpace = n(0), n(1)
		s.move(0, -s.state.leading)
		s.show(last())
	case "TJ":
		if len(operands) > 0 {
			list, _ := operands[len(operands)-1].(array)
			s.showAll(list)
		}
	case "Do":
		if len(operands) == 1 {
			s.form(operands[0])
		}
	}
}

// move begins another line.
func (s *scene) move(x, y float64) {
	if m := (matrix{1, 0, 0, 1, x, y}).times(s.line); m.sound() {
		s.line, s.tm = m, m
	}
}

// fontOf returns a font of the resources.
func (s *scene) fontOf(called name) *font {
	if found, known := s.named[called]; known {
		return found
	}
	found := s.load(s.dict(s.resources["Font"])[called])
	if len(s.named) < mostFonts {
		s.named[called] = found
	}
	return found
}

// load returns the font of an object, nil if it is no font.
func (p *painter) load(o object) *font {
	r, is := o.(ref)
	if found, known := p.fonts[r]; is && known {
		return found
	}
	var found *font
	if d := p.dict(o); d != nil {
		found = p.newFont(d)
	}
	if is && len(p.fonts) < mostFonts {
		p.fonts[r] = found
	}
	return found
}

// external takes the font of a graphics state dictionary.
func (s *scene) external(o object) {
	called, _ := o.(name)
	if f := s.array(s.dict(s.dict(s.resources["ExtGState"])[called])["Font"]); len(f) == 2 {
		s.state.font, s.state.size = s.load(f[0]), number(s.get(f[1]))
	}
}

// showAll shows strings with distances between them, in thousandths of an em.
func (s *scene) showAll(list array) {
	for _, o := range list {
		switch o := o.(type) {
		case text:
			s.show(o)
		case float64:
			s.advance(-o / 1000 * s.state.size * s.state.scale)
		}
	}
}

// advance moves along the base line.
func (s *scene) advance(x float64) {
	if m := (matrix{1, 0, 0, 1, x, 0}).times(s.tm); m.sound() {
		s.tm = m
	}
}

// show shows a string.
func (s *scene) show(t text) {
	if s.state.font == nil || len(t) == 0 {
		return
	}
	var out []byte
	var width float64
	s.each(s.state.font, t, func(code uint32, g shown) {
		out = append(out, g.text...)
		width += g.width*s.state.size + s.state.charSpace
		if code == ' ' && s.state.font.bytes == 1 {
			width += s.state.wordSpace
		}
	})
	on := s.tm.times(s.state.ctm)
	width *= s.state.scale
	p := piece{text: string(out), height: math.Abs(s.state.size) * math.Hypot(on.c, on.d)}
	p.x, p.y = on.at(0, s.state.rise)
	p.toX, p.toY = on.at(width-s.state.charSpace*s.state.scale, s.state.rise)
	s.advance(width)
	s.layout.add(p)
}

// form paints a form that is used in the content (ISO 32000-1 §8.10).
func (s *scene) form(o object) {
	called, _ := o.(name)
	form, ok := s.get(s.dict(s.resources["XObject"])[called]).(*stream)
	if !ok || s.depth >= deepestForm || s.name(form.dict["Subtype"]) != "Form" {
		return
	}
	s.paintForm(form, s.resources, s.state.ctm, s.depth+1)
}

// paintForm paints a form, with the resources around it if it has none.
func (p *painter) paintForm(form *stream, resources dict, ctm matrix, depth int) {
	if own := p.dict(form.dict["Resources"]); own != nil {
		resources = own
	}
	if list := p.array(form.dict["Matrix"]); len(list) == 6 {
		numbers := make([]object, len(list))
		for i, o := range list {
			numbers[i] = p.get(o)
		}
		if m, ok := matrixOf(numbers); ok {
			ctm = m.times(ctm)
		}
	}
	p.paint(p.decode(form), resources, ctm, depth)
}
