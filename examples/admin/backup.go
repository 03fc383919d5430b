package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/examples/internal/bar"
	"github.com/fhirlake/fhirlake/ingest"
)

// backup writes a sealed copy of the store, or of the commits behind one, to a file. The
// file has its name once it is whole and durable. If keys lie in a file of their own, that
// file is replaced first: the new keys open older pieces as well.
func backup(p *program, f *flag.FlagSet) action {
	since := f.Uint64("since", 0, "")
	keyPath := f.String("keys", "", "")
	return func(ctx context.Context, args []string) (err error) {
		if _, err := os.Lstat(args[0]); !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(fmt.Errorf("%s is there already: a backup replaces no other", args[0]), err)
		}
		piece, err := p.newFile(args[0])
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, piece.end()) }()
		var keys *newFile
		if *keyPath != "" {
			if keys, err = p.newFile(*keyPath); err != nil {
				return err
			}
			defer func() { err = errors.Join(err, keys.end()) }()
		}
		store, err := p.open(ctx, datastore.Options{Existing: true})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, store.Close()) }()
		shown := bar.New(p.stderr, "backing up", "bytes")
		defer shown.End()
		disk, err := bytesBelow(p.store)
		if err != nil {
			return err
		}
		began := time.Now()
		w := &watched{write: piece.Write, told: func(n int64) { shown.Set(n, max(disk, n+1)) }}
		var info datastore.BackupInfo
		if keys == nil {
			info, err = store.Backup(ctx, w, *since)
		} else {
			info, err = store.BackupApart(ctx, w, keys, *since)
		}
		if err != nil {
			return err
		}
		if keys != nil {
			if err := keys.keep(); err != nil {
				return err
			}
		}
		if err := piece.keep(); err != nil {
			return err
		}
		shown.End()
		return p.printBackup(info, time.Since(began))
	}
}

func (p *program) printBackup(info datastore.BackupInfo, took time.Duration) error {
	kind := "full backup"
	if info.Since > 0 {
		kind = fmt.Sprintf("increment after commit %d", info.Since)
	}
	return p.printf("%s: %d commits, %d items, %s, in %v\nit ends with commit %d: the next increment is -since %d\n",
		kind, info.Commits, info.Items, size(info.Bytes), took.Round(time.Millisecond), info.Head.Sequence(), info.Head.Sequence())
}

// verifyBackup reads a backup to its end and prints its content. It ends with "ok".
func verifyBackup(p *program, f *flag.FlagSet) action {
	keyPath := f.String("keys", "", "")
	return func(ctx context.Context, args []string) (err error) {
		files, err := openAll(args, *keyPath)
		if err != nil {
			return err
		}
		defer files.close()
		shown := bar.New(p.stderr, "checking", "bytes")
		defer shown.End()
		began := time.Now()
		info, err := (&datastore.RestoreOptions{BackupKey: p.key, Keys: files.keys}).Verify(ctx, files.watched(shown)[0])
		if err != nil {
			return aboutBackup(err)
		}
		shown.End()
		p.printf("taken at %s, ends at %s\n", info.Taken.Format(time.RFC3339), info.Time.Format(time.RFC3339))
		if err := p.printBackup(info, time.Since(began)); err != nil {
			return err
		}
		return p.printf("ok\n")
	}
}

