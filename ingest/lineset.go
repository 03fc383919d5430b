package ingest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/fhirlake/fhirlake/datastore"
	register "github.com/fhirlake/fhirlake/jobs"
)

// blockLines is how many lines of a source are one block of a lineSet. A block takes
// 8 KiB at most.
const blockLines = 1 << 16

// A block names some lines of a source.
type block struct {
	file int   // number of the source, from 0
	part int64 // number of the line by blockLines
}

func blockOf(file int, line int64) (block, uint32) {
	return block{file, line / blockLines}, uint32(line % blockLines)
}

// A lineSet is a set of lines of a job, a bit a line. Named states of the store keep it
// beside the job's record. Workers read it while the committer changes it.
type lineSet struct {
	kind string // names it among the states of the job
	mu   struct {
		sync.Mutex
		blocks  map[block]*roaring.Bitmap // none empty
		changed map[block]bool            // and not kept yet
	}
}

func (s *lineSet) init(kind string) {
	s.kind, s.mu.blocks, s.mu.changed = kind, map[block]*roaring.Bitmap{}, map[block]bool{}
}

// load reads the set of a job from its states.
func (s *lineSet) load(ctx context.Context, store *datastore.Store, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	prefix := register.Work(id, s.kind+"/")
	for _, name := range store.StateNames(prefix) {
		value, err := store.State(ctx, name)
		if err != nil {
			return err
		}
		var b block
		lines := roaring.New()
		file, part, _ := strings.Cut(strings.TrimPrefix(name, prefix), "/")
		if b.file, err = strconv.Atoi(file); err == nil {
			if b.part, err = strconv.ParseInt(part, 10, 64); err == nil {
				err = lines.UnmarshalBinary(value)
			}
		}
		if err != nil {
			return fmt.Errorf("ingest: the lines that the job noted (%s) cannot be read: %w", s.kind, err)
		}
		s.mu.blocks[b] = lines
	}
	return nil
}

// has reports whether a line is in the set.
func (s *lineSet) has(file int, line int64) bool {
	b, low := blockOf(file, line)
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := s.mu.blocks[b]
	return lines != nil && lines.Contains(low)
}

// none reports whether the set is empty.
func (s *lineSet) none() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.mu.blocks) == 0
}

// any reports whether a line of a source is in the set.
func (s *lineSet) any(file int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for b := range s.mu.blocks {
		if b.file == file {
			return true
		}
	}
	return false
}

// from returns the lines of a source that are in the set, from line first on, in no order.
func (s *lineSet) from(file int, first int64) (lines []int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for b, some := range s.mu.blocks {
		if b.file != file {
			continue
		}
		for it := some.Iterator(); it.HasNext(); {
			if line := b.part*blockLines + int64(it.Next()); line >= first {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// add adds lines of a source.
func (s *lineSet) add(file int, lines ...int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range lines {
		b, low := blockOf(file, line)
		if s.mu.blocks[b] == nil {
			s.mu.blocks[b] = roaring.New()
		}
		s.mu.blocks[b].Add(low)
		s.mu.changed[b] = true
	}
}

// of returns the lines that are in the set or, if in is false, the lines that are not.
func (s *lineSet) of(file int, lines []int64, in bool) (some []int64) {
	for _, line := range lines {
		if s.has(file, line) == in {
			some = append(some, line)
		}
	}
	return some
}

// remove removes lines of a source.
func (s *lineSet) remove(file int, lines ...int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range lines {
		b, low := blockOf(file, line)
		some := s.mu.blocks[b]
		if some == nil {
			continue
		}
		if some.Remove(low); some.IsEmpty() {
			delete(s.mu.blocks, b)
		}
		s.mu.changed[b] = true
	}
}

// keep has a transaction keep what changed; kept follows once it is committed.
func (s *lineSet) keep(tx *datastore.Transaction, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for b := range s.mu.changed {
		var value []byte
		if lines := s.mu.blocks[b]; lines != nil {
			lines.RunOptimize()
			var err error
			if value, err = lines.MarshalBinary(); err != nil {
				return fmt.Errorf("ingest: %w", err)
			}
		}
		if err := tx.SetState(s.name(id, b), value); err != nil {
			return err
		}
	}
	return nil
}

// kept notes that the transaction of keep was committed.
func (s *lineSet) kept() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.mu.changed)
}

// forget has a transaction forget all lines.
func (s *lineSet) forget(tx *datastore.Transaction, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for b := range s.mu.blocks {
		if err := tx.SetState(s.name(id, b), nil); err != nil {
			return err
		}
	}
	return nil
}

// name returns the name of a block's state.
func (s *lineSet) name(id string, b block) string {
	return register.Work(id, fmt.Sprintf("%s/%d/%d", s.kind, b.file, b.part))
}
