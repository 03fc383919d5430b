package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/jobs"
	register "github.com/fhirlake/fhirlake/jobs"
	"github.com/go-json-experiment/json"
)

// A position is how far a job is. The register keeps it in the commit of each batch.
type position struct {
	File int    `json:"file"` // number of the source under way, from 0
	Name string `json:"name,omitempty"`
	Line int64  `json:"line"` // the last line of it that is behind
	// Pass is 0 while the input is read, and then counts the passes over lines that were
	// put aside. The last decides them all.
	Pass    int   `json:"pass,omitempty"`
	Last    bool  `json:"last,omitempty"`
	Settled int64 `json:"settled,omitempty"` // lines that the pass decided

	// Told is how many files, from the first on, have a complete report. A resumed job reads
	// the files between Told and File once more, for their report alone.
	Told int `json:"told,omitempty"`

	Whole int    `json:"whole"`          // files that were imported to their end
	Part  Counts `json:"part,omitzero"`  // counts of the file under way
	Total Counts `json:"total,omitzero"` // of all files

	under  bool // the source is begun, and not at its end
	broken bool // it cannot be read to its end
}

// advanceLocked returns the position behind a chunk, given the one before it.
//
// REQUIRES: j.mu held.
func (j *Job) advanceLocked(p position, c *chunk) position {
	if c.file < p.File { // read once more for the report
		return p
	}
	if !p.under || p.File != c.file {
		if p.File != c.file {
			p.Line = 0
		}
		p.File, p.Name, p.Part = c.file, c.source.name, j.partLocked(c.file)
		p.under, p.broken = true, false
	}
	p.Line = max(p.Line, c.last)
	p.Part.add(c.counts)
	p.Total.add(c.counts)
	p.Settled += int64(len(c.settled))
	p.broken = p.broken || c.broken
	if c.ends {
		if p.Pass == 0 && !p.broken {
			p.Whole++
		}
		p.File, p.Name, p.Line, p.Part = c.file+1, "", 0, Counts{}
		p.under = false
		if p.File < len(j.sources) {
			p.Name = j.sources[p.File].name
		}
	}
	return p
}

// partLocked returns the counts that a source has when it is begun.
//
// REQUIRES: j.mu held.
func (j *Job) partLocked(file int) Counts {
	if i, known := j.mu.index[file]; known {
		return j.mu.files[i].Counts
	}
	if file == j.from.File {
		return j.from.Part
	}
	return Counts{}
}

// firstTold returns the number of the first file that a run must read. For the report,
// that may be a file whose lines are imported already.
func (j *Job) firstTold() int {
	if j.options.Report == nil {
		return j.from.File
	}
	return min(j.from.Told, j.from.File)
}

// setTold notes how many files have their report complete.
func (j *Job) setTold(files int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.mu.at.Told = files; j.options.Report == nil { // nobody wants to be told
		j.mu.at.Told = j.mu.at.File
	}
}

// filesRead returns how many files were read to their end, or as far as possible.
func (p *position) filesRead(of int) int {
	if p.Pass > 0 {
		return of
	}
	return p.File
}

// filesBegun returns how many files were begun.
func (p *position) filesBegun(of int) int {
	n := p.filesRead(of)
	if p.Pass == 0 && p.under {
		n++
	}
	return n
}

// properties are the options of a job in the register.
type properties struct {
	Validation string   `json:"validation"`
	Invariants bool     `json:"invariants"`      // whether the level has them checked
	Files      []string `json:"files,omitempty"` // the first, up to listedFiles
	MoreFiles  int      `json:"moreFiles,omitempty"`
	Bundles    string   `json:"bundles,omitempty"`
	Keep       bool     `json:"keepVersions,omitempty"`
}

// bundleNames are the names of the modes, without the default one.
var bundleNames = map[BundleMode]string{UnpackBundles: "unpack", KeepBundles: "keep"}

// listedFiles is the most of Options.Files that the register lists: each commit writes
// them.
const listedFiles = 20

// levelNames are HealthLake's, which tells the levels without and with invariants not apart.
var levelNames = map[datastore.Level]string{
	datastore.Strict: "strict", datastore.WithoutInvariants: "strict", datastore.StructureOnly: "structure-only", datastore.Minimal: "minimal",
}

