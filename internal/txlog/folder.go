package txlog

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// A folder is what a store's folder holds.
type folder struct {
	exists   bool
	names    []string // at the top
	segments []string // in log
}

func (d *folder) has(name string) bool { return slices.Contains(d.names, name) }

// ownNames is every name that this version writes at the top of a folder.
var ownNames = []string{
	nameLock, nameHeader, nameKeyset, nameHead, nameManifest, nameLog,
	nameHeader + tempSuffix, nameKeyset + tempSuffix, nameManifest + tempSuffix,
}

// inspect lists a folder without touching it. It reports ErrForeign for a name
// that is not ours.
func inspect(fsys FS) (*folder, error) {
	d := new(folder)
	var err error
	d.names, err = fsys.ReadDir(".")
	if errors.Is(err, fs.ErrNotExist) {
		return d, nil
	}
	if err != nil {
		return nil, fmt.Errorf("txlog: open: %w", err)
	}
	d.exists = true
	for _, name := range d.names {
		if !slices.Contains(ownNames, name) {
			return nil, foreign(name)
		}
	}
	if !d.has(nameLog) {
		return d, nil
	}
	if d.segments, err = fsys.ReadDir(nameLog); err != nil {
		return nil, fmt.Errorf("txlog: open: %w", err)
	}
	for _, name := range d.segments {
		if !isSegmentFile(name) {
			return nil, foreign(path.Join(nameLog, name))
		}
	}
	return d, nil
}

func foreign(name string) error { return fmt.Errorf("%w: %q does not belong to one", ErrForeign, name) }

// isSegmentFile reports whether a name has the form of segmentFile.
func isSegmentFile(name string) bool {
	digits, ok := strings.CutSuffix(name, ".bunt")
	return ok && len(digits) >= 8 && strings.Trim(digits, "0123456789") == ""
}

// isNew reports whether a store may be made here: in an empty folder, or where
// making one was interrupted, which a temporary header tells. A folder that has
// lost its header is refused with ErrForeign.
func (d *folder) isNew(fsys FS) (bool, error) {
	if d.has(nameHeader) {
		return false, nil
	}
	begun := d.has(nameHeader + tempSuffix)
	for _, name := range d.names {
		if name != nameLock && !begun {
			return false, fmt.Errorf("%w: it has %q and no header", ErrForeign, name)
		}
	}
	for _, name := range d.segments {
		size, err := fileSize(fsys, path.Join(nameLog, name))
		if err != nil {
			return false, err
		}
		if size > 0 {
			return false, fmt.Errorf("%w: it has %q and no header", ErrForeign, path.Join(nameLog, name))
		}
	}
	return true, nil
}

func fileSize(fsys FS, name string) (int64, error) {
	f, err := fsys.Open(name, false)
	if err != nil {
		return 0, fmt.Errorf("txlog: open: %w", err)
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return 0, fmt.Errorf("txlog: open: %w", err)
	}
	return size, nil
}
