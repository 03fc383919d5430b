//go:build unix

package txlog

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// openNonblock makes the opening of a pipe return at once. It changes nothing for a
// file.
const openNonblock = unix.O_NONBLOCK

// lockFile takes an advisory lock that belongs to this open file, so that a
// second opener in the same process is refused as well.
func lockFile(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return ErrLocked
	}
	if err != nil {
		return fmt.Errorf("txlog: lock: %w", err)
	}
	return nil
}
