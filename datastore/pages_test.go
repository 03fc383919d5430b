package datastore_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"go/parser"
	"go/token"
	"hash/crc32"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The tests in pages*_test.go read stores as docs/format describes them. They import no
// package of the module.

// TestFormatByItsPages reads golden stores with no more than the pages of docs/format, and
// finds each version, note and state that the stores answer with.
func TestFormatByItsPages(t *testing.T) {
	types := pagesTypes(t)
	for _, name := range []string{
		"plain", "patients", "rotated", "half-rotated", "compacted", "interval", "unsynced", "restored", "erased", "states", "kept-versions",
		"large", "deleted", "checkpoint", "cut", "settings", "parameters", "annotated", "keyfile",
	} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join("testdata", "golden", name)
			kept, err := os.ReadFile(filepath.Join(folder, "answers.txt"))
			require.NoError(t, err)
			r := &pagesReader{t: t, folder: filepath.Join(folder, "store"), types: types, states: map[string]string{}}
			r.open(pagesKey(t, folder))
			r.segments()
			require.Equal(t, pagesWanted(kept), r.feed())
			for line := range strings.Lines(string(kept)) {
				if rest, ok := strings.CutPrefix(line, "state "); ok {
					state, value, _ := strings.Cut(rest, " ")
					require.Equal(t, strings.TrimSpace(value), fmt.Sprintf("%q", r.states["user/"+state]))
				}
			}
		})
	}
}

// TestStatesByTheirPages reads the states of golden stores by states.md and erasure.md.
func TestStatesByTheirPages(t *testing.T) {
	read := func(name string) *pagesReader {
		folder := filepath.Join("testdata", "golden", name)
		r := &pagesReader{t: t, folder: filepath.Join(folder, "store"), types: pagesTypes(t), states: map[string]string{}}
		r.open(pagesKey(t, folder))
		r.segments()
		return r
	}
	offset := binary.LittleEndian.AppendUint32(nil, 5*3600+1800)
	want := fmt.Sprintf(`{"zone":"east","base":"http://golden.example/fhir","offsets":%d}`, crc32.ChecksumIEEE(offset))
	require.JSONEq(t, want, read("settings").states["settings"])
	require.Equal(t, "\x01", read("compacted").states["horizon"])

	states, found := read("erased").states, 0
	for name, value := range states {
		if !regexp.MustCompile("^erasure/of/[0-9a-f]{16}$").MatchString(name) {
			continue
		}
		found++
		b := []byte(value)
		require.Equal(t, []byte{1, 1}, b[:2], "version, done")
		b = b[2:]
		uvarint := func() int {
			v, n := binary.Uvarint(b)
			b = b[n:]
			return int(v)
		}
		var hashes []string
		for range uvarint() {
			hashes, b = append(hashes, string(b[:16])), b[16:]
		}
		for _, ref := range []string{"Patient/p", "Observation/own", "Binary/scan"} {
			h := hmac.New(sha256.New, []byte(states["erasure/key"]))
			h.Write([]byte(ref))
			require.Contains(t, hashes, string(h.Sum(nil)[:16]), ref)
		}
		require.True(t, slices.IsSorted(hashes))
		for range uvarint() {
			require.Positive(t, uvarint(), "slots")
		}
		for range uvarint() {
			require.Positive(t, uvarint(), "numbers")
		}
		require.Empty(t, b)
	}
	require.Equal(t, 1, found)
}

// pagesKey returns the key of a golden store: that of its key file (keyset.md, Key file), or
// the one of all others.
func pagesKey(t *testing.T, folder string) []byte {
	line, err := os.ReadFile(filepath.Join(folder, "key"))
	if os.IsNotExist(err) {
		return []byte("the key of all golden stores, 32")
	}
	require.NoError(t, err)
	key, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(string(line), "\n"))
	require.NoError(t, err)
	require.Len(t, key, 32)
	return key
}

// pagesWanted returns the lines of a feed in answers: those of versions, and of commits that
// have some.
func pagesWanted(answers []byte) (want []string) {
	for line := range strings.Lines(string(answers)) {
		if rest, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "feed "); ok && !strings.HasSuffix(rest, `"" 0`) {
			want = append(want, rest)
		}
	}
	return want
}

// TestPagesImportNothing wants the reader to know nothing but the pages.
func TestPagesImportNothing(t *testing.T) {
	files, err := filepath.Glob("pages*_test.go")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, i := range f.Imports {
			require.NotContains(t, i.Path.Value, "fhirlake", name)
		}
	}
}

// pagesTypes reads the numbers of resource types (values.md, Numbers).
func pagesTypes(t *testing.T) map[uint16]string {
	b, err := os.ReadFile("../internal/search/param/numbers.txt")
	require.NoError(t, err)
	types := map[uint16]string{}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 2 && f[0] == "type" {
			n, err := strconv.ParseUint(f[1], 10, 16)
			require.NoError(t, err)
			types[uint16(n)] = f[2]
		}
	}
	return types
}

