package txlog_test

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/fhirlake/fhirlake/internal/txlog"
)

// errFault is what an injected fault reports.
var errFault = errors.New("injected fault")

// A disk is a file system that can fail at any operation and lose power. It
// knows what is in the page cache and what is on the platter: a sync brings
// the dirty bytes there, and a sync that fails leaves them in the cache, clean,
// as Linux does.
type disk struct {
	mu      sync.Mutex
	names   map[string]*inode // as a program sees them
	durable map[string]*inode // as they are after a power failure
	pending []change          // of names, in order, not yet durable
	dirs    map[string]bool

	ops    int    // operations so far that change something
	failAt int    // the operation that fails; 0 for none
	dead   bool   // all operations after failAt fail as well
	failed string // what failed

	unreadable bool // segments cannot be read
	lies       bool // syncs report success and do nothing
}

// A change of names in a folder. After a power failure the first few of the
// pending changes have come about, as with a journal.
type change struct {
	dir   string
	apply func(names map[string]*inode)
}

// change applies a change of names and notes it.
func (d *disk) change(name string, apply func(names map[string]*inode)) {
	apply(d.names)
	d.pending = append(d.pending, change{path.Dir(name), apply})
}

type inode struct {
	locker *diskFile
	data   []byte
	dirty  []bool // by byte of data
	synced []byte
}

func newDisk() *disk {
	return &disk{names: map[string]*inode{}, durable: map[string]*inode{}, dirs: map[string]bool{}}
}

// diskOf returns a disk with these files, all of them durable.
func diskOf(files map[string][]byte) *disk {
	d := newDisk()
	d.dirs["."], d.dirs["log"] = true, true
	for name := range files {
		d.dirs[path.Dir(name)] = true
	}
	for name, data := range files {
		n := &inode{data: slices.Clone(data), dirty: make([]bool, len(data)), synced: slices.Clone(data)}
		d.names[name], d.durable[name] = n, n
	}
	return d
}

// failNext has the next operation fail.
func (d *disk) failNext() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failAt = d.ops + 1
}

// done returns how many operations there were that change something.
func (d *disk) done() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ops
}

// files returns a copy of all files as a program sees them.
func (d *disk) files() map[string][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := map[string][]byte{}
	for name, n := range d.names {
		out[name] = slices.Clone(n.data)
	}
	return out
}

// restart returns the disk as the next process finds it after this one was
// killed.
func (d *disk) restart() *disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failAt, d.dead, d.ops = 0, false, 0
	for _, n := range d.names {
		n.locker = nil
	}
	return d
}

// crash returns a disk as it may be after a power failure: of what was not
// synced, any part may be there.
func (d *disk) crash(rng *rand.Rand) *disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	after := newDisk()
	maps.Copy(after.dirs, d.dirs)
	names := maps.Clone(d.durable)
	for _, c := range d.pending[:rng.IntN(len(d.pending)+1)] {
		c.apply(names)
	}
	for name, n := range names {
		data := n.survivor(rng)
		copied := &inode{data: data, dirty: make([]bool, len(data)), synced: slices.Clone(data)}
		after.names[name], after.durable[name] = copied, copied
	}
	return after
}

func (n *inode) survivor(rng *rand.Rand) []byte {
	const block = 64
	out := slices.Clone(n.synced)
	if len(n.data) != len(out) {
		lo, hi := min(len(out), len(n.data)), max(len(out), len(n.data))
		size := lo + rng.IntN(hi-lo+1)
		if rng.IntN(3) == 0 {
			size = len(n.data)
		}
		for len(out) < size {
			out = append(out, 0)
		}
		out = out[:size]
	}
	all := rng.IntN(3)
	for i := 0; i < len(out); i += block {
		if all == 0 || all == 1 && rng.IntN(2) == 0 {
			for j := i; j < min(i+block, len(out), len(n.data)); j++ {
				if n.dirty[j] {
					out[j] = n.data[j]
				}
			}
		}
	}
	return out
}

// step counts an operation, and reports whether it fails.
//
// REQUIRES: mu held.
func (d *disk) step(what string) error {
	d.ops++
	if d.failAt != 0 && (d.ops == d.failAt || d.dead && d.ops > d.failAt) {
		if d.failed == "" {
			d.failed = what
		}
		return errFault
	}
	return nil
}

func (d *disk) Mount(create bool) (txlog.Folder, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dirs["."] {
		return d, nil
	}
	if !create {
		return nil, &fs.PathError{Op: "mount", Path: ".", Err: fs.ErrNotExist}
	}
	if err := d.step("mkdir ."); err != nil {
		return nil, err
	}
	d.dirs["."] = true
	return d, nil
}

func (d *disk) Mkdir(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step("mkdir " + name); err != nil {
		return err
	}
	d.dirs[name] = true
	return nil
}

