package param

import (
	"github.com/fhirlake/fhirlake/internal/index"
)

// Stream returns the stream of the parameter that has a number, nil if none has.
func (p *Param) Stream(number index.Param) *Stream {
	if s := StreamOf(p.Streams, number); s != nil {
		return s
	}
	return StreamOf(p.Aside, number)
}

// Knows reports whether values of a stream are values of the parameter.
func (p *Param) Knows(number index.Param) bool { return p.Stream(number) != nil }

func StreamOf(streams []*Stream, number index.Param) *Stream {
	for _, s := range streams {
		if s.ID == number {
			return s
		}
	}
	return nil
}
