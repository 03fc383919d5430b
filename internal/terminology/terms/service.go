package terms

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/issue"
)

// A Source finds definitions, as of one state. Of several versions it returns the newest,
// or the one that is named.
type Source interface {
	// System returns the code system of a canonical URL, nil if there is none.
	System(ctx context.Context, url, version string) (*System, error)
	// Set returns the value set of a canonical URL, nil if there is none.
	Set(ctx context.Context, url, version string) (*Set, error)
}

// A Service answers questions from a source. It is for one goroutine; systems and sets are
// not changed and may be shared.
type Service struct {
	Source Source
	// Versions of code systems, by URL. Default is for an include without a version, Check
	// is the only version that may be used, and Force replaces the version of an include.
	Default, Check, Force map[string]string
	// Excluded are the URLs of code systems that expansions leave out.
	Excluded []string

	open []*Set // the value sets that are being looked at, against circles
	used map[string]bool
	work int // codes that were looked at
}

// Used returns the canonicals of the code systems ("used-codesystem") and value sets
// ("used-valueset") that answers were made of, each as name and canonical, sorted.
func (s *Service) Used() (list [][2]string) {
	for _, key := range slices.Sorted(maps.Keys(s.used)) {
		name, canonical, _ := strings.Cut(key, " ")
		list = append(list, [2]string{name, canonical})
	}
	return list
}

func (s *Service) use(name, url, version string) {
	if s.used == nil {
		s.used = map[string]bool{}
	}
	if version != "" {
		url += "|" + version
	}
	s.used[name+" "+url] = true
}

// System returns a code system. It reports an error of code NotFound if there is none.
func (s *Service) System(ctx context.Context, url, version string) (*System, error) {
	if forced := s.Force[url]; forced != "" {
		version = forced
	}
	version = cmp.Or(version, s.Default[url])
	found, err := s.Source.System(ctx, url, version)
	if err != nil {
		return nil, err
	}
	if found == nil {
		return nil, fail(issue.NotFound, "the CodeSystem "+strings.TrimSuffix(url+"|"+version, "|")+" is not in the store")
	}
	if check := s.Check[url]; check != "" && check != found.Version {
		return nil, fail(issue.Exception, "the CodeSystem "+url+" is there in another version than check-system-version asks for")
	}
	s.use("used-codesystem", url, found.Version)
	return found, nil
}

// Set returns a value set by its canonical, which may have a version. It reports an error
// of code NotFound if there is none.
func (s *Service) Set(ctx context.Context, canonical string) (*Set, error) {
	url, version, _ := strings.Cut(canonical, "|")
	found, err := s.Source.Set(ctx, url, version)
	if err == nil && found == nil {
		err = fail(issue.NotFound, "the ValueSet "+canonical+" is not in the store")
	}
	return found, err
}
