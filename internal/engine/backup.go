package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
	"github.com/fhirlake/fhirlake/issue"
)

// backupState is the name under which the store keeps the secrets of its backups, each
// behind the identifier of the store's key at that time: a secret is good until that key
// is replaced, and then opens old backups alone.
const backupState = "backup"

// backupEntry is the length of an identifier and a secret.
const backupEntry = len(seal.BackupID{}) + seal.KeySize

// Backup writes a piece of a backup: what is durable when it begins, behind a sequence,
// 0 for all. keys, if it is not nil, gets the keys instead of the piece. It reports
// ErrNoKey for a store that nobody else has the key of, an Error of class ErrInvalid for
// a sequence that the store has not reached, ErrClosed, ErrCorrupt, the error of ctx or
// of a writer.
func (e *Engine) Backup(ctx context.Context, w, keys io.Writer, since uint64) (txlog.BackupInfo, error) {
	if err := e.Open(); err != nil {
		return txlog.BackupInfo{}, err
	}
	if w == nil {
		return txlog.BackupInfo{}, Failf(ErrInvalid, issue.Value, "there is no writer for the backup")
	}
	if e.options.Key == nil && !e.rewrapped.Load() {
		return txlog.BackupInfo{}, fmt.Errorf("datastore: backup: %w: the store has a random key, and nobody could open the backup: open the store with a key, or give it one by Rewrap", ErrNoKey)
	}
	secrets, err := e.backupSecrets(ctx)
	if err != nil {
		return txlog.BackupInfo{}, fmt.Errorf("datastore: backup: %w", err)
	}
	o := txlog.BackupOptions{Since: since, Secrets: secrets, Erased: e.erased.all()}
	if keys != nil {
		o.Keys = carefulWriter{ctx, e, keys}
	}
	info, err := e.log.Backup(ctx, carefulWriter{ctx, e, w}, o)
	switch {
	case errors.Is(err, txlog.ErrNotFound):
		err = Failf(ErrInvalid, issue.Value, "there is no commit %d to go on from: the newest is %d", since, e.log.Last().Sequence)
	case err != nil:
		err = fmt.Errorf("datastore: backup: %w", logError(err))
	}
	return info, err
}

// backupSecrets returns the secrets of the store's backups, the one of new backups last.
// A store that takes no writes has none for a new key: the backup gets one of its own.
func (e *Engine) backupSecrets(ctx context.Context) (secrets []seal.BackupSecret, err error) {
	e.backups.Lock()
	defer e.backups.Unlock()
	key, err := e.log.KeyID()
	if err != nil {
		return nil, err
	}
	kept, err := e.State(ctx, backupState)
	if err != nil {
		return nil, err
	}
	if len(kept)%backupEntry != 0 {
		return nil, fmt.Errorf("%w: the state of backups", ErrCorrupt)
	}
	last := seal.BackupID{}
	for entry := range slices.Chunk(kept, backupEntry) {
		last = seal.BackupID(entry)
		secrets = append(secrets, seal.BackupSecret(entry[len(last):]))
	}
	if last == key && len(secrets) > 0 {
		return secrets, nil
	}
	secret := seal.NewBackupSecret()
	if e.readOnly() != nil {
		return append(secrets, secret), nil
	}
	kept = append(append(kept, key[:]...), secret[:]...)
	_, err = e.Commit(ctx, &Commit{States: []State{{Name: backupState, Value: kept}}})
	return append(secrets, secret), err
}

// RestoreBackup makes a store of the pieces of a backup and opens it. It reports an error of
// class ErrInvalid for pieces that do not follow one another.
func RestoreBackup(ctx context.Context, path string, options Options, o txlog.RestoreOptions, pieces []io.Reader) (*Engine, error) {
	options.Logger = careful(options.Logger)
	readers, err := carefully(ctx, pieces)
	if err != nil {
		return nil, restoreError(err)
	}
	if o.Keys != nil {
		o.Keys = &carefulReader{ctx: ctx, r: o.Keys}
	}
	log, err := txlog.Restore(ctx, path, options.log(), o, readers...)
	if err != nil {
		return nil, restoreError(err)
	}
	e, err := Start(ctx, log, options)
	if err != nil {
		log.Close() // the first error is the one that matters
		return nil, fmt.Errorf("datastore: restoring: %w: %w", txlog.ErrRestored, err)
	}
	return e, nil
}

// VerifyBackup reads a piece of a backup to its end and says what it has.
func VerifyBackup(ctx context.Context, piece io.Reader, o txlog.VerifyOptions) (txlog.BackupInfo, error) {
	readers, err := carefully(ctx, []io.Reader{piece})
	if err != nil {
		return txlog.BackupInfo{}, restoreError(err)
	}
	if o.Keys != nil {
		o.Keys = &carefulReader{ctx: ctx, r: o.Keys}
	}
	info, err := txlog.VerifyPiece(ctx, readers[0], o)
	if err != nil {
		return info, restoreError(err)
	}
	return info, nil
}

func restoreError(err error) error {
	if errors.Is(err, txlog.ErrPiece) {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return fmt.Errorf("datastore: restoring: %w", err)
}
