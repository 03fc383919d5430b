package datastore_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/nlp"
	"github.com/fhirlake/fhirlake/search"
)

// A callback is a function of the caller's that the store calls: happen stands for
// what it does. call has it called.
type callback struct {
	options func(o *datastore.Options, happen func())
	call    func(ctx context.Context, store *datastore.Store, happen func()) error
	// forgives says that the call succeeds whatever the function does.
	forgives bool
	// last says that the function is called after the work is done, as its last step.
	last bool
}

var callbacks = map[string]callback{
	"NewID": {
		options: func(o *datastore.Options, happen func()) { o.NewID = func() string { happen(); return "made" } },
		call: func(ctx context.Context, store *datastore.Store, _ func()) error {
			_, err := store.Create(ctx, patient("x", "Ann"))
			return err
		},
	},
	"NewID of a transaction": {
		options: func(o *datastore.Options, happen func()) { o.NewID = func() string { happen(); return "made" } },
		call: func(ctx context.Context, store *datastore.Store, _ func()) error {
			_, err := store.Transact(ctx, bundleOf("transaction", entry("POST", "Patient", "", string(patient("x", "Ann")))))
			return err
		},
	},
	"Now": {
		options: func(o *datastore.Options, happen func()) { o.Now = func() time.Time { happen(); return time.Now() } },
		call: func(ctx context.Context, store *datastore.Store, _ func()) error {
			_, err := store.Update(ctx, patient("made", "Ann"))
			return err
		},
	},
	"Now of a search": {
		options: func(o *datastore.Options, happen func()) { o.Now = func() time.Time { happen(); return time.Now() } },
		call: func(ctx context.Context, store *datastore.Store, _ func()) error {
			_, err := store.Search(ctx, "Patient", "birthdate=ap2000")
			return err
		},
		forgives: true,
	},
	"named query": {
		options: func(o *datastore.Options, happen func()) {
			o.Queries = map[string]search.NamedQuery{"named": func(context.Context, string, url.Values) (string, error) {
				happen()
				return "gender=male", nil
			}}
		},
		call: func(ctx context.Context, store *datastore.Store, _ func()) error {
			_, err := store.Search(ctx, "Patient", "_query=named")
			return err
		},
	},
	"annotator": {
		options: func(o *datastore.Options, happen func()) {
			o.Annotator = annotator(func(context.Context, *nlp.Document) (*nlp.Annotation, error) { happen(); return nil, nil })
		},
		call: func(ctx context.Context, store *datastore.Store, _ func()) error {
			_, err := store.Update(ctx, document("fever"))
			return err
		},
		forgives: true, // what went wrong is written down
	},
	"VerifyProgress": {
		call: func(ctx context.Context, store *datastore.Store, happen func()) error {
			return store.VerifyAll(ctx, nil, func(int, int) { happen() })
		},
	},
	"progress of Rewrite": {
		call: func(ctx context.Context, store *datastore.Store, happen func()) error {
			return store.Compact(ctx, nil, func(_, _, _ int64) { happen() })
		},
		last: true,
	},
	"Logger": {
		options: func(o *datastore.Options, happen func()) {
			o.Annotator = annotator(func(context.Context, *nlp.Document) (*nlp.Annotation, error) { return nil, assert.AnError })
			o.Logger = slog.New(handler{happen})
		},
		call: func(ctx context.Context, store *datastore.Store, _ func()) error {
			_, err := store.Update(ctx, document("fever"))
			return err
		},
		forgives: true,
	},
}

// A handler is a handler of logs that does something of its own.
type handler struct{ happen func() }

func (h handler) Enabled(context.Context, slog.Level) bool  { return true }
func (h handler) Handle(context.Context, slog.Record) error { h.happen(); return nil }
func (h handler) WithAttrs([]slog.Attr) slog.Handler        { return h }
func (h handler) WithGroup(string) slog.Handler             { return h }

// TestCallbacks has each function of the caller's panic, end its goroutine, hang and
// call back into the store. That is an error of the one call at most: the store goes
// on, and Close returns.
func TestCallbacks(t *testing.T) {
	for name, c := range callbacks {
		for _, kind := range []string{"panics", "ends its goroutine", "hangs", "calls back"} {
			t.Run(name+" "+kind, func(t *testing.T) {
				asking, leave := context.WithCancel(ctx)
				hang, returned := make(chan struct{}), make(chan struct{})
				var store *datastore.Store
				var on atomic.Bool
				happen := func() {
					if !on.Swap(false) {
						return
					}
					switch kind {
					case "panics":
						panic("secret")
					case "ends its goroutine":
						runtime.Goexit()
					case "hangs":
						leave()
						<-hang
					default:
						defer close(returned)
						inner(t, store)
					}
				}
				options := &datastore.Options{Key: datastore.KeyFile(filepath.Join(t.TempDir(), "key"))}
				if c.options != nil {
					c.options(options, happen)
				}
				path := filepath.Join(t.TempDir(), "store")
				store, err := datastore.Open(ctx, path, options)
				require.NoError(t, err)
				require.NoError(t, write(store, "before"))

				on.Store(true)
				err = c.call(asking, store, happen)
				require.False(t, on.Load(), "it was called")
				if kind == "calls back" {
					<-returned // who forgives does not wait for long
				}
				switch {
				case kind == "hangs" && c.last && err == nil:
				case kind == "hangs" && !c.forgives:
					require.ErrorIs(t, err, context.Canceled)
				case kind == "calls back":
					require.NoError(t, err)
				case !c.forgives:
					require.ErrorIs(t, err, datastore.ErrCallback)
					require.NotContains(t, err.Error(), "secret")
				}
				require.NoError(t, write(store, "after"))
				require.NoError(t, store.Verify(ctx))
				require.NoError(t, store.Close())
				close(hang)
				leave()

				store, err = datastore.Open(ctx, path, options)
				require.NoError(t, err)
				require.NoError(t, store.Verify(ctx))
				require.NoError(t, store.Close())
			})
		}
	}
}

