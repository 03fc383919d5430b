package ingest

import (
	"archive/tar"
	"bufio"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/klauspost/compress/gzip"
)

// An unpacker reads an archive within limits.
type unpacker struct {
	file     failingReader // the archive, compressed
	text     limitedReader // and decompressed
	files    int           // that are left
	examples bool
}

// unpack adds the archive's resources to p, and returns the text of package.json.
func (u *unpacker) unpack(p *PackageFS) (manifest []byte, err error) {
	z, err := gzip.NewReader(bufio.NewReaderSize(&u.file, 64<<10))
	if err != nil {
		return nil, u.failed(err)
	}
	u.text.from = z // headers and padding count too, so that nothing is without a bound
	index := map[string]int{}
	for archive := tar.NewReader(&u.text); ; {
		header, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, u.failed(err)
		}
		if u.files--; u.files < 0 {
			return nil, fmt.Errorf("%w: it has more files than PackageOptions.MaxFiles allows", ErrPackage)
		}
		name, err := nameInPackage(header)
		if err != nil {
			return nil, err
		}
		if name == "" || name != packageManifest && !u.counts(name) {
			continue
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			return nil, u.failed(err)
		}
		if name == packageManifest {
			manifest = bytes.TrimPrefix(text, utf8Mark)
			continue
		}
		file := newPackageFile(name, text)
		if i, again := index[name]; again { // as tar has it, the last one counts
			p.files[i] = file
			continue
		}
		index[name] = len(p.files)
		p.files = append(p.files, file)
	}
	// The bytes behind the archive's end are read too: they may be cut short.
	if _, err := io.Copy(io.Discard, &u.text); err != nil {
		return nil, u.failed(err)
	}
	return manifest, nil
}

// failed returns the error of an archive.
func (u *unpacker) failed(err error) error {
	switch {
	case u.file.err != nil:
		return fmt.Errorf("ingest: reading the package: %w", u.file.err)
	case u.text.passed:
		return fmt.Errorf("%w: it unpacks to more than PackageOptions.MaxSize allows", ErrPackage)
	}
	return fmt.Errorf("%w: the data is damaged or cut short: %w", ErrPackage, err)
}

// nameInPackage returns the clean name of a file, "" for a folder. It refuses a name
// that leads out of the package, and a link, which may lead out.
func nameInPackage(header *tar.Header) (string, error) {
	name := path.Clean(strings.TrimSuffix(header.Name, "/"))
	if strings.ContainsAny(header.Name, "\\\x00") || !fs.ValidPath(name) || slices.Contains(strings.Split(header.Name, "/"), "..") {
		return "", fmt.Errorf("%w: it has a file whose name leads out of it", ErrPackage)
	}
	switch header.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse:
		return name, nil
	case tar.TypeDir, tar.TypeXGlobalHeader:
		return "", nil
	}
	return "", fmt.Errorf("%w: it has a link or a device, which a package may not", ErrPackage)
}

// counts reports whether a file is a resource to import.
func (u *unpacker) counts(name string) bool {
	folder, file := path.Split(name)
	if path.Ext(file) != ".json" || strings.HasPrefix(file, ".") { // .index.json
		return false
	}
	switch path.Clean(folder) {
	case packageFolder:
		return true
	case packageFolder + "/example", packageFolder + "/examples":
		return u.examples && file != "package.json"
	}
	return false
}

// newPackageFile reads type, id and url of a resource. Data that is no resource has no
// type, and fails when it is imported.
func newPackageFile(name string, text []byte) packageFile {
	f := packageFile{name: name, text: bytes.TrimPrefix(text, utf8Mark)}
	d := jsontext.NewDecoder(bytes.NewReader(f.text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if d.PeekKind() != '{' {
		return f
	}
	for _, err := d.ReadToken(); err == nil && d.PeekKind() == '"'; {
		var name jsontext.Token
		if name, err = d.ReadToken(); err != nil {
			break
		}
		var to *string
		switch name.String() {
		case "resourceType":
			to = &f.resourceType
		case "id":
			to = &f.id
		case "url":
			to = &f.url
		}
		if to == nil || d.PeekKind() != '"' {
			err = d.SkipValue()
			continue
		}
		var value jsontext.Token
		if value, err = d.ReadToken(); err == nil {
			*to = value.String()
		}
	}
	return f
}

// A limitedReader fails after a number of bytes.
type limitedReader struct {
	from   io.Reader
	left   int64
	passed bool
}

func (l *limitedReader) Read(p []byte) (int, error) {
	if l.left <= 0 {
		if n, err := l.from.Read(make([]byte, 1)); n == 0 {
			return 0, err
		}
		l.passed = true
		return 0, fs.ErrInvalid
	}
	n, err := l.from.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}

// A failingReader remembers its failure.
type failingReader struct {
	from io.Reader
	err  error
}

func (f *failingReader) Read(p []byte) (int, error) {
	n, err := f.from.Read(p)
	if err != nil && err != io.EOF {
		f.err = err
	}
	return n, err
}
