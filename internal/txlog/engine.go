package txlog

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/tidwall/buntdb"
)

// An engine is buntdb behind the open segment. It is used by one goroutine.
//
// Where the file has a path, buntdb appends to it, one write for each record.
// Where it has none, buntdb keeps the records in memory and the engine writes
// the same bytes through the FS.
type engine struct {
	db     *buntdb.DB
	file   File   // of the segment
	direct bool   // buntdb writes the file
	end    int64  // length of the file
	frame  []byte // reused, where we write
	broken bool   // buntdb panicked, perhaps with its lock held
}

// openEngine opens a segment of which the framing reader has accepted every
// byte, and returns its records in order. The strings are buntdb's own.
func openEngine(fsys FS, name string, file File, size int64) (*engine, []string, error) {
	path, direct := fsys.Path(name)
	if !direct {
		path = ":memory:"
	}
	db, err := buntdb.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("txlog: open engine: %w", err)
	}
	e := &engine{db: db, file: file, direct: direct, end: size}
	records, err := e.load()
	if err != nil {
		db.Close() // an engine that was only read has nothing to lose
		return nil, nil, fmt.Errorf("txlog: open engine: %w", err)
	}
	return e, records, nil
}

func (e *engine) load() (records []string, err error) {
	// We sync ourselves, where errors are seen. Shrinking would swap the file
	// under our descriptor and stop writers for seconds.
	err = e.db.SetConfig(buntdb.Config{SyncPolicy: buntdb.Never, AutoShrinkDisabled: true})
	if err != nil {
		return nil, err
	}
	if !e.direct {
		if err := e.db.Load(io.NewSectionReader(e.file, 0, e.end)); err != nil {
			return nil, err
		}
	}
	records = []string{}
	err = e.db.View(func(tx *buntdb.Tx) error {
		return tx.Ascend("", func(_, value string) bool {
			records = append(records, value)
			return true
		})
	})
	return records, err
}

// append writes one record. Where it fails and whole is true, the file is as
// it was before.
func (e *engine) append(sequence uint64, record string) (whole bool, err error) {
	if e.broken {
		return false, ErrReadOnly
	}
	if !e.direct {
		e.frame = appendFrame(e.frame[:0], sequence, record)
		_, err = e.file.WriteAt(e.frame, e.end)
	}
	if err == nil {
		err = e.set(sequence, record)
	}
	if err != nil {
		return e.restore(), fmt.Errorf("txlog: append: %w", err)
	}
	e.end += frameSize(len(record))
	return true, nil
}

func (e *engine) set(sequence uint64, record string) (err error) {
	// buntdb panics where it cannot undo a short write.
	defer func() {
		if p := recover(); p != nil {
			e.broken = true
			err = fmt.Errorf("engine: %v", p)
		}
	}()
	var key [frameKey]byte
	binary.BigEndian.PutUint64(key[:], sequence)
	return e.db.Update(func(tx *buntdb.Tx) error {
		_, _, err := tx.Set(string(key[:]), record, nil)
		return err
	})
}

// restore cuts off what a failed append left, and reports whether the file is
// as it was.
func (e *engine) restore() bool {
	if e.broken {
		return false
	}
	if !e.direct {
		if err := e.file.Truncate(e.end); err != nil {
			return false
		}
	}
	size, err := e.file.Size()
	return err == nil && size == e.end
}

// close lets go of buntdb. A broken one is left to the garbage collector,
// since its lock may be held for good.
func (e *engine) close() error {
	if e.broken {
		return nil
	}
	return e.db.Close()
}
