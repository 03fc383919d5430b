package datastore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/fhirlake/fhirlake/internal/bundle"
	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
	"github.com/fhirlake/fhirlake/nlp"
	"github.com/fhirlake/fhirlake/search"
)

// A KeyWrapper encrypts and decrypts the key of the store's keyset. Any KMS fits;
// *secrets.Keeper of gocloud.dev is one. The keyset never leaves the process in the
// clear, and the wrapper never sees data.
//
// Encrypt should authenticate. Decrypt should report an error that wraps [ErrWrongKey] if
// it can tell that another key made the ciphertext; any other error is passed on as it
// is. A wrapper runs in a goroutine of its own: a panic is an error, and nobody waits for
// the wrapper when ctx ends.
type KeyWrapper interface {
	Encrypt(ctx context.Context, plaintext []byte) ([]byte, error)
	Decrypt(ctx context.Context, ciphertext []byte) ([]byte, error)
}

// KeyFile returns a KeyWrapper whose key stands in a file. The file is made with the first
// store that it wraps, for its owner alone (0600), and refused if anyone else can read it;
// opening a store makes none, and none is made in a store's folder. Anybody with the file
// can read the store; without the file its data is lost.
func KeyFile(path string) KeyWrapper { return seal.KeyFile(path) }

// RawKey returns a KeyWrapper with a key that the program has, for instance from a
// secret store. A key of zeros is refused with ErrKey.
func RawKey(key [32]byte) KeyWrapper { return seal.RawKey(key) }

// Passphrase returns a KeyWrapper whose key is derived from a secret.
func Passphrase(secret string) KeyWrapper { return seal.Passphrase([]byte(secret)) }

// Durability says when an acknowledged commit is synced to the disk. At each level the
// end of the process, as by kill -9, takes no acknowledged commit: the operating system
// has it. A power failure, or a crash of the operating system, may take the newest
// commits, as each level says. The store is then as it was after some earlier commit,
// never half a commit. The Logger and [Stats] tell a known loss, and opening the store
// with the [Head] of a lost commit is ErrCorrupt. Each opening may choose another level.
//
// The zero Durability syncs each commit before acknowledging it: a power failure takes no
// acknowledged commit.
type Durability uint8

const (
	// SyncInterval syncs within a second: a power failure may take the commits of the
	// last second, and of the time that the disk needs for a sync.
	SyncInterval = Durability(txlog.SyncInterval)
	// SyncNone syncs after each 16 MiB of the log, and when the store is closed: a power
	// failure may take all commits since then, perhaps the commits of days.
	SyncNone = Durability(txlog.SyncNone)
)

// Defaults.
const (
	// defaultMaxResourceSize bounds the memory of one write: four to six times this.
	defaultMaxResourceSize = 64 << 20
	// defaultMaxBundleAnswer is as much as a Bundle that is sent may have. A Bundle of a few
	// kilobytes can ask for every page of a store.
	defaultMaxBundleAnswer = defaultMaxResourceSize
	// defaultMaxPageBytes has room for a resource of any size that is taken.
	defaultMaxPageBytes = defaultMaxResourceSize
)

