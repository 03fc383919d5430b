package txlog

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// somePiece returns the plaintext of a piece, and its head.
func somePiece(f *testing.F) (stream, head []byte) {
	l, err := Open(f.Context(), "mem:", nil)
	require.NoError(f, err)
	defer l.Close()
	_, err = l.AddDictionary(f.Context(), []byte("dictionary"))
	require.NoError(f, err)
	for i := range 3 {
		_, err := l.Append(f.Context(), &Batch{Expect: uint64(i), Term: l.Term(), Commits: []Commit{
			{Time: int64(i), Annotation: []byte("note"), Items: []Item{{Values: []byte("values"), Body: []byte("body")}, {Kind: State, Values: []byte("name")}}},
		}})
		require.NoError(f, err)
	}
	secret := seal.NewBackupSecret()
	var sealed bytes.Buffer
	_, err = l.Backup(f.Context(), &sealed, BackupOptions{Secrets: []seal.BackupSecret{secret}})
	require.NoError(f, err)
	front, err := readFront(&sealed, pieceMagic)
	require.NoError(f, err)
	key, err := secret.StreamKey(front.salt[:])
	require.NoError(f, err)
	r, err := seal.NewStreamReader(&sealed, key)
	require.NoError(f, err)
	stream, err = io.ReadAll(r)
	require.NoError(f, err)
	head, err = readLength(bytes.NewReader(stream[4:]), int(stream[0])+int(stream[1])<<8)
	require.NoError(f, err)
	return stream, head
}

// FuzzPieceHead decodes any bytes as the head of a piece: what it accepts it writes again.
func FuzzPieceHead(f *testing.F) {
	_, head := somePiece(f)
	f.Add(head)
	f.Add(head[:pieceFixed])
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := unmarshalPieceHead(data)
		if err != nil {
			require.ErrorIs(t, err, ErrCorrupt)
			return
		}
		again, err := unmarshalPieceHead(h.marshal())
		require.NoError(t, err)
		require.Equal(t, h.marshal(), again.marshal())
	})
}

// FuzzPieceStream restores what somebody sealed who has the keys and says anything. What
// is accepted can be read.
func FuzzPieceStream(f *testing.F) {
	stream, _ := somePiece(f)
	f.Add(stream)
	wrapper := seal.RandomKey()
	keys, err := seal.NewKeyset(f.Context(), wrapper)
	require.NoError(f, err)
	secrets := []seal.BackupSecret{seal.NewBackupSecret()}
	f.Fuzz(func(t *testing.T, data []byte) {
		front, err := newFront(pieceMagic, keys, secrets, nil)
		require.NoError(t, err)
		key, err := secrets[0].StreamKey(front.salt[:])
		require.NoError(t, err)
		piece := bytes.NewBuffer(front.marshal())
		w, err := seal.NewStreamWriter(piece, key)
		require.NoError(t, err)
		_, err = w.Write(data)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		_, verified := VerifyPiece(t.Context(), bytes.NewReader(piece.Bytes()), VerifyOptions{Wrapper: wrapper})
		l, err := Restore(context.Background(), "mem:", &Options{Wrapper: wrapper}, RestoreOptions{}, bytes.NewReader(piece.Bytes()))
		if err != nil {
			require.True(t, typedError(err) || errors.Is(err, ErrPiece) || errors.Is(err, ErrFull), err)
			return
		}
		defer l.Close()
		for r, err := range l.Records(t.Context(), 0) {
			require.NoError(t, err)
			for i := range r.Len() {
				_, err := r.Body(i, nil)
				require.Equal(t, verified == nil, err == nil)
			}
		}
	})
}