// inner is a call back into the store.
func inner(t *testing.T, store *datastore.Store) {
	assert.NoError(t, write(store, "inner"))
	_, err := store.Search(ctx, "Patient", "")
	assert.NoError(t, err)
	for _, err := range store.History(ctx, datastore.Ref{}, nil) {
		assert.NoError(t, err)
	}
}

// write is a write that calls no function but the clock's.
func write(store *datastore.Store, id string) error {
	soon, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	_, err := store.Update(soon, patient(id, "Bob"))
	return err
}

// TestCloseBesideAHungCallback closes a store while a function of the caller's hangs,
// whose caller waits without a limit.
func TestCloseBesideAHungCallback(t *testing.T) {
	for name, c := range callbacks {
		t.Run(name, func(t *testing.T) {
			hang, entered := make(chan struct{}), make(chan struct{})
			var on atomic.Bool
			happen := func() {
				if on.Swap(false) {
					close(entered)
					<-hang
				}
			}
			options := new(datastore.Options)
			if c.options != nil {
				c.options(options, happen)
			}
			store, err := datastore.Open(ctx, "mem:", options)
			require.NoError(t, err)
			require.NoError(t, write(store, "before"))
			on.Store(true)
			called := make(chan error, 1)
			go func() { called <- c.call(ctx, store, happen) }()
			<-entered
			require.NoError(t, store.Close())
			if !c.forgives {
				require.ErrorIs(t, <-called, datastore.ErrClosed)
			}
			close(hang)
		})
	}
}

// TestNonsenseOfCallbacks has functions return what cannot be used.
func TestNonsenseOfCallbacks(t *testing.T) {
	for name, id := range badIDs {
		t.Run("NewID "+name, func(t *testing.T) {
			store := open(t, &datastore.Options{NewID: func() string { return id }})
			_, err := store.Create(ctx, patient("x", "Ann"))
			require.ErrorIs(t, err, datastore.ErrCallback)
			require.Equal(t, 500, datastore.Status(err))
			_, err = store.Create(ctx, patient("x", "Ann"), datastore.Validation(datastore.Minimal))
			require.ErrorIs(t, err, datastore.ErrCallback)
			_, err = store.Create(ctx, patient("x", "Ann"), datastore.IfNoneExist("name=bob"))
			require.ErrorIs(t, err, datastore.ErrCallback)
			_, err = store.Begin().Create(ctx, patient("x", "Ann"))
			require.ErrorIs(t, err, datastore.ErrCallback)
			_, err = store.Transact(ctx, bundleOf("transaction", entry("POST", "Patient", "", string(patient("x", "Ann")))))
			require.ErrorIs(t, err, datastore.ErrCallback)
			require.NoError(t, write(store, "after"))
			page, err := store.Search(ctx, "Patient", "")
			require.NoError(t, err)
			require.Equal(t, 1, page.Total)
		})
	}
	t.Run("NewID gives one twice", func(t *testing.T) {
		store := open(t, &datastore.Options{NewID: func() string { return "same" }})
		_, err := store.Create(ctx, patient("x", "Ann"))
		require.NoError(t, err)
		_, err = store.Create(ctx, patient("x", "Bob"))
		require.ErrorIs(t, err, datastore.ErrPreconditionFailed)
		v, err := store.Read(ctx, datastore.Ref{Type: "Patient", ID: "same"})
		require.NoError(t, err)
		require.Equal(t, "1", v.VersionID)
	})
	for name, query := range map[string]string{"itself": "_query=named", "nothing known": "\x00=%zz", "control characters": "name=\x00\x01", "very long": "name=" + fmt.Sprint(make([]int, 1<<16))} {
		t.Run("named query "+name, func(t *testing.T) {
			store := open(t, &datastore.Options{Queries: map[string]search.NamedQuery{"named": func(context.Context, string, url.Values) (string, error) { return query, nil }}})
			_, err := store.Search(ctx, "Patient", "_query=named")
			if name == "itself" || name == "nothing known" {
				require.ErrorIs(t, err, datastore.ErrInvalid)
			}
			require.NoError(t, write(store, "after"))
		})
	}
}
