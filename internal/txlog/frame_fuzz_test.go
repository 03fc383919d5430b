package txlog

import (
	"bytes"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/buntdb"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// FuzzScanner holds the framing reader to two promises: it reports no more than
// it accepts byte for byte, and buntdb loads all that it accepts, and the same.
func FuzzScanner(f *testing.F) {
	appendFrame := func(b []byte, sequence uint64, record string) []byte {
		framed := newFramed(sequence, len(record))
		copy(framed.record(), record)
		return append(b, framed.bytes...)
	}
	whole := appendFrame(appendFrame(nil, 1, "one"), 2, "a longer record")
	f.Add(whole)
	f.Add(whole[:len(whole)-3])
	f.Add(appendFrame(nil, 1, ""))
	f.Add([]byte("*3\r\n$3\r\nset\r\n$8\r\n12345678\r\n$999999999\r\n"))
	f.Add([]byte("*3\r\n$3\r\nset\r\n$8\r\n12345678\r\n$00\r\n\r\n"))
	f.Add(append(make([]byte, 9), whole...))
	f.Fuzz(func(t *testing.T, data []byte) {
		fsys := NewMemory()
		require.NoError(t, fsys.Mkdir("."))
		require.NoError(t, writeSynced(fsys, "segment", data))
		file, err := fsys.Open("segment", os.O_RDONLY)
		require.NoError(t, err)

		s := &scanner{file: file, size: int64(len(data))}
		var again []byte
		values := map[string]string{}
		for {
			fr, err := s.next()
			if err == io.EOF {
				require.Equal(t, len(data), len(again))
				break
			}
			if err != nil {
				require.ErrorIs(t, err, ErrCorrupt)
				break
			}
			again = appendFrame(again, fr.sequence, string(fr.value))
			values[string(again[len(again)-fr.size()+len(frameLead):][:frameKey])] = string(fr.value)
		}
		require.True(t, bytes.HasPrefix(data, again))
		require.Equal(t, int64(len(again)), s.offset)

		db, err := buntdb.Open(":memory:")
		require.NoError(t, err)
		defer db.Close()
		require.NoError(t, db.Load(bytes.NewReader(again)))
		require.NoError(t, db.View(func(tx *buntdb.Tx) error {
			n, err := tx.Len()
			require.Equal(t, len(values), n)
			for k, v := range values {
				got, err := tx.Get(k)
				require.NoError(t, err)
				require.Equal(t, v, got)
			}
			return err
		}))
	})
}

// FuzzRecord decodes any bytes as a record and reads its parts, which must fail
// without a panic unless the bytes are a record's.
func FuzzRecord(f *testing.F) {
	keys, err := seal.NewKeyset(f.Context(), seal.RandomKey())
	require.NoError(f, err)
	keys, err = keys.WithNewKey()
	require.NoError(f, err)
	commits := []Commit{
		{Time: 5, Annotation: []byte("note"), Items: []Item{{Values: []byte("v"), Body: []byte("body")}, {Body: []byte("b")}}},
		{Time: 6, Items: []Item{{Kind: State, Values: []byte("name")}}},
	}
	p, err := newLayout(&Batch{Commits: commits})
	require.NoError(f, err)
	f.Add(p.seal(keys.Current(), nil, [16]byte{}, seal.Tag{}, Last{Next: 1}, commits).record(), uint8(1))
	f.Add(make([]byte, recordHeadSize+runSize+spanSize+entrySize+trailerSize), uint8(0))
	f.Fuzz(func(t *testing.T, data []byte, item uint8) {
		info, ok := decodeRecord(data)
		if !ok {
			return
		}
		again := make([]byte, info.entries())
		info.encode(again)
		require.Equal(t, data[:len(again)], again)
		c := chain{keys: keys, unlinked: true}
		_, err := c.accept(frame{sequence: info.firstRun().Sequence, value: data})
		if err != nil {
			require.ErrorIs(t, err, ErrCorrupt)
		}
		l := &Log{header: &storeHeader{}}
		r := Record{log: l, keys: keys, info: &info, place: info.place(), sealed: data}
		for _, part := range []func(int, []byte) ([]byte, error){r.Values, r.Body} {
			if _, err := part(int(item), nil); err != nil && int(item) < r.Len() {
				require.ErrorIs(t, err, ErrCorrupt)
			}
		}
		for run := range r.Runs() {
			if _, err := r.Annotation(run, nil); err != nil {
				require.ErrorIs(t, err, ErrCorrupt)
			}
		}
		if int(item) < r.Len() {
			found, ok := info.itemOf(r.Number(int(item)))
			require.True(t, ok)
			require.Equal(t, int(item), found)
		}
	})
}
