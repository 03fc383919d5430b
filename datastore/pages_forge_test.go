package datastore_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A pagesForge changes a golden store as a program with its key could: whatever it
// changes, all tags are right. It knows the pages alone.
type pagesForge struct {
	r     *pagesReader
	files map[string][]byte
}

// newPagesForge returns a forge with the files of a golden store.
func newPagesForge(t *testing.T, name string, files map[string][]byte) *pagesForge {
	f := &pagesForge{r: &pagesReader{t: t, folder: filepath.Join("testdata", "golden", name, "store")}, files: files}
	f.r.open([]byte("the key of all golden stores, 32"))
	return f
}

// tag writes the MAC at the end of bytes.
func (f *pagesForge) tag(purpose string, b []byte) {
	h := hmac.New(sha256.New, f.r.expand(f.r.auth[0], "fhirlake 2 file tag", 32))
	h.Write([]byte{byte(len(purpose))})
	h.Write([]byte(purpose))
	h.Write(b[:len(b)-16])
	copy(b[len(b)-16:], h.Sum(nil))
}

func (f *pagesForge) header(change func(b []byte)) {
	change(f.files["header"])
	f.tag("header", f.files["header"])
}

// manifest changes the manifest, and names the new one in head.
func (f *pagesForge) manifest(change func(b []byte)) {
	b := f.files["manifest"]
	change(b)
	f.tag("manifest", b)
	f.head(func(slot []byte) { copy(slot[32:40], b[len(b)-16:]) })
}

// head changes the slot that counts, which then is in both places.
func (f *pagesForge) head(change func(slot []byte)) {
	b := f.files["head"]
	slot := b[:64]
	if other := b[4096:4160]; le.Uint64(other) > le.Uint64(slot) || le.Uint64(other) == le.Uint64(slot) && le.Uint64(other[8:]) > le.Uint64(slot[8:]) {
		slot = other
	}
	slot = bytes.Clone(slot)
	change(slot)
	f.tag("head", slot)
	copy(b, slot)
	copy(b[4096:], slot)
}

// sum writes the checksum at the end of bytes.
func pagesSum(b []byte) {
	sum := sha256.Sum256(b[:len(b)-32])
	copy(b[len(b)-32:], sum[:])
}

// fileKey changes what the key wrapper has wrapped, and seals the keyset with it.
func (f *pagesForge) fileKey(key []byte, change func(plain []byte)) {
	b := f.files["keyset"]
	n := 16 + int(le.Uint32(b[12:]))
	blob, body := b[16:n], b[:len(b)-32]
	keysetKey := f.r.expand(f.r.unwrap(blob, key), "fhirlake 2 keyset", 32)
	keyset := f.r.opens(keysetKey, body[n:n+12], body[n+12:], body[:n])
	wrap := f.r.gcm(f.r.expand(key, "fhirlake 1 wrap", 32))
	plain := f.r.opens(f.r.expand(key, "fhirlake 1 wrap", 32), blob[17:29], blob[29:], blob[:1])
	change(plain)
	pagesSum(plain)
	wrap.Seal(blob[:29], blob[17:29], plain, blob[:1])
	f.r.gcm(keysetKey).Seal(body[:n+12], body[n:n+12], keyset, body[:n])
	pagesSum(b)
}

// record changes the last record of the last segment, which keeps its length.
func (f *pagesForge) record(change func(b []byte)) {
	name := ""
	for n := range f.files {
		if strings.HasPrefix(n, "log/") && n > name {
			name = n
		}
	}
	file := f.files[name]
	at := bytes.LastIndex(file, []byte("*3\r\n$3\r\nset\r\n$8\r\n"))
	frame := file[at+17+8+3:]
	digits, _, _ := bytes.Cut(frame, []byte("\r\n"))
	b := frame[len(digits)+2 : len(frame)-2]
	change(b)
	body := b[:len(b)-28]
	aead := f.r.gcm(f.r.expand(f.r.keys[le.Uint64(b[32:])], "fhirlake 2 record tag", 32))
	copy(b[len(b)-16:], aead.Seal(nil, b[len(body):len(body)+12], nil, body))
	f.head(func(slot []byte) { copy(slot[40:48], b[len(b)-16:]) })
}

// item changes the values or the body of an item of that record: of the first whose values
// begin so.
func (f *pagesForge) item(begins string, body bool, change func(plain []byte)) {
	f.record(func(b []byte) {
		runs, spans := int(le.Uint32(b[56:])), int(le.Uint32(b[60:]))
		table := 80 + 40*runs + 12*spans
		base := table + 12*int(le.Uint32(b[4:])) + int(le.Uint32(b[64:]))
		number, starts := le.Uint64(b[80+16:]), [2]int{0, int(le.Uint32(b[68:]))}
		for i := range int(le.Uint32(b[4:])) {
			e := b[table+12*i:]
			ends := [2]int{int(le.Uint32(e[4:])), int(le.Uint32(e[8:]))}
			key, slot, n := le.Uint64(b[80+40*runs+4:]), le.Uint32(e)&(1<<28-1), number+uint64(i)
			part := func(which int) []byte { return b[base+starts[which] : base+ends[which]] }
			values := f.r.part(key, 1, slot, n, part(0))
			if strings.HasPrefix(string(values), begins) {
				which := 0
				if body {
					which = 1
				}
				plain := f.r.part(key, byte(which+1), slot, n, part(which))
				change(plain)
				sealed := part(which)
				f.r.seals(key, byte(which+1), slot, n, sealed[:0], sealed[len(sealed)-12:], plain)
				return
			}
			starts = ends
		}
		require.Fail(f.r.t, "no such item")
	})
}

// seals seals a part into place.
func (r *pagesReader) seals(key uint64, kind byte, slot uint32, number uint64, place, nonce, plain []byte) {
	partKey, data := r.partKey(key, kind, slot, number)
	r.gcm(partKey).Seal(place, nonce, plain, data)
}
