package query

import (
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/issue"
)

// sort reads _sort: keys with a minus for descending. It returns the used keys.
func (p *Parser) sort(value string) (used string, err error) {
	var keys []string
	for text := range strings.SplitSeq(value, ",") {
		code, descending := strings.CutPrefix(text, "-")
		if code == "" {
			return "", p.Fail(issue.Value, "empty key")
		}
		if len(p.q.Sort) == maxKeys {
			return "", p.Fail(issue.TooCostly, "more than %d keys", maxKeys)
		}
		key, err := p.keyOfAll(code)
		if err != nil {
			if err := p.lenient(err); err != nil {
				return "", err
			}
			continue
		}
		key.Descending = descending
		p.q.Sort = append(p.q.Sort, key)
		keys = append(keys, text)
	}
	return strings.Join(keys, ","), nil
}

// keyOfAll reads one key for all searched types: each must have the parameter, with
// values of one kind.
func (p *Parser) keyOfAll(code string) (SortKey, error) {
	key, err := p.sortKey(p.q.Searched[0], code, 0)
	if err != nil || len(p.q.Searched) == 1 {
		return key, err
	}
	if key.Branches != nil {
		return key, p.Fail(issue.Invalid, "a search of several types cannot sort by a chain")
	}
	union := *key.Param
	for _, t := range p.q.Searched[1:] {
		next, err := p.sortKey(t, code, 0)
		if err != nil {
			return key, err
		}
		if next.kind() != key.kind() {
			return key, p.Fail(issue.Invalid, "the types that are searched have the key with different types")
		}
		for _, s := range next.Param.Streams {
			if !slices.Contains(union.Streams, s) {
				union.Streams = append(slices.Clip(union.Streams), s)
			}
		}
	}
	return SortKey{Param: &union}, nil
}

// sortKey reads one key on resources of type t, depth steps from the searched
// resources: birthdate, organization.name or subject:Patient.name.
func (p *Parser) sortKey(t schema.TypeID, code string, depth int) (key SortKey, err error) {
	if depth > maxSteps {
		return key, p.Fail(issue.TooCostly, "more than %d steps", maxSteps)
	}
	if p.branches++; p.branches > maxBranches {
		return key, p.Fail(issue.TooCostly, "chain leads to too many types; name them as in subject:Patient.name")
	}
	head, rest, chained := strings.Cut(code, ".")
	name, typeName, typed := strings.Cut(head, ":")
	found, ok := p.find(t, name)
	switch {
	case !ok:
		return key, p.unknown(t, name)
	case chained && found.Row.Type != schema.ParamReference:
		return key, p.Fail(issue.Invalid, "%s is not a reference parameter", name)
	case chained:
		return p.chainedKey(found, typeName, rest, depth)
	case typed:
		return key, p.Fail(issue.Invalid, "a key takes no modifier")
	case found.Special == param.SpecialUnsupported || found.Special == param.SpecialNear || found.Special == param.SpecialWords || found.Row.Type == schema.ParamComposite:
		return key, p.Fail(issue.Invalid, "%s is no key to sort by", name)
	}
	return SortKey{Param: found}, nil
}

// chainedKey reads the steps after a reference parameter. The types that it may
// lead to must sort alike: by texts, by dates or by numbers.
func (p *Parser) chainedKey(via *param.Param, typeName, rest string, depth int) (key SortKey, err error) {
	targets := p.Targets(via)
	if typeName != "" {
		target, ok := p.Names[typeName]
		if !ok || !slices.Contains(targets, target) {
			return key, p.Fail(issue.Invalid, "%s does not refer to the type after the colon", via.Row.Code)
		}
		targets = []schema.TypeID{target}
	}
	key.Param = via
	var failure error
	for _, target := range targets {
		next, err := p.sortKey(target, rest, depth+1)
		if err != nil {
			if e, ok := err.(*param.QueryError); !ok || e.Code != issue.NotFound {
				return key, err
			}
			failure = err
			continue
		}
		if len(key.Branches) > 0 && next.kind() != key.kind() {
			return key, p.Fail(issue.Invalid, "types of target have the key with different types; name one as in subject:Patient.name")
		}
		key.Branches = append(key.Branches, keyBranch{target, next})
	}
	if len(key.Branches) == 0 {
		return key, failure
	}
	return key, nil
}
