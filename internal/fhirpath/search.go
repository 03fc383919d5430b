package fhirpath

import (
	"io"
	"regexp"
	"unicode/utf8"
)

// eachMatch calls yield with each match of a pattern in a text, as
// regexp.FindAllStringSubmatchIndex finds them: the offsets of the match and of its
// groups. That function itself may take time that grows with the square of the text,
// since it reads the text behind a match again.
func (v *Evaluator) eachMatch(p *pattern, text string, pos int, yield func(match []int) error) error {
	if work := len(text) * len(text) * p.perByte; len(text) < 1<<12 && work <= directWork {
		if err := v.visit(1+work/16, pos); err != nil { // most take far less
			return err
		}
		for _, match := range p.FindAllStringSubmatchIndex(text, -1) {
			if err := yield(match); err != nil {
				return err
			}
		}
		return nil
	}
	for at, before := 0, -1; at <= len(text); {
		match, err := v.nextMatch(p, text, at, pos)
		if err != nil || match == nil {
			return err
		}
		empty := match[1] == at
		if !empty || match[0] != before { // an empty one does not follow another
			if err := yield(match); err != nil {
				return err
			}
		}
		before = match[1]
		if at = match[1]; empty {
			_, size := utf8.DecodeRuneInString(text[at:])
			at += max(size, 1)
		}
	}
	return nil
}

// nextMatch returns the first match of a pattern at or after an offset of a text, nil
// if there is none.
func (v *Evaluator) nextMatch(p *pattern, text string, at, pos int) ([]int, error) {
	from, re := 0, p.first
	if at == 0 && re == nil {
		re = regexp.MustCompile(`\A(?s:.*?)((?s:` + p.text + `))`)
		p.first = re
	}
	if at > 0 {
		if re = p.next; re == nil {
			re = regexp.MustCompile(`\A(?s:.)(?s:.*?)((?s:` + p.text + `))`)
			p.next = re
		}
		// ^ and \b need the character before.
		_, size := utf8.DecodeLastRuneInString(text[:at])
		from = at - size
	}
	r := p.reader(v, text[from:], pos)
	match := re.FindReaderSubmatchIndex(r)
	if r.err != nil || match == nil {
		return nil, r.err
	}
	match = match[2:]
	for i := range match {
		if match[i] >= 0 {
			match[i] += from
		}
	}
	return match, nil
}

// A textReader gives a text to a search character by character, and ends it early
// where the evaluation comes to its limit.
type textReader struct {
	v       *Evaluator
	text    string
	at      int
	perByte int
	pos     int
	err     error // why it ended early
}

func (p *pattern) reader(v *Evaluator, text string, pos int) *textReader {
	return &textReader{v: v, text: text, perByte: 2 + p.perByte/2, pos: pos}
}

// ReadRune implements [io.RuneReader].
func (r *textReader) ReadRune() (c rune, size int, err error) {
	if r.at == len(r.text) {
		return 0, 0, io.EOF
	}
	if r.err = r.v.visit(r.perByte, r.pos); r.err != nil {
		return 0, 0, io.EOF
	}
	c, size = utf8.DecodeRuneInString(r.text[r.at:])
	r.at += size
	return c, size, nil
}
