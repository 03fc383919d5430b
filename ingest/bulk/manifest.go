package bulk

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/fhirlake/fhirlake/internal/fhirtime"
)

// A File is a file of a manifest.
type File struct {
	Name  string // in the file system: "000001-Patient.ndjson"
	Type  string // of its resources; "" if the manifest does not say
	Count int64  // of its resources; -1 if the manifest does not say

	url       *url.URL
	authorize bool
}

// An Export is what a manifest says. It is safe for use by many goroutines.
type Export struct {
	// TransactionTime is the moment whose state the export shows, or zero if the
	// manifest has none.
	TransactionTime time.Time
	// Request is the URL that asked for the export, as the manifest has it.
	Request             string
	RequiresAccessToken bool

	client  *client
	ctx     context.Context
	output  []File
	deleted []File
	errors  []File
}

// Files returns the files of Output, in the order of the manifest.
func (x *Export) Files() []File { return append([]File(nil), x.output...) }

// Close ends the connections that are kept for further files.
func (x *Export) Close() { x.client.http.CloseIdleConnections() }

// Open fetches the manifest at a URL. The context ends it and what is read later.
//
// It reports ErrManifest, ErrNotReady, ErrForbidden, everything that is wrong with
// opts, and an Error.
func Open(ctx context.Context, manifestURL string, opts *Options) (*Export, error) {
	base, err := url.Parse(manifestURL)
	if err != nil {
		return nil, fmt.Errorf("%w: its URL is malformed", ErrManifest)
	}
	c, err := newClient(base, opts)
	if err != nil {
		return nil, err
	}
	var text []byte
	err = c.policy.Do(ctx, verdict, func(ctx context.Context) error {
		text, err = c.manifest(ctx, base)
		return err
	})
	if err != nil {
		c.http.CloseIdleConnections()
		return nil, fail("the manifest", err)
	}
	x, err := c.read(ctx, text, base)
	if err != nil {
		c.http.CloseIdleConnections()
	}
	return x, err
}

// Read reads a manifest that came by another way. base is the URL that relative URLs in
// it start from; its host is the one that may be asked if opts names none. It may be ""
// if there are none and opts has Hosts.
func Read(ctx context.Context, manifest io.Reader, base string, opts *Options) (*Export, error) {
	var from *url.URL
	if base != "" {
		var err error
		if from, err = url.Parse(base); err != nil {
			return nil, fmt.Errorf("%w: its base URL is malformed", ErrManifest)
		}
	}
	c, err := newClient(from, opts)
	if err != nil {
		return nil, err
	}
	text, err := c.readLimited(manifest)
	if err != nil {
		return nil, fail("the manifest", err)
	}
	return c.read(ctx, text, from)
}

// manifest fetches the text of a manifest.
func (c *client) manifest(ctx context.Context, at *url.URL) ([]byte, error) {
	answer, err := c.get(ctx, request{url: at, authorize: true, accept: "application/json"})
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusOK:
	case http.StatusAccepted:
		return nil, ErrNotReady
	default:
		return nil, statusOf(answer)
	}
	body, err := decompress(answer.Body)
	if err != nil {
		return nil, err
	}
	return c.readLimited(body)
}

// readLimited reads the text of a manifest.
func (c *client) readLimited(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, c.options.MaxManifestSize+1))
	if err == nil && int64(len(text)) > c.options.MaxManifestSize {
		err = fmt.Errorf("%w: it is larger than MaxManifestSize allows", ErrManifest)
	}
	return text, err
}

// read makes an Export of the text of a manifest.
func (c *client) read(ctx context.Context, text []byte, base *url.URL) (*Export, error) {
	type file struct {
		Type  string `json:"type"`
		URL   string `json:"url"`
		Count *int64 `json:"count"`
	}
	var m struct {
		TransactionTime     string `json:"transactionTime"`
		Request             string `json:"request"`
		RequiresAccessToken bool   `json:"requiresAccessToken"`
		Output              []file `json:"output"`
		Deleted             []file `json:"deleted"`
		Error               []file `json:"error"`
	}
	if err := json.Unmarshal(text, &m, jsontext.AllowDuplicateNames(true)); err != nil {
		return nil, fmt.Errorf("%w: it is not the JSON of one", ErrManifest)
	}
	if m.Output == nil {
		return nil, fmt.Errorf("%w: it has no output", ErrManifest)
	}
	if len(m.Output)+len(m.Deleted)+len(m.Error) > c.options.MaxFiles {
		return nil, fmt.Errorf("%w: it names more files than MaxFiles allows", ErrManifest)
	}
	x := &Export{Request: m.Request, RequiresAccessToken: m.RequiresAccessToken, client: c, ctx: ctx}
	if t, err := fhirtime.ParseInstant(m.TransactionTime); err == nil {
		x.TransactionTime = t.Start()
	}
	for _, list := range []struct {
		what string
		from []file
		to   *[]File
	}{{"output", m.Output, &x.output}, {"deleted", m.Deleted, &x.deleted}, {"error", m.Error, &x.errors}} {
		for i, f := range list.from {
			u, err := url.Parse(f.URL)
			if err == nil && base != nil {
				u = base.ResolveReference(u)
			}
			if err != nil || u.Scheme == "" || f.URL == "" {
				return nil, fmt.Errorf("%w: %s %d has no URL", ErrManifest, list.what, i+1)
			}
			if err := c.guard.allow(u); err != nil {
				return nil, fmt.Errorf("bulk: %s %d of the manifest: %w", list.what, i+1, err)
			}
			named := File{Name: nameOf(i, f.Type), Type: f.Type, Count: -1, url: u}
			named.authorize = m.RequiresAccessToken && base != nil && sameOrigin(u, base)
			if f.Count != nil {
				named.Count = *f.Count
			}
			*list.to = append(*list.to, named)
		}
	}
	return x, nil
}

// nameOf returns the name of a file by its place in the manifest.
func nameOf(i int, resourceType string) string {
	name := fmt.Sprintf("%06d", i+1)
	for _, c := range resourceType {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			resourceType = ""
		}
	}
	if resourceType != "" && len(resourceType) <= 64 {
		name += "-" + resourceType
	}
	return name + ".ndjson"
}
