package bucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/jobs"
	"github.com/fhirlake/fhirlake/internal/retry"
	"gocloud.dev/blob"
)

// Options are the options of requests to a bucket. The zero value of each field is its
// default.
type Options struct {
	// Attempts is how many requests in a row may fail before reading or writing does:
	// 6 by default.
	Attempts int
	// Pause is the pause after a first failure: 200 ms by default. It doubles with each
	// further failure, up to MaxPause: 20 s by default.
	Pause, MaxPause time.Duration
	// Patience is how long a request may go without giving anything: a minute by
	// default. One Write, or the Close of a file, may take ten times as long.
	Patience time.Duration
	// PartSize is the size of the parts in which large files are written: 8 MiB by
	// default. S3 takes 10,000 parts of a file, and none below 5 MiB.
	PartSize int
	// Parts is how many parts of a file are under way at once: 4 by default.
	Parts int
	// FailBody says that the driver gives an object up if its body cannot be read, as
	// the drivers of S3 and Azure do; others take such an object for whole. With it, a
	// file that is given up leaves no parts behind, which would cost money, unless the
	// service hangs. Open sets it for s3: and azblob: URLs; callers of New must set it.
	FailBody bool
}

const (
	defaultPartSize = 8 << 20
	defaultParts    = 4
	// patienceToWrite is how much longer than Options.Patience a Write or a Close may
	// take, since several parts may be on their way in it.
	patienceToWrite = 10
	// pageSize is how many objects a request lists: the most that S3 gives.
	pageSize = 1000
)

// wrong reports everything that is wrong with the options.
func (o *Options) wrong() error {
	if o == nil {
		return nil
	}
	var wrong []error
	for name, n := range map[string]int64{
		"Attempts": int64(o.Attempts), "Pause": int64(o.Pause), "MaxPause": int64(o.MaxPause), "Patience": int64(o.Patience),
		"PartSize": int64(o.PartSize), "Parts": int64(o.Parts),
	} {
		if n < 0 {
			wrong = append(wrong, fmt.Errorf("bucket: %s is negative", name))
		}
	}
	return errors.Join(wrong...)
}

// A Bucket is a place for objects, or a folder. It is safe for use by many goroutines.
type Bucket struct {
	blobs  *blob.Bucket // nil for a folder
	folder string
	owned  bool // Close closes blobs

	policy   retry.Policy
	partSize int
	parts    int
	failBody bool
}

// Open opens the bucket that a URL names: "s3://name?region=eu-west-1", "gs://name",
// "azblob://container", "mem://", "file:///path". The parameter prefix=in/ leads to the
// objects below "in/"; other parameters are the driver's. A folder need not exist
// before it is written to; parameters of gocloud's fileblob are ignored for it.
//
// It reports ErrURL, and negative options.
func Open(ctx context.Context, rawURL string, opts *Options) (*Bucket, error) {
	if err := opts.wrong(); err != nil {
		return nil, err
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("%w: the URL is malformed", ErrURL)
	}
	if u.Scheme == "file" {
		folder, err := folderOf(u)
		if err != nil {
			return nil, err
		}
		return newBucket(nil, folder, opts), nil
	}
	if !blob.DefaultURLMux().ValidBucketScheme(u.Scheme) {
		return nil, fmt.Errorf("%w: no driver for %q is linked; the program must import one of gocloud.dev/blob", ErrURL, u.Scheme)
	}
	blobs, err := blob.OpenBucket(ctx, rawURL)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrURL, err)
	}
	b := newBucket(blobs, "", opts)
	b.owned, b.failBody = true, u.Scheme == "s3" || u.Scheme == "azblob"
	return b, nil
}

// New returns a Bucket over a blob.Bucket that the program opened, and must close
// itself.
func New(blobs *blob.Bucket, opts *Options) *Bucket { return newBucket(blobs, "", opts) }

// Folder returns a Bucket over a folder of this machine, as file:///path does.
func Folder(path string, opts *Options) *Bucket { return newBucket(nil, path, opts) }

func newBucket(blobs *blob.Bucket, folder string, opts *Options) *Bucket {
	if opts == nil {
		opts = &Options{}
	}
	b := &Bucket{
		blobs: blobs, folder: folder,
		policy:   retry.Policy{Attempts: opts.Attempts, First: opts.Pause, Max: opts.MaxPause, Patience: opts.Patience},
		partSize: opts.PartSize,
		parts:    opts.Parts,
		failBody: opts.FailBody,
	}
	if b.policy.Patience <= 0 {
		b.policy.Patience = time.Minute
	}
	if b.partSize <= 0 {
		b.partSize = defaultPartSize
	}
	if b.parts <= 0 {
		b.parts = defaultParts
	}
	return b
}

// folderOf returns the folder that a file URL names, as gocloud's fileblob reads it.
func folderOf(u *url.URL) (string, error) {
	name := u.Path
	switch u.Host {
	case "", "localhost":
		if os.PathSeparator != '/' && len(name) > 0 {
			name = name[1:] // /c:/folder
		}
	case ".":
		name = path.Join(".", name)
	default:
		return "", fmt.Errorf("%w: a folder is written file:///path, with three slashes", ErrURL)
	}
	if name == "" || u.Opaque != "" {
		return "", fmt.Errorf("%w: the URL names no folder", ErrURL)
	}
	name = filepath.FromSlash(name)
	prefix := u.Query().Get("prefix")
	if prefix == "" {
		return name, nil
	}
	if prefix = path.Clean(prefix); !filepath.IsLocal(filepath.FromSlash(prefix)) {
		return "", fmt.Errorf("%w: the prefix leads out of the folder", ErrURL)
	}
	return filepath.Join(name, filepath.FromSlash(prefix)), nil
}

// Path returns the folder of a Folder or of a file: URL, and "" for other buckets.
func (b *Bucket) Path() string { return b.folder }

// FS returns the objects below a folder of the bucket, "" for all, as files. The end of
// the context ends reads. The file system may be used by many goroutines.
//
// It implements fs.ReadDirFS, fs.StatFS and ingest.Walker. In a folder, only files and
// folders exist; a missing folder is empty.
func (b *Bucket) FS(ctx context.Context, folder string) fs.FS {
	if b.blobs == nil {
		return folderFS{path: filepath.Join(b.folder, filepath.FromSlash(path.Join("/", folder)))}
	}
	return &objects{ctx: ctx, bucket: b, prefix: prefixOf(folder)}
}

// Sink returns a Sink that makes objects below a folder of the bucket, "" for its root.
// It implements the Sink of packages ingest and export, and may be used by many
// goroutines, each of its files by one. The end of the context ends writes. An existing
// file is replaced.
func (b *Bucket) Sink(ctx context.Context, folder string) ingest.Sink {
	if b.blobs == nil {
		return jobs.Folder(filepath.Join(b.folder, filepath.FromSlash(path.Join("/", folder))))
	}
	return &sink{ctx: ctx, bucket: b, prefix: prefixOf(folder)}
}

// prefixOf returns the prefix of the keys below a folder.
func prefixOf(folder string) string {
	if folder = path.Join("/", folder)[1:]; folder != "" {
		folder += "/"
	}
	return folder
}

// Close closes a bucket that Open opened. Its files and sinks must not be used after.
func (b *Bucket) Close() error {
	if !b.owned {
		return nil
	}
	if err := b.blobs.Close(); err != nil {
		return fmt.Errorf("bucket: closing: %w", errors.Unwrap(err))
	}
	return nil
}
