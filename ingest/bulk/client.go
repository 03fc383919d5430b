package bulk

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/fhirlake/fhirlake/internal/retry"
	"github.com/klauspost/compress/gzip"
)

const (
	// maxRedirects is how often a request may be redirected.
	maxRedirects = 5
	// maxLayers is how often a file may be compressed: as a file, and for the transfer.
	maxLayers = 2
)

var (
	errAuthorize = errors.New("bulk: Authorize failed")
	errTLS       = errors.New("bulk: the server's certificate is not trusted")
)

// A client sends requests to addresses that the guard allows.
type client struct {
	http    *http.Transport // which follows no redirect by itself
	guard   guard
	options Options
	policy  retry.Policy
}

func newClient(base *url.URL, opts *Options) (*client, error) {
	if opts == nil {
		opts = &Options{}
	}
	o, err := opts.withDefaults(base)
	if err != nil {
		return nil, err
	}
	c := &client{
		options: o,
		guard:   guard{hosts: o.Hosts, networks: o.Networks, http: o.HTTP},
		policy:  retry.Policy{Attempts: o.Attempts, First: o.Pause, Max: o.MaxPause, Patience: o.Patience},
	}
	if base != nil {
		if err := c.guard.allow(base); err != nil {
			return nil, fmt.Errorf("bulk: the manifest's URL: %w", err)
		}
	}
	dialer := &net.Dialer{Timeout: o.Patience, Control: c.guard.control}
	c.http = &http.Transport{
		Proxy:                 nil, // a proxy would dial for us, and look at no address
		DialContext:           dialer.DialContext,
		TLSClientConfig:       o.TLS.Clone(),
		TLSHandshakeTimeout:   o.Patience,
		ResponseHeaderTimeout: o.Patience,
		ForceAttemptHTTP2:     true,
		DisableCompression:    true, // so that ranges count the transferred bytes
		IdleConnTimeout:       time.Minute,
	}
	return c, nil
}

// A request is for one URL.
type request struct {
	url       *url.URL
	accept    string
	authorize bool   // with what Options.Authorize adds, at the URL's own origin
	offset    int64  // from which on
	validator string // of the representation that the offset is of
}

// get sends a request and follows redirects.
func (c *client) get(ctx context.Context, r request) (*http.Response, error) {
	at := r.url
	for range maxRedirects + 1 {
		answer, err := c.ask(ctx, at, r)
		if err != nil {
			return nil, err
		}
		switch answer.StatusCode {
		case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		default:
			return answer, nil
		}
		answer.Body.Close()
		to, err := answer.Location()
		if err != nil {
			return nil, fmt.Errorf("%w: a redirect leads nowhere", ErrForbidden)
		}
		at = at.ResolveReference(to)
	}
	return nil, fmt.Errorf("%w: more than %d redirects", ErrForbidden, maxRedirects)
}

// ask sends one request.
func (c *client) ask(ctx context.Context, at *url.URL, r request) (*http.Response, error) {
	if err := c.guard.allow(at); err != nil {
		return nil, err
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("%w: the URL is malformed", ErrForbidden)
	}
	q.Header.Set("Accept", r.accept)
	q.Header.Set("Accept-Encoding", "gzip")
	if r.offset > 0 && r.validator != "" {
		q.Header.Set("Range", "bytes="+strconv.FormatInt(r.offset, 10)+"-")
		q.Header.Set("If-Range", r.validator)
	}
	if r.authorize && c.options.Authorize != nil && sameOrigin(at, r.url) {
		if err := c.options.Authorize(ctx, q); err != nil {
			return nil, fmt.Errorf("%w: %w", errAuthorize, err)
		}
	}
	answer, err := c.http.RoundTrip(q)
	var untrusted *tls.CertificateVerificationError
	if errors.As(err, &untrusted) {
		return nil, fmt.Errorf("%w: %w", errTLS, untrusted.Err)
	}
	return answer, err
}

// sameOrigin reports whether two URLs have the same scheme, host and port.
func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && hostname(a) == hostname(b) && port(a) == port(b)
}

// statusOf returns an answer with a status of failure as an error.
func statusOf(answer *http.Response) error {
	e := &statusError{status: answer.StatusCode}
	after := answer.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(after); err == nil {
		e.after = time.Duration(min(max(seconds, 0), 3600)) * time.Second
	} else if at, err := http.ParseTime(after); err == nil {
		e.after = time.Until(at)
	}
	return e
}

// decompress returns a text that may be compressed by gzip. The first bytes tell
// whether it is, since the header is often wrong.
func decompress(r io.Reader) (io.Reader, error) {
	for range maxLayers {
		text := bufio.NewReaderSize(r, 64<<10)
		head, err := text.Peek(2)
		if err != nil && err != io.EOF {
			return nil, err
		}
		r = text
		if !bytes.Equal(head, []byte{0x1f, 0x8b}) { // RFC 1952 §2.3.1
			break
		}
		if r, err = gzip.NewReader(text); err != nil {
			return nil, err
		}
	}
	return r, nil
}
