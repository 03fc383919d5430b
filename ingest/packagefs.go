package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path"
	"slices"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/virtual"
	"github.com/fhirlake/fhirlake/search"
)

// Open implements fs.FS for the package's resources, under their names in it
// ("package/StructureDefinition-x.json"). Files are opened by name; folders are not.
func (p *PackageFS) Open(name string) (fs.File, error) {
	i := slices.IndexFunc(p.files, func(f packageFile) bool { return f.name == name })
	if i < 0 {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &openPackageFile{Reader: bytes.NewReader(p.files[i].text), file: &p.files[i]}, nil
}

// Files returns the names of the package's resources in the order of import.
func (p *PackageFS) Files() []string {
	names := make([]string, len(p.files))
	for i := range p.files {
		names[i] = p.files[i].name
	}
	return names
}

// An openPackageFile is a resource of a package that is read.
type openPackageFile struct {
	*bytes.Reader
	file *packageFile
}

func (f *openPackageFile) Close() error { return nil }

// Stat implements fs.File.
func (f *openPackageFile) Stat() (fs.FileInfo, error) {
	return &virtual.Info{Path: f.file.name, Bytes: int64(len(f.file.text))}, nil
}

// sources lists the resources whose names match a pattern, all if there is none.
func (p *PackageFS) sources(ctx context.Context, store *datastore.Store, patterns []string) ([]source, error) {
	var list []source
	for i := range p.files {
		f := &p.files[i]
		if len(patterns) > 0 {
			matches := false
			for _, pattern := range patterns {
				ok, err := path.Match(pattern, f.name)
				if err != nil {
					return nil, fmt.Errorf("ingest: Files: %w", err)
				}
				matches = matches || ok
			}
			if !matches {
				continue
			}
		}
		list = append(list, source{
			name: f.name, size: int64(len(f.text)), whole: true, again: true,
			open: func() (io.ReadCloser, error) { return f.open(ctx, store) },
		})
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: the package has no such resource", ErrNoInput)
	}
	return list, nil
}

// open opens a resource for import: with an id.
func (f *packageFile) open(ctx context.Context, store *datastore.Store) (io.ReadCloser, error) {
	text := f.text
	if f.id == "" && f.url != "" && hasURL(store, f.resourceType) {
		id, err := idOf(ctx, store, f.resourceType, f.url)
		if err != nil {
			return nil, err
		}
		brace := bytes.IndexByte(text, '{') + 1
		text = slices.Concat(text[:brace], []byte(`"id":"`+id+`",`), text[brace:])
	}
	return io.NopCloser(bytes.NewReader(text)), nil
}

// idOf returns the id of the resource of a type that has a url: the id in the store, or
// an id made from the url, so that it is found again.
func idOf(ctx context.Context, store *datastore.Store, resourceType, canonical string) (string, error) {
	page, err := store.Search(ctx, resourceType, "url="+url.QueryEscape(search.Escape(canonical)))
	if err != nil {
		return "", err
	}
	switch {
	case page.Total == 1:
		return page.Matches[0].Ref.ID, nil
	case page.Total > 1:
		return "", fmt.Errorf("ingest: the file has no id, and the store has %d resources with its url; delete all but one", page.Total)
	}
	sum := sha256.Sum256([]byte(canonical))
	return "url-" + hex.EncodeToString(sum[:20]), nil
}

// hasURL reports whether resources of a type are found by their url.
func hasURL(store *datastore.Store, resourceType string) bool {
	return slices.ContainsFunc(store.Parameters(resourceType), func(p search.Parameter) bool { return p.Code == "url" })
}