// restore makes the store of a backup: of a full one and the increments that follow it.
func restore(p *program, f *flag.FlagSet) action {
	o := &datastore.RestoreOptions{}
	f.Func("until", "", func(text string) (err error) {
		if o.Until, err = strconv.ParseUint(text, 10, 64); err == nil && o.Until > 0 {
			return nil
		}
		o.Until = 0
		if o.UntilTime, err = time.Parse(time.RFC3339, text); err != nil {
			return errors.New("neither the number of a commit nor a time, as 2026-01-02T03:04:05Z")
		}
		return nil
	})
	keyPath := f.String("keys", "", "")
	return func(ctx context.Context, args []string) (err error) {
		files, err := openAll(args, *keyPath)
		if err != nil {
			return err
		}
		defer files.close()
		for _, path := range append(args, p.keyFile, *keyPath) {
			if path != "" {
				if err := p.outside(path); err != nil {
					return err
				}
			}
		}
		o.Keys, o.Key = files.keys, p.key
		o.Logger = slog.New(slog.NewTextHandler(p.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
		shown := bar.New(p.stderr, "restoring", "bytes")
		defer shown.End()
		began := time.Now()
		store, err := datastore.Restore(ctx, p.store, o, files.watched(shown)...)
		if err != nil {
			return aboutBackup(err)
		}
		shown.End()
		defer func() { err = errors.Join(err, store.Close()) }()
		of, err := store.Stats()
		if err != nil {
			return err
		}
		return p.printf("restored up to commit %d: %d versions, in %v\n", store.Head().Sequence(), of.Versions, time.Since(began).Round(time.Millisecond))
	}
}

// A newFile is a file that is being made. It has its name once it is kept.
type newFile struct {
	io.WriteCloser
	done bool
}

func (p *program) newFile(path string) (*newFile, error) {
	if err := p.outside(filepath.Dir(path)); err != nil {
		return nil, err
	}
	w, err := ingest.DirSink(filepath.Dir(path)).Create(filepath.Base(path))
	if err != nil {
		return nil, err
	}
	return &newFile{WriteCloser: w}, nil
}

// keep makes the file durable and gives it its name.
func (f *newFile) keep() error {
	f.done = true
	return f.Close()
}

// end removes a file that was not kept.
func (f *newFile) end() error {
	if f.done {
		return nil
	}
	f.done = true
	if a, ok := f.WriteCloser.(interface{ Abort() error }); ok {
		return a.Abort()
	}
	return f.Close()
}

// watched is a reader or writer that reports how many bytes went through.
type watched struct {
	read, write func([]byte) (int, error)
	told        func(n int64)
	n           int64
}

func (w *watched) Read(p []byte) (int, error)  { return w.pass(w.read(p)) }
func (w *watched) Write(p []byte) (int, error) { return w.pass(w.write(p)) }

func (w *watched) pass(n int, err error) (int, error) {
	w.n += int64(n)
	w.told(w.n)
	return n, err
}

// openFiles are the pieces of a backup, and their keys if these lie in a file of their own.
type openFiles struct {
	pieces []*os.File
	keys   io.Reader
	close  func()
}

// openAll opens the files of pieces, and that of keys if there is one.
func openAll(paths []string, keyPath string) (files *openFiles, err error) {
	var opened []*os.File
	files = &openFiles{close: func() {
		for _, file := range opened {
			file.Close() // it was read
		}
	}}
	if keyPath != "" {
		paths = append(slices.Clip(paths), keyPath)
	}
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			files.close()
			return nil, err
		}
		opened = append(opened, file)
	}
	if files.pieces = opened; keyPath != "" {
		last := len(opened) - 1
		files.pieces, files.keys = opened[:last], opened[last]
	}
	return files, nil
}

// watched returns the pieces as readers whose progress is shown.
func (f *openFiles) watched(shown *bar.Bar) (readers []io.Reader) {
	total := int64(0)
	for _, file := range f.pieces {
		if info, err := file.Stat(); err == nil {
			total += info.Size()
		}
	}
	read := int64(0)
	for _, file := range f.pieces {
		before := int64(0)
		readers = append(readers, &watched{read: file.Read, told: func(n int64) {
			read, before = read+n-before, n
			shown.Set(read, total)
		}})
	}
	return readers
}

// aboutBackup marks an error as one of a backup, so that it is not explained as one of the
// store.
func aboutBackup(err error) error {
	if errors.Is(err, datastore.ErrWrongKey) || errors.Is(err, datastore.ErrCorrupt) {
		return errors.New(err.Error())
	}
	return err
}