// Options say how a store is opened. The zero value of each field is its default.
type Options struct {
	// Key wraps the store's keys. A store in a folder needs one; one in memory
	// takes a random key by default.
	Key KeyWrapper
	// Validation is the level at which resources are checked: Strict by default for
	// writes, WithoutInvariants for Preload.
	Validation Level
	// Annotator reads every DocumentReference that is written. It adds the search
	// parameters of [nlp.SearchParameters]. By default no document is annotated.
	Annotator nlp.Annotator
	// AnnotateLater annotates documents in the background, in another commit after the
	// write, and also documents that were stored without an annotator. A document that
	// keeps the version of its source ([KeepVersion]) is annotated in the write all the
	// same, since a version of its source may have the next number. See
	// [Store.WaitAnnotated] and [Stats.Unannotated].
	AnnotateLater bool
	// AnnotateTimeout is how long the Annotator may take for one document, or one
	// batch: 30 seconds by default. After that the document is stored without an
	// annotation, and with an extension that says so.
	AnnotateTimeout time.Duration
	// Zone is the time zone of dates without one, UTC by default. It may be another at
	// each opening.
	Zone *time.Location
	// BaseURL is the store's own address, if it has one: an absolute reference
	// below it is a local reference. It may be another at each opening.
	BaseURL string
	// SearchParameters are search parameters beside R4's own: SearchParameter
	// resources in JSON, active. They are indexed in the background at every opening;
	// see [Store.SearchParameters].
	SearchParameters [][]byte
	// MaxResourceSize is the size in bytes up to which a resource is taken, 64 MiB by
	// default. It bounds the memory of one write: four to six times this.
	MaxResourceSize int
	// MaxValues is how many values a resource may have, objects among them. Each value
	// takes 20 bytes while the resource is written, so many short values take many
	// times the memory of their text. By default it is one for 16 bytes of
	// MaxResourceSize, which takes about as much memory as the text, and at least four
	// million.
	MaxValues int
	// MaxSearchCost bounds the work of one search, in ordinals and texts looked at:
	// [search.DefaultCostLimit], about a second, by default. The conditions of one Bundle
	// share as much, and its GETs five times as much.
	MaxSearchCost int
	// MaxBundleAnswer is how many bytes the answers to the GETs of one Bundle may have
	// together, 64 MiB by default. A page that has no room is cut, and says so by its
	// next link; a read that has none is refused.
	MaxBundleAnswer int
	// MaxBundleEntries is how many entries a batch or transaction may have, 100,000 by
	// default. It bounds the memory and the time of a transaction's commit.
	MaxBundleEntries int
	// MaxPageBytes is how many bytes the resources of one page of a search or a history may
	// have together, 64 MiB by default. A page ends early where the next match or version
	// has no room, and its Next goes on there; the first always has. Resources that a
	// search includes and that have no room are left out, and an issue says so. Iterations
	// over all matches or versions have no such bound: they hold one resource at a time.
	MaxPageBytes int
	// Metrics is told of each operation once it has ended, by the goroutine that asked for
	// it, which it holds up meanwhile. It may be called by many goroutines. One that panics
	// loses what it was told; the Logger is told of that. By default nothing is measured.
	Metrics func(Operation)
	// Logger is told of events that no caller waits for. By default nobody is told.
	Logger *slog.Logger
	// Now is the clock, time.Now by default. It is called by one goroutine at a time,
	// unless a call takes longer than a second.
	Now func() time.Time
	// Queries are the named queries for _query. Their errors are errors of the search;
	// wrap ErrInvalid if the parameters are at fault. Conditional writes refuse _query.
	Queries map[string]search.NamedQuery
	// NewID makes the ids of created resources, random UUIDs by default. An id given
	// twice, or a text that is no FHIR id, is an error of that create. It is called as
	// Now is.
	NewID func() string
	// AtLeast is an earlier result of [Store.Head]: opening an older copy of the store,
	// or another store, is ErrCorrupt. The zero Head asks for nothing.
	AtLeast Head
	// Existing makes no new store: without a store, Open reports ErrNoStore and leaves
	// the folder as it is.
	Existing bool
	// ReadOnly opens a store as it is at that moment, with or without a process that
	// writes to it: it shows durable commits, and no later ones. It takes no lock and
	// writes nothing; writes report ErrReadOnly. Without a store, Open reports
	// ErrNoStore. If the store was not closed, its last write may be missing. A store
	// with commits that only a later version of the library reads is shown up to them, and
	// the Logger is told; without ReadOnly it does not open.
	ReadOnly bool
	// Durability is when commits are synced: each before it is acknowledged, by default.
	Durability Durability
	// Preload fills a store in which nothing was written yet, before Open returns; of
	// any other store it is left aside. Where it fails, or the process ends, nobody can
	// open the store but with a Preload, which goes on where the last one stopped:
	// otherwise Open reports ErrPreload. Lines are checked at the level Validation; one
	// that is refused is an error of Open.
	//
	// It returns ldjson, one resource a line, each with its own id; package ingest has one
	// of invented patients. It is called again where filling was interrupted, and gives the
	// same lines each time: filling goes on behind the last line that is durable. It stops
	// when ctx ends.
	Preload func(ctx context.Context) (io.ReadCloser, error)
}

