package bulk

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// Options say what may be fetched and how. The zero value of each field is its default.
type Options struct {
	// Hosts are the hosts that may be asked: "data.example", which means the port of
	// its scheme alone, "data.example:8443", or "*.data.example" for all below it. By
	// default it is the manifest's host and port alone.
	Hosts []string
	// Networks are addresses that may be dialed although they are not public, for hosts
	// within one's own network.
	Networks []netip.Prefix
	// HTTP allows http: URLs, whose content anybody on the way can read and change.
	HTTP bool
	// Authorize adds what authorizes a request, such as a bearer token. It is called for
	// each attempt, so a token may be renewed, and by many goroutines.
	Authorize func(ctx context.Context, request *http.Request) error
	// TLS is how servers are checked: by the system's authorities by default.
	TLS *tls.Config

	// MaxManifestSize is up to how many bytes a manifest is read: 16 MiB by default.
	MaxManifestSize int64
	// MaxFileSize is up to how many bytes one file is read, decompressed: 64 GiB by
	// default.
	MaxFileSize int64
	// MaxFiles is how many files a manifest may name: 100,000 by default.
	MaxFiles int
	// MaxFileTime is how long one file may take from its opening to its end: a day by
	// default.
	MaxFileTime time.Duration
	// Patience is how long a server may give nothing, or next to nothing: a minute by
	// default.
	Patience time.Duration
	// Attempts is how many requests in a row may fail before reading does: 6 by
	// default.
	Attempts int
	// Pause is how long is waited after a first failure: 200 ms by default. It doubles
	// with each further failure, up to MaxPause: 20 s by default.
	Pause, MaxPause time.Duration
}

// withDefaults fills the options for a manifest that comes from base, and reports
// everything that is wrong with them.
func (o Options) withDefaults(base *url.URL) (Options, error) {
	var wrong []error
	if len(o.Hosts) == 0 && base != nil {
		o.Hosts = []string{base.Host}
	}
	for _, host := range o.Hosts {
		if host == "" || strings.ContainsAny(host, "/@ ") || strings.Contains(strings.TrimPrefix(host, "*."), "*") {
			wrong = append(wrong, fmt.Errorf("bulk: Hosts: %q is no host; write data.example, data.example:8443 or *.data.example", host))
		}
	}
	for name, n := range map[string]int64{
		"MaxManifestSize": o.MaxManifestSize, "MaxFileSize": o.MaxFileSize, "MaxFiles": int64(o.MaxFiles), "MaxFileTime": int64(o.MaxFileTime),
		"Patience": int64(o.Patience), "Attempts": int64(o.Attempts), "Pause": int64(o.Pause), "MaxPause": int64(o.MaxPause),
	} {
		if n < 0 {
			wrong = append(wrong, fmt.Errorf("bulk: %s is negative", name))
		}
	}
	if o.MaxManifestSize == 0 {
		o.MaxManifestSize = 16 << 20
	}
	if o.MaxFileSize == 0 {
		o.MaxFileSize = 64 << 30
	}
	if o.MaxFiles == 0 {
		o.MaxFiles = 100_000
	}
	if o.MaxFileTime == 0 {
		o.MaxFileTime = 24 * time.Hour
	}
	if o.Patience == 0 {
		o.Patience = time.Minute
	}
	return o, errors.Join(wrong...)
}
