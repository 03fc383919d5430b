package seal_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/seal"
)

func TestBackupSecret(t *testing.T) {
	secret, other := seal.NewBackupSecret(), seal.NewBackupSecret()
	require.NotEqual(t, secret, other)
	id, err := secret.ID()
	require.NoError(t, err)
	otherID, err := other.ID()
	require.NoError(t, err)
	require.NotEqual(t, id, otherID)
	one, err := secret.StreamKey([]byte("1"))
	require.NoError(t, err)
	two, err := secret.StreamKey([]byte("2"))
	require.NoError(t, err)
	require.NotEqual(t, one, two)
}

func TestBox(t *testing.T) {
	wrapper := seal.RandomKey()
	keys := newKeysWith(t, wrapper)
	box, err := keys.SealBox([]byte("text"), []byte("before"))
	require.NoError(t, err)
	open := func(box []byte, before string, w seal.KeyWrapper) (string, error) {
		text, err := seal.OpenBox(t.Context(), box, []byte(before), keys.WrappedKey(), w)
		return string(text), err
	}
	text, err := open(box, "before", wrapper)
	require.NoError(t, err)
	require.Equal(t, "text", text)
	_, err = open(box, "before", seal.RandomKey())
	require.ErrorIs(t, err, seal.ErrWrongKey)
	_, err = open(box, "behind", wrapper)
	require.ErrorIs(t, err, seal.ErrCorrupt)
	for at := range box {
		damaged := bytes.Clone(box)
		damaged[at] ^= 1
		_, err = open(damaged, "before", wrapper)
		require.ErrorIs(t, err, seal.ErrCorrupt)
		_, err = open(box[:at], "before", wrapper)
		require.ErrorIs(t, err, seal.ErrCorrupt)
	}
	one, err := keys.BackupID()
	require.NoError(t, err)
	two, err := newKeysWith(t, wrapper).BackupID()
	require.NoError(t, err)
	require.NotEqual(t, one, two)
}

func TestDataKeysMove(t *testing.T) {
	from := newKeys(t)
	from, err := from.WithNewKey()
	require.NoError(t, err)
	first := from.IDs()[0]
	one := from.AppendDataKeys(nil, func(id seal.KeyID) bool { return id == first })
	require.Len(t, one, seal.DataKeySize)
	all := from.AppendDataKeys(nil, func(seal.KeyID) bool { return true })
	require.Len(t, all, 2*seal.DataKeySize)

	to := newKeys(t)
	own := to.Current().ID()
	to, err = to.WithDataKeys(one)
	require.NoError(t, err)
	to, err = to.WithDataKeys(all)
	require.NoError(t, err)
	require.Len(t, to.IDs(), 3)
	require.Equal(t, own, to.Current().ID(), "the current key stays")

	id, n := seal.PartID{Number: 1, Kind: seal.Body}, nonce()
	key, err := from.Key(first)
	require.NoError(t, err)
	sealed := key.SealPart(nil, []byte("text"), &n, id)
	key, err = to.Key(first)
	require.NoError(t, err)
	text, err := key.OpenPart(nil, sealed, id)
	require.NoError(t, err)
	require.Equal(t, "text", string(text))

	all[10] ^= 1
	_, err = to.WithDataKeys(all)
	require.ErrorIs(t, err, seal.ErrCorrupt, "another secret under the same name")
	_, err = to.WithDataKeys(all[1:])
	require.ErrorIs(t, err, seal.ErrCorrupt)
}
