package pack

import (
	"encoding/base64"
	"encoding/binary"
)

// Attachments are base64 in JSON, and clinical notes are attachments. A template has
// long base64 decoded, so that matches are found in its text. Short base64 is not worth
// the search.
const longBase64 = 256

// strict64 refuses base64 that encoding would not give back byte for byte.
var strict64 = base64.StdEncoding.Strict()

// isBase64 are the characters of base64 but for "=".
var isBase64 = func() (t [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		t[c] = true
	}
	return t
}()

// findBase64 returns where the first long base64 of text begins and ends. An end of 0
// means that there is none.
func findBase64(text []byte) (start, end int) {
	// Every long run has a character at a multiple of the stride, and one before it.
	const stride = longBase64 / 2
	for probe := stride; probe < len(text); probe += stride {
		if !isBase64[text[probe]] || !isBase64[text[probe-stride/2]] {
			continue
		}
		start, end = probe, probe
		for start > 0 && isBase64[text[start-1]] {
			start--
		}
		for end < len(text) && isBase64[text[end]] {
			end++
		}
		probe = max(probe, end-stride)
		for padding := 0; padding < 2 && end < len(text) && text[end] == '='; padding++ {
			end++
		}
		if end-start >= longBase64 && (end-start)%4 == 0 {
			return start, end
		}
	}
	return 0, 0
}

// appendPlain appends text without fields to a template. It decodes long base64, and
// escapes bytes that look like marks.
func (s *splitter) appendPlain(template, fields, text []byte) ([]byte, []byte) {
	for len(text) >= longBase64 {
		start, end := findBase64(text)
		if end == 0 {
			break
		}
		var err error
		if s.decoded, err = strict64.AppendDecode(s.decoded[:0], text[start:end]); err != nil {
			start = end
		}
		template, fields = appendEscaped(template, fields, text[:start])
		if err == nil {
			template = append(template, markBase64)
			fields = binary.AppendUvarint(fields, uint64(len(s.decoded)))
			template, fields = appendEscaped(template, fields, s.decoded)
		}
		text = text[end:]
	}
	return appendEscaped(template, fields, text)
}

// putBase64 appends the base64 of the next bytes of a template, and returns the rest of
// template and fields.
func (s *splitter) putBase64(dst, template, fields []byte, limit int) (out, restTemplate, restFields []byte, ok bool) {
	length, n := binary.Uvarint(fields)
	// Each byte takes at least one byte of the template: itself or markByte.
	if n <= 0 || length > uint64(len(template)) || strict64.EncodedLen(int(length)) > limit-len(dst) {
		return dst, template, fields, false
	}
	fields = fields[n:]
	s.decoded = s.decoded[:0]
	for int(length) > len(s.decoded) {
		plain := plainLen(template[:min(len(template), int(length)-len(s.decoded))])
		s.decoded = append(s.decoded, template[:plain]...)
		template = template[plain:]
		if len(s.decoded) == int(length) {
			break
		}
		if len(template) == 0 || template[0] != markByte || len(fields) == 0 {
			return dst, template, fields, false
		}
		s.decoded = append(s.decoded, fields[0])
		template, fields = template[1:], fields[1:]
	}
	return strict64.AppendEncode(dst, s.decoded), template, fields, true
}
