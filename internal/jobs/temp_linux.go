package jobs

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

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

// nameTemp gives a file without a name the one that it is to have or, where another file
// has that, a temporary one.
func nameTemp(file *os.File, path string) (name string, err error) {
	link := func(name string) (string, error) {
		from := fmt.Sprintf("/proc/self/fd/%d", file.Fd())
		if err := unix.Linkat(unix.AT_FDCWD, from, unix.AT_FDCWD, name, unix.AT_SYMLINK_FOLLOW); err != nil {
			return "", err
		}
		return name, nil
	}
	if name, err = link(path); errors.Is(err, fs.ErrExist) {
		return link(filepath.Join(filepath.Dir(path), ".tmp-"+rand.Text()))
	}
	return name, err
}
