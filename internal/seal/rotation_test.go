package seal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/seal"
)

func TestRotation(t *testing.T) {
	wrapper := seal.RandomKey()
	old, err := newKeysWith(t, wrapper).WithNewKey()
	require.NoError(t, err)
	require.False(t, old.Rotating())
	tag := old.MAC("p", []byte("text"))
	hash, err := old.HashKey([]byte("salt"))
	require.NoError(t, err)

	during, err := old.BeginRotation()
	require.NoError(t, err)
	require.Len(t, during.IDs(), 3)
	marshaled := func(keys *seal.Keyset) *seal.Keyset {
		file, err := keys.Marshal()
		require.NoError(t, err)
		again, err := seal.Unmarshal(t.Context(), file, wrapper)
		require.NoError(t, err)
		require.Equal(t, keys.IDs(), again.IDs())
		return again
	}
	for _, keys := range []*seal.Keyset{during, marshaled(during)} {
		require.True(t, keys.Rotating())
		for _, id := range old.IDs() {
			require.True(t, keys.Retired(id))
		}
		require.False(t, keys.Retired(keys.Current().ID()))
		require.False(t, keys.Retired(0))
		require.NotEqual(t, tag, keys.MAC("p", []byte("text")))
		require.True(t, keys.VerifyMAC("p", []byte("text"), tag[:]), "as good as one of today")
		require.False(t, keys.VerifyMAC("q", []byte("text"), tag[:]))
		now := keys.MAC("p", []byte("text"))
		require.True(t, keys.VerifyMAC("p", []byte("text"), now[:]))
	}
	// Keys come and go during a rotation.
	first := old.IDs()[0]
	more, err := during.Keep(func(id seal.KeyID) bool { return id != first }).WithNewKey()
	require.NoError(t, err)
	more = marshaled(more)
	require.Len(t, more.IDs(), 3)
	require.True(t, more.Retired(old.IDs()[1]))
	require.False(t, more.Retired(more.IDs()[1]))
	none := marshaled(during.Keep(func(id seal.KeyID) bool { return !during.Retired(id) }))
	require.True(t, none.Rotating(), "the authentication key is left to be replaced")

	done := marshaled(more.EndRotation())
	require.False(t, done.Rotating())
	require.Equal(t, more.IDs()[1:], done.IDs())
	require.False(t, done.VerifyMAC("p", []byte("text"), tag[:]))
	other, err := done.HashKey([]byte("salt"))
	require.NoError(t, err)
	require.NotEqual(t, hash, other)
	require.True(t, old.VerifyMAC("p", []byte("text"), tag[:]), "the keyset it comes from stays")
}

func TestFileKey(t *testing.T) {
	first, second := seal.RandomKey(), seal.RawKey([32]byte{2})
	keys := newKeysWith(t, first)
	require.NoError(t, keys.CheckWrapper(t.Context(), first))
	require.ErrorIs(t, keys.CheckWrapper(t.Context(), second), seal.ErrWrongKey)
	file, err := seal.NewFileKey(t.Context(), second)
	require.NoError(t, err)
	again := keys.WithFileKey(file)
	require.NoError(t, again.CheckWrapper(t.Context(), second))
	marshaled, err := again.Marshal()
	require.NoError(t, err)
	_, err = seal.Unmarshal(t.Context(), marshaled, first)
	require.ErrorIs(t, err, seal.ErrWrongKey)
	opened, err := seal.Unmarshal(t.Context(), marshaled, second)
	require.NoError(t, err)
	require.Equal(t, keys.IDs(), opened.IDs())
	require.Equal(t, keys.MAC("p", nil), opened.MAC("p", nil))

	_, err = seal.NewFileKey(t.Context(), seal.RawKey([32]byte{}))
	require.ErrorIs(t, err, seal.ErrZeroKey)
	_, err = seal.RawKey([32]byte{}).Decrypt(t.Context(), nil)
	require.ErrorIs(t, err, seal.ErrKey)
}
