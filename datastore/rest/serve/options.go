package serve

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

// Options say how a server listens. The zero value of each field is its default.
type Options struct {
	// Certificate and Key are files in PEM: the chain of the server and its key. With them
	// the server speaks TLS.
	Certificate, Key string
	// ClientCA is a file of certificates in PEM. With it clients need a certificate of one
	// of them.
	ClientCA string
	// HeaderTimeout is how long the headers of a request may take, and the handshake of
	// TLS: 10 s by default.
	HeaderTimeout time.Duration
	// IdleTimeout is how long a connection may wait for the next request: 2 minutes by
	// default.
	IdleTimeout time.Duration
	// HeaderBytes is the size of the largest headers: 1 MiB by default.
	HeaderBytes int
	// Grace is how long requests under way may take to end once the server is to end: 5 s by
	// default. After that they are cut off.
	Grace time.Duration
	// Logger is told of connections that fail, and of certificates that cannot be read. By
	// default nobody is told.
	Logger *slog.Logger
}

// withDefaults copies and fills o and reports everything that is wrong with it.
func (o *Options) withDefaults() (Options, error) {
	var filled Options
	if o != nil {
		filled = *o
	}
	var wrong []error
	for name, value := range map[string]int64{
		"HeaderTimeout": int64(filled.HeaderTimeout), "IdleTimeout": int64(filled.IdleTimeout), "HeaderBytes": int64(filled.HeaderBytes), "Grace": int64(filled.Grace),
	} {
		if value < 0 {
			wrong = append(wrong, fmt.Errorf("serve: %s is negative: leave it 0 for the default", name))
		}
	}
	if (filled.Certificate == "") != (filled.Key == "") {
		wrong = append(wrong, errors.New("serve: a certificate needs a key, and a key a certificate"))
	}
	if filled.ClientCA != "" && filled.Certificate == "" {
		wrong = append(wrong, errors.New("serve: a client CA needs a certificate and a key"))
	}
	if filled.HeaderTimeout == 0 {
		filled.HeaderTimeout = 10 * time.Second
	}
	if filled.IdleTimeout == 0 {
		filled.IdleTimeout = 2 * time.Minute
	}
	if filled.HeaderBytes == 0 {
		filled.HeaderBytes = http.DefaultMaxHeaderBytes
	}
	if filled.Grace == 0 {
		filled.Grace = 5 * time.Second
	}
	if filled.Logger == nil {
		filled.Logger = slog.New(slog.DiscardHandler)
	}
	return filled, errors.Join(wrong...)
}
