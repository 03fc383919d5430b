package ingest

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// PackageOptions say which files of a package are read. The zero value of each field is
// its default.
type PackageOptions struct {
	// Examples also reads the resources in package/example and package/examples.
	Examples bool
	// MaxSize is the most bytes of an unpacked package, including files that are not
	// read: 1 GiB by default. Read files are held in memory.
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

// A PackageFS is a FHIR NPM package: its resources as files, and the fields of its
// package.json. As Options.From it imports the resources; see [Package].
type PackageFS struct {
	Name         string
	Version      string
	Title        string
	Canonical    string   // the guide's
	FHIRVersions []string // "4.0.1"
	// Dependencies are the versions of the packages on which this package depends, by
	// name. Nothing fetches them.
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
// The JSON files directly in package/ count; other folders of a package have no
// resources, except the examples of PackageOptions.Examples. Each file is an update by
// id. A file without an id updates the resource of its type that has its url, and gets
// an id made from the url if the store has none. CodeSystems come first, then
// ValueSets, StructureDefinitions and SearchParameters, and then the others. A file
// that the store does not take is a failure like a bad line's, in a report file of its
// own.
//
// It reports ErrPackage for data that is no package, passes the limits, or has names
// that lead out of it.
func Package(r io.Reader, opts *PackageOptions) (*PackageFS, error) {
	if opts == nil {
		opts = &PackageOptions{}
	}
	if opts.MaxSize < 0 || opts.MaxFiles < 0 {
		return nil, fmt.Errorf("ingest: MaxSize %d or MaxFiles %d of a package is negative", opts.MaxSize, opts.MaxFiles)
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

// importRank orders types so that a type comes before the types that depend on it.
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
