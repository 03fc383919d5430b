package txlog

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// create makes an empty store. The temporary header is the first file made and
// takes its name last, so that a creation that was cut short is known as one.
//
// REQUIRES: the lock is held.
func create(ctx context.Context, o *Options) error {
	keys, err := seal.NewKeyset()
	if err != nil {
		return err
	}
	// The wrapper is asked first: a key that is refused leaves nothing behind.
	keyset, err := keys.Marshal(ctx, o.Wrapper)
	if err != nil {
		return err
	}
	if err := createFiles(o, keys, keyset); err != nil {
		return fmt.Errorf("txlog: create: %w", err)
	}
	return nil
}

func createFiles(o *Options, keys *seal.Keyset, keyset []byte) error {
	h := storeHeader{created: o.Now().UnixMicro(), zone: o.Zone}
	rand.Read(h.store[:])
	rand.Read(h.salt[:])
	if err := writeSynced(o.FS, nameHeader+tempSuffix, nil); err != nil {
		return err
	}
	if err := o.FS.SyncDir("."); err != nil {
		return err
	}
	if err := o.FS.MkdirAll(nameLog); err != nil {
		return err
	}
	if err := writeSynced(o.FS, segmentName(1), nil); err != nil {
		return err
	}
	if err := o.FS.SyncDir(nameLog); err != nil {
		return err
	}
	if _, err := replaceFile(o.FS, nameKeyset, keyset); err != nil {
		return err
	}
	first := segmentEntry{first: 1, previous: h.store}
	m := manifest{segments: []segmentEntry{first}}
	if _, err := replaceFile(o.FS, nameManifest, m.marshal(keys)); err != nil {
		return err
	}
	start := head{segment: 1, key: keys.Current().ID(), tag: h.store}
	if err := writeSynced(o.FS, nameHead, newHeadFile(start, keys)); err != nil {
		return err
	}
	_, err := replaceFile(o.FS, nameHeader, h.marshal(keys))
	return err
}
