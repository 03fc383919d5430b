package durable

import (
	"os"
	"runtime"
)

// SyncFolder makes the names in a folder durable: files that were made, renamed or
// removed there. On Windows, where folders cannot be synced, it does nothing.
func SyncFolder(path string) error {
	return syncOpened(os.Open(path))
}

// SyncFolderIn is SyncFolder for a folder below a root.
func SyncFolderIn(root *os.Root, name string) error {
	return syncOpened(root.Open(name))
}

func syncOpened(folder *os.File, err error) error {
	if err != nil {
		return err
	}
	defer folder.Close()
	if runtime.GOOS == "windows" {
		return nil
	}
	return folder.Sync()
}
