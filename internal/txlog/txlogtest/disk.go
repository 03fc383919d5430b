package txlogtest

import (
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/fhirlake/fhirlake/internal/txlog"
)

// ErrFull is reported by a [Disk] that is full. It wraps ErrFault and ENOSPC.
var ErrFull = fmt.Errorf("%w: %w", ErrFault, syscall.ENOSPC)

// A Disk is a file system in memory that can fail at any operation and lose power. It
// knows what is in the page cache and what is on the platter: a sync brings the dirty
// bytes there, and a sync that fails leaves them in the cache, clean, as Linux does.
//
// Its methods are safe for many goroutines. The exported fields are set before a log
// uses it, and read after.
type Disk struct {
	FailAt int    // the operation that fails, counted from 1; 0 for none
	Dead   bool   // all operations after FailAt fail as well
	Full   bool   // the operation FailAt and those after it fail if they need room
	LookAt int    // the look that fails, counted from 1; 0 for none
	Failed string // the first operation or look that failed

	Unreadable bool // segments cannot be read
	Lies       bool // syncs report success and do nothing

	mu      sync.Mutex
	names   map[string]*inode // as a program sees them
	durable map[string]*inode // as they are after a power failure
	pending []change          // of names, in order, not yet durable
	dirs    map[string]bool
	ops     int // operations so far that change something, or open a file
	looks   int // operations so far that only look
}

// A change of names in a folder. After a power failure the first few of the
// pending changes have come about, as with a journal.
type change struct {
	dir   string
	apply func(names map[string]*inode)
}

// change applies a change of names and notes it.
func (d *Disk) change(name string, apply func(names map[string]*inode)) {
	apply(d.names)
	d.pending = append(d.pending, change{path.Dir(name), apply})
}

// An inode is the content of a file, whatever its name.
type inode struct {
	locker *file
	data   []byte
	dirty  []bool // by byte of data
	synced []byte
}

// NewDisk returns a disk without a folder.
func NewDisk() *Disk {
	return &Disk{names: map[string]*inode{}, durable: map[string]*inode{}, dirs: map[string]bool{}}
}

// DiskOf returns a disk with these files, all of them durable.
func DiskOf(files map[string][]byte) *Disk {
	d := NewDisk()
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

// FailIn has the n-th operation from now on fail, as Dead and Full say. 1 is the next.
func (d *Disk) FailIn(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.FailAt = d.ops + n
}

// Lie has syncs lie from now on.
func (d *Disk) Lie() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Lies = true
}

// LookFailsIn has the n-th look from now on fail. 1 is the next.
func (d *Disk) LookFailsIn(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.LookAt = d.looks + n
}

// Done returns how many operations there were that change something or open a file.
func (d *Disk) Done() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ops
}

// Looked returns how many operations there were that only look.
func (d *Disk) Looked() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.looks
}

// Forget takes a folder's name away, as if it had never been made.
func (d *Disk) Forget(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.dirs, name)
}

// Files returns a copy of all files as a program sees them.
func (d *Disk) Files() map[string][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := map[string][]byte{}
	for name, n := range d.names {
		out[name] = slices.Clone(n.data)
	}
	return out
}

// Restart returns the disk as the next process finds it after this one was
// killed.
func (d *Disk) Restart() *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.FailAt, d.Dead, d.Full, d.LookAt, d.ops, d.looks = 0, false, false, 0, 0, 0
	for _, n := range d.names {
		n.locker = nil
	}
	return d
}

// Crash returns a disk as it may be after a power failure: of bytes that were not
// synced, any part may be there.
func (d *Disk) Crash(rng *rand.Rand) *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	after := NewDisk()
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
func (d *Disk) step(what string) error { return d.stepFor(what, false) }

// stepFor is step, for an operation that may need room.
//
// REQUIRES: mu held.
func (d *Disk) stepFor(what string, room bool) error {
	d.ops++
	fails := d.FailAt != 0 && (d.ops == d.FailAt || (d.Dead || d.Full) && d.ops > d.FailAt)
	if !fails || d.Full && !room {
		return nil
	}
	if d.Failed == "" {
		d.Failed = what
	}
	if d.Full {
		return ErrFull
	}
	return ErrFault
}

// look counts an operation that only looks, and reports whether it fails.
//
// REQUIRES: mu held.
func (d *Disk) look(what string) error {
	d.looks++
	if d.looks != d.LookAt {
		return nil
	}
	if d.Failed == "" {
		d.Failed = what
	}
	return ErrFault
}

func (d *Disk) Mount(create bool) (txlog.Folder, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dirs["."] {
		return d, nil
	}
	if !create {
		return nil, &fs.PathError{Op: "mount", Path: ".", Err: fs.ErrNotExist}
	}
	if err := d.stepFor("mkdir .", true); err != nil {
		return nil, err
	}
	d.dirs["."] = true
	return d, nil
}

func (d *Disk) Mkdir(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.stepFor("mkdir "+name, true); err != nil {
		return err
	}
	d.dirs[name] = true
	return nil
}

func (d *Disk) Mode() (fs.FileMode, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return 0o700, d.look("mode")
}

func (d *Disk) Open(name string, flag int) (txlog.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.names[name]
	if err := d.stepFor("open "+name, n == nil && flag&os.O_CREATE != 0); err != nil {
		return nil, err
	}
	if n == nil {
		if flag&os.O_CREATE == 0 || !d.dirs[path.Dir(name)] {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		n = new(inode)
		d.change(name, func(names map[string]*inode) { names[name] = n })
	}
	return &file{disk: d, node: n, name: name, readOnly: flag == os.O_RDONLY}, nil
}

func (d *Disk) ReadDir(name string) ([]txlog.Entry, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.look("readdir " + name); err != nil {
		return nil, err
	}
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

func (d *Disk) Rename(oldName, newName string) error {
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

func (d *Disk) Remove(name string) error {
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

func (d *Disk) SyncDir(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.step("syncdir " + name); err != nil {
		return err
	}
	if d.Lies {
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

func (d *Disk) Lock(f txlog.File) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.look("lock"); err != nil {
		return err
	}
	file := f.(*file)
	if file.node.locker != nil && file.node.locker != file {
		return txlog.ErrLocked
	}
	file.node.locker = file
	return nil
}

func (d *Disk) Check(name string, f txlog.File) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.look("check " + name); err != nil {
		return err
	}
	if d.names[name] != f.(*file).node {
		return txlog.ErrReplaced
	}
	return nil
}

func (d *Disk) Close() error { return nil }
