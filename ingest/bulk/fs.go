package bulk

import (
	"context"
	"hash/maphash"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"

	"github.com/fhirlake/fhirlake/internal/retry"
	"github.com/fhirlake/fhirlake/internal/virtual"
)

// Output returns the files of the exported resources.
func (x *Export) Output() fs.FS { return files{export: x, files: x.output} }

// Deleted returns the files of deletions: each line is a Bundle with a request for each
// deletion. An import carries them out.
func (x *Export) Deleted() fs.FS { return files{x, x.deleted, true} }

// Errors returns the files of the export's errors: lines of OperationOutcomes.
func (x *Export) Errors() fs.FS { return files{export: x, files: x.errors} }

// files are some files of a manifest.
type files struct {
	export  *Export
	files   []File
	deletes bool // they say what was deleted
}

// Deletes implements the ingest.Deleter of package ingest.
func (f files) Deletes(string) bool { return f.deletes }

// find returns a file by its name, whose number is its place.
func (f files) find(op, name string) (*File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	number, _, _ := strings.Cut(strings.TrimSuffix(name, ".ndjson"), "-")
	if i, err := strconv.Atoi(number); err == nil && i > 0 && i <= len(f.files) && f.files[i-1].Name == name {
		return &f.files[i-1], nil
	}
	return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
}

// Open implements fs.FS. It fetches the file from its start, decompressed.
func (f files) Open(name string) (fs.File, error) {
	if name == "." {
		return virtual.NewFolder(name, func() ([]fs.DirEntry, error) { return f.ReadDir(name) }), nil
	}
	file, err := f.find("open", name)
	if err != nil {
		return nil, err
	}
	return f.export.open(file)
}

// ReadDir implements fs.ReadDirFS.
func (f files) ReadDir(name string) ([]fs.DirEntry, error) {
	if name != "." {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	entries := make([]fs.DirEntry, len(f.files))
	for i := range f.files {
		entries[i] = fs.FileInfoToDirEntry(&virtual.Info{Path: f.files[i].Name})
	}
	return entries, nil
}

// Stat implements fs.StatFS. The size of a file is not known before it is read: 0.
func (f files) Stat(name string) (fs.FileInfo, error) {
	if name == "." {
		return &virtual.Info{Path: name, Folder: true}, nil
	}
	file, err := f.find("stat", name)
	if err != nil {
		return nil, err
	}
	return &virtual.Info{Path: file.Name}, nil
}

// open begins to fetch a file.
func (x *Export) open(file *File) (fs.File, error) {
	o := &x.client.options
	ctx, cancel := context.WithTimeoutCause(x.ctx, o.MaxFileTime, ErrTooLong)
	d := &download{client: x.client, file: file, seed: maphash.MakeSeed()}
	d.given.SetSeed(d.seed)
	raw := retry.NewReader(ctx, x.client.policy, verdict, d.open)
	f := &openFile{file: file, raw: raw, cancel: cancel}
	err := raw.Start()
	if err == nil {
		f.text, err = decompress(&limited{from: raw, left: o.MaxFileSize})
	}
	if err != nil {
		f.Close()
		return nil, fail(file.Name, err)
	}
	f.text = &limited{from: f.text, left: o.MaxFileSize}
	return f, nil
}

// A download is a file on its way, over as many requests as it takes.
type download struct {
	client    *client
	file      *File
	validator string // a strong entity tag, "" for none
	began     bool   // the first answer is there
	seed      maphash.Seed
	given     maphash.Hash // of the bytes given so far
}

// open implements retry.Open.
func (d *download) open(ctx context.Context, offset int64, alive func()) (io.ReadCloser, error) {
	answer, err := d.client.get(ctx, request{
		url: d.file.url, accept: "application/fhir+ndjson", authorize: d.file.authorize, offset: offset, validator: d.validator,
	})
	if err != nil {
		return nil, err
	}
	body, err := d.accept(answer, offset, alive)
	if err != nil {
		answer.Body.Close()
		return nil, err
	}
	return body, nil
}

// accept returns the body of an answer from an offset on.
func (d *download) accept(answer *http.Response, offset int64, alive func()) (io.ReadCloser, error) {
	switch {
	case answer.StatusCode == http.StatusOK:
		if !d.began {
			d.began = true
			if tag := answer.Header.Get("ETag"); strings.HasPrefix(tag, `"`) { // a weak one begins with W/
				d.validator = tag
			}
		}
		if err := d.skip(answer.Body, offset, alive); err != nil {
			return nil, err
		}
	case answer.StatusCode == http.StatusPartialContent && offset > 0:
		if from, ok := strings.CutPrefix(answer.Header.Get("Content-Range"), "bytes "+strconv.FormatInt(offset, 10)+"-"); !ok || from == "" {
			return nil, ErrChanged
		}
	case answer.StatusCode == http.StatusRequestedRangeNotSatisfiable:
		return nil, ErrChanged
	default:
		return nil, statusOf(answer)
	}
	return &body{ReadCloser: answer.Body, download: d}, nil
}

// skip reads over what was given before, and sees to it that it is the same.
func (d *download) skip(r io.Reader, n int64, alive func()) error {
	var again maphash.Hash
	again.SetSeed(d.seed)
	for n > 0 {
		read, err := io.CopyN(&again, r, min(n, 1<<20))
		if n -= read; err != nil && n > 0 {
			if err == io.EOF {
				err = ErrChanged
			}
			return err
		}
		alive()
	}
	if again.Sum64() != d.given.Sum64() {
		return ErrChanged
	}
	return nil
}

// A body is part of a download.
type body struct {
	io.ReadCloser
	download *download
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.download.given.Write(p[:n])
	return n, err
}

// limited reports ErrTooLarge after a number of bytes.
type limited struct {
	from io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, ErrTooLarge
	}
	n, err := l.from.Read(p[:min(int64(len(p)), l.left+1)])
	if l.left -= int64(n); l.left < 0 {
		return n - 1, ErrTooLarge
	}
	return n, err
}

// An openFile is a file that is fetched.
type openFile struct {
	file   *File
	raw    *retry.Reader
	text   io.Reader
	cancel context.CancelFunc
}

func (f *openFile) Stat() (fs.FileInfo, error) { return &virtual.Info{Path: f.file.Name}, nil }

func (f *openFile) Read(p []byte) (int, error) {
	n, err := f.text.Read(p)
	if err != nil && err != io.EOF {
		err = fail(f.file.Name, err)
	}
	return n, err
}

func (f *openFile) Close() error {
	f.cancel()
	return f.raw.Close()
}
