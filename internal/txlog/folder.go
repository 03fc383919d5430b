package txlog

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A listing is what a store's folder holds.
type listing struct {
	top          []Entry
	segments     []Entry // in log
	dictionaries []Entry
	passed       []string // names that others left there, passed over
	exposed      bool     // others may write to the folder
}

func (d *listing) has(name string) bool {
	return slices.ContainsFunc(d.top, func(e Entry) bool { return e.Name == name })
}

// hasOwn reports whether anything in the folder has a name that a store gives.
func (d *listing) hasOwn() bool {
	return slices.ContainsFunc(d.top, func(e Entry) bool { _, ok := ownNames[e.Name]; return ok })
}

// ownNames has every name that this version writes at the top of a store's folder; true
// stands for a folder.
var ownNames = map[string]bool{
	nameHeader: false, nameKeyset: false, nameHead: false, nameManifest: false, namePatients: false,
	nameHeader + tempSuffix: false, nameKeyset + tempSuffix: false, nameManifest + tempSuffix: false,
	namePatients + tempSuffix: false,
	nameCheckpoint:            false, nameCheckpoint + tempSuffix: false,
	nameLog: true, nameDictionaries: true, nameRestoring: false,
}

// passedOver reports whether a name is one that operating systems and file
// servers leave in folders of others.
func passedOver(name string) bool {
	switch name {
	case ".DS_Store", ".localized", "lost+found", "Thumbs.db", "desktop.ini", ".directory",
		".fseventsd", ".Spotlight-V100", ".TemporaryItems", ".Trashes", ".snapshot", "@eaDir",
		"System Volume Information", "$RECYCLE.BIN":
		return true
	}
	return strings.HasPrefix(name, ".nfs") || strings.HasPrefix(name, "._") || strings.HasPrefix(name, ".Trash-") ||
		strings.HasPrefix(name, ".fuse_hidden")
}

// list reads what is in a folder, without touching it. With the listing it reports
// ErrUnsupported for a store of another version, ErrForeign for a name that is not
// ours, and ErrExposed for a folder or a file that others may write.
func list(folder Folder) (*listing, error) {
	d := new(listing)
	var err error
	if d.top, err = d.read(folder, "."); err != nil {
		return nil, err
	}
	if d.has(nameLog) {
		if d.segments, err = d.read(folder, nameLog); err != nil {
			return nil, err
		}
	}
	if d.has(nameDictionaries) {
		if d.dictionaries, err = d.read(folder, nameDictionaries); err != nil {
			return nil, err
		}
	}
	mode, err := folder.Mode()
	if err != nil {
		return nil, fmt.Errorf("txlog: open: %w", err)
	}
	d.exposed = writable(mode)
	// A store of another version may have other names.
	if err := d.checkVersion(folder); err != nil {
		return d, err
	}
	return d, d.check()
}

// read lists one folder but for the names that are passed over.
func (d *listing) read(folder Folder, name string) ([]Entry, error) {
	entries, err := folder.ReadDir(name)
	if err != nil {
		return nil, fmt.Errorf("txlog: open: %w", err)
	}
	return slices.DeleteFunc(entries, func(e Entry) bool {
		if !passedOver(e.Name) {
			return false
		}
		d.passed = append(d.passed, path.Join(name, e.Name))
		return true
	}), nil
}

func (d *listing) checkVersion(folder Folder) error {
	if !d.has(nameHeader) {
		return nil
	}
	b, err := readFile(folder, nameHeader)
	if err != nil && !errors.Is(err, ErrCorrupt) {
		return fmt.Errorf("txlog: open: %w", err)
	}
	if err := checkReader(b); errors.Is(err, ErrUnsupported) {
		return err
	}
	return nil
}

// check refuses foreign names, and files and folders that others may write.
func (d *listing) check() error {
	for _, e := range d.top {
		isDir, ok := ownNames[e.Name]
		if err := checkEntry(e, e.Name, ok, isDir); err != nil {
			return err
		}
	}
	for _, e := range d.segments {
		_, ok := parseSegmentFile(strings.TrimSuffix(e.Name, tempSuffix))
		if err := checkEntry(e, path.Join(nameLog, e.Name), ok, false); err != nil {
			return err
		}
	}
	for _, e := range d.dictionaries {
		_, ok := parseDictionaryFile(e.Name)
		if err := checkEntry(e, path.Join(nameDictionaries, e.Name), ok, false); err != nil {
			return err
		}
	}
	if d.exposed {
		return fmt.Errorf("%w: chmod go-w the store's folder", ErrExposed)
	}
	return nil
}

func checkEntry(e Entry, name string, own, isDir bool) error {
	if !own || e.Mode.IsDir() != isDir || !isDir && !e.Mode.IsRegular() {
		return fmt.Errorf("%w: %q does not belong to one", ErrForeign, name)
	}
	if writable(e.Mode) {
		return fmt.Errorf("%w: chmod go-w %s", ErrExposed, name)
	}
	return nil
}

func parseDictionaryFile(file string) (number uint32, ok bool) {
	n, err := strconv.ParseUint(file, 10, 32)
	return uint32(n), err == nil && n > 0 && strconv.FormatUint(n, 10) == file
}

// isNew reports whether a store may be made here: in an empty folder, or after an
// interrupted creation, which a temporary header or an empty head shows. A folder that
// has lost its header is refused with ErrForeign, and so is one after an interrupted
// restoring.
func (d *listing) isNew() (bool, error) {
	if d.has(nameHeader) {
		return false, nil
	}
	if d.has(nameRestoring) {
		return false, errRestoring
	}
	begun := d.has(nameHeader + tempSuffix)
	for _, e := range d.top {
		if !begun && (e.Name != nameHead || e.Size > 0) {
			return false, fmt.Errorf("%w: it has %q and no header", ErrForeign, e.Name)
		}
	}
	for _, e := range d.segments {
		if e.Size > 0 {
			return false, fmt.Errorf("%w: it has %q and no header", ErrForeign, path.Join(nameLog, e.Name))
		}
	}
	return true, nil
}

// readOwn reads a small file that every store has.
func readOwn(folder Folder, name string) ([]byte, error) {
	b, err := readFile(folder, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, corruptf("%s is missing", name)
	}
	if err != nil && !errors.Is(err, ErrCorrupt) {
		return nil, fmt.Errorf("txlog: open: %w", err)
	}
	return b, err
}
