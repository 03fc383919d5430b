package datastore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/txlog"
	"github.com/fhirlake/fhirlake/issue"
)

// RestoreOptions say what is restored. The zero value of each field is its default.
type RestoreOptions struct {
	// Options open the restored store. Their Key wraps its keys; it may be another than
	// the one of the store that was backed up. Existing and ReadOnly are refused.
	Options
	// BackupKey is the key of the store that was backed up: Options.Key by default.
	BackupKey KeyWrapper
	// Keys are what [Store.BackupApart] wrote, the newest that there are.
	Keys io.Reader
	// Until is the last commit that is restored: by default the last of the pieces.
	Until uint64
	// UntilTime leaves out commits of a later time.
	UntilTime time.Time
}

// Restore makes a store of the pieces of a backup and opens it: of a full one and of any
// number of increments that follow it, in their order. The path is that of an empty
// folder, or of one that is not there and is made, or "mem:". Each piece is read to its
// end. No reader is closed.
//
// The store is another one with the same history: resources, versions, times, sequences
// and named states are the same. A [Head] is good for both stores as far as the two
// histories are one. The store has an id and keys of its own. No import and no export
// that was under way in the source runs in it.
//
// The folder has all of the store or none: after an error it is empty again. Only where the
// restored store could not be opened, as after the end of ctx or with an AtLeast that it
// has not reached, it stays; the error says so, and Open opens it. After a crash, Open
// reports ErrForeign and says that restoring was interrupted, and Restore begins anew. What
// was removed from the source before the last piece was made does not come back, unless
// Until or UntilTime ask for an earlier state.
//
// Restore reports ErrInvalid for pieces that are missing, out of order, or of another
// store or history, and for an Until behind the last piece. It reports ErrCorrupt for a
// piece that is damaged or cut. The errors name the piece. For a folder that is not empty
// it reports ErrForeign. Otherwise it reports what [Open] does.
func Restore(ctx context.Context, path string, opts *RestoreOptions, pieces ...io.Reader) (*Store, error) {
	var o RestoreOptions
	if opts != nil {
		o = *opts
	}
	filled, err := o.withDefaults()
	if o.Existing || o.ReadOnly {
		err = errors.Join(err, errors.New("datastore: Existing and ReadOnly make no store, which restoring does: leave them out"))
	}
	if err != nil {
		return nil, err
	}
	restore := txlog.RestoreOptions{VerifyOptions: txlog.VerifyOptions{Wrapper: o.BackupKey, Keys: o.Keys}}
	if o.Until != 0 {
		restore.Until = &o.Until
	}
	if !o.UntilTime.IsZero() {
		micros := o.UntilTime.UnixMicro()
		if !time.UnixMicro(micros).Equal(o.UntilTime.Truncate(time.Microsecond)) {
			return nil, engine.Failf(ErrInvalid, issue.Value, "the year of UntilTime is too far away to be counted in microseconds")
		}
		restore.UntilTime = &micros
	}
	e, err := engine.RestoreBackup(ctx, path, filled.engine(), restore, pieces)
	if err != nil {
		return nil, err
	}
	s, err := begin(ctx, e, &filled)
	if err != nil {
		return nil, fmt.Errorf("datastore: restoring: %w: %w", txlog.ErrRestored, err)
	}
	return s, nil
}
