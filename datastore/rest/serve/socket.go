package serve

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
)

// listenUnix opens a socket that its owner alone may use. A socket at which nobody answers
// is what a process has left, and is replaced; any other file is not.
func listenUnix(path string) (net.Listener, error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case info.Mode().Type() != fs.ModeSocket:
		return nil, errors.New("serve: at the socket's path there is a file that is no socket: remove it, or take another path")
	default:
		if c, err := net.Dial("unix", path); err == nil {
			_ = c.Close()
			return nil, errors.New("serve: another process listens at the socket")
		}
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("serve: the socket that a process has left: %w", err)
		}
	}
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error { return forOwner(c) }}
	listener, err := config.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil { // where forOwner does nothing
		return nil, errors.Join(err, listener.Close())
	}
	return listener, nil
}
