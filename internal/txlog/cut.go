package txlog

import (
	"archive/tar"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fhirlake/fhirlake/internal/durable"
	"github.com/fhirlake/fhirlake/internal/seal"
)

// CutResult is what Cut did.
type CutResult struct {
	Sequence uint64 // of the last commit that is left
	Kept     string // path of the file that has what was cut
	Bytes    int64  // of records that were cut
}

// Cut cuts a store after a sequence, so that a store with damage behind that sequence
// opens again. A record with commits on both sides is cut as a whole. The cut bytes,
// and the small files as they were, are kept in a tar file in the folder keepIn, which
// must lie outside the store's folder.
//
// Keyset, header and manifest must be whole. It reports ErrCorrupt if they are not, or
// if a record up to the sequence is damaged: the error names the last good commit.
// Otherwise it reports what Open reports. A Cut that was interrupted is done again.
func Cut(ctx context.Context, path string, opts *Options, after uint64, keepIn string) (CutResult, error) {
	options, err := opts.withDefaults(path)
	if err != nil {
		return CutResult{}, err
	}
	c := &cutting{log: &Log{options: options}, after: after}
	l := c.log
	if l.folder, err = mountStore(options.FS); err != nil {
		return CutResult{}, err
	}
	defer l.release()
	l.folder = withKillPoints(l.folder)
	if opts == nil || opts.FS == nil {
		if err := checkOutside(keepIn, path); err != nil {
			return CutResult{}, err
		}
	}
	// A wrong key touches nothing.
	if err := l.loadKeys(ctx); err != nil {
		return CutResult{}, err
	}
	if l.writer.head, err = l.folder.Open(nameHead, openCreate); err != nil {
		return CutResult{}, openError(err)
	}
	if err := l.folder.Lock(l.writer.head); err != nil {
		return CutResult{}, err
	}
	if err := l.folder.Check(nameHead, l.writer.head); err != nil {
		return CutResult{}, err
	}
	if err := c.read(ctx); err != nil {
		return CutResult{}, err
	}
	if err := c.keep(keepIn); err != nil {
		return CutResult{}, fmt.Errorf("txlog: cut: %w", err)
	}
	if err := c.write(); err != nil {
		return CutResult{}, fmt.Errorf("txlog: cut: %w", err)
	}
	return c.result, nil
}

// checkOutside refuses to keep the cut bytes in the store's own folder.
func checkOutside(keepIn, store string) error {
	own, err := os.Stat(store)
	if err != nil {
		return openError(err)
	}
	folder, err := filepath.Abs(keepIn)
	if err != nil {
		return fmt.Errorf("txlog: cut: %w", err)
	}
	if folder, err = filepath.EvalSymlinks(folder); err != nil {
		return fmt.Errorf("txlog: cut: %w", err)
	}
	for ; ; folder = filepath.Dir(folder) {
		if info, err := os.Stat(folder); err == nil && os.SameFile(own, info) {
			return errors.New("txlog: cut: what is cut cannot be kept in the store's folder")
		}
		if folder == filepath.Dir(folder) {
			return nil
		}
	}
}

// A cutting is one run of Cut.
type cutting struct {
	log   *Log
	in    *inspector
	after uint64

	kept    []segmentEntry // closed segments that stay as they are
	partial *finding       // a segment whose first records stay; nil for none
	entry   segmentEntry   // of partial, as the manifest has it
	gone    []goneBytes
	last    Last
	result  CutResult
}

// goneBytes are the bytes of a segment's file that are cut, from an offset to its end.
type goneBytes struct {
	name   string
	offset int64
}

