package txlog

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
)

type osFolder string

// OSFolder returns the FS of a folder of the operating system. The folder need
// not exist.
func OSFolder(path string) FS { return osFolder(path) }

func (d osFolder) join(name string) string {
	return filepath.Join(string(d), filepath.FromSlash(name))
}

func (d osFolder) MkdirAll(name string) error { return os.MkdirAll(d.join(name), 0o700) }

func (d osFolder) Open(name string, create bool) (File, error) {
	flag := os.O_RDWR
	if create {
		flag |= os.O_CREATE
	}
	f, err := os.OpenFile(d.join(name), flag, 0o600)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (d osFolder) ReadDir(name string) ([]string, error) {
	entries, err := os.ReadDir(d.join(name))
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}

func (d osFolder) Rename(oldName, newName string) error {
	return os.Rename(d.join(oldName), d.join(newName))
}

func (d osFolder) Remove(name string) error { return os.Remove(d.join(name)) }

func (d osFolder) SyncDir(name string) error {
	if runtime.GOOS == "windows" {
		return nil // folders cannot be synced there
	}
	f, err := os.Open(d.join(name))
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

func (d osFolder) Lock(name string) (io.Closer, error) {
	f, err := os.OpenFile(d.join(name), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lockFile(f); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (d osFolder) Path(name string) (string, bool) { return d.join(name), true }

type osFile struct{ *os.File }

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
