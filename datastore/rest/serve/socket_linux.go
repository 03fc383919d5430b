package serve

import "syscall"

// forOwner gives a socket its mode before it has a name, so that nobody else can connect in
// between.
func forOwner(c syscall.RawConn) error {
	var failed error
	err := c.Control(func(fd uintptr) { failed = syscall.Fchmod(int(fd), 0o600) })
	if err == nil {
		err = failed
	}
	return err
}