// read decides which segments and records stay.
func (c *cutting) read(ctx context.Context) (err error) {
	if c.in, err = newInspector(ctx, c.log.folder, c.log.options.Wrapper); err != nil {
		return err
	}
	defer c.in.close()
	m := c.in.manifest
	if m == nil {
		return fmt.Errorf("%w: there is nothing to cut by", c.in.manifestError)
	}
	c.last = Last{Next: 1}
	reached := false
	for i, from := range c.in.segments {
		e := from.entry
		if reached {
			c.goes(e, 0)
			continue
		}
		f, err := c.in.read(ctx, from, func(info *recordInfo, _ frame, _ int64) bool {
			reached = info.lastRun().Sequence > c.after
			return !reached
		})
		if err != nil {
			return err
		}
		c.follow(f)
		isOpen := i == len(m.segments)-1
		if !reached && f.damage == nil && !isOpen && f.matches(&e) {
			c.kept = append(c.kept, e)
			continue
		}
		if !reached && (f.damage != nil || !isOpen) && c.last.Sequence < c.after {
			if f.damage == nil {
				f.damage = corruptf("segment %d does not end as the manifest says", e.name)
			}
			return fmt.Errorf("%w (the last good commit is %d)", f.damage, c.last.Sequence)
		}
		reached = true
		if len(f.summary.records) > 0 {
			c.partial, c.entry = f, e
		}
		c.goes(e, f.summary.entry.size)
	}
	for _, e := range c.in.found.segments {
		file := strings.TrimSuffix(e.Name, tempSuffix)
		if !slices.ContainsFunc(m.segments, func(s segmentEntry) bool { return segmentFile(s.name) == file }) {
			c.gone = append(c.gone, goneBytes{name: path.Join(nameLog, e.Name)})
		}
	}
	if h := c.in.head; h != nil {
		// A number is given once: the number of a cut item is not given again.
		c.last.Next = max(c.last.Next, h.next)
	}
	c.result.Sequence = c.last.Sequence
	return nil
}

// follow moves the end of the log past the good records of a segment.
func (c *cutting) follow(f *finding) {
	e := &f.summary.entry
	if e.records > 0 {
		c.last = Last{Sequence: e.lastSequence, Next: e.lastNumber + 1, Time: e.to}
	}
}

// goes notes the bytes of a segment from an offset on.
func (c *cutting) goes(e segmentEntry, offset int64) {
	for _, name := range []string{segmentName(e.name), segmentName(e.name) + tempSuffix} {
		if slices.ContainsFunc(c.in.found.segments, func(f Entry) bool { return path.Join(nameLog, f.Name) == name }) {
			c.gone = append(c.gone, goneBytes{name, offset})
			return
		}
	}
}

// keep writes the cut bytes to a file of their own, with the small files that tell what
// they are.
func (c *cutting) keep(folder string) (err error) {
	id := c.log.header.store
	name := fmt.Sprintf("cut-%x-after-%d-%d.tar", id[:4], c.last.Sequence, c.log.options.Now().UnixNano())
	c.result.Kept = filepath.Join(folder, name)
	file, err := os.OpenFile(c.result.Kept, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := file.Close(); err == nil {
			err = closeErr
		}
	}()
	w := tar.NewWriter(file)
	for _, name := range []string{nameHeader, nameKeyset, nameManifest, nameHead} {
		if _, err := c.archive(w, goneBytes{name: name}); err != nil {
			return err
		}
	}
	for _, g := range c.gone {
		n, err := c.archive(w, g)
		if err != nil {
			return err
		}
		c.result.Bytes += n
	}
	if err := w.Close(); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	return durable.SyncFolder(folder)
}

// archive adds the bytes of one file. Their name in the archive tells where in
// the file they were.
func (c *cutting) archive(w *tar.Writer, g goneBytes) (int64, error) {
	f, err := c.log.folder.Open(g.name, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return 0, err
	}
	size = max(size-g.offset, 0)
	name := g.name
	if g.offset > 0 {
		name += ".from-" + strconv.FormatInt(g.offset, 10)
	}
	header := &tar.Header{Name: name, Mode: 0o600, Size: size, ModTime: c.log.options.Now().Truncate(time.Second), Typeflag: tar.TypeReg}
	if err := w.WriteHeader(header); err != nil {
		return 0, err
	}
	return io.Copy(w, io.NewSectionReader(f, g.offset, size))
}

