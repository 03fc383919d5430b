package txlog

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// MaxDictionary is the most bytes that a dictionary may have.
const MaxDictionary = 16 << 20

// Dictionaries returns the dictionaries by number. The map is the caller's, the
// contents must not be changed.
func (l *Log) Dictionaries() map[uint32][]byte { return maps.Clone(*l.dictionaries.Load()) }

// AddDictionary stores a dictionary and returns its number, from 1. The log does not
// read the content. The dictionary is durable when AddDictionary returns. A dictionary
// that the store already has keeps its number.
//
// It reports ErrTooLarge, ErrReadOnly, ErrReplaced, ErrClosed, the context's
// error, or the file system's.
func (l *Log) AddDictionary(ctx context.Context, content []byte) (uint32, error) {
	if len(content) == 0 || len(content) > MaxDictionary {
		return 0, fmt.Errorf("%w: dictionary of %d bytes", ErrTooLarge, len(content))
	}
	w := &l.writer
	w.Lock()
	defer w.Unlock()
	if l.closed.Load() {
		return 0, ErrClosed
	}
	number := uint32(1)
	for n, have := range *l.dictionaries.Load() {
		if slices.Equal(have, content) {
			return n, nil
		}
		number = max(number, n+1)
	}
	if err := l.checkWriteLocked(ctx); err != nil {
		return 0, err
	}
	if err := l.writeDictionary(number, content); err != nil {
		return 0, fmt.Errorf("txlog: add dictionary: %w", err)
	}
	st := l.state.Load()
	m := l.nextManifestLocked(st.segments)
	m.dictionaries = append(slices.Clip(m.dictionaries), dictionaryEntry{
		number: number, size: uint32(len(content)), tag: dictionaryTag(l.keys.Load(), number, content)})
	if err := l.replaceManifestLocked(m, st, w.engine.end); err != nil {
		return 0, err
	}
	all := l.Dictionaries()
	all[number] = slices.Clone(content)
	l.dictionaries.Store(&all)
	return number, nil
}

// writeDictionary makes the file durable. Until the manifest lists the file, it is a
// stray.
func (l *Log) writeDictionary(number uint32, content []byte) error {
	if err := l.folder.Mkdir(nameDictionaries); err != nil {
		return err
	}
	if err := l.folder.SyncDir("."); err != nil {
		return err
	}
	if err := writeSynced(l.folder, dictionaryName(number), content); err != nil {
		return err
	}
	return l.folder.SyncDir(nameDictionaries)
}

func dictionaryName(number uint32) string {
	return path.Join(nameDictionaries, strconv.FormatUint(uint64(number), 10))
}

func dictionaryTag(keys *seal.Keyset, number uint32, content []byte) seal.Tag {
	return keys.MAC(purposeDictionary, dictionaryText(number, content))
}

// dictionaryText returns the bytes under the tag of a dictionary.
func dictionaryText(number uint32, content []byte) []byte {
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, 4+len(content)), number)
	return append(b, content...)
}

// tagAgain returns the entries with tags under the current authentication key.
func (l *Log) tagAgain(keys *seal.Keyset, entries []dictionaryEntry) []dictionaryEntry {
	all := *l.dictionaries.Load()
	out := slices.Clone(entries)
	for i, d := range out {
		out[i].tag = dictionaryTag(keys, d.number, all[d.number])
	}
	return out
}

// read reads a dictionary. Without keys only its size is checked.
func (d *dictionaryEntry) read(folder Folder, keys *seal.Keyset) ([]byte, error) {
	content, err := readOwn(folder, dictionaryName(d.number))
	if err != nil {
		return nil, err
	}
	if uint32(len(content)) != d.size ||
		keys != nil && !keys.VerifyMAC(purposeDictionary, dictionaryText(d.number, content), d.tag[:]) {
		return nil, corruptf("dictionary %d is another", d.number)
	}
	return content, nil
}

// loadDictionaries reads the dictionaries that the manifest lists.
func (l *Log) loadDictionaries(m *manifest) error {
	all := make(map[uint32][]byte, len(m.dictionaries))
	for _, d := range m.dictionaries {
		content, err := d.read(l.folder, l.keys.Load())
		if err != nil {
			return err
		}
		all[d.number] = content
	}
	l.dictionaries.Store(&all)
	return nil
}
