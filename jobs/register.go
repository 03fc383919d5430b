package jobs

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/go-json-experiment/json"
)

// recordPrefix begins the names of the named states that hold records.
const recordPrefix = "jobs/"

// running are the jobs that run in this process. A store is open in one process, so a
// job that is not here does not run.
var running = struct {
	sync.Mutex
	jobs map[runningKey]runningJob
}{jobs: map[runningKey]runningJob{}}

type runningJob struct {
	handle any
	cancel context.CancelFunc
}

type runningKey struct {
	store *datastore.Store
	id    string
}

// read returns the record of a name, nil if there is none.
func read(ctx context.Context, store *datastore.Store, name string) (*Record, error) {
	text, err := store.State(ctx, name)
	if err != nil || text == nil {
		return nil, err
	}
	r := new(Record)
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("jobs: the record %s cannot be read: %w", name, err)
	}
	if r.Store != store.StoreID() && !r.Status.Ended() {
		r.Status, r.Message, r.Ended = Failed, "the job ran in the store that was backed up and had not ended: start it anew", r.Submitted
	}
	return r, nil
}

// Get returns the record of a job. It reports ErrNotFound.
func Get(ctx context.Context, store *datastore.Store, id string) (*Record, error) {
	r, err := read(ctx, store, recordPrefix+id)
	if err == nil && r == nil {
		err = ErrNotFound
	}
	return r, err
}

// Runs reports whether a job runs now.
func Runs(store *datastore.Store, id string) bool {
	running.Lock()
	defer running.Unlock()
	_, ok := running.jobs[runningKey{store, id}]
	return ok
}

// Handle returns the running job, such as an *ingest.Job, or nil if the job does not run.
func Handle(store *datastore.Store, id string) any {
	running.Lock()
	defer running.Unlock()
	return running.jobs[runningKey{store, id}].handle
}

// Cancel stops a job. A running job ends soon, and its work so far is kept and
// reported; an interrupted job ends now. It does not wait. It reports ErrNotFound and
// ErrEnded.
func Cancel(ctx context.Context, store *datastore.Store, id string) error {
	r, err := Get(ctx, store, id)
	if err != nil {
		return err
	}
	if r.Status.Ended() {
		return ErrEnded
	}
	running.Lock()
	cancel := running.jobs[runningKey{store, id}].cancel
	running.Unlock()
	if cancel != nil {
		cancel()
		return nil
	}
	r.Status, r.Ended = Cancelled, time.Now().UTC()
	return Save(ctx, store, r)
}

// Forget takes a job that has ended out of the register. It reports ErrNotFound, and
// ErrRunning for one that has not ended.
func Forget(ctx context.Context, store *datastore.Store, id string) error {
	r, err := Get(ctx, store, id)
	if err != nil {
		return err
	}
	if !r.Status.Ended() || Runs(store, id) {
		return ErrRunning
	}
	tx := store.Begin()
	for _, name := range append(store.StateNames(Work(id, "")), recordPrefix+id) {
		if err := tx.SetState(name, nil); err != nil {
			return err
		}
	}
	_, err = tx.Commit(ctx)
	return err
}

// ForgetEnded forgets the jobs that ended before a time, and returns their number.
func ForgetEnded(ctx context.Context, store *datastore.Store, before time.Time) (n int, err error) {
	all, err := matching(ctx, store, Filter{})
	if err != nil {
		return 0, err
	}
	for i := range all {
		r := &all[i]
		if !r.Status.Ended() || !r.Ended.Before(before) {
			continue
		}
		switch err := Forget(ctx, store, r.ID); {
		case err == nil:
			n++
		case !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrRunning): // by another
			return n, err
		}
	}
	return n, nil
}

// Work returns the name of a state that a job keeps beside its record. It is forgotten with
// the record.
func Work(id, name string) string { return "work/" + id + "/" + name }

// Put has a transaction keep a record.
func Put(tx *datastore.Transaction, r *Record) error {
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	return tx.SetState(recordPrefix+r.ID, text)
}

// Save keeps a record.
func Save(ctx context.Context, store *datastore.Store, r *Record) error {
	tx := store.Begin()
	if err := Put(tx, r); err != nil {
		return err
	}
	_, err := tx.Commit(ctx)
	return err
}

// submitting makes submissions follow each other, so that two submissions with one
// token make one job.
var submitting sync.Mutex

// Submit enters a new job and gives it an id, and the status Submitted unless it has one.
// If an earlier job was submitted with the token, that job is returned, and found is true:
// submitting twice makes one job. A job of the store from which this one was restored
// counts only if it was completed. Submit reports ErrToken if the earlier job had other
// options.
func Submit(ctx context.Context, store *datastore.Store, r *Record, token, asked string) (job *Record, found bool, err error) {
	submitting.Lock()
	defer submitting.Unlock()
	if token != "" {
		name := hash(token)
		r.Token = name + hash(asked)
		before, err := matching(ctx, store, Filter{Kind: r.Kind})
		if err != nil {
			return nil, false, err
		}
		for i := range before {
			b := &before[i]
			if b.Store != store.StoreID() && b.Status != Completed && b.Status != CompletedWithErrors {
				continue // nobody goes on with it here
			}
			if len(b.Token) == len(r.Token) && b.Token[:len(name)] == name {
				if b.Token != r.Token {
					return nil, false, ErrToken
				}
				return b, true, nil
			}
		}
	}
	r.ID, r.Store, r.Submitted = newID(), store.StoreID(), time.Now().UTC()
	r.Status = cmp.Or(r.Status, Submitted)
	if r.Status == InProgress {
		r.Began = r.Submitted
	}
	return r, false, Save(ctx, store, r)
}

// Run notes that a job runs, under a handle, until ended is called. Cancelling the job
// calls cancel. It reports ErrRunning.
func Run(store *datastore.Store, id string, handle any, cancel context.CancelFunc) (ended func(), err error) {
	running.Lock()
	defer running.Unlock()
	key := runningKey{store, id}
	if _, ok := running.jobs[key]; ok {
		return nil, ErrRunning
	}
	running.jobs[key] = runningJob{handle, cancel}
	return func() {
		running.Lock()
		defer running.Unlock()
		delete(running.jobs, key)
	}, nil
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}
