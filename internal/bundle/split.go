package bundle

import (
	"bytes"
	"errors"
	"io"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/issue"
	"github.com/go-json-experiment/json/jsontext"
)

// split takes the resources out of the entries of a Bundle. It returns the rest, and
// the resource of each entry, nil if it has none.
func split(src []byte) (rest []byte, resources [][]byte, err error) {
	s := splitter{src: src, in: jsontext.NewDecoder(bytes.NewBuffer(src))}
	s.out = jsontext.NewEncoder(&s.rest)
	if err := s.object(s.bundleMember); err != nil {
		return nil, nil, splitError(err)
	}
	if _, err := s.in.ReadToken(); err != io.EOF {
		return nil, nil, splitError(err) // something follows
	}
	return s.rest.Bytes(), s.resources, nil
}

// A splitter copies a Bundle without its resources.
type splitter struct {
	src       []byte
	in        *jsontext.Decoder
	rest      bytes.Buffer
	out       *jsontext.Encoder
	resources [][]byte
}

// object copies an object, member by member, or any other value as it is.
func (s *splitter) object(member func(name string) error) error {
	if s.in.PeekKind() != '{' {
		return s.value()
	}
	if err := s.token(); err != nil {
		return err
	}
	for s.in.PeekKind() == '"' {
		name, err := s.in.ReadToken()
		if err != nil {
			return err
		}
		if err := member(name.String()); err != nil {
			return err
		}
	}
	return s.token() // its end, or what is wrong
}

// bundleMember copies a member of the Bundle.
func (s *splitter) bundleMember(name string) error {
	if err := s.out.WriteToken(jsontext.String(name)); err != nil {
		return err
	}
	if name != "entry" || s.in.PeekKind() != '[' {
		return s.value()
	}
	if err := s.token(); err != nil {
		return err
	}
	for kind := s.in.PeekKind(); kind != ']' && kind != 0; kind = s.in.PeekKind() {
		s.resources = append(s.resources, nil)
		if err := s.object(s.entryMember); err != nil {
			return err
		}
	}
	return s.token()
}

// entryMember copies a member of an entry, or keeps its resource.
func (s *splitter) entryMember(name string) error {
	if name == "resource" && s.in.PeekKind() == '{' {
		v, err := s.in.ReadValue()
		if err == nil {
			end := s.in.InputOffset()
			s.resources[len(s.resources)-1] = s.src[end-int64(len(v)) : end]
		}
		return err
	}
	if err := s.out.WriteToken(jsontext.String(name)); err != nil {
		return err
	}
	return s.value()
}

func (s *splitter) token() error {
	t, err := s.in.ReadToken()
	if err != nil {
		return err
	}
	return s.out.WriteToken(t)
}

func (s *splitter) value() error {
	v, err := s.in.ReadValue()
	if err != nil {
		return err
	}
	return s.out.WriteValue(v)
}

// splitError returns an error with the place of the fault in the JSON, and without the
// text of jsontext, which may quote the input.
func splitError(err error) error {
	is := engine.Issue{Severity: issue.Error, Code: issue.Structure, Offset: -1, Diagnostics: "malformed JSON"}
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		is.Pointer, is.Offset = string(syntactic.JSONPointer), syntactic.ByteOffset
	}
	return &engine.Error{Class: engine.ErrInvalid, Issues: []engine.Issue{is}}
}
