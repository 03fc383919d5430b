package httpnlp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Options say which service is asked and how. URL is needed; the zero value of each other
// field is its default.
type Options struct {
	// URL takes texts for entities, and for ICD-10-CM and RxNorm if these have no URL of
	// their own.
	URL string
	// ICD10CM and RxNorm are the URLs for these, if they differ from URL.
	ICD10CM, RxNorm string
	// HTTP allows http: URLs, whose content anybody on the way can read and change.
	HTTP bool
	// Header is added to each request.
	Header http.Header
	// Authorize adds credentials to a request, such as a bearer token. It is called for
	// each attempt, by many goroutines.
	Authorize func(ctx context.Context, request *http.Request) error
	// Client sends the requests: one like http.DefaultClient by default. It follows no
	// redirects.
	Client *http.Client

	// MaxCharacters is how many characters of text one request has: 20,000 by default.
	MaxCharacters int
	// MaxAnswer is the largest answer to one request in bytes: 4 MiB by default.
	MaxAnswer int64
	// Parallel is how many requests run at once, of all texts together: 4 by default.
	Parallel int
	// Attempts is how often one request is tried: 6 by default.
	Attempts int
	// Pause is the pause after a first failure: 200 ms by default. It doubles with each
	// further failure, up to MaxPause: 20 s by default.
	Pause, MaxPause time.Duration
	// Patience is how long one attempt may take: a minute by default.
	Patience time.Duration
}

// withDefaults fills the options and reports everything that is wrong with them.
func (o Options) withDefaults() (Options, error) {
	var wrong []error
	for name, address := range map[string]string{"URL": o.URL, "ICD10CM": o.ICD10CM, "RxNorm": o.RxNorm} {
		if address == "" && name != "URL" {
			continue
		}
		u, err := url.Parse(address)
		switch {
		case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
			wrong = append(wrong, fmt.Errorf("httpnlp: %s is no URL of a service; write https://nlp.example/detect", name))
		case u.Scheme == "http" && !o.HTTP:
			wrong = append(wrong, fmt.Errorf("httpnlp: %s is not https; set HTTP to send texts of patients that others can read", name))
		}
	}
	if o.MaxCharacters < 0 || o.MaxAnswer < 0 || o.Parallel < 0 || o.Attempts < 0 || o.Pause < 0 || o.MaxPause < 0 || o.Patience < 0 {
		wrong = append(wrong, errors.New("httpnlp: a limit is negative"))
	}
	if o.MaxCharacters == 0 {
		o.MaxCharacters = 20_000
	}
	if o.MaxAnswer == 0 {
		o.MaxAnswer = 4 << 20
	}
	if o.Parallel == 0 {
		o.Parallel = 4
	}
	return o, errors.Join(wrong...)
}
