package pack_test

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/pack"
)

// checkRoundTrip packs texts and wants them back.
func checkRoundTrip(t *testing.T, f form, texts [][]byte) {
	t.Helper()
	p, d := newPacker(t)
	var block, back []byte
	for i, text := range texts {
		block = f.pack(p, block[:0], text)
		require.LessOrEqual(t, len(block), len(text)+1)
		var err error
		back, err = d.Unpack(back[:0], block)
		require.NoError(t, err, "text %d", i)
		if !bytes.Equal(text, back) {
			t.Fatalf("text %d comes back otherwise", i)
		}
	}
}

func checkCorpus(t *testing.T, c corpus) {
	t.Helper()
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			checkRoundTrip(t, f, f.texts(c))
		})
	}
}

func TestSynthetic(t *testing.T) { checkCorpus(t, synthetic(t, 3)) }

func TestExamples(t *testing.T) {
	if testing.Short() {
		t.Skip("much data for one goroutine: not in short tests, which look for races")
	}
	checkCorpus(t, shared(t, "fhir-r4/examples.ndjson.gz"))
}

func TestSynthea(t *testing.T) {
	if testing.Short() {
		t.Skip("much data for one goroutine: not in short tests, which look for races")
	}
	checkCorpus(t, shared(t, "synthea/*.gz"))
}

func TestNotes(t *testing.T) {
	if testing.Short() {
		t.Skip("much data for one goroutine: not in short tests, which look for races")
	}
	checkCorpus(t, shared(t, "synthea-notes/*.gz"))
}

// TestLongTexts packs what is far from any resource.
func TestLongTexts(t *testing.T) {
	size := 10 << 20
	if testing.Short() {
		size = 1 << 18
	}
	noise := make([]byte, max(size/8, 70_000))
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	var marks []byte
	for i := range size / 8 {
		marks = append(marks, byte(0xf0+i%16))
	}
	texts := [][]byte{
		bytes.Repeat([]byte("a"), size),
		bytes.Repeat([]byte("2020-01-01"), size/10),
		bytes.Repeat([]byte("f13d3b8d-0097-4b35-8d6e-31c73ac2601c"), size/36),
		noise, marks,
		bytes.Repeat(noise[:70_000], 3),
		bytes.Repeat([]byte{0xf5}, size/8),
		make([]byte, size),
	}
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			checkRoundTrip(t, f, texts)
		})
	}
}

// words are pieces that random texts are made of.
var words = []string{
	`{"resourceType":"Patient"`, `,"id":"`, `"system":"http://loinc.org"`, "2020-02-29", "-", "1999-12-31T23:59:59Z",
	"2020-01-01T00:00:00.000-05:00", "f13d3b8d-0097-4b35-8d6e-31c73ac2601c", "00000000-0000-0000-0000-000000000000",
	"\xf5", "\xf9\xf9", "\xff", "\x00\x01\x02", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "\u00e4\u00f6",
}

func anyText(r *rapid.T) []byte {
	var text []byte
	for range rapid.IntRange(0, 40).Draw(r, "pieces") {
		switch rapid.IntRange(0, 3).Draw(r, "kind") {
		case 0:
			text = append(text, rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(r, "bytes")...)
		case 1:
			if len(text) > 0 {
				at := rapid.IntRange(0, len(text)-1).Draw(r, "at")
				text = append(text, text[at:]...)
			}
		default:
			text = append(text, rapid.SampledFrom(words).Draw(r, "word")...)
		}
		if len(text) > 1<<16 {
			break
		}
	}
	return text
}

func TestAnyText(t *testing.T) {
	used, d := newPacker(t)
	content, err := pack.Parse(pack.Builtin())
	require.NoError(t, err)
	rapid.Check(t, func(r *rapid.T) {
		text := anyText(r)
		for _, f := range forms {
			block := f.pack(used, []byte("before"), text)
			require.True(r, bytes.HasPrefix(block, []byte("before")))
			block = block[len("before"):]
			require.Equal(r, string(f.pack(pack.NewPacker(dictionary, content), nil, text)), string(block), "a new Packer writes another block")
			back, err := d.Unpack([]byte("before"), block)
			require.NoError(r, err)
			require.Equal(r, "before"+string(text), string(back))
		}
	})
}

