package ingest

import (
	"archive/tar"
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/klauspost/compress/gzip"
)

// PackageOptions say what is read of a package. The zero value of each field is its
// default.
type PackageOptions struct {
	// Examples has the resources in package/example and package/examples read as well.
	Examples bool
	// MaxSize is up to how many bytes a package may unpack to, those that are not read
	// included: 1 GiB by default. What is read is held in memory.
	MaxSize int64
	// MaxFiles is how many files a package may have: 100,000 by default.
	MaxFiles int
}

const (
	defaultPackageSize  = 1 << 30
	defaultPackageFiles = 100_000
	packageFolder       = "package"
	packageManifest     = "package/package.json"
)

// A PackageFS is a FHIR NPM package: its resources as files, and what its package.json
// says. As Options.From it imports the resources; see [Package].
type PackageFS struct {
	Name         string
	Version      string
	Title        string
	Canonical    string   // the guide's
	FHIRVersions []string // "4.0.1"
	// Dependencies are the packages that this one builds on, by name, with the version
	// that it asks for. Nothing fetches them.
	Dependencies map[string]string

	files []packageFile // in the order of import
}

// A packageFile is a resource of a package, as it lies there.
type packageFile struct {
	name         string
	text         []byte
	resourceType string
	id, url      string
}

// Package reads a FHIR NPM package (.tgz): an implementation guide's profiles, value
// sets, search parameters and other conformance resources. Imported, they become
// resources of the store:
//
//	guide, err := ingest.Package(file, nil)
//	job, err := ingest.Start(ctx, store, ingest.Options{From: guide})
//
// The JSON files directly in package/ count; other folders of a package are not of
// resources, but for the examples that opts may ask for. Each file is an update by id;
// one without an id updates the resource of its type that has its url, and gets an id
// made from the url if the store has none. CodeSystems come first, then ValueSets,
// StructureDefinitions and SearchParameters, and then the others. A file that the store
// does not take is a failure like a bad line's, in a report file of its own.
//
// It reports ErrPackage for what is no package, passes the limits, or has names that
// lead out of it.
func Package(r io.Reader, opts *PackageOptions) (*PackageFS, error) {
	if opts == nil {
		opts = &PackageOptions{}
	}
	u := unpacker{file: failingReader{from: r}, text: limitedReader{left: opts.MaxSize}, files: opts.MaxFiles, examples: opts.Examples}
	if u.text.left <= 0 {
		u.text.left = defaultPackageSize
	}
	if u.files <= 0 {
		u.files = defaultPackageFiles
	}
	p := &PackageFS{}
	manifest, err := u.unpack(p)
	if err != nil {
		return nil, err
	}
	if err := p.readManifest(manifest); err != nil {
		return nil, err
	}
	slices.SortStableFunc(p.files, func(a, b packageFile) int {
		return cmp.Or(cmp.Compare(importRank(a.resourceType), importRank(b.resourceType)), cmp.Compare(a.name, b.name))
	})
	return p, nil
}

// importRank orders types so that what others build on comes before them.
func importRank(resourceType string) int {
	switch resourceType {
	case "CodeSystem":
		return 0
	case "ValueSet":
		return 1
	case "StructureDefinition":
		return 2
	case "SearchParameter":
		return 3
	}
	return 4
}

// readManifest reads package.json.
func (p *PackageFS) readManifest(text []byte) error {
	if text == nil {
		return fmt.Errorf("%w: it has no %s", ErrPackage, packageManifest)
	}
	var m struct {
		Name         string            `json:"name"`
		Version      string            `json:"version"`
		Title        string            `json:"title"`
		Canonical    string            `json:"canonical"`
		FHIRVersions []string          `json:"fhirVersions"`
		Listed       []string          `json:"fhir-version-list"` // of older packages
		Dependencies map[string]string `json:"dependencies"`
	}
	if err := json.Unmarshal(text, &m, jsontext.AllowDuplicateNames(true)); err != nil {
		return fmt.Errorf("%w: %s is not read: %w", ErrPackage, packageManifest, err)
	}
	if m.Name == "" {
		return fmt.Errorf("%w: %s has no name", ErrPackage, packageManifest)
	}
	p.Name, p.Version, p.Title, p.Canonical, p.Dependencies = m.Name, m.Version, m.Title, m.Canonical, m.Dependencies
	if p.FHIRVersions = m.FHIRVersions; len(p.FHIRVersions) == 0 {
		p.FHIRVersions = m.Listed
	}
	return nil
}

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
	// What follows the archive's end is read too: it may be cut short there.
	if _, err := io.Copy(io.Discard, &u.text); err != nil {
		return nil, u.failed(err)
	}
	return manifest, nil
}

// failed tells what is wrong with an archive.
func (u *unpacker) failed(err error) error {
	switch {
	case u.file.err != nil:
		return fmt.Errorf("ingest: reading the package: %w", u.file.err)
	case u.text.passed:
		return fmt.Errorf("%w: it unpacks to more than PackageOptions.MaxSize allows", ErrPackage)
	}
	return fmt.Errorf("%w: the data is damaged or cut short: %w", ErrPackage, err)
}

// nameInPackage returns the clean name of a file, "" for a folder. A name that leads
// out, and a link, which may, is refused.
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

// newPackageFile looks for what a resource is called. What is no resource has no type,
// and fails when it is imported.
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
