package ingest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/engine"
	register "github.com/fhirlake/fhirlake/jobs"
)

// The effects of a batch's operations are known in its commit alone. So the commit
// keeps, beside the job's record, the lines of the batch's operations, and the store
// adds the effects. The next commit counts them.

// lastState names that state among those of a job.
const lastState = "last"

// keepLast makes the transaction of a batch keep the lines of its operations.
func (j *Job) keepLast(b *batch) error {
	sized := uint64(0)
	if j.options.KeepVersions {
		sized = 1
	}
	value := binary.AppendUvarint(nil, uint64(b.tx.Len())<<1|sized)
	file, line := 0, int64(0)
	for _, c := range b.chunks {
		for i := range c.stored {
			s := &c.stored[i]
			if s.op == retold {
				continue
			}
			if c.file != file {
				line = 0
			}
			value = binary.AppendUvarint(value, uint64(c.file-file))
			value = binary.AppendUvarint(value, uint64(s.number-line))
			file, line = c.file, s.number
			if j.options.KeepVersions { // what is counted may be refused
				value = binary.AppendUvarint(value, uint64(s.size)<<1|flawed(s))
			}
		}
	}
	return b.tx.SetEffects(register.Work(j.record.ID, lastState), value)
}

// effectOf returns what the operation that a version is the answer to came to.
func effectOf(v *datastore.Version) engine.Effect {
	switch {
	case v.Refused != nil:
		return engine.Refused
	case v.VersionID == "":
		return engine.NoEffect
	case v.Unchanged:
		return engine.Unchanged
	case v.Deleted:
		return engine.Deleted
	case v.Created:
		return engine.Created
	}
	return engine.Updated
}

func flawed(s *storedLine) uint64 {
	if s.flaws != nil {
		return 1
	}
	return 0
}

// forgetLast has a transaction forget the last batch, which is counted.
func (j *Job) forgetLast(tx *datastore.Transaction) error {
	return tx.SetState(register.Work(j.record.ID, lastState), nil)
}

var errLast = errors.New("ingest: what the job's last commit came to cannot be read")

// addLast counts the effects of the last batch of an earlier run.
func (j *Job) addLast(ctx context.Context, id string) error {
	value, err := j.store.State(ctx, register.Work(id, lastState))
	if err != nil || value == nil {
		return err
	}
	next := func() (n uint64) {
		n, size := binary.Uvarint(value)
		if size <= 0 {
			err = errLast
			return 0
		}
		value = value[size:]
		return n
	}
	count := next()
	sized := count&1 != 0
	count >>= 1
	if count > uint64(len(value)) {
		return errLast
	}
	effects := value[uint64(len(value))-count:]
	file, line := 0, int64(0)
	for _, effect := range effects {
		if more := next(); more > 0 {
			file, line = file+int(more), 0
		}
		if line += int64(next()); err != nil {
			return err
		}
		size := uint64(0)
		if sized {
			size = next()
		}
		switch engine.Effect(effect) {
		case engine.Refused:
			if !j.refused.has(file, line) { // the first of the line
				j.refused.add(file, line)
				refused := Counts{Imported: -1, CustomerErrors: 1, BytesImported: -int64(size >> 1), WithIssues: -int64(size & 1)}
				j.from.Total.add(refused)
				if file == j.from.File {
					j.from.Part.add(refused)
				}
			}
		case engine.Created:
			j.created.add(file, line)
		case engine.Unchanged:
			j.from.Total.Unchanged++
			if file == j.from.File {
				j.from.Part.Unchanged++
			}
		}
	}
	if len(value) != len(effects) {
		return fmt.Errorf("%w: it has another length", errLast)
	}
	return nil
}