// A pagesReader reads one store.
type pagesReader struct {
	t      *testing.T
	folder string
	types  map[uint16]string

	auth     [][]byte          // authentication keys; during a rotation two
	keys     map[uint64][]byte // secrets of data keys
	lineage  []byte
	slots    [][]byte // secrets of key slots, from slot 1
	packed   map[uint64]*pagesDictionary
	manifest pagesManifest

	commits []pagesCommit
	states  map[string]string
	params  map[int]int              // how many values each param has
	absent  func(number uint64) bool // items that a backup does not bring; nil for none
	since   uint64                   // commits up to it are left out
}

// A pagesCommit is a commit that has versions.
type pagesCommit struct {
	sequence uint64
	at       time.Time
	note     []byte
	versions []string
}

// feed returns what a feed shows of the commits.
func (r *pagesReader) feed() (lines []string) {
	for _, c := range r.commits {
		lines = append(lines, fmt.Sprintf("%d %v %q %d", c.sequence, c.at, c.note, len(c.versions)))
		lines = append(lines, c.versions...)
	}
	return lines
}

type pagesManifest struct {
	generation uint64
	cut        bool
	patients   uint32
	segments   []pagesSegment
}

type pagesSegment struct {
	name, last, size uint64
	id, tag          []byte
	records          uint32
}

var le = binary.LittleEndian

func (r *pagesReader) file(name string) []byte {
	b, err := os.ReadFile(filepath.Join(r.folder, name))
	require.NoError(r.t, err)
	return b
}

// expand is HKDF-Expand with SHA-256.
func (r *pagesReader) expand(secret []byte, info string, size int) []byte {
	out, err := hkdf.Expand(sha256.New, secret, info, size)
	require.NoError(r.t, err)
	return out
}

func (r *pagesReader) gcm(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	require.NoError(r.t, err)
	aead, err := cipher.NewGCM(block)
	require.NoError(r.t, err)
	return aead
}

func (r *pagesReader) opens(key, nonce, sealed, data []byte) []byte {
	plain, err := r.gcm(key).Open(nil, nonce, sealed, data)
	require.NoError(r.t, err)
	return plain
}

// unwrap opens what RawKey has wrapped (keyset.md, Wrapped by the built-in wrappers).
func (r *pagesReader) unwrap(blob, key []byte) []byte {
	require.Equal(r.t, byte(1), blob[0])
	require.Equal(r.t, r.expand(key, "fhirlake 1 wrap check", 16), blob[1:17])
	plain := r.opens(r.expand(key, "fhirlake 1 wrap", 32), blob[17:29], blob[29:], blob[:1])
	require.Equal(r.t, "FLKW", string(plain[:4]))
	require.EqualValues(r.t, 2, le.Uint32(plain[4:]))
	sum := sha256.Sum256(plain[:40])
	require.Equal(r.t, sum[:], plain[40:])
	return plain[8:40]
}

// open reads the small files (keyset.md, log.md, patients.md).
func (r *pagesReader) open(key []byte) {
	b := r.file("keyset")
	require.Equal(r.t, "FHIRLKEY", string(b[:8]))
	require.EqualValues(r.t, 2, le.Uint32(b[8:]))
	body := b[:len(b)-32]
	sum := sha256.Sum256(body)
	require.Equal(r.t, sum[:], b[len(body):])
	n := 16 + int(le.Uint32(b[12:]))
	plain := r.opens(r.expand(r.unwrap(b[16:n], key), "fhirlake 2 keyset", 32), body[n:n+12], body[n+12:], body[:n])
	count, retired := int(le.Uint32(plain)), int(le.Uint32(plain[4:]))
	require.LessOrEqual(r.t, retired, count)
	r.auth = [][]byte{plain[8:40]}
	if before := plain[40:72]; !bytes.Equal(before, make([]byte, 32)) {
		r.auth = append(r.auth, before)
	}
	require.Len(r.t, plain, 72+40*count)
	r.keys = map[uint64][]byte{}
	for k := plain[72:]; len(k) > 0; k = k[40:] {
		r.keys[le.Uint64(k)] = k[8:40]
	}

	b = r.file("header")
	require.Equal(r.t, "FLHEADER", string(b[:8]))
	require.EqualValues(r.t, 2, le.Uint32(b[8:]))
	require.Zero(r.t, le.Uint64(b[16:]), "features")
	r.mac("header", b[:80], b[80:])
	r.lineage = b[24:40]

	b = r.file("manifest")
	r.mac("manifest", b[:len(b)-16], b[len(b)-16:])
	r.readManifest(b[:len(b)-16])
	r.readHead(r.file("head"), b)
	r.readPatients()
}

// mac verifies a MAC (log.md).
func (r *pagesReader) mac(purpose string, b, want []byte) {
	require.True(r.t, r.macIs(purpose, b, want), purpose)
}