func TestConcurrent(t *testing.T) {
	content, err := pack.Parse(pack.Builtin())
	require.NoError(t, err)
	d := pack.NewDictionaries(map[uint64]*pack.Dictionary{dictionary: content})
	c := synthetic(t, 1)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			p := pack.NewPacker(dictionary, content)
			for j := range min(len(c.bodies), 60) {
				f := forms[(i+j)%len(forms)]
				back, err := d.Unpack(nil, f.pack(p, nil, c.bodies[j]))
				if err != nil || !bytes.Equal(back, c.bodies[j]) {
					t.Error("text comes back otherwise", err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestRefused(t *testing.T) {
	p, d := newPacker(t)
	back, err := d.Unpack([]byte("x"), nil)
	require.NoError(t, err)
	require.Equal(t, "x", string(back))

	text := []byte(`{"resourceType":"Patient","id":"f13d3b8d-0097-4b35-8d6e-31c73ac2601c","birthDate":"1980-02-03"}`)
	for _, f := range forms {
		block := f.pack(p, nil, text)
		for n := 1; n < len(block); n++ {
			_, err := d.Unpack(nil, block[:n])
			require.ErrorIs(t, err, pack.ErrDamaged, "%s cut to %d", f.name, n)
		}
		_, err := d.Unpack(nil, append(block, 0))
		require.ErrorIs(t, err, pack.ErrDamaged)
		_, err = d.Unpack(nil, append([]byte{8<<3 | block[0]&7}, block[1:]...))
		require.ErrorIs(t, err, pack.ErrDictionary)
		_, err = d.Unpack(nil, append([]byte{block[0]}, binary.AppendUvarint(nil, 1<<28)...))
		require.ErrorIs(t, err, pack.ErrDamaged)
		_, err = d.Unpack(nil, append([]byte{block[0]}, binary.AppendUvarint(nil, 1<<63)...))
		require.ErrorIs(t, err, pack.ErrDamaged)
	}
	for _, head := range []byte{4, 5, 6, 7} {
		_, err := d.Unpack(nil, []byte{head, 0})
		require.ErrorIs(t, err, pack.ErrUnsupported)
	}
	_, err = d.Unpack(nil, []byte{0x80})
	require.ErrorIs(t, err, pack.ErrDamaged)
	_, err = d.Unpack(nil, []byte{1 << 3, 'x'})
	require.ErrorIs(t, err, pack.ErrDamaged)
}

func TestParseRefuses(t *testing.T) {
	content := pack.Builtin()
	for _, n := range []int{5, 6, 9, 100, len(content) - 1} {
		_, err := pack.Parse(content[:n])
		require.ErrorIs(t, err, pack.ErrDamaged)
	}
	for _, n := range []int{0, 3, 4} {
		_, err := pack.Parse(content[:n])
		require.ErrorIs(t, err, pack.ErrUnsupported)
	}
	changed := bytes.Clone(content)
	changed[len(changed)/2] ^= 1
	_, err := pack.Parse(changed)
	require.ErrorIs(t, err, pack.ErrDamaged)
	changed = bytes.Clone(content)
	changed[4]++
	_, err = pack.Parse(changed)
	require.ErrorIs(t, err, pack.ErrUnsupported)
	require.Less(t, len(content), 64<<10)
	require.True(t, pack.Same(content, content))
	require.False(t, pack.Same(content, changed))
}

var rewrite = flag.Bool("rewrite", false, "write the golden blocks anew")

const goldenFile = "testdata/golden.txt"

// TestGolden holds blocks of the built-in dictionary: what a store has today is read
// and written tomorrow. Each line is a form, a text, and its block.
func TestGolden(t *testing.T) {
	p, d := newPacker(t)
	if *rewrite {
		var out bytes.Buffer
		for _, text := range goldenTexts() {
			for _, f := range forms {
				fmt.Fprintf(&out, "%s\t%q\t%x\n", f.name, text, f.pack(p, nil, []byte(text)))
			}
		}
		require.NoError(t, os.WriteFile(goldenFile, out.Bytes(), 0o644))
	}
	file, err := os.Open(goldenFile)
	require.NoError(t, err)
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	n := 0
	for lines.Scan() {
		name, rest, _ := strings.Cut(lines.Text(), "\t")
		quoted, blockHex, _ := strings.Cut(rest, "\t")
		text, err := strconv.Unquote(quoted)
		require.NoError(t, err)
		block, err := hex.DecodeString(blockHex)
		require.NoError(t, err)
		back, err := d.Unpack(nil, block)
		require.NoError(t, err)
		require.Equal(t, text, string(back))
		for _, f := range forms {
			if f.name == name {
				require.Equal(t, blockHex, hex.EncodeToString(f.pack(p, nil, []byte(text))), "%s of %s", name, quoted)
				n++
			}
		}
	}
	require.NoError(t, lines.Err())
	require.Equal(t, len(forms)*len(goldenTexts()), n)
}

func goldenTexts() []string {
	return []string{
		`{"resourceType":"Patient","id":"f13d3b8d-0097-4b35-8d6e-31c73ac2601c","birthDate":"1980-02-03"}`,
		`{"resourceType":"Observation","id":"a","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8302-2","display":"Body Height"}]},` +
			`"subject":{"reference":"Patient/f13d3b8d-0097-4b35-8d6e-31c73ac2601c"},"encounter":{"reference":"Encounter/0d6a9b3c-1111-4222-8333-944455556666"},` +
			`"effectiveDateTime":"2011-10-14T23:37:54+02:00","issued":"2011-10-14T23:37:54.530+02:00","valueQuantity":{"value":172.5,"unit":"cm","system":"http://unitsofmeasure.org","code":"cm"}}`,
		"\x01\x05\x10http://loinc.org\x068302-2\x43\x09\x80\x84\xdf\xe0\x0b\x02",
		strings.Repeat("abc", 1000),
		"\xf5\xf6\xf7\xf8\xf9\xfa and \x00",
		"x",
	}
}

func FuzzUnpack(f *testing.F) {
	p, d := newPacker(f)
	for _, text := range goldenTexts() {
		for _, form := range forms {
			f.Add(form.pack(p, nil, []byte(text)))
		}
	}
	f.Fuzz(func(t *testing.T, block []byte) {
		before := []byte("before")
		out, err := d.Unpack(before, block)
		if !bytes.HasPrefix(out, before) {
			t.Fatal("what was there before is gone")
		}
		if err != nil {
			return
		}
		for _, form := range forms {
			again, err := d.Unpack(nil, form.pack(p, nil, out))
			if err != nil || !bytes.Equal(again, out) {
				t.Fatal("text comes back otherwise", err)
			}
		}
	})
}

func FuzzPack(f *testing.F) {
	p, d := newPacker(f)
	for _, text := range goldenTexts() {
		f.Add([]byte(text))
	}
	for _, word := range words {
		f.Add([]byte(word + "," + word))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, form := range forms {
			back, err := d.Unpack(nil, form.pack(p, nil, text))
			if err != nil || !bytes.Equal(back, text) {
				t.Fatal("text comes back otherwise", err)
			}
		}
	})
}

// FuzzParse reads sections that nobody made as a dictionary, and uses what it takes.
func FuzzParse(f *testing.F) {
	const head = 4 + 1 + 4 // magic, format, checksum
	plain, err := io.ReadAll(flate.NewReader(bytes.NewReader(pack.Builtin()[head:])))
	require.NoError(f, err)
	f.Add(plain)
	f.Add(plain[:len(plain)/2])
	f.Fuzz(func(t *testing.T, plain []byte) {
		content := bytes.NewBuffer(bytes.Clone(pack.Builtin()[:5]))
		_ = binary.Write(content, binary.LittleEndian, crc32.Checksum(plain, crc32.MakeTable(crc32.Castagnoli)))
		w, _ := flate.NewWriter(content, flate.BestSpeed)
		_, _ = w.Write(plain)
		_ = w.Close()
		parsed, err := pack.Parse(content.Bytes())
		if err != nil {
			require.ErrorIs(t, err, pack.ErrDamaged)
			return
		}
		p, d := pack.NewPacker(1, parsed), pack.NewDictionaries(map[uint64]*pack.Dictionary{1: parsed})
		for _, text := range goldenTexts()[:3] {
			for _, form := range forms {
				back, err := d.Unpack(nil, form.pack(p, nil, []byte(text)))
				if err != nil || string(back) != text {
					t.Fatal(form.name, "text comes back otherwise", err)
				}
			}
		}
	})
}
