package bucket

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/retry"
	"github.com/fhirlake/fhirlake/internal/virtual"
	"gocloud.dev/blob"
)

// objects are the objects whose keys begin with a prefix, as a file system.
type objects struct {
	ctx    context.Context
	bucket *Bucket
	prefix string
}

// Open implements fs.FS. A name with files below it is a folder.
func (o *objects) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, fail("open", "a file", fs.ErrInvalid)
	}
	if name == "." {
		return o.folder(name), nil
	}
	f := &object{name: name}
	f.reader = retry.NewReader(o.ctx, o.bucket.policy, verdict, func(ctx context.Context, offset int64, _ func()) (io.ReadCloser, error) {
		return o.openAt(ctx, f, offset)
	})
	err := f.reader.Start()
	if err == nil {
		return f, nil
	}
	f.reader.Close()
	failed := fail("open", name, err)
	if errors.Is(failed, fs.ErrNotExist) {
		is, err := o.isFolder(name)
		if err != nil {
			return nil, err
		}
		if is {
			return o.folder(name), nil
		}
	}
	return nil, failed
}

// folder opens a folder.
func (o *objects) folder(name string) fs.File {
	return virtual.NewFolder(name, func() ([]fs.DirEntry, error) { return o.ReadDir(name) })
}

// openAt opens an object at an offset, and checks that it is still the same object.
func (o *objects) openAt(ctx context.Context, f *object, offset int64) (io.ReadCloser, error) {
	r, err := o.bucket.blobs.NewRangeReader(ctx, o.prefix+keyOf(f.name), offset, -1, nil)
	if err != nil {
		return nil, err
	}
	size, modified := r.Size(), r.ModTime()
	switch {
	case f.info == nil:
		f.info = &virtual.Info{Path: f.name, Bytes: size, Modified: modified}
	case f.info.Bytes != size || !f.info.Modified.Equal(modified):
		r.Close()
		return nil, ErrChanged
	}
	return &whole{ReadCloser: r, rest: size - offset}, nil
}

// A whole is a body that reports an error if it was cut short.
type whole struct {
	io.ReadCloser
	rest int64
}

func (w *whole) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	w.rest -= int64(n)
	if err == io.EOF && w.rest > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Stat implements fs.StatFS.
func (o *objects) Stat(name string) (fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return nil, fail("stat", "a file", fs.ErrInvalid)
	}
	if name == "." {
		return folderInfo(name), nil
	}
	var a *blob.Attributes
	err := o.bucket.policy.Do(o.ctx, verdict, func(ctx context.Context) (err error) {
		a, err = o.bucket.blobs.Attributes(ctx, o.prefix+keyOf(name))
		return err
	})
	if err == nil {
		return &virtual.Info{Path: name, Bytes: a.Size, Modified: a.ModTime}, nil
	}
	failed := fail("stat", name, err)
	if errors.Is(failed, fs.ErrNotExist) {
		is, err := o.isFolder(name)
		if err != nil {
			return nil, err
		}
		if is {
			return folderInfo(name), nil
		}
	}
	return nil, failed
}

// isFolder reports whether an object is below name.
func (o *objects) isFolder(name string) (bool, error) {
	var found []*blob.ListObject
	err := o.bucket.policy.Do(o.ctx, verdict, func(ctx context.Context) (err error) {
		found, _, err = o.bucket.blobs.ListPage(ctx, blob.FirstPageToken, 1, &blob.ListOptions{Prefix: o.below(name)})
		return err
	})
	return len(found) > 0, fail("list", name, err)
}

// below returns the prefix of the keys below name.
func (o *objects) below(name string) string {
	if name == "." {
		return o.prefix
	}
	return o.prefix + keyOf(name) + "/"
}

// list calls f with the objects of a listing, page by page.
func (o *objects) list(name string, opts blob.ListOptions, f func(*blob.ListObject) error) error {
	for token := blob.FirstPageToken; len(token) > 0; {
		var page []*blob.ListObject
		var next []byte
		err := o.bucket.policy.Do(o.ctx, verdict, func(ctx context.Context) (err error) {
			opts := opts
			page, next, err = o.bucket.blobs.ListPage(ctx, token, pageSize, &opts)
			return err
		})
		if err != nil {
			return fail("list", name, err)
		}
		for _, object := range page {
			if err := f(object); err != nil {
				return err
			}
		}
		token = next
	}
	return nil
}

// ReadDir implements fs.ReadDirFS.
func (o *objects) ReadDir(name string) ([]fs.DirEntry, error) {
	if !fs.ValidPath(name) {
		return nil, fail("list", "a folder", fs.ErrInvalid)
	}
	below, some := o.below(name), false
	var entries []fs.DirEntry
	err := o.list(name, blob.ListOptions{Prefix: below, Delimiter: "/"}, func(object *blob.ListObject) error {
		some = true
		key := strings.TrimPrefix(object.Key, below)
		switch {
		case object.IsDir:
			key = strings.TrimSuffix(key, "/")
			entries = append(entries, fs.FileInfoToDirEntry(folderInfo(nameOf(key))))
		case !isMark(object):
			entries = append(entries, fs.FileInfoToDirEntry(infoOf(object, nameOf(key))))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if !some && name != "." {
		return nil, fail("list", name, fs.ErrNotExist)
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// WalkFiles calls f with each file and its name, in the order of their keys, until it
// returns an error. It lists all folders at once, a request for each thousand files.
func (o *objects) WalkFiles(f func(name string, entry fs.DirEntry) error) error {
	return o.list(".", blob.ListOptions{Prefix: o.prefix}, func(object *blob.ListObject) error {
		if object.IsDir || isMark(object) {
			return nil
		}
		name := nameOf(strings.TrimPrefix(object.Key, o.prefix))
		return f(name, fs.FileInfoToDirEntry(infoOf(object, path.Base(name))))
	})
}

// isMark reports whether an object only shows a folder.
func isMark(object *blob.ListObject) bool {
	return object.Size == 0 && strings.HasSuffix(object.Key, "/")
}

// An object is an object that is read.
type object struct {
	name   string
	reader *retry.Reader
	info   *virtual.Info // set by the first opening
}

func (f *object) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *object) Close() error               { return f.reader.Close() }

func (f *object) Read(p []byte) (int, error) {
	n, err := f.reader.Read(p)
	if err != nil && err != io.EOF {
		err = fail("read", f.name, err)
	}
	return n, err
}

func infoOf(object *blob.ListObject, name string) *virtual.Info {
	return &virtual.Info{Path: name, Bytes: object.Size, Modified: object.ModTime}
}

func folderInfo(name string) *virtual.Info { return &virtual.Info{Path: name, Folder: true} }
