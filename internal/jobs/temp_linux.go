package jobs

import (
	"crypto/rand"
	"fmt"
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

// nameTemp gives a file without a name a temporary one.
func nameTemp(file *os.File, folder string) (name string, err error) {
	name = filepath.Join(folder, ".tmp-"+rand.Text())
	from := fmt.Sprintf("/proc/self/fd/%d", file.Fd())
	return name, unix.Linkat(unix.AT_FDCWD, from, unix.AT_FDCWD, name, unix.AT_SYMLINK_FOLLOW)
}
