package attachment

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"mime"
	"strings"

	"github.com/fhirlake/fhirlake/internal/pdf"
)

// Options are the limits of a reading. The zero value of each field is its default.
type Options struct {
	// MaxData is the largest data in bytes: 64 MiB by default.
	MaxData int
	// MaxText is the largest text in bytes of UTF-8: 64 MiB by default.
	MaxText int
}

func (o *Options) withDefaults() (Options, error) {
	var filled Options
	if o != nil {
		filled = *o
	}
	if filled.MaxData < 0 || filled.MaxText < 0 {
		return filled, fmt.Errorf("attachment: MaxData %d or MaxText %d is negative", filled.MaxData, filled.MaxText)
	}
	filled.MaxData, filled.MaxText = cmp.Or(filled.MaxData, 64<<20), cmp.Or(filled.MaxText, 64<<20)
	return filled, nil
}

// A kind is a way to read data.
type kind int

const (
	unsupported kind = iota
	asPlain
	asHTML
	asXHTML
	asXML
	asRTF
	asPDF
)

// kindOf returns how data of a media type is read.
func kindOf(mediaType string) kind {
	switch mediaType {
	case "text/html":
		return asHTML
	case "application/xhtml+xml":
		return asXHTML
	case "text/xml", "application/xml":
		return asXML
	case "application/rtf", "text/rtf", "text/richtext", "application/x-rtf":
		return asRTF
	case "application/pdf", "application/x-pdf":
		return asPDF
	}
	switch {
	case strings.HasPrefix(mediaType, "text/"):
		return asPlain
	case strings.HasPrefix(mediaType, "application/") && strings.HasSuffix(mediaType, "+xml"):
		return asXML
	}
	return unsupported
}

// sniff returns how data without a content type is read.
func sniff(data []byte) kind {
	head := bytes.TrimLeft(bytes.TrimPrefix(data[:min(len(data), 1024)], []byte("\xef\xbb\xbf")), " \t\r\n")
	starts := func(prefix string) bool {
		return len(head) >= len(prefix) && strings.EqualFold(string(head[:len(prefix)]), prefix)
	}
	switch {
	case starts("%PDF-"):
		return asPDF
	case starts(`{\rtf`):
		return asRTF
	case starts("<!doctype html"), starts("<html"):
		return asHTML
	case starts("<?xml"), starts("<ClinicalDocument"):
		return asXML
	case isBinary(data):
		return unsupported
	}
	return asPlain
}

// isBinary reports whether data begins with bytes that no text has (WHATWG MIME Sniffing
// §7.2) and no byte order mark.
func isBinary(data []byte) bool {
	for _, mark := range marks {
		if bytes.HasPrefix(data, []byte(mark.bytes)) {
			return false
		}
	}
	return bytes.ContainsFunc(data[:min(len(data), 1024)], func(c rune) bool {
		return c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b
	})
}

// split returns the media type of a content type, in lower case, and its charset.
func split(contentType string) (mediaType, charset string) {
	mediaType, parameters, err := mime.ParseMediaType(contentType)
	if err != nil { // its parameters are malformed
		mediaType, _, _ = strings.Cut(contentType, ";")
		mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	}
	return mediaType, parameters["charset"]
}

// Readable reports whether [Text] can read attachments of a content type (FHIR R4
// Attachment.contentType). An attachment without one is read by the type that its data
// looks like, or is ErrUnsupported.
func Readable(contentType string) bool {
	mediaType, _ := split(contentType)
	return mediaType == "" || kindOf(mediaType) != unsupported
}

// Text returns the text of an attachment's data, in UTF-8. It keeps nothing of data.
//
// Its errors are those of the package, matched by errors.Is, and ctx's. nil options are
// the defaults. It may be called by many goroutines at once.
func Text(ctx context.Context, contentType string, data []byte, options *Options) (text string, err error) {
	o, err := options.withDefaults()
	if err != nil {
		return "", err
	}
	mediaType, charset := split(contentType)
	kind := kindOf(mediaType)
	if mediaType == "" {
		kind = sniff(data)
	}
	if kind == unsupported {
		return "", ErrUnsupported
	}
	if len(data) > o.MaxData {
		return "", fmt.Errorf("%w: %d bytes of data, %d are allowed", ErrTooLarge, len(data), o.MaxData)
	}
	defer func() {
		if p := recover(); p != nil {
			text, err = "", fmt.Errorf("%w: its reader panicked (%T)", ErrMalformed, p)
		}
	}()
	return read(ctx, kind, charset, data, o)
}

func read(ctx context.Context, kind kind, charset string, data []byte, o Options) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	switch kind {
	case asRTF:
		return readRTF(ctx, data, o.MaxText)
	case asPDF:
		return readPDF(ctx, data, o.MaxText)
	case asPlain:
		return readPlain(ctx, charset, data, o.MaxText)
	case asHTML:
		return readHTML(ctx, charset, data, o.MaxText)
	default:
		return readXML(ctx, charset, data, o, kind == asXHTML)
	}
}

// readPDF reads a PDF.
func readPDF(ctx context.Context, data []byte, maxText int) (string, error) {
	text, err := pdf.Text(ctx, data, &pdf.Limits{Text: maxText})
	switch {
	case err == nil || ctx.Err() != nil:
		return text, err
	case errors.Is(err, pdf.ErrEncrypted):
		return "", ErrEncrypted
	case errors.Is(err, pdf.ErrLimit):
		return "", fmt.Errorf("%w: %w", ErrTooLarge, err)
	default:
		return "", fmt.Errorf("%w: %w", ErrMalformed, err)
	}
}

// tooLong is the error for text beyond its limit.
func tooLong(maxText int) error {
	return fmt.Errorf("%w: more than %d bytes of text", ErrTooLarge, maxText)
}
