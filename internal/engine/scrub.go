package engine

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// A scrub reads in the background the closed segments that an opening from a checkpoint has
// not read, and tells of damage there.
type scrub struct {
	running sync.WaitGroup
	mu      struct {
		sync.Mutex
		status ScrubStatus
	}
}

// A ScrubStatus says how far a scrub is, in bytes of the log.
type ScrubStatus struct {
	Done, Total int64
	Faults      []Fault
}

// scrubShare is how many times longer than the reading of a segment the pause after it is.
const scrubShare = 4

func (s *scrub) start(e *Engine) {
	keeper, ok := e.log.(checkpointLog)
	if !ok || !e.checkpoints.restored {
		return
	}
	segments := keeper.Unread()
	for _, of := range segments {
		s.mu.status.Total += of.Bytes
	}
	s.running.Go(func() {
		for _, of := range segments {
			from := time.Now()
			err := keeper.ReadSegment(e.background, of.Name)
			if e.background.Err() != nil || errors.Is(err, ErrClosed) {
				return
			}
			if err != nil {
				e.options.Logger.Error("datastore: a part of the store is damaged; what lies there cannot be read", "segment", of.Name, "error", err)
			}
			s.read(of.Name, of.Bytes, err)
			if pause(e.background, scrubShare*time.Since(from)) != nil {
				return
			}
		}
	})
}

// read notes that a segment was read.
func (s *scrub) read(name uint64, bytes int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.status.Done += bytes
	if err != nil {
		s.mu.status.Faults = append(s.mu.status.Faults, Fault{"log", fmt.Sprintf("segment %d", name), err.Error()})
	}
}

// Scrubbed says how far the scrub is that began when the store was opened from a
// checkpoint. It is zero of a store whose log was read.
func (e *Engine) Scrubbed() ScrubStatus {
	e.scrub.mu.Lock()
	defer e.scrub.mu.Unlock()
	s := e.scrub.mu.status
	s.Faults = append([]Fault(nil), s.Faults...)
	return s
}
