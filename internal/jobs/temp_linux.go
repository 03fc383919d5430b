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

// naming is held while a file takes the place of another: the temporary name is the same
// for all that take that place.
var naming sync.Mutex

// nameTemp gives a file without a name its own. Where another file has that, it is replaced
// by way of a temporary name, and one that a process left behind there when it was killed
// goes.
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