// Start starts an import and returns at once. The job ends when all is imported,
// when ctx ends, or when the store or the report takes no more; call Wait.
//
// It reports ErrNoInput, and all faults of opts. With the ClientToken of an earlier
// job, it resumes that job, or returns its result.
func Start(ctx context.Context, store *datastore.Store, opts Options) (*Job, error) {
	j, err := prepare(ctx, store, opts)
	if err != nil {
		return nil, err
	}
	asked, err := json.Marshal(properties{Validation: levelNames[j.options.Validation], Invariants: j.options.hasInvariants(), Files: j.options.Files, Bundles: bundleNames[j.options.Bundles], Keep: j.options.KeepVersions})
	if err != nil {
		return nil, fmt.Errorf("ingest: %w", err)
	}
	listed := properties{
		Validation: levelNames[j.options.Validation], Invariants: j.options.hasInvariants(), Files: j.options.Files[:min(len(j.options.Files), listedFiles)],
		Bundles: bundleNames[j.options.Bundles], Keep: j.options.KeepVersions,
	}
	listed.MoreFiles = len(j.options.Files) - len(listed.Files)
	told, err := json.Marshal(listed)
	if err != nil {
		return nil, fmt.Errorf("ingest: %w", err)
	}
	record := &register.Record{
		Kind: register.Import, Status: register.InProgress, Name: j.options.JobName, Input: j.options.Name, Output: j.options.Output, Properties: told,
	}
	j.record = record
	if err := j.note(j.position()); err != nil {
		return nil, err
	}
	submitted, found, err := register.Submit(ctx, store, record, j.options.ClientToken, record.Name+"\n"+record.Input+"\n"+record.Output+"\n"+string(asked))
	switch {
	case errors.Is(err, register.ErrToken):
		return nil, fmt.Errorf("ingest: %w", err)
	case err != nil: // the store takes nothing
		j.stopped = err
		j.cancel, j.ended = func() {}, func() {}
		go j.run(ctx)
		return j, nil
	}
	record = submitted
	if !found {
		job, err := j.runs(ctx, func() error { return nil })
		if !errors.Is(err, register.ErrRunning) { // by another who had the token
			return job, err
		}
	}
	return j.again(ctx, record)
}

// Resume goes on with a job of the register that is interrupted, cancelled or failed,
// behind the last line that is durable. opts must name the same input as at Start.
// Imported lines of files whose report is not complete are read once more, for the
// report alone.
//
// It reports jobs.ErrNotFound, jobs.ErrRunning, jobs.ErrEnded for a job that is complete
// or that ran in the store from which this one was restored, ErrChanged, and what Start
// reports.
func Resume(ctx context.Context, store *datastore.Store, id string, opts Options) (*Job, error) {
	j, err := prepare(ctx, store, opts)
	if err != nil {
		return nil, err
	}
	record, err := register.Get(ctx, store, id)
	if err != nil {
		return nil, fmt.Errorf("ingest: %w", err)
	}
	switch {
	case record.Kind != register.Import:
		return nil, fmt.Errorf("ingest: %w", register.ErrNotFound)
	case record.Status == Completed, record.Status == CompletedWithErrors:
		return nil, fmt.Errorf("ingest: %w", register.ErrEnded)
	case record.Store != store.StoreID():
		return nil, fmt.Errorf("ingest: %w in the store that was backed up: start it anew", register.ErrEnded)
	}
	return j.start(ctx, record)
}

// prepare makes a job that is not in the register.
func prepare(ctx context.Context, store *datastore.Store, opts Options) (*Job, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	j := &Job{store: store, options: opts, started: time.Now(), done: make(chan struct{})}
	j.asides.init("aside")
	j.created.init("created")
	j.refused.init("refused")
	j.mu.index = map[int]int{}
	if err := jobs.Guard(func() (err error) { j.sources, err = opts.sources(ctx, store); return err })(); err != nil {
		return nil, err
	}
	j.from = position{Name: j.sources[0].name}
	j.mu.at = j.from
	return j, nil
}

// again returns the job of a ClientToken: the running job, or the resumed one, unless
// it is complete.
func (j *Job) again(ctx context.Context, record *register.Record) (*Job, error) {
	if running, ok := register.Handle(j.store, record.ID).(*Job); ok {
		return running, nil
	}
	switch record.Status {
	case Completed, CompletedWithErrors:
		return j.over(ctx, record)
	}
	return j.start(ctx, record)
}

// over returns a job that is complete.
func (j *Job) over(ctx context.Context, record *register.Record) (*Job, error) {
	j.record, j.cancel = record, func() {}
	if err := j.goTo(ctx, record); err != nil {
		return nil, err
	}
	j.outcome.result = Result{Counts: j.from.Total, Status: record.Status, Elapsed: record.Ended.Sub(record.Began)}
	close(j.done)
	return j, nil
}

// start runs a job that was in the register before.
func (j *Job) start(ctx context.Context, record *register.Record) (*Job, error) {
	j.record = record
	if err := j.goTo(ctx, record); err != nil {
		return nil, err
	}
	return j.runs(ctx, func() error {
		record.Status, record.Message, record.Ended = register.InProgress, "", time.Time{}
		return register.Save(ctx, j.store, record)
	})
}

// runs runs a job of the register, once begin returned nil.
func (j *Job) runs(ctx context.Context, begin func() error) (*Job, error) {
	running, cancel := context.WithCancel(ctx)
	ended, err := register.Run(j.store, j.record.ID, j, cancel)
	if err == nil {
		if err = begin(); err != nil {
			ended()
		}
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("ingest: %w", err)
	}
	j.cancel, j.ended = cancel, ended
	go j.run(running)
	return j, nil
}

