package txlog

import (
	"crypto/rand"
	"fmt"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// create makes an empty store in a folder whose head is locked. The temporary header is
// written first and takes its name last, so that an interrupted creation is recognised.
func (l *Log) create(keys *seal.Keyset) error {
	if err := l.createFiles(keys); err != nil {
		return fmt.Errorf("txlog: create: %w", err)
	}
	return nil
}

func (l *Log) createFiles(keys *seal.Keyset) error {
	h := storeHeader{created: l.options.Now().UnixMicro()}
	rand.Read(h.lineage[:])
	rand.Read(h.store[:])
	rand.Read(h.salt[:])
	keyset, err := keys.Marshal()
	if err != nil {
		return err
	}
	if err := writeSynced(l.folder, nameHeader+tempSuffix, nil); err != nil {
		return err
	}
	if err := l.folder.SyncDir("."); err != nil {
		return err
	}
	if err := l.folder.Mkdir(nameLog); err != nil {
		return err
	}
	first := segmentEntry{name: 1, firstSequence: 1, firstNumber: 1}
	rand.Read(first.id[:])
	if err := writeSynced(l.folder, segmentName(first.name), nil); err != nil {
		return err
	}
	if err := l.folder.SyncDir(nameLog); err != nil {
		return err
	}
	if _, err := replaceFile(l.folder, nameKeyset, keyset); err != nil {
		return err
	}
	m := manifest{generation: 1, nextName: 2, segments: []segmentEntry{first}}
	file := m.marshal(keys)
	if _, err := replaceFile(l.folder, nameManifest, file); err != nil {
		return err
	}
	start := head{generation: 1, next: 1, manifest: refTo(manifestTag(file)), record: refTo(first.id)}
	if err := writeWhole(l.writer.head, newHeadFile(start, keys)); err != nil {
		return err
	}
	_, err = replaceFile(l.folder, nameHeader, h.marshal(keys))
	return err
}
