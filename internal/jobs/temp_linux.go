package jobs

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
)

// createTemp makes a file without a name, or, on file systems that have no such files,
// one with a temporary name.
func createTemp(folder string) (file *os.File, name string, err error) {
	file, err = os.OpenFile(folder, os.O_WRONLY|unix.O_TMPFILE, 0o600)
	if err != nil {
		return createNamed(folder)
	}
	return file, "", nil
}

// naming is held while a file replaces another: all files that replace it have the same
// temporary name.
var naming sync.Mutex

// nameTemp gives a file without a name its name. A file that has the name is replaced
// by way of a temporary name. A temporary file that a killed process left is removed.
func nameTemp(file *os.File, path string) error {
	link := func(name string) error {
		return unix.Linkat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", file.Fd()), unix.AT_FDCWD, name, unix.AT_SYMLINK_FOLLOW)
	}
	if err := link(path); !errors.Is(err, fs.ErrExist) {
		return err
	}
	sum := sha256.Sum256([]byte(filepath.Base(path)))
	temp := filepath.Join(filepath.Dir(path), ".tmp-"+hex.EncodeToString(sum[:16]))
	naming.Lock()
	defer naming.Unlock()
	err := link(temp)
	if errors.Is(err, fs.ErrExist) {
		err = errors.Join(os.Remove(temp), link(temp))
	}
	if err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return nil
}
