package jobs

import "sync"

// A folderSync makes the names in folders durable. Callers that come while a folder is
// synced share its next sync.
type folderSync struct {
	mu    sync.Mutex
	turns map[string]*turns
}

// turns are the syncs of one folder.
type turns struct {
	running sync.Mutex // held while the folder is synced
	next    *turn      // the next sync, which all waiting callers share; nil if nobody waits
}

// A turn is one sync.
type turn struct {
	once sync.Once
	err  error
}

// sync makes the names in a folder durable.
func (s *folderSync) sync(path string) error {
	s.mu.Lock()
	if s.turns == nil {
		s.turns = map[string]*turns{}
	}
	of := s.turns[path]
	if of == nil {
		of = new(turns)
		s.turns[path] = of
	}
	if of.next == nil {
		of.next = new(turn)
	}
	mine := of.next
	s.mu.Unlock()

	of.running.Lock()
	defer of.running.Unlock()
	mine.once.Do(func() {
		s.mu.Lock()
		of.next = nil // who comes from now on is too late for this one
		s.mu.Unlock()
		mine.err = SyncFolder(path)
	})
	return mine.err
}