func (d *disk) Mode() (fs.FileMode, error) { return 0o700, nil }

func (d *disk) Open(name string, flag int) (txlog.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step("open " + name); err != nil {
		return nil, err
	}
	n := d.names[name]
	if n == nil {
		if flag&os.O_CREATE == 0 || !d.dirs[path.Dir(name)] {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		n = new(inode)
		d.change(name, func(names map[string]*inode) { names[name] = n })
	}
	return &diskFile{disk: d, node: n, name: name, readOnly: flag == os.O_RDONLY}, nil
}

func (d *disk) ReadDir(name string) ([]txlog.Entry, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.dirs[name] {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	var entries []txlog.Entry
	for file, n := range d.names {
		if path.Dir(file) == name {
			entries = append(entries, txlog.Entry{Name: path.Base(file), Mode: 0o600, Size: int64(len(n.data))})
		}
	}
	for dir := range d.dirs {
		if dir != "." && path.Dir(dir) == name {
			entries = append(entries, txlog.Entry{Name: dir, Mode: fs.ModeDir | 0o700})
		}
	}
	slices.SortFunc(entries, func(a, b txlog.Entry) int { return strings.Compare(a.Name, b.Name) })
	return entries, nil
}

func (d *disk) Rename(oldName, newName string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step("rename " + oldName); err != nil {
		return err
	}
	if d.names[oldName] == nil {
		return &fs.PathError{Op: "rename", Path: oldName, Err: fs.ErrNotExist}
	}
	d.change(newName, func(names map[string]*inode) {
		names[newName] = names[oldName]
		delete(names, oldName)
	})
	return nil
}

func (d *disk) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dirs[name] {
		if err := d.step("remove " + name); err != nil {
			return err
		}
		delete(d.dirs, name) // at once: what is in a folder is what matters
		return nil
	}
	if d.names[name] == nil {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	if err := d.step("remove " + name); err != nil {
		return err
	}
	d.change(name, func(names map[string]*inode) { delete(names, name) })
	return nil
}

func (d *disk) SyncDir(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step("syncdir " + name); err != nil {
		return err
	}
	if d.lies {
		return nil
	}
	d.pending = slices.DeleteFunc(d.pending, func(c change) bool {
		if c.dir != name {
			return false
		}
		c.apply(d.durable)
		return true
	})
	return nil
}

func (d *disk) Lock(f txlog.File) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	file := f.(*diskFile)
	if file.node.locker != nil && file.node.locker != file {
		return txlog.ErrLocked
	}
	file.node.locker = file
	return nil
}

func (d *disk) Check(name string, f txlog.File) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.names[name] != f.(*diskFile).node {
		return txlog.ErrReplaced
	}
	return nil
}

func (d *disk) Close() error { return nil }

type diskFile struct {
	disk     *disk
	node     *inode
	name     string
	readOnly bool
	closed   bool
}

func (f *diskFile) ReadAt(p []byte, off int64) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.closed {
		return 0, fs.ErrClosed
	}
	if f.disk.unreadable && path.Dir(f.name) == "log" {
		return 0, errFault
	}
	if off >= int64(len(f.node.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.node.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt writes half of p where it fails.
func (f *diskFile) WriteAt(p []byte, off int64) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.readOnly {
		panic("write to a file that was opened for reading: " + f.name)
	}
	err := f.disk.step("write " + f.name)
	if err != nil {
		p = p[:len(p)/2]
	}
	for int64(len(f.node.data)) < off+int64(len(p)) {
		f.node.data, f.node.dirty = append(f.node.data, 0), append(f.node.dirty, true)
	}
	for i := range p {
		f.node.dirty[off+int64(i)] = true
	}
	return copy(f.node.data[off:], p), err
}

func (f *diskFile) Truncate(size int64) error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if err := f.disk.step("truncate " + f.name); err != nil {
		return err
	}
	for int64(len(f.node.data)) < size {
		f.node.data, f.node.dirty = append(f.node.data, 0), append(f.node.dirty, true)
	}
	f.node.data, f.node.dirty = f.node.data[:size], f.node.dirty[:size]
	return nil
}

func (f *diskFile) Size() (int64, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	return int64(len(f.node.data)), nil
}

func (f *diskFile) Sync() error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	err := f.disk.step("sync " + f.name)
	if f.disk.lies {
		return err
	}
	n := f.node
	if err == nil {
		n.synced = append(n.synced[:min(len(n.synced), len(n.data))], make([]byte, max(0, len(n.data)-len(n.synced)))...)
		for i, dirty := range n.dirty {
			if dirty {
				n.synced[i] = n.data[i]
			}
		}
	}
	clear(n.dirty)
	return err
}

func (f *diskFile) Close() error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	f.closed = true
	if f.node.locker == f {
		f.node.locker = nil
	}
	return nil
}
