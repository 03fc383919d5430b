package ingest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/jobs"
)

// A Sink makes the files of a report by name. Names are paths with slashes, as
// io/fs has them.
//
// A file is complete when its Close has returned nil.
type Sink interface {
	Create(name string) (io.WriteCloser, error)
}

// DirSink returns a Sink that puts files into a folder, which is made when it is
// first needed. Files are readable by their owner alone, and appear under their
// names once they are complete and durable.
func DirSink(folder string) Sink { return jobs.Folder(folder) }

// Options say what is imported and how. One of From and Reader is needed; the zero
// value of each other field is its default.
type Options struct {
	// From holds the files to import: os.DirFS(folder), a zip, a bucket.
	From fs.FS
	// Files names what to import of From, in this order: names, or patterns of fs.Glob,
	// whose matches come in name order. By default it is every file with a name of
	// ldjson or JSON, in folders below as well, in name order; files called
	// manifest.json are left out. In name order numbers count by their values, and a
	// name comes before longer names that begin with it, as in an export:
	// Patient.ndjson, Patient-2.ndjson, Patient-10.ndjson.
	Files []string

	// Reader is imported as one file. The job does not close it. A Read that blocks
	// holds Cancel up: closing the underlying file ends both. A Reader that can seek
	// may be read again, from its present offset, for lines with conditional
	// references.
	Reader io.Reader
	// Name is what Reader's file is called in results and in the report, "stdin"
	// by default. With From it is what the manifest calls the input.
	Name string
	// Output is the name of the report's place in the register, none by default.
	Output string

	// Bundles says which Bundles are taken apart and which are stored. By default files
	// whose names end in .json are, lines are not.
	Bundles BundleMode
	// KeepVersions keeps the meta.versionId and the meta.lastUpdated of each resource,
	// as datastore.KeepVersion does: histories, searches, sorts and exports use the
	// number and the time of the source. A version that the store has already with the
	// same content is unchanged. A version whose number does not follow the newest one
	// in the store, or whose time is before that one's or in the future, is a failure
	// with status 409; a versionId that is no number is a failure with status 400.
	// Without it the store numbers and dates all versions.
	KeepVersions bool
	// MaxUnpacked is the most decompressed bytes that are read of a compressed file:
	// 256 GiB by default. No real file is as large, and a file that is made to
	// decompress without end comes to an end. Its lines are bounded by the size of the
	// largest resource.
	MaxUnpacked int64
	// Validation is the level at which lines are checked: datastore.WithoutInvariants by
	// default, whatever the store's own level is. The invariants of datastore.Strict cost
	// about 4 µs a resource.
	Validation datastore.Level
	// Report takes what became of each line, and the manifest. By default lines are
	// counted and nothing is told of them.
	Report Sink
	// Progress is called while the job runs, about ten times a second at most, and
	// once at the end, before Wait returns. Calls come from one goroutine. One
	// that blocks does not hold the import up, but its end.
	Progress func(Progress)
	// JobName is the job's name in the manifest and in the register, none by default.
	JobName string
	// ClientToken makes Start idempotent: if a job was started with it before, Start
	// returns that job. It reports jobs.ErrToken if that job has other options.
	ClientToken string
	// Workers is how many goroutines parse, validate and index: as many as Go uses
	// processors (GOMAXPROCS) by default.
	Workers int
	// Ahead is how many files are open at a time, with their start read, so that
	// waiting for a bucket's answers happens for many at once: 32 by default.
	Ahead int
}

// hasInvariants reports whether the level has R4's invariants checked.
func (o *Options) hasInvariants() bool {
	return o.Validation == datastore.Strict || o.Validation == datastore.Minimal
}

// A BundleMode says which Bundles of the input are taken apart: their entries' resources
// are imported, and the Bundle is not stored.
type BundleMode uint8

// The modes.
const (
	// UnpackFiles takes apart files that are one Bundle, and stores lines that are.
	UnpackFiles BundleMode = iota
	// UnpackBundles takes apart lines that are Bundles as well.
	UnpackBundles
	// KeepBundles stores all Bundles.
	KeepBundles
)

const (
	defaultAhead    = 32
	defaultName     = "stdin"
	defaultUnpacked = 256 << 30
)

// withDefaults fills o and reports all its faults.
func (o Options) withDefaults() (Options, error) {
	var wrong []error
	switch {
	case o.From == nil && o.Reader == nil:
		wrong = append(wrong, fmt.Errorf("%w: neither From nor Reader is set", ErrNoInput))
	case o.From != nil && o.Reader != nil:
		wrong = append(wrong, errors.New("ingest: From and Reader are both set"))
	case o.From == nil && len(o.Files) > 0:
		wrong = append(wrong, errors.New("ingest: Files without From"))
	}
	if o.Reader != nil && o.Name == "" {
		o.Name = defaultName
	}
	if o.Reader != nil && !fs.ValidPath(o.Name) {
		wrong = append(wrong, errors.New("ingest: Name is not the path of a file"))
	}
	if o.Validation > datastore.Minimal {
		wrong = append(wrong, fmt.Errorf("ingest: Validation %d is no level", o.Validation))
	}
	if o.Validation == 0 {
		o.Validation = datastore.WithoutInvariants
	}
	if o.Bundles > KeepBundles {
		wrong = append(wrong, fmt.Errorf("ingest: Bundles %d is no mode", o.Bundles))
	}
	if o.Workers < 0 {
		wrong = append(wrong, fmt.Errorf("ingest: Workers %d is negative", o.Workers))
	}
	if o.Ahead < 0 {
		wrong = append(wrong, fmt.Errorf("ingest: Ahead %d is negative", o.Ahead))
	}
	if o.Ahead == 0 {
		o.Ahead = defaultAhead
	}
	if o.MaxUnpacked < 0 {
		wrong = append(wrong, fmt.Errorf("ingest: MaxUnpacked %d is negative", o.MaxUnpacked))
	}
	if o.MaxUnpacked == 0 {
		o.MaxUnpacked = defaultUnpacked
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	return o, errors.Join(wrong...)
}