// withDefaults copies and fills o and reports everything that is wrong with it.
func (o *Options) withDefaults() (Options, error) {
	var filled Options
	if o != nil {
		filled = *o
	}
	var wrong []error
	if filled.MaxResourceSize < 0 {
		wrong = append(wrong, fmt.Errorf("datastore: MaxResourceSize %d is negative", filled.MaxResourceSize))
	}
	if filled.MaxValues < 0 {
		wrong = append(wrong, fmt.Errorf("datastore: MaxValues %d is negative", filled.MaxValues))
	}
	if filled.MaxSearchCost < 0 {
		wrong = append(wrong, fmt.Errorf("datastore: MaxSearchCost %d is negative", filled.MaxSearchCost))
	}
	if filled.MaxBundleAnswer < 0 {
		wrong = append(wrong, fmt.Errorf("datastore: MaxBundleAnswer %d is negative", filled.MaxBundleAnswer))
	}
	if filled.MaxBundleEntries < 0 {
		wrong = append(wrong, fmt.Errorf("datastore: MaxBundleEntries %d is negative", filled.MaxBundleEntries))
	}
	if filled.MaxPageBytes < 0 {
		wrong = append(wrong, fmt.Errorf("datastore: MaxPageBytes %d is negative", filled.MaxPageBytes))
	}
	if filled.Validation > Minimal {
		wrong = append(wrong, fmt.Errorf("datastore: Validation %d is no level", filled.Validation))
	}
	if filled.Durability > SyncNone {
		wrong = append(wrong, fmt.Errorf("datastore: Durability %d is no level", filled.Durability))
	}
	if filled.AnnotateTimeout < 0 {
		wrong = append(wrong, fmt.Errorf("datastore: AnnotateTimeout %v is negative", filled.AnnotateTimeout))
	}
	if filled.AnnotateLater && filled.Annotator == nil {
		wrong = append(wrong, errors.New("datastore: AnnotateLater needs an Annotator"))
	}
	if filled.AnnotateTimeout != 0 && filled.Annotator == nil {
		wrong = append(wrong, errors.New("datastore: AnnotateTimeout needs an Annotator"))
	}
	wrong = append(wrong, filled.wrongWithReadOnly()...)
	if filled.Annotator != nil {
		filled.SearchParameters = slices.Concat(filled.SearchParameters, nlp.SearchParameters())
	}
	for name, query := range filled.Queries {
		if query == nil {
			wrong = append(wrong, fmt.Errorf("datastore: Queries[%q] is nil", name))
		}
	}
	if filled.Zone == nil {
		filled.Zone = time.UTC
	}
	if filled.MaxResourceSize == 0 {
		filled.MaxResourceSize = defaultMaxResourceSize
	}
	if filled.MaxSearchCost == 0 {
		filled.MaxSearchCost = search.DefaultCostLimit
	}
	if filled.MaxBundleAnswer == 0 {
		filled.MaxBundleAnswer = defaultMaxBundleAnswer
	}
	if filled.MaxBundleEntries == 0 {
		filled.MaxBundleEntries = bundle.MaxEntries
	}
	if filled.MaxPageBytes == 0 {
		filled.MaxPageBytes = defaultMaxPageBytes
	}
	if filled.Logger == nil {
		filled.Logger = slog.New(slog.DiscardHandler)
	}
	return filled, errors.Join(wrong...)
}

// wrongWithReadOnly reports the options that do nothing for a store that is only read.
func (o *Options) wrongWithReadOnly() (wrong []error) {
	if !o.ReadOnly {
		return nil
	}
	for name, set := range map[string]bool{"AnnotateLater": o.AnnotateLater, "Durability": o.Durability != 0, "NewID": o.NewID != nil} {
		if set {
			wrong = append(wrong, fmt.Errorf("datastore: %s does not go with ReadOnly, which writes nothing: leave one out", name))
		}
	}
	if o.Preload != nil {
		wrong = append(wrong, fmt.Errorf("%w: a store that is opened with ReadOnly is not filled: leave one out", ErrPreload))
	}
	return wrong
}

// engine returns what the engine is told of filled options.
func (o *Options) engine() engine.Options {
	return engine.Options{
		Key: o.Key, Annotator: o.Annotator, AnnotateLater: o.AnnotateLater, AnnotateTimeout: o.AnnotateTimeout, Zone: o.Zone, BaseURL: o.BaseURL,
		SearchParameters: o.SearchParameters, MaxResourceSize: o.MaxResourceSize, MaxValues: o.MaxValues, MaxSearchCost: o.MaxSearchCost, MaxBundleAnswer: o.MaxBundleAnswer, MaxBundleEntries: o.MaxBundleEntries, Logger: o.Logger,
		Now: o.Now, Queries: o.Queries, NewID: o.NewID, AtLeast: o.AtLeast.pin,
		Existing: o.Existing, ReadOnly: o.ReadOnly, Durability: txlog.Durability(o.Durability),
	}
}
