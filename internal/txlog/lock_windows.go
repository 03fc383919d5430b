package txlog

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/windows"
)

// lockOffset is where the locked byte lies: past the end of head, since a locked
// byte of Windows cannot be read by others.
const lockOffset = 1 << 20

// openNonblock is nothing here: a folder has no pipes.
const openNonblock = 0

// lockFile locks a byte past the end of the file for this handle.
func lockFile(f *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{Offset: lockOffset})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return ErrLocked
	}
	if err != nil {
		return fmt.Errorf("txlog: lock: %w", err)
	}
	return nil
}
