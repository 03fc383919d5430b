package rest

import (
	"context"
	"strconv"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/quote"
)

// A pageBuilder makes a Bundle of type searchset.
type pageBuilder struct {
	base    string
	total   int
	entries int
	bytes   int // of the resources
	text    []byte
}

func newPageBuilder(base string, total int) *pageBuilder {
	return &pageBuilder{base: base, total: total}
}

// add adds a resource.
func (b *pageBuilder) add(ctx context.Context, view *datastore.Snapshot, o datastore.Ordinal, mode string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	resource, err := view.AppendJSON(nil, o)
	if err == nil {
		b.entry(view.Describe(o).Ref, resource, mode)
	}
	return err
}

func (b *pageBuilder) entry(ref datastore.Ref, resource []byte, mode string) {
	if b.entries++; b.entries > 1 {
		b.text = append(b.text, ',')
	}
	b.bytes += len(resource)
	b.text = quote.Append(append(b.text, `{"fullUrl":`...), b.base+"/"+ref.String())
	b.text = append(append(b.text, `,"resource":`...), resource...)
	b.text = append(append(append(b.text, `,"search":{"mode":"`...), mode...), `"}}`...)
}

// bundle returns the Bundle with its links; next may be "".
func (b *pageBuilder) bundle(self, next string) []byte {
	out := strconv.AppendInt([]byte(`{"resourceType":"Bundle","type":"searchset","total":`), int64(b.total), 10)
	out = append(quote.Append(append(out, `,"link":[{"relation":"self","url":`...), self), '}')
	if next != "" {
		out = append(quote.Append(append(out, `,{"relation":"next","url":`...), next), '}')
	}
	out = append(out, ']')
	if b.entries > 0 {
		out = append(append(append(out, `,"entry":[`...), b.text...), ']')
	}
	return append(out, '}')
}
