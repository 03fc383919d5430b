package datastore_test

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestBackupByItsPage reads a golden backup by docs/format/backup.md, and finds what
// restoring it gives.
func TestBackupByItsPage(t *testing.T) {
	folder := filepath.Join("testdata", "golden", "backup")
	kept, err := os.ReadFile(filepath.Join(folder, "answers.txt"))
	require.NoError(t, err)
	r := &pagesReader{t: t, folder: folder, types: pagesTypes(t), states: map[string]string{}, keys: map[uint64][]byte{}, packed: map[uint64]*pagesDictionary{}}
	key := []byte("the key of all golden stores, 32")
	var all []pagesPiece
	for _, name := range []string{"full", "second", "third"} {
		r.slots = nil // those of the newest box count
		p := r.piece(r.file(name), key)
		if n := len(all); n > 0 {
			require.Equal(t, all[n-1].last, p.since)
		}
		all = append(all, p)
		r.absent = func(number uint64) bool { return !p.numbers[number] || p.erased[number] }
	}
	for _, p := range all {
		r.since = p.since
		for _, record := range p.records {
			r.record(record)
		}
	}
	require.Equal(t, pagesWanted(kept), r.feed())

	// Apart from their keys.
	secrets := r.box(r.file("keys"), "FLBKKEYS", key)
	for _, name := range []string{"full-apart", "second-apart", "third-apart"} {
		b := r.file(name)
		require.Zero(t, le.Uint32(b[12:]))
		require.Zero(t, le.Uint32(b[16:]))
		require.NotEmpty(t, r.stream(b, 48+32, secrets))
	}
}

// A pagesPiece is what one piece has.
type pagesPiece struct {
	since, last     uint64
	numbers, erased map[uint64]bool
	records         [][]byte
}

// box opens the box of a front and returns the backup secrets by their ids.
func (r *pagesReader) box(b []byte, magic string, key []byte) map[string][]byte {
	require.Equal(r.t, magic, string(b[:8]))
	require.EqualValues(r.t, 1, le.Uint32(b[8:]))
	n, box := 48+int(le.Uint32(b[12:])), int(le.Uint32(b[16:]))
	end := n + box
	sum := sha256.Sum256(b[:end])
	require.Equal(r.t, sum[:], b[end:end+32])
	data := append([]byte(magic), b[24:48]...)
	plain := r.opens(r.expand(r.unwrap(b[48:n], key), "fhirlake 1 backup box", 32), b[n:n+12], b[n+12:end], data)
	secrets := map[string][]byte{}
	count := le.Uint32(plain)
	plain = plain[4:]
	for range count {
		secrets[string(r.expand(plain[:32], "fhirlake 1 backup id", 8))] = plain[:32]
		plain = plain[32:]
	}
	for r.slots = nil; len(plain) > 0; plain = plain[32:] {
		r.slots = append(r.slots, plain[:32])
	}
	return secrets
}

// stream opens the stream of a piece, which begins at an offset.
func (r *pagesReader) stream(b []byte, at int, secrets map[string][]byte) (plain []byte) {
	secret := secrets[string(b[40:48])]
	require.NotNil(r.t, secret)
	key, err := hkdf.Key(sha256.New, secret, b[24:40], "fhirlake 1 backup stream", 32)
	require.NoError(r.t, err)
	b = b[at:]
	for i := uint64(0); ; i++ {
		n := min(len(b), 262_144+16)
		nonce := binary.LittleEndian.AppendUint64(nil, i)
		last := n == len(b)
		if nonce = append(nonce, 0, 0, 0, 0); last {
			nonce[11] = 1
		}
		plain = append(plain, r.opens(key, nonce, b[:n], nil)...)
		if b = b[n:]; last {
			return plain
		}
	}
}

func (r *pagesReader) piece(b, key []byte) (p pagesPiece) {
	secrets := r.box(b, "FLBACKUP", key)
	plain := r.stream(b, 48+int(le.Uint32(b[12:]))+int(le.Uint32(b[16:]))+32, secrets)
	next := func() []byte {
		n := le.Uint32(plain)
		part := plain[4 : 4+n]
		plain = plain[4+n:]
		return part
	}
	h := next()
	r.lineage = h[:16]
	require.False(r.t, time.UnixMicro(int64(le.Uint64(h[40:]))).Before(time.UnixMicro(int64(le.Uint64(h[32:])))))
	p.since, p.last = le.Uint64(h[48:]), le.Uint64(h[56:])
	var parts [5][]byte
	rest := h[124:]
	for i := range parts {
		n := le.Uint32(h[104+4*i:])
		parts[i], rest = rest[:n], rest[n:]
	}
	require.Empty(r.t, rest)
	require.Zero(r.t, len(parts[0])%32)
	for k := parts[1]; len(k) > 0; k = k[40:] {
		r.keys[le.Uint64(k)] = k[8:40]
	}
	for d := parts[2]; len(d) > 0; {
		n := le.Uint32(d[4:])
		r.packed[uint64(le.Uint32(d))] = pagesDictionaryOf(r.t, d[8:8+n])
		d = d[8+n:]
	}
	numbers := func(b []byte) map[uint64]bool {
		set, at := map[uint64]bool{}, uint64(0)
		for len(b) > 0 {
			gap, n := binary.Uvarint(b)
			b = b[n:]
			length, n := binary.Uvarint(b)
			b = b[n:]
			at += gap
			for range length {
				set[at] = true
				at++
			}
		}
		return set
	}
	p.numbers, p.erased = numbers(parts[3]), numbers(parts[4])
	for {
		record := next()
		if len(record) == 0 {
			require.Empty(r.t, plain)
			return p
		}
		p.records = append(p.records, record)
	}
}
