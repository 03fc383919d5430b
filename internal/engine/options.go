package engine

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
	"github.com/fhirlake/fhirlake/nlp"
	"github.com/fhirlake/fhirlake/search"
)

// Options say how an engine is opened. Package datastore documents and checks them.
type Options struct {
	Key              seal.KeyWrapper
	Annotator        nlp.Annotator // nil annotates nothing
	AnnotateLater    bool
	AnnotateTimeout  time.Duration  // 0 is DefaultAnnotateTimeout
	Zone             *time.Location // not nil
	BaseURL          string
	SearchParameters [][]byte
	MaxResourceSize  int
	MaxValues        int // 0 is one for 16 bytes of MaxResourceSize
	MaxSearchCost    int // 0 is search.DefaultCostLimit
	MaxBundleAnswer  int
	MaxBundleEntries int
	Logger           *slog.Logger     // not nil
	Now              func() time.Time // nil is time.Now
	Queries          map[string]search.NamedQuery
	NewID            func() string // nil makes UUIDs
	AtLeast          txlog.Pin
	Existing         bool // makes no store
	ReadOnly         bool // takes no lock and writes nothing
	Durability       txlog.Durability

	// Limits replace the index's own limits by lower ones that a test can reach.
	Limits *index.Usage
}

// log returns the options of the log.
func (o *Options) log() *txlog.Options {
	return &txlog.Options{Wrapper: o.Key, Logger: o.Logger, AtLeast: o.AtLeast, Existing: o.Existing, ReadOnly: o.ReadOnly, Durability: o.Durability}
}

// searchTime is the clock of searches. If the clock of the options fails or hangs, it
// returns the system's time.
func (e *Engine) searchTime() time.Time {
	ctx, cancel := context.WithTimeout(e.background, patience)
	defer cancel()
	m, err := e.now(ctx)
	if err != nil {
		return time.Now()
	}
	return time.UnixMicro(m.micros)
}

// guardedQueries returns the named queries of the options, guarded: a panic is an
// error, and nobody waits for a query that hangs after ctx ends.
func (e *Engine) guardedQueries() map[string]search.NamedQuery {
	guardedOnes := make(map[string]search.NamedQuery, len(e.options.Queries))
	for name, query := range e.options.Queries {
		guardedOnes[name] = func(ctx context.Context, typ string, params url.Values) (string, error) {
			type answer struct {
				query string
				err   error
			}
			a, err := guarded(ctx, e, nil, fmt.Sprintf("the named query %q", name), func() answer {
				q, err := query(ctx, typ, params)
				return answer{q, err}
			})
			if err != nil {
				return "", err
			}
			return a.query, a.err
		}
	}
	return guardedOnes
}
