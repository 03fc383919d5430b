package search

import (
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// sort reads _sort: keys with a minus for descending. It returns those it uses.
func (p *parser) sort(value string) (used string, err error) {
	var keys []string
	for text := range strings.SplitSeq(value, ",") {
		code, descending := strings.CutPrefix(text, "-")
		if code == "" {
			return "", p.fail(issue.Value, "empty key")
		}
		if len(p.q.sort) == maxKeys {
			return "", p.fail(issue.TooCostly, "more than %d keys", maxKeys)
		}
		key, err := p.keyOfAll(code)
		if err != nil {
			if err := p.lenient(err); err != nil {
				return "", err
			}
			continue
		}
		key.descending = descending
		p.q.sort = append(p.q.sort, key)
		keys = append(keys, text)
	}
	return strings.Join(keys, ","), nil
}

// keyOfAll reads one key for all types that are searched: of several, each must
// have the parameter, with values of one kind.
func (p *parser) keyOfAll(code string) (sortKey, error) {
	key, err := p.sortKey(p.q.types[0], code, 0)
	if err != nil || len(p.q.types) == 1 {
		return key, err
	}
	if key.branches != nil {
		return key, p.fail(issue.Invalid, "a search of several types cannot sort by a chain")
	}
	union := *key.param
	for _, t := range p.q.types[1:] {
		next, err := p.sortKey(t, code, 0)
		if err != nil {
			return key, err
		}
		if next.kind() != key.kind() {
			return key, p.fail(issue.Invalid, "the types that are searched have the key with different types")
		}
		for _, s := range next.param.streams {
			if !slices.Contains(union.streams, s) {
				union.streams = append(slices.Clip(union.streams), s)
			}
		}
	}
	return sortKey{param: &union}, nil
}

// sortKey reads one key on resources of type t, depth steps from those that are
// searched: birthdate, organization.name or subject:Patient.name.
func (p *parser) sortKey(t schema.TypeID, code string, depth int) (key sortKey, err error) {
	if depth > maxSteps {
		return key, p.fail(issue.TooCostly, "more than %d steps", maxSteps)
	}
	if p.branches++; p.branches > maxBranches {
		return key, p.fail(issue.TooCostly, "chain leads to too many types; name them as in subject:Patient.name")
	}
	head, rest, chained := strings.Cut(code, ".")
	name, typeName, typed := strings.Cut(head, ":")
	found, ok := p.find(t, name)
	switch {
	case !ok:
		return key, p.unknown(t, name)
	case chained && found.row.Type != schema.ParamReference:
		return key, p.fail(issue.Invalid, "%s is not a reference parameter", name)
	case chained:
		return p.chainedKey(found, typeName, rest, depth)
	case typed:
		return key, p.fail(issue.Invalid, "a key takes no modifier")
	case found.special == specialUnsupported || found.special == specialNear || found.special == specialWords || found.row.Type == schema.ParamComposite:
		return key, p.fail(issue.Invalid, "%s is no key to sort by", name)
	}
	return sortKey{param: found}, nil
}

// chainedKey reads the steps after a reference parameter. The types that it may
// lead to must sort alike: by texts, by dates or by numbers.
func (p *parser) chainedKey(via *param, typeName, rest string, depth int) (key sortKey, err error) {
	targets := p.targets(via)
	if typeName != "" {
		target, ok := p.names[typeName]
		if !ok || !slices.Contains(targets, target) {
			return key, p.fail(issue.Invalid, "%s does not refer to the type after the colon", via.row.Code)
		}
		targets = []schema.TypeID{target}
	}
	key.param = via
	var failure error
	for _, target := range targets {
		next, err := p.sortKey(target, rest, depth+1)
		if err != nil {
			if e, ok := err.(*QueryError); !ok || e.Code != issue.NotFound {
				return key, err
			}
			failure = err
			continue
		}
		if len(key.branches) > 0 && next.kind() != key.kind() {
			return key, p.fail(issue.Invalid, "types of target have the key with different types; name one as in subject:Patient.name")
		}
		key.branches = append(key.branches, keyBranch{target, next})
	}
	if len(key.branches) == 0 {
		return key, failure
	}
	return key, nil
}