// goTo sets where the run begins.
func (j *Job) goTo(ctx context.Context, record *register.Record) error {
	if err := errors.Join(j.asides.load(ctx, j.store, record.ID), j.created.load(ctx, j.store, record.ID), j.refused.load(ctx, j.store, record.ID)); err != nil {
		return err
	}
	if len(record.Position) == 0 {
		return nil
	}
	if err := json.Unmarshal(record.Position, &j.from); err != nil {
		return fmt.Errorf("ingest: the job's position cannot be read: %w", err)
	}
	if j.from.File > len(j.sources) || j.from.File < len(j.sources) && j.from.Name != "" && j.sources[j.from.File].name != j.from.Name {
		return fmt.Errorf("%w: file %d is not the one that was under way", ErrChanged, j.from.File+1)
	}
	if err := j.addLast(ctx, record.ID); err != nil {
		return err
	}
	j.mu.at = j.from
	j.before, j.scanned = j.from.Total.Imported, j.from.Total.Scanned
	return nil
}

// commit writes a batch together with the job's new position.
func (j *Job) commit(ctx context.Context, b *batch) ([]datastore.Version, error) {
	var undo []func()
	for _, c := range b.chunks {
		added, removed := j.asides.of(c.file, c.aside, false), j.asides.of(c.file, c.settled, true)
		j.asides.add(c.file, added...)
		j.asides.remove(c.file, removed...)
		undo = append(undo, func() {
			j.asides.remove(c.file, added...)
			j.asides.add(c.file, removed...)
		})
	}
	err := j.keep(b)
	var written []datastore.Version
	if err == nil {
		written, err = b.tx.Commit(ctx)
	}
	if err != nil { // what the job notes at its end does not speak of the batch
		for i := range undo {
			undo[len(undo)-1-i]()
		}
		return nil, err
	}
	j.asides.kept()
	j.created.kept()
	j.refused.kept()
	return written, nil
}

// keep makes a transaction keep the job's position behind a batch.
func (j *Job) keep(b *batch) error {
	p := j.behind(b)
	if err := j.keepSets(b.tx); err != nil {
		return err
	}
	if err := j.keepLast(b); err != nil {
		return err
	}
	if err := j.note(p); err != nil {
		return err
	}
	return register.Put(b.tx, j.record)
}

// behind returns the job's position behind a batch.
func (j *Job) behind(b *batch) position {
	j.mu.Lock()
	defer j.mu.Unlock()
	p := j.mu.at
	for _, c := range b.chunks {
		p = j.advanceLocked(p, c)
	}
	return p
}

// keepSets has a transaction keep the sets of lines.
func (j *Job) keepSets(tx *datastore.Transaction) error {
	return errors.Join(j.asides.keep(tx, j.record.ID), j.created.keep(tx, j.record.ID), j.refused.keep(tx, j.record.ID))
}

// position returns how far the job is.
func (j *Job) position() position {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.mu.at
}

// note puts a position into the job's record.
func (j *Job) note(p position) (err error) {
	if j.record.Position, err = json.Marshal(p); err != nil {
		return fmt.Errorf("ingest: %w", err)
	}
	j.record.Report = j.report(&p)
	return nil
}

// report returns the register's report of a position.
func (j *Job) report(p *position) *register.Report {
	rate := 0.0
	if seconds := time.Since(j.started).Seconds(); seconds > 0 {
		rate = float64(p.Total.Scanned-j.scanned) / seconds
	}
	return &register.Report{
		ScannedFiles: int64(p.filesBegun(len(j.sources))), ScannedMB: float64(p.Total.Bytes) / 1e6,
		ImportedFiles: int64(p.Whole), UnreadableFiles: int64(p.filesRead(len(j.sources)) - p.Whole),
		Scanned: p.Total.Scanned, Imported: p.Total.Imported, Unchanged: p.Total.Unchanged,
		CustomerErrors: p.Total.CustomerErrors, ServerErrors: p.Total.ServerErrors, Throughput: rate,
	}
}

// finish tells the register the result of the job, whether or not ctx ended. A store
// that is closed leaves the job interrupted.
func (j *Job) finish(ctx context.Context) error {
	r := &j.outcome.result
	j.record.Status, j.record.Ended = r.Status, time.Now().UTC()
	if r.Status == Failed && j.outcome.err != nil {
		j.record.Message = jobs.Message(j.outcome.err, "the report")
	}
	if err := j.note(j.position()); err != nil {
		return err
	}
	if j.stopped != nil {
		return nil
	}
	tx := j.store.Begin()
	err := errors.Join(register.Put(tx, j.record), j.forgetLast(tx))
	if r.Status == Completed || r.Status == CompletedWithErrors {
		err = errors.Join(err, j.asides.forget(tx, j.record.ID), j.created.forget(tx, j.record.ID), j.refused.forget(tx, j.record.ID))
	} else {
		err = errors.Join(err, j.keepSets(tx))
	}
	if err == nil {
		_, err = tx.Commit(context.WithoutCancel(ctx))
	}
	if errors.Is(err, datastore.ErrClosed) || errors.Is(err, datastore.ErrReadOnly) {
		return nil
	}
	return err
}