// write makes the store of the kept segments, closed, and an empty open segment behind
// them. The manifest says that it was cut, so that it counts before head knows of it.
func (c *cutting) write() error {
	l, m := c.log, *c.in.manifest
	w := &l.writer
	w.nextName = m.nextName
	for _, e := range c.in.found.segments {
		if name, ok := parseSegmentFile(e.Name); ok {
			w.nextName = max(w.nextName, name+1)
		}
	}
	m.segments = c.kept
	if c.partial != nil {
		e, err := c.copyPartial()
		if err != nil {
			return err
		}
		m.segments = append(m.segments, e)
	}
	opened := segmentEntry{name: l.takeNameLocked(), firstSequence: c.last.Sequence + 1, firstNumber: c.last.Next, before: c.last.Time}
	rand.Read(opened.id[:])
	if err := writeSynced(l.folder, segmentName(opened.name), nil); err != nil {
		return err
	}
	if err := l.folder.SyncDir(nameLog); err != nil {
		return err
	}
	m.segments = append(m.segments, opened)
	m.terms = slices.DeleteFunc(slices.Clone(m.terms), func(t termEntry) bool { return t.first > c.last.Sequence })
	m.cut = true
	return c.replace(&m, opened)
}

// copyPartial writes the remaining records of a segment to a new one. The id stays the
// same, since the first record names it.
func (c *cutting) copyPartial() (segmentEntry, error) {
	folder := c.log.folder
	e := c.partial.summary.entry
	e.name = c.log.takeNameLocked()
	from, err := folder.Open(c.partial.name, os.O_RDONLY)
	if err != nil {
		return e, err
	}
	defer from.Close()
	to, err := folder.Open(segmentName(e.name)+tempSuffix, openCreate)
	if err != nil {
		return e, err
	}
	defer to.Close()
	if err := to.Truncate(0); err != nil {
		return e, err
	}
	for offset := int64(0); offset < e.size; {
		chunk := make([]byte, min(chunkSize, e.size-offset))
		if err := readFull(from, chunk, offset); err != nil {
			return e, err
		}
		if _, err := to.WriteAt(chunk, offset); err != nil {
			return e, err
		}
		offset += int64(len(chunk))
	}
	return e, to.Sync()
}

// replace puts the new manifest in place, then head, then the segments.
func (c *cutting) replace(m *manifest, opened segmentEntry) error {
	l := c.log
	keys := l.keys.Load()
	h := head{sequence: c.last.Sequence, next: c.last.Next, record: refTo(opened.id)}
	if old := c.in.head; old != nil {
		h.term = old.term
		m.generation = max(m.generation, old.generation)
	}
	for _, t := range c.in.manifest.terms {
		h.term = max(h.term, uint32(t.term))
	}
	m.generation, m.previous, m.nextName = m.generation+1, c.in.manifestTag, l.writer.nextName
	file := m.marshal(keys)
	if _, err := replaceFile(l.folder, nameManifest, file); err != nil {
		return err
	}
	h.generation, h.manifest = m.generation, refTo(manifestTag(file))
	if err := c.writeHead(h, keys); err != nil {
		return err
	}
	for _, e := range m.segments {
		from := segmentName(e.name) + tempSuffix
		if err := l.folder.Rename(from, segmentName(e.name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := l.folder.SyncDir(nameLog); err != nil {
		return err
	}
	for _, g := range c.gone {
		if err := l.folder.Remove(g.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// writeHead writes the slot that is not current, so that a crash leaves the current
// one. If neither slot is whole, it writes the whole file.
func (c *cutting) writeHead(h head, keys *seal.Keyset) error {
	f := c.log.writer.head
	if c.in.head == nil {
		return writeWhole(f, newHeadFile(h, keys))
	}
	if _, err := f.WriteAt(h.marshal(keys), int64(1-c.in.headSlot)*headBlock); err != nil {
		return err
	}
	return f.Sync()
}
