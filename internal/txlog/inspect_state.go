package txlog

import "github.com/fhirlake/fhirlake/internal/seal"

// A stateReader collects the last value of each named state from the records that an
// inspection finds good.
type stateReader struct {
	log    *Log // with the header alone
	keys   *seal.Keyset
	values map[string][]byte
}

// newStateReader returns a reader that collects nothing where the keys are not known.
func newStateReader(in *inspector) *stateReader {
	if in.keys == nil || in.header == nil {
		return &stateReader{}
	}
	s := &stateReader{log: &Log{header: in.header}, values: map[string][]byte{}}
	s.keys = in.keys
	return s
}

// visit reads a record. A state that does not open is left out: an inspection checks
// tags of records, not each part.
func (s *stateReader) visit(info *recordInfo, f frame, _ int64) bool {
	if s.log == nil {
		return true
	}
	r := &Record{log: s.log, keys: s.keys, info: info, place: info.place(), sealed: f.value}
	for i := range r.Len() {
		if r.Kind(i) == Version {
			continue
		}
		name, err := r.Values(i, nil)
		if err != nil {
			continue
		}
		switch body, err := r.Body(i, nil); {
		case err != nil:
		case len(body) == 0:
			delete(s.values, string(name))
		default:
			s.values[string(name)] = body
		}
	}
	return true
}
