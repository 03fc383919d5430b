package txlogtest

import (
	"io"
	"io/fs"
	"path"
)

// A file is an open file of a Disk.
type file struct {
	disk     *Disk
	node     *inode
	name     string
	readOnly bool
	closed   bool
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.closed {
		return 0, fs.ErrClosed
	}
	if err := f.disk.look("read " + f.name); err != nil {
		return 0, err
	}
	if f.disk.Unreadable && path.Dir(f.name) == "log" {
		return 0, ErrFault
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
func (f *file) WriteAt(p []byte, off int64) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.readOnly {
		panic("write to a file that was opened for reading: " + f.name)
	}
	end := off + int64(len(p))
	err := f.disk.stepFor("write "+f.name, end > int64(len(f.node.data)))
	if err != nil {
		p = p[:len(p)/2]
	}
	f.node.grow(off + int64(len(p)))
	for i := range p {
		f.node.dirty[off+int64(i)] = true
	}
	return copy(f.node.data[off:], p), err
}

func (f *file) Truncate(size int64) error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if err := f.disk.stepFor("truncate "+f.name, size > int64(len(f.node.data))); err != nil {
		return err
	}
	f.node.grow(size)
	f.node.data, f.node.dirty = f.node.data[:size], f.node.dirty[:size]
	return nil
}

func (f *file) Size() (int64, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	return int64(len(f.node.data)), f.disk.look("size " + f.name)
}

func (f *file) Sync() error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	err := f.disk.step("sync " + f.name)
	if f.disk.Lies {
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

func (f *file) Close() error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	f.closed = true
	if f.node.locker == f {
		f.node.locker = nil
	}
	return f.disk.look("close " + f.name)
}

// grow makes the content at least so long. What it adds is zero and dirty.
func (n *inode) grow(size int64) {
	for range size - int64(len(n.data)) {
		n.data, n.dirty = append(n.data, 0), append(n.dirty, true)
	}
}
