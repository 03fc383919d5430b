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

// blockLines is how many lines of a source are one block of those put aside. A block
// takes 8 KiB at most.
const blockLines = 1 << 16

// A block names some lines of a source.
type block struct {
	file int   // number of the source, from 0
	part int64 // number of the line by blockLines
}

// asides are the lines of a job whose conditional references found nothing yet. The
// register's state has them beside the job's record, in the commit of the chunk that
// they are in. Workers read them while the committer changes those of earlier chunks.
type asides struct {
	mu struct {
		sync.Mutex
		blocks map[block]*roaring.Bitmap // none empty
	}
}

func blockOf(file int, line int64) (block, uint32) {
	return block{file, line / blockLines}, uint32(line % blockLines)
}

// load reads what the state of a job has.
func (a *asides) load(ctx context.Context, store *datastore.Store, id string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.mu.blocks = map[block]*roaring.Bitmap{}
	for _, name := range store.StateNames(register.Work(id, "")) {
		value, err := store.State(ctx, name)
		if err != nil {
			return err
		}
		var b block
		lines := roaring.New()
		file, part, _ := strings.Cut(strings.TrimPrefix(name, register.Work(id, "")), "/")
		if b.file, err = strconv.Atoi(file); err == nil {
			if b.part, err = strconv.ParseInt(part, 10, 64); err == nil {
				err = lines.UnmarshalBinary(value)
			}
		}
		if err != nil {
			return fmt.Errorf("ingest: the lines that the job put aside cannot be read: %w", err)
		}
		a.mu.blocks[b] = lines
	}
	return nil
}

// has reports whether a line is put aside.
func (a *asides) has(file int, line int64) bool {
	b, low := blockOf(file, line)
	a.mu.Lock()
	defer a.mu.Unlock()
	lines := a.mu.blocks[b]
	return lines != nil && lines.Contains(low)
}

// none reports whether no line is put aside.
func (a *asides) none() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.mu.blocks) == 0
}

// from returns the lines of a source that are put aside, from line first on, in no order.
func (a *asides) from(file int, first int64) (lines []int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for b, some := range a.mu.blocks {
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

// change puts lines of a source aside and takes others back, and has a transaction keep
// that.
func (a *asides) change(tx *datastore.Tx, id string, file int, aside, settled []int64) error {
	if len(aside)+len(settled) == 0 {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	changed := map[block]bool{}
	for _, line := range aside {
		b, low := blockOf(file, line)
		if a.mu.blocks[b] == nil {
			a.mu.blocks[b] = roaring.New()
		}
		a.mu.blocks[b].Add(low)
		changed[b] = true
	}
	for _, line := range settled {
		b, low := blockOf(file, line)
		if lines := a.mu.blocks[b]; lines != nil {
			lines.Remove(low)
		}
		changed[b] = true
	}
	for b := range changed {
		var value []byte
		if lines := a.mu.blocks[b]; lines == nil || lines.IsEmpty() {
			delete(a.mu.blocks, b)
		} else {
			var err error
			if value, err = lines.MarshalBinary(); err != nil {
				return fmt.Errorf("ingest: %w", err)
			}
		}
		if err := tx.SetState(b.name(id), value); err != nil {
			return err
		}
	}
	return nil
}

// forget has a transaction forget all lines.
func (a *asides) forget(tx *datastore.Tx, id string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for b := range a.mu.blocks {
		if err := tx.SetState(b.name(id), nil); err != nil {
			return err
		}
	}
	return nil
}

// name returns the name of the state that a block is.
func (b block) name(id string) string {
	return register.Work(id, fmt.Sprintf("%d/%d", b.file, b.part))
}
