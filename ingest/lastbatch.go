package ingest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/fhirlake/fhirlake/datastore"
	register "github.com/fhirlake/fhirlake/jobs"
)

// What the operations of a batch come to is known in its commit alone. So the commit
// keeps, beside the job's record, which lines the batch's operations are of, and the store
// adds what they came to. The next commit counts that.

// lastState names that state among those of a job.
const lastState = "last"

// keepLast has the transaction of a batch keep which lines its operations are of.
func (j *Job) keepLast(b *batch) error {
	value := binary.AppendUvarint(nil, uint64(b.tx.Len()))
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
		}
	}
	return b.tx.SetEffects(register.Work(j.record.ID, lastState), value)
}

// forgetLast has a transaction forget the last batch, which is counted.
func (j *Job) forgetLast(tx *datastore.Tx) error {
	return tx.SetState(register.Work(j.record.ID, lastState), nil)
}

var errLast = errors.New("ingest: what the job's last commit came to cannot be read")

// addLast counts what the last batch of an earlier run came to.
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
		switch datastore.Effect(effect) {
		case datastore.EffectCreated:
			j.created.add(file, line)
		case datastore.EffectUnchanged:
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
