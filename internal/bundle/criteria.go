package bundle

import (
	"context"
	"net/url"
	"strings"
	"sync"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/internal/urlquery"
	"github.com/fhirlake/fhirlake/issue"
)

// A criterion is criteria of a transaction, and their matches in the state with which
// it began.
type criterion struct {
	*engine.Criterion
	footprint query.Footprint
	// own are the conditions that look at one resource, which a draft can answer: all
	// conditions or some.
	own   *engine.Criterion
	same  string // the same for all that have the same conditions
	once  sync.Once
	found []engine.Version
	err   error
}

// criterion returns criteria, which are read once. It is safe for several goroutines.
func (p *transaction) criterion(t schema.TypeID, text string) (*criterion, error) {
	name := t.String() + "?" + text
	p.mu.Lock()
	c, ok := p.mu.criteria[name]
	if !ok {
		c = new(criterion)
		p.mu.criteria[name] = c
	}
	p.mu.Unlock()
	c.once.Do(func() { c.err = p.read(c, t, text) })
	return c, c.err
}

func (p *transaction) read(c *criterion, t schema.TypeID, text string) (err error) {
	if err := p.By.May(access.Search, t); err != nil {
		return err
	}
	if c.Criterion, err = p.engine.Criterion(t, text, p.base()); err != nil {
		return err
	}
	c.footprint, c.same, c.own = p.state.Footprint(c.Criterion), c.Conditions(), c.Own()
	return nil
}

// ask searches the state for criteria, once. It asks for more matches than the
// transaction has entries, since each entry may rule out one.
func (p *transaction) ask(ctx context.Context, c *criterion) ([]engine.Version, error) {
	p.mu.Lock()
	asked, found := p.mu.asked[c], c.found
	p.mu.Unlock()
	if asked {
		return found, nil
	}
	ordinals, err := p.state.Matches(ctx, c.Criterion, len(p.requests)+1)
	if err != nil {
		return nil, err
	}
	for _, o := range ordinals {
		found = append(found, p.state.Version(o))
	}
	p.mu.Lock()
	c.found, p.mu.asked[c] = found, true
	p.mu.Unlock()
	return found, nil
}

// resolved returns criteria with placeholders, the fullUrls of entries, replaced by
// references to these entries' resources. needs is called for each entry before its
// link is read.
func (p *transaction) resolved(t schema.TypeID, text string, needs func(entry int) error) (string, error) {
	if len(p.links)+len(p.strangers) == 0 || !strings.Contains(text, "=") {
		return text, nil
	}
	path, query, pathed := urlquery.CutPath(text)
	parts := strings.Split(query, "&")
	changed := false
	for i, part := range parts {
		name, value, ok := urlquery.Cut(part)
		if !ok {
			continue // the search engine says so
		}
		alternatives := strings.Split(value, ",")
		hit := false
		for j, a := range alternatives {
			l := p.named(a)
			if l == nil && !p.mentions(a) {
				continue
			}
			if l == nil || !p.isReference(t, name) {
				return "", engine.Failf(engine.ErrInvalid, issue.Value, "the criteria have the fullUrl of an entry where no reference can stand")
			}
			if l == &strange {
				return "", engine.Failf(engine.ErrInvalid, issue.Value, "the criteria refer to another entry: the entries of a batch stand alone")
			}
			if err := needs(l.entry); err != nil {
				return "", err
			}
			if l.to == "" {
				return "", engine.Failf(engine.ErrInvalid, issue.Value, "the criteria refer to an entry that is about no resource")
			}
			alternatives[j], hit = l.to, true
		}
		if hit {
			parts[i], changed = url.QueryEscape(name)+"="+url.QueryEscape(strings.Join(alternatives, ",")), true
		}
	}
	if !changed {
		return text, nil
	}
	if query = strings.Join(parts, "&"); pathed {
		return path + "?" + query, nil
	}
	return query, nil
}

// mentions reports whether the fullUrl of an entry stands inside a value: behind a
// system, in a composite or in a filter, with a version or a fragment.
func (p *transaction) mentions(value string) bool {
	for piece := range strings.FieldsFuncSeq(value, func(c rune) bool { return strings.ContainsRune("|$\\()\"' \t\r\n", c) }) {
		if l, _, _ := p.find(piece, ""); l != nil {
			return true
		}
	}
	return false
}

// isReference reports whether a parameter has references, with no modifier but the name
// of a type.
func (p *transaction) isReference(t schema.TypeID, name string) bool {
	name, modifier, modified := strings.Cut(name, ":")
	if _, isType := schema.ResourceType(modifier); modified && !isType {
		return false
	}
	return p.engine.Search().IsReference(t, name)
}
