package attachment

import (
	"bytes"
	"context"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
)

// marks are the byte order marks and their encodings. A mark counts more than a charset parameter
// (WHATWG Encoding §6).
var marks = []struct {
	bytes    string
	encoding encoding.Encoding
}{
	{"\xef\xbb\xbf", unicode.UTF8},
	{"\xff\xfe", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)},
	{"\xfe\xff", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)},
}

// encodingOf returns the encoding of data by its mark or the name of its charset, and the
// data without its mark. No name is UTF-8.
func encodingOf(name string, data []byte) (encoding.Encoding, []byte, error) {
	for _, mark := range marks {
		if rest, ok := bytes.CutPrefix(data, []byte(mark.bytes)); ok {
			return mark.encoding, rest, nil
		}
	}
	switch name = strings.ToLower(strings.TrimSpace(name)); name {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "ansi_x3.4-1968":
		return unicode.UTF8, data, nil
	}
	found, canonical := charset.Lookup(name)
	if found == nil || canonical == "replacement" {
		if !utf8.Valid(data) {
			return nil, nil, ErrCharset
		}
		return unicode.UTF8, data, nil
	}
	return found, data, nil
}

// readPlain decodes text.
func readPlain(ctx context.Context, name string, data []byte, maxText int) (string, error) {
	from, data, err := encodingOf(name, data)
	if err != nil {
		return "", err
	}
	return decode(ctx, from, data, maxText)
}

// decode returns data in UTF-8. A byte that the encoding does not have becomes U+FFFD.
func decode(ctx context.Context, from encoding.Encoding, data []byte, maxText int) (string, error) {
	if from == unicode.UTF8 && utf8.Valid(data) {
		if len(data) > maxText {
			return "", tooLong(maxText)
		}
		return string(data), nil
	}
	var text strings.Builder
	text.Grow(min(len(data)+len(data)/8, maxText))
	in := from.NewDecoder().Reader(&steps{ctx, bytes.NewReader(data)})
	n, err := io.Copy(&text, io.LimitReader(in, int64(maxText)+1))
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		return "", ErrMalformed
	case n > int64(maxText):
		return "", tooLong(maxText)
	}
	return strings.ToValidUTF8(text.String(), "\uFFFD"), nil
}

// steps is a reader that ends with its context.
type steps struct {
	ctx context.Context
	in  io.Reader
}

func (s *steps) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.in.Read(p)
}
