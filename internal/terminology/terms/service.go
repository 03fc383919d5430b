package terms

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/issue"
)

// A Source finds definitions, as of one state.
type Source interface {
	// Find returns the CodeSystem or ValueSet of a canonical URL as JSON, nil if there is
	// none. Of several versions it returns the newest, or the one that is named.
	Find(ctx context.Context, typ, url, version string) ([]byte, error)
}

// A Service answers questions from a source. It is for one goroutine.
type Service struct {
	Source Source
	// Versions of code systems, by URL. Default is for an include without a version, Check
	// is the only version that may be used, and Force replaces the version of an include.
	Default, Check, Force map[string]string
	// Excluded are the URLs of code systems that expansions leave out.
	Excluded []string

	systems map[string]*System
	sets    map[string]*Set
	open    []string // the value sets that are being expanded, against circles
	used    map[string]bool
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
	key := url + "|" + version
	found := s.systems[key]
	if found == nil {
		text, err := s.Source.Find(ctx, "CodeSystem", url, version)
		if err != nil {
			return nil, err
		}
		if text == nil {
			return nil, fail(issue.NotFound, "the CodeSystem "+strings.TrimSuffix(key, "|")+" is not in the store")
		}
		if found, err = ReadSystem(text); err != nil {
			return nil, err
		}
		if s.systems == nil {
			s.systems = map[string]*System{}
		}
		s.systems[key] = found
	}
	if check := s.Check[url]; check != "" && check != found.Version {
		return nil, fail(issue.Exception, "the CodeSystem "+url+" is there in another version than check-system-version asks for")
	}
	s.use("used-codesystem", url, found.Version)
	return found, nil
}

// Add has the service use a code system that comes along with the request.
func (s *Service) Add(system *System) {
	if s.systems == nil {
		s.systems = map[string]*System{}
	}
	s.systems[system.URL+"|"] = system
	s.systems[system.URL+"|"+system.Version] = system
}

// Set returns a value set by its canonical, which may have a version. It reports an error
// of code NotFound if there is none.
func (s *Service) Set(ctx context.Context, canonical string) (*Set, error) {
	if found := s.sets[canonical]; found != nil {
		return found, nil
	}
	url, version, _ := strings.Cut(canonical, "|")
	text, err := s.Source.Find(ctx, "ValueSet", url, version)
	if err != nil {
		return nil, err
	}
	if text == nil {
		return nil, fail(issue.NotFound, "the ValueSet "+canonical+" is not in the store")
	}
	found, err := ReadSet(text)
	if err != nil {
		return nil, err
	}
	if s.sets == nil {
		s.sets = map[string]*Set{}
	}
	s.sets[canonical] = found
	return found, nil
}