func (r *pagesReader) macIs(purpose string, b, want []byte) bool {
	for _, auth := range r.auth {
		h := hmac.New(sha256.New, r.expand(auth, "fhirlake 2 file tag", 32))
		h.Write([]byte{byte(len(purpose))})
		h.Write([]byte(purpose))
		h.Write(b)
		if bytes.Equal(h.Sum(nil)[:16], want) {
			return true
		}
	}
	return false
}

func (r *pagesReader) readManifest(b []byte) {
	require.Equal(r.t, "FLMANIFS", string(b[:8]))
	require.EqualValues(r.t, 2, le.Uint32(b[8:]))
	m := &r.manifest
	m.cut, m.generation, m.patients = le.Uint32(b[12:]) == 1, le.Uint64(b[16:]), le.Uint32(b[68:])
	dictionaries, terms, segments := le.Uint32(b[56:]), le.Uint32(b[60:]), le.Uint32(b[64:])
	b = b[72:]
	r.packed = map[uint64]*pagesDictionary{}
	for range dictionaries {
		content := r.file("dictionaries/" + fmt.Sprint(le.Uint32(b)))
		require.EqualValues(r.t, le.Uint32(b[4:]), len(content))
		r.mac("dictionary", append(slices.Clone(b[:4]), content...), b[8:24])
		r.packed[uint64(le.Uint32(b))] = pagesDictionaryOf(r.t, content)
		b = b[24:]
	}
	b = b[32*terms:]
	for range segments {
		m.segments = append(m.segments, pagesSegment{name: le.Uint64(b), id: b[8:24], last: le.Uint64(b[48:]), records: le.Uint32(b[84:]), size: le.Uint64(b[88:]), tag: b[96:112]})
		b = b[120+8*le.Uint32(b[112:]):]
	}
	require.Empty(r.t, b)
}

// readHead reads the slot that counts and holds it against the manifest.
func (r *pagesReader) readHead(b, manifest []byte) {
	require.Len(r.t, b, 8192)
	best := []byte(nil)
	for _, slot := range [][]byte{b[:64], b[4096:4160]} {
		if !r.macIs("head", slot[:48], slot[48:]) {
			continue
		}
		later := func(a, b []byte) bool {
			x, y := le.Uint64(a)&(1<<56-1), le.Uint64(b)&(1<<56-1)
			return x > y || x == y && le.Uint64(a[8:]) > le.Uint64(b[8:])
		}
		if best == nil || later(slot, best) {
			best = slot
		}
	}
	require.NotNil(r.t, best)
	generation := le.Uint64(best) & (1<<56 - 1)
	require.LessOrEqual(r.t, best[7], byte(2))
	if generation == r.manifest.generation {
		require.Equal(r.t, manifest[len(manifest)-16:len(manifest)-8], best[32:40])
	} else {
		require.Equal(r.t, r.manifest.generation, generation+1)
		require.Equal(r.t, manifest[24:32], best[32:40])
	}
}

func (r *pagesReader) readPatients() {
	if _, err := os.Stat(filepath.Join(r.folder, "patients")); os.IsNotExist(err) {
		require.Zero(r.t, r.manifest.patients)
		return
	}
	b := r.file("patients")
	require.Equal(r.t, "FLPATNTS", string(b[:8]))
	require.EqualValues(r.t, 2, le.Uint32(b[8:]))
	generation, key, n := le.Uint32(b[12:]), le.Uint64(b[16:]), le.Uint32(b[24:])
	require.GreaterOrEqual(r.t, generation, r.manifest.patients)
	for plain := r.part(key, 5, n, uint64(generation), b[32:]); len(plain) > 0; plain = plain[32:] {
		r.slots = append(r.slots, plain[:32])
	}
	require.Len(r.t, r.slots, int(n))
}

// part opens a part (log.md, Part; patients.md).
func (r *pagesReader) part(key uint64, kind byte, slot uint32, number uint64, sealed []byte) []byte {
	partKey, data := r.partKey(key, kind, slot, number)
	end := len(sealed) - 12
	return r.opens(partKey, sealed[end:], sealed[:end], data)
}

// partKey returns the key and the additional data of a part.
func (r *pagesReader) partKey(key uint64, kind byte, slot uint32, number uint64) (partKey, data []byte) {
	secret, ok := r.keys[key]
	require.True(r.t, ok)
	data = make([]byte, 40)
	data[0], data[1] = 2, kind
	le.PutUint32(data[4:], slot)
	copy(data[8:], r.lineage)
	le.PutUint64(data[24:], key)
	le.PutUint64(data[32:], number)
	if slot == 0 || kind == 5 {
		return r.expand(secret, "fhirlake 2 part", 32), data
	}
	info := "fhirlake 2 patient part" + string(r.expand(secret, "fhirlake 2 patients", 32))
	return r.expand(r.slots[slot-1], info, 32), data
}
