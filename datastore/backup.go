package datastore

import (
	"context"
	"io"
	"reflect"
	"time"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/txlog"
	"github.com/fhirlake/fhirlake/issue"
)

// A BackupInfo says what a piece of a backup has.
type BackupInfo struct {
	// Since is the sequence of the last commit before the piece, 0 for a full backup.
	Since uint64
	// Head is that of the last commit in the piece. Its Sequence is the since of the
	// increment that follows.
	Head Head
	// Time is when that commit was made, Taken when the piece was. Both are UTC.
	Time, Taken time.Time
	// Commits and Items are those behind Since. Items are versions and named states.
	Commits, Items int
	// Bytes is the length of the piece.
	Bytes int64
}

func backupInfo(i txlog.BackupInfo) BackupInfo {
	return BackupInfo{i.Since, Head{i.Head}, i.Time, i.Taken, i.Commits, i.Items, i.Bytes}
}

// Backup writes what is durable when it begins to w, sealed: with since 0 a full backup,
// and otherwise an increment, which has the commits behind since. [Restore] makes a store
// of such pieces. Others may read and write meanwhile. w is not closed. What was written
// is a piece only if the error is nil.
//
// Who has the key that the store has now can read this piece and the earlier ones, however
// often the store's keys were changed in between.
//
// It reports ErrNoKey for a store in memory that was opened without a key and that
// [Store.Rewrap] gave none, ErrInvalid for a since that the store has not reached, ErrClosed, ErrCorrupt, the error of ctx or of w.
func (s *Store) Backup(ctx context.Context, w io.Writer, since uint64) (BackupInfo, error) {
	if err := s.admin("back the store up"); err != nil {
		return BackupInfo{}, err
	}
	info, err := s.engine.Backup(ctx, w, nil, since)
	return backupInfo(info), err
}

// BackupApart is Backup with the keys written to keys instead of into the piece, which
// nobody can read without them. The keys that were written last open the earlier pieces
// as well, so they may replace the older ones. They are small, and sealed with the
// store's key.
func (s *Store) BackupApart(ctx context.Context, w, keys io.Writer, since uint64) (BackupInfo, error) {
	if err := s.admin("back the store up"); err != nil {
		return BackupInfo{}, err
	}
	if keys == nil {
		return BackupInfo{}, engine.Failf(ErrInvalid, issue.Value, "there is no writer for the keys: Backup writes them into the piece")
	}
	if reflect.ValueOf(w).Comparable() && reflect.ValueOf(keys).Comparable() && w == keys {
		return BackupInfo{}, engine.Failf(ErrInvalid, issue.Value, "one writer cannot take both the piece and its keys: Backup writes the keys into the piece")
	}
	info, err := s.engine.Backup(ctx, w, keys, since)
	return backupInfo(info), err
}

// Verify reads a piece of a backup to its end, verifies every byte, opens every item, and
// says what the piece has. Of the options it takes BackupKey, or else Options.Key, and
// Keys. It reports ErrCorrupt for a piece that is damaged or cut, ErrInvalid for bytes that
// are no piece, ErrUnsupported, ErrWrongKey, ErrKey, the error of ctx or of a reader.
func (o *RestoreOptions) Verify(ctx context.Context, piece io.Reader) (BackupInfo, error) {
	verify := txlog.VerifyOptions{Wrapper: o.BackupKey, Keys: o.Keys}
	if o.BackupKey == nil {
		verify.Wrapper = o.Key
	}
	info, err := engine.VerifyBackup(ctx, piece, verify)
	return backupInfo(info), err
}
