package datastore

import (
	"context"
	"fmt"
	"testing"

	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
	"github.com/stretchr/testify/require"
)

// openOn opens a store over a folder in memory that outlives it.
func openOn(t *testing.T, disk *txlog.Memory, key seal.KeyWrapper) (*Store, error) {
	t.Helper()
	options, err := new(Options).withDefaults()
	require.NoError(t, err)
	log, err := txlog.Open(context.Background(), "mem:", &txlog.Options{FS: disk, Wrapper: key})
	require.NoError(t, err)
	s, err := newStore(context.Background(), log, options)
	if err != nil {
		require.NoError(t, log.Close())
	}
	return s, err
}

// Values that another version of the extractor wrote are not read: they are made
// again from the body.
func TestValuesOfAnotherExtractorAreMadeAgain(t *testing.T) {
	ctx := context.Background()
	disk, key := txlog.NewMemory(), seal.RandomKey()
	s, err := openOn(t, disk, key)
	require.NoError(t, err)
	for i := range 10 {
		tx := s.Begin()
		_, err := tx.Update(ctx, fmt.Appendf(nil, `{"resourceType":"Patient","id":"p%d","name":[{"family":"Fam%d"}]}`, i, i))
		require.NoError(t, err)
		part := tx.ops[0].part
		part[itemVersionAt+8]++ // the extractor
		for n := len(part) - 4; n < len(part); n++ {
			part[n] ^= 0xff // and its values mean nothing
		}
		_, err = tx.Commit(ctx)
		require.NoError(t, err)
	}
	require.NoError(t, s.Delete(ctx, Ref{Type: "Patient", ID: "p3"}))
	require.NoError(t, s.Close())

	s, err = openOn(t, disk, key)
	require.NoError(t, err)
	page, err := s.Search(ctx, "Patient", "name=fam7&_sort=name")
	require.NoError(t, err)
	require.Equal(t, 1, page.Total)
	page, err = s.Search(ctx, "Patient", "_count=0")
	require.NoError(t, err)
	require.Equal(t, 9, page.Total)
	require.NoError(t, s.Close())
}

// A log whose items make no sense is damage, named as such.
func TestOpenRefusesItemsThatMakeNoSense(t *testing.T) {
	ctx := context.Background()
	for name, damage := range map[string]func(part []byte) []byte{
		"format":  func(part []byte) []byte { part[0] = 9; return part },
		"type":    func(part []byte) []byte { part[itemFixed+1] = 'X'; return part },
		"short":   func(part []byte) []byte { return part[:itemFixed] },
		"id":      func(part []byte) []byte { part[itemFixed+len("\x07Patient")] = 200; return part },
		"values":  func(part []byte) []byte { part[len(part)-1] ^= 0xff; return part[:len(part)-1] },
		"version": func(part []byte) []byte { setItemVersion(part, 0); return part },
	} {
		t.Run(name, func(t *testing.T) {
			disk, key := txlog.NewMemory(), seal.RandomKey()
			log, err := txlog.Open(ctx, "mem:", &txlog.Options{FS: disk, Wrapper: key})
			require.NoError(t, err)
			scratch, err := Open(ctx, "mem:", nil)
			require.NoError(t, err)
			p, err := scratch.prepare(ctx, []byte(`{"resourceType":"Patient","id":"abc","gender":"male"}`), "", Strict)
			require.NoError(t, err)
			require.NoError(t, scratch.Close())
			setItemVersion(p.part, 1)
			require.NoError(t, log.Append(ctx, txlog.Header{Sequence: 1, Time: 1}, []txlog.Item{{Values: damage(p.part), Body: p.body}}))
			require.NoError(t, log.Close())
			s, err := openOn(t, disk, key)
			if err == nil {
				require.NoError(t, s.Close())
			}
			require.ErrorIs(t, err, ErrCorrupt)
		})
	}
}
