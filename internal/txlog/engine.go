package txlog

import (
	"encoding/binary"
	"fmt"
	"io"
	"unsafe"

	"github.com/tidwall/buntdb"
)

// An engine is buntdb behind the open segment. It is used by one goroutine.
//
// buntdb keeps the records in memory. The engine itself writes what buntdb would write
// to its file, through the store's own handle, since buntdb knows files by their path
// alone.
type engine struct {
	db     *buntdb.DB
	file   File  // of the segment
	end    int64 // length of the file
	broken bool  // buntdb panicked, perhaps with its lock held
}

// openEngine opens a segment and returns its records in order. The framing reader has
// accepted every byte up to size. The strings are buntdb's own.
func openEngine(file File, size int64) (*engine, []string, error) {
	db, err := buntdb.Open(":memory:")
	if err != nil {
		return nil, nil, fmt.Errorf("txlog: open engine: %w", err)
	}
	e := &engine{db: db, file: file, end: size}
	records, err := e.load()
	if err != nil {
		db.Close() // an engine that was only read has nothing to lose
		return nil, nil, fmt.Errorf("txlog: open engine: %w", err)
	}
	return e, records, nil
}

func (e *engine) load() (records []string, err error) {
	if e.end > 0 {
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

// append writes one record and returns it as a string that shares its bytes; nobody
// changes them from here on. If it fails and whole is true, the file is as it was
// before.
func (e *engine) append(sequence uint64, f framed) (record string, whole bool, err error) {
	if e.broken {
		return "", false, ErrReadOnly
	}
	record = unsafe.String(&f.bytes[f.head], len(f.record()))
	if _, err = e.file.WriteAt(f.bytes, e.end); err == nil {
		err = e.set(sequence, record)
	}
	if err != nil {
		return "", e.restore(), fmt.Errorf("txlog: append: %w", err)
	}
	e.end += int64(len(f.bytes))
	return record, true, nil
}

func (e *engine) set(sequence uint64, record string) (err error) {
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
	if e.broken || e.file.Truncate(e.end) != nil {
		return false
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
