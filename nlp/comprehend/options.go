package comprehend

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Options say which service is asked and how. The zero value of each field is its default.
type Options struct {
	// Region is the region of AWS: that of the environment or of the profile by default.
	Region string
	// Profile is a profile of the shared configuration files of AWS.
	Profile string
	// Endpoint is the URL of the service: that of the region by default.
	Endpoint string
	// Credentials returns the keys that sign requests. By default they are the keys that
	// AWS's own tools find: in the environment, in the shared files, of the machine.
	Credentials func(ctx context.Context) (Credentials, error)
	// Client sends the requests. It must not follow redirects.
	Client *http.Client

	// WithoutICD10CM and WithoutRxNorm leave out these operations.
	WithoutICD10CM, WithoutRxNorm bool

	// Parallel is how many requests run at once, of all texts together: 4 by default.
	Parallel int
	// Attempts is how often one request is tried: 6 by default.
	Attempts int
	// MaxPause is the longest pause before another attempt: 20 s by default.
	MaxPause time.Duration
	// Patience is how long one attempt may take: a minute by default.
	Patience time.Duration
	// MaxAnswer is the largest answer to one request in bytes: 16 MiB by default.
	MaxAnswer int64
	// MaxEntitiesText and MaxInferText are how many characters of text one request has:
	// 20,000 and 10,000 by default, which the service allows.
	MaxEntitiesText, MaxInferText int
}

// Credentials are the keys that sign requests.
type Credentials struct {
	AccessKeyID, SecretAccessKey string
	SessionToken                 string    // of keys that are temporary
	Expires                      time.Time // when to ask for others; zero: never
}

// withDefaults fills the options and reports everything that is wrong with them.
func (o *Options) withDefaults() (Options, error) {
	var filled Options
	if o != nil {
		filled = *o
	}
	var wrong []error
	fill := func(name string, n *int, value int) {
		if *n < 0 {
			wrong = append(wrong, fmt.Errorf("comprehend: %s is negative", name))
		}
		if *n == 0 {
			*n = value
		}
	}
	fill("Parallel", &filled.Parallel, 4)
	fill("Attempts", &filled.Attempts, 6)
	fill("MaxEntitiesText", &filled.MaxEntitiesText, 20_000)
	fill("MaxInferText", &filled.MaxInferText, 10_000)
	if filled.MaxPause < 0 || filled.Patience < 0 || filled.MaxAnswer < 0 {
		wrong = append(wrong, errors.New("comprehend: MaxPause, Patience or MaxAnswer is negative"))
	}
	if filled.MaxPause == 0 {
		filled.MaxPause = 20 * time.Second
	}
	if filled.Patience == 0 {
		filled.Patience = time.Minute
	}
	if filled.MaxAnswer == 0 {
		filled.MaxAnswer = 16 << 20
	}
	return filled, errors.Join(wrong...)
}
