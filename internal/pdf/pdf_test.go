package pdf_test

import (
	"bytes"
	"compress/lzw"
	"compress/zlib"
	"context"
	"encoding/ascii85"
	"fmt"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/internal/pdf"
	"github.com/stretchr/testify/require"
)

// A document is objects by their numbers, from 1.
type document []string

// bytes writes a document whose catalog is object 1, without a cross-reference table.
func (d document) bytes() []byte {
	var out bytes.Buffer
	out.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	for i, object := range d {
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n0\n%%%%EOF\n", len(d)+1)
	return out.Bytes()
}

// flate returns a stream that is compressed.
func flate(entries, data string) string {
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	_, _ = w.Write([]byte(data))
	_ = w.Close()
	return fmt.Sprintf("<< /Filter /FlateDecode /Length %d %s >>\nstream\n%s\nendstream", packed.Len(), entries, packed.String())
}

func plain(entries, data string) string {
	return fmt.Sprintf("<< /Length %d %s >>\nstream\n%s\nendstream", len(data), entries, data)
}

const helvetica = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"

// page is a document of one page with the fonts F1 and F2 and the given content.
func page(content, f2 string, more ...string) document {
	return append(document{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 /Resources << /Font << /F1 5 0 R /F2 6 0 R >> /XObject << /X 7 0 R >> >> >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R >>",
		flate("", content),
		helvetica,
		f2,
	}, more...)
}

func read(t *testing.T, d document) string {
	t.Helper()
	text, err := pdf.Text(t.Context(), d.bytes(), nil)
	require.NoError(t, err)
	return text
}

func TestText(t *testing.T) {
	cmap := plain("", "/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <0000> <FFFF> endcodespacerange\n"+
		"2 beginbfchar <0001> <00480069> <0002> <D83DDE00> endbfchar 2 beginbfrange <0010> <0012> <0061> <0020> <0021> [<0078> <0079>] endbfrange endcmap")
	for name, test := range map[string]struct {
		content, font string
		more          []string
		want          string
	}{
		"one line":        {"BT /F1 12 Tf 72 700 Td (No acute distress.) Tj ET", "null", nil, "No acute distress."},
		"lines":           {"BT /F1 12 Tf 72 700 Td 14 TL (Chest pain) Tj T* (for two days) Tj (Denies fever) ' ET", "null", nil, "Chest pain\nfor two days\nDenies fever"},
		"moved":           {"BT /F1 12 Tf 72 700 Td (one) Tj 0 -14 TD (two) Tj 0 -60 Td (three) Tj ET", "null", nil, "one\ntwo\n\nthree"},
		"spaces by kern":  {"BT /F1 12 Tf 72 700 Td [(Chest)-300(pa)20(in)] TJ ET", "null", nil, "Chest pain"},
		"spaces by place": {"BT /F1 10 Tf 72 700 Td (Chest) Tj ET BT /F1 10 Tf 100.5 700 Td (pain) Tj ET", "null", nil, "Chest pain"},
		"joined by place": {"BT /F1 10 Tf 72 700 Td (pneu) Tj ET BT /F1 10 Tf 94.24 700 Td (monia) Tj ET", "null", nil, "pneumonia"},
		"escapes": {`BT /F1 12 Tf 72 700 Td (a \(b\) \143\
d \\ \r) Tj ET`, "null", nil, `a (b) cd \`},
		"hexadecimal":    {"BT /F1 12 Tf 72 700 Td <43 6f 75 67 68 2> Tj ET", "null", nil, "Cough"},
		"windows":        {"BT /F1 12 Tf 72 700 Td (caf\xe9 \x93x\x94 37\xb0) Tj ET", "null", nil, "café “x” 37°"},
		"differences":    {"BT /F2 12 Tf 72 700 Td (\x01ever \x02 \x03b) Tj ET", "<< /Type /Font /Subtype /Type1 /Encoding << /Differences [1 /F /eacute /uni00E4] >> >>", nil, "Fever é äb"},
		"to unicode":     {"BT /F2 12 Tf 72 700 Td <0001 0010 0012 0020 0021 0002> Tj ET", "<< /Type /Font /Subtype /Type0 /Encoding /Identity-H /ToUnicode 8 0 R >>", []string{"null", cmap}, "Hiacxy😀"},
		"ligature":       {"BT /F2 12 Tf 72 700 Td (a\xaebrillation) Tj ET", "<< /Type /Font /Subtype /Type1 >>", nil, "afibrillation"},
		"built in":       {"BT /F2 12 Tf 72 700 Td (\x03 5:0) Tj ET", "<< /Type /Font /Subtype /Type1 /FontDescriptor << /FontFile 8 0 R >> >>", []string{"null", plain("", "%!PS\n/Encoding 256 array\n0 1 255 {1 index exch /.notdef put} for\ndup 3 /lessequal put\ndup 58 /period put\nreadonly def\neexec 58 /x")}, "≤ 5.0"},
		"symbols":        {"BT /F2 12 Tf 72 700 Td (\xa3 5 m\xb3) Tj ET", "<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>", nil, "≤ 5 μ≥"},
		"dingbats":       {"BT /F2 12 Tf 72 700 Td (4) Tj ET", "<< /Type /Font /Subtype /Type1 /BaseFont /ZapfDingbats >>", nil, "✔"},
		"rotated":        {"BT /F1 10 Tf 0 1 -1 0 72 100 Tm (up) Tj 0 -12 Td (again) Tj ET", "null", nil, "up\nagain"},
		"scaled":         {"q 0.1 0 0 0.1 0 0 cm BT /F1 100 Tf 720 7000 Td (Chest) Tj 280 0 Td (pain) Tj ET Q", "null", nil, "Chest pain"},
		"form":           {"BT /F1 12 Tf 72 700 Td (A) Tj ET q 1 0 0 1 0 -20 cm /X Do Q", "null", []string{plain("/Subtype /Form", "BT /F1 12 Tf 72 700 Td (B) Tj ET")}, "A\nB"},
		"form in itself": {"/X Do", "null", []string{plain("/Subtype /Form /Resources << /Font << /F1 5 0 R >> /XObject << /X 7 0 R >> >>", "BT /F1 12 Tf 72 700 Td (B) Tj ET")}, "B"},
		"bold by two":    {"BT /F1 12 Tf 72 700 Td (Plan) Tj ET BT /F1 12 Tf 72.3 700 Td (Plan) Tj ET", "null", nil, "Plan"},
		"image inside":   {"BI /W 1 /H 1 ID \x00 (no) Tj EI BT /F1 12 Tf 72 700 Td (yes) Tj ET", "null", nil, "yes"},
		"no font":        {"BT 72 700 Td (lost) Tj ET", "null", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, read(t, page(test.content, test.font, test.more...)))
		})
	}
}

func base85(s string) string {
	var out bytes.Buffer
	w := ascii85.NewEncoder(&out)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return out.String() + "~>"
}

func lzwOf(s string) string {
	var out bytes.Buffer
	w := lzw.NewWriter(&out, lzw.MSB, 8)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return out.String()
}

func TestFilters(t *testing.T) {
	const content = "BT /F1 12 Tf 72 700 Td (No acute distress.) Tj ET"
	hex := fmt.Sprintf("%x>", content)
	runs := string(rune(len(content)-1)) + content + "\x80"
	for name, stream := range map[string]string{
		"none":        plain("", content),
		"hexadecimal": plain("/Filter /ASCIIHexDecode", hex),
		"runs":        plain("/Filter /RunLengthDecode", runs),
		"base 85":     plain("/Filter [/ASCII85Decode]", base85(content)),
		"lzw":         plain("/Filter /LZWDecode /DecodeParms << /EarlyChange 0 >>", lzwOf(content)),
		"bad length":  strings.Replace(plain("", content), "/Length", "/Length 7 /Other", 1),
		"two":         strings.Replace(flate("", hex), "/FlateDecode", "[/FlateDecode /ASCIIHexDecode]", 1),
		"predictor":   flate("/DecodeParms << /Predictor 15 /Columns 100 >>", "\x00"+content+strings.Repeat(" ", 100-len(content))),
	} {
		t.Run(name, func(t *testing.T) {
			d := page("", "null")
			d[3] = stream
			require.Equal(t, "No acute distress.", read(t, d))
		})
	}
}

func TestObjectStreams(t *testing.T) {
	first := page("BT /F1 12 Tf 72 700 Td (packed) Tj ET", "null")
	objects := first[0] + " " + first[1] + " " + first[2] + " " + first[4]
	index := fmt.Sprintf("1 0 2 %d 3 %d 5 %d ", len(first[0])+1, len(first[0])+len(first[1])+2, len(first[0])+len(first[1])+len(first[2])+3)
	d := document{"null", "null", "null", first[3], "null", "null", "null",
		flate(fmt.Sprintf("/Type /ObjStm /N 4 /First %d", len(index)), index+objects)}
	require.Equal(t, "packed", read(t, d))
}

func TestUpdatesAndDamage(t *testing.T) {
	d := page("BT /F1 12 Tf 72 700 Td (old) Tj ET", "null").bytes()
	updated := append(bytes.Clone(d), "4 0 obj\n"+plain("", "BT /F1 12 Tf 72 700 Td (new) Tj ET")+"\nendobj\ntrailer << /Root 1 0 R /Size 7 /Prev 0 >>\n"...)
	text, err := pdf.Text(t.Context(), updated, nil)
	require.NoError(t, err)
	require.Equal(t, "new", text)

	text, err = pdf.Text(t.Context(), d[:bytes.Index(d, []byte("trailer"))], nil)
	require.NoError(t, err, "the catalog is found without a trailer")
	require.Equal(t, "old", text)

	text, err = pdf.Text(t.Context(), bytes.Replace(d, []byte("/Pages 2 0 R"), []byte("/Pages 9 0 R"), 1), nil)
	require.NoError(t, err, "pages are found without their tree")
	require.Empty(t, text, "but they lack the resources of their parents")
}

// A document inside of a document does not take its place.
func TestDocumentInside(t *testing.T) {
	inner := string(page("BT /F1 12 Tf 72 700 Td (inner) Tj ET", "null").bytes())
	for name, length := range map[string]string{"direct": fmt.Sprint(len(inner)), "before": "7 0 R", "behind": "9 0 R"} {
		t.Run(name, func(t *testing.T) {
			d := page("BT /F1 12 Tf 72 700 Td (outer) Tj ET", "null", fmt.Sprint(len(inner)),
				fmt.Sprintf("<< /Length %s >>\nstream\n%s\nendstream", length, inner), fmt.Sprint(len(inner)))
			require.Equal(t, "outer", read(t, d))
		})
	}
}

func TestErrors(t *testing.T) {
	for name, data := range map[string]string{
		"nothing": "", "no header": "Dear colleague", "header alone": "%PDF-1.4", "garbage": "%PDF-1.4" + strings.Repeat("\x00\xff<[(obj 1 0 obj", 100),
	} {
		_, err := pdf.Text(t.Context(), []byte(data), nil)
		require.ErrorIs(t, err, pdf.ErrMalformed, name)
	}
	d := page("", "null").bytes()
	_, err := pdf.Text(t.Context(), bytes.Replace(d, []byte("/Root"), []byte("/Encrypt 9 0 R /Root"), 1), nil)
	require.ErrorIs(t, err, pdf.ErrEncrypted)
	_, err = pdf.Text(t.Context(), append(bytes.Clone(d), "\n9 0 obj << /Type /XRef /Root 1 0 R /Encrypt << /V 5 >> /Length 0 >> stream\n\nendstream endobj"...), nil)
	require.ErrorIs(t, err, pdf.ErrEncrypted, "as a cross-reference stream says")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = pdf.Text(ctx, d, nil)
	require.ErrorIs(t, err, context.Canceled)
}

// What is meant to take for ever, or all memory, ends by a limit.
func TestBombs(t *testing.T) {
	bomb := strings.Repeat("0", 100<<20)
	calls := strings.Repeat("/X Do ", 1000)
	for name, d := range map[string]document{
		"stream":   page("", "null", flate("", bomb)),
		"contents": {"<< /Type /Catalog /Pages 2 0 R >>", "<< /Kids [3 0 R] >>", "<< /Type /Page /Contents 4 0 R >>", flate("", bomb)},
		"forms":    page(calls, "null", flate("/Subtype /Form", calls)),
		"widths":   page("BT /F2 1 Tf ET", "<< /Subtype /Type0 /DescendantFonts [<< /W ["+strings.Repeat("0 65535 1 ", 20000)+"] >>] >>"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := pdf.Text(t.Context(), d.bytes(), &pdf.Limits{Work: 200 << 20})
			if name != "stream" { // nothing refers to it
				require.ErrorIs(t, err, pdf.ErrLimit)
			}
		})
	}
	for name, d := range map[string]document{
		"deep":             page(strings.Repeat("[", 1<<20)+strings.Repeat("<<", 1<<20), "null"),
		"deep object":      page("", strings.Repeat("[<<", 1<<20)),
		"tree in itself":   {"<< /Type /Catalog /Pages 2 0 R >>", "<< /Kids [2 0 R 3 0 R 3 0 R] >>", "<< /Type /Page >>"},
		"refers to itself": {"<< /Type /Catalog /Pages 2 0 R >>", "<< /Kids [3 0 R] >>", "<< /Type /Page /Contents 4 0 R >>", "4 0 R"},
		"huge numbers":     {"<< /Type /Catalog /Pages 2 0 R >>", "<< /Kids [3 0 R] /Count 1e999 >>", "<< /Type /Page /Contents 4 0 R >>", "<< /Type /ObjStm /N 99999999999999 /First -9 /Length 9999999999999 >> stream\nendstream"},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := pdf.Text(t.Context(), d.bytes(), nil)
			require.NoError(t, err)
			require.Empty(t, text)
		})
	}
	_, err := pdf.Text(t.Context(), page("BT /F1 12 Tf (long text) Tj ET", "null").bytes(), &pdf.Limits{Text: 8})
	require.ErrorIs(t, err, pdf.ErrLimit)
}

func FuzzText(f *testing.F) {
	f.Add(page("BT /F1 12 Tf 72 700 Td [(Chest)-300(pain)] TJ T* <00> ' ET /X Do", "<< /Subtype /Type0 >>", plain("/Subtype /Form", "q 1 0 0 1 0 0 cm Q")).bytes())
	f.Add([]byte("%PDF-1.7 1 0 obj << /Type /ObjStm /N 1 /First 4 /Length 20 >> stream\n2 0 << /Type /Page >>\nendstream"))
	f.Add([]byte("%PDF-1.4 1 0 obj<</Type/Page/Contents 2 0 R>>endobj 2 0 obj<</Filter[/LZWDecode/RunLengthDecode/ASCII85Decode]>>stream\nabc\nendstream"))
	f.Fuzz(func(t *testing.T, data []byte) {
		text, err := pdf.Text(t.Context(), data, &pdf.Limits{Text: 1 << 20, Stream: 1 << 20, Work: 1 << 24})
		if err != nil {
			require.Empty(t, text)
			require.NotContains(t, err.Error(), "panicked")
		}
		require.LessOrEqual(t, len(text), 1<<20)
	})
}
