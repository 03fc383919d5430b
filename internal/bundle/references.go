package bundle

import (
	"context"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// conditional returns the link of a conditional reference. It is resolved by the state
// if the state alone decides; otherwise it stays open until there is a draft. It is
// safe for several goroutines.
func (p *transaction) conditional(ctx context.Context, t schema.TypeID, text string) *link {
	name := t.String() + "?" + text
	p.mu.Lock()
	l := p.mu.conditional[name]
	if l == nil {
		l = &link{entry: -1, typ: t, text: text}
		p.mu.conditional[name] = l
	}
	p.mu.Unlock()
	l.once.Do(func() { l.err = p.resolve(ctx, l) })
	return l
}

// resolve finds the resource of a conditional reference.
func (p *transaction) resolve(ctx context.Context, l *link) error {
	text, err := p.resolved(l.typ, l.text, func(int) error { return nil })
	if err != nil {
		return err
	}
	if l.criterion, err = p.criterion(l.typ, text); err != nil {
		return err
	}
	base, others, err := p.match(ctx, l.criterion, -1)
	if err != nil {
		return err
	}
	n := len(base) + len(others)
	open := p.draft == nil && p.writesOf(l.criterion, -1)
	l.to, l.base = "", 0
	switch {
	case len(base) > 1 || n > 1 && !open:
		return engine.Several(n)
	case n == 0 && !open:
		return engine.Failf(engine.ErrPreconditionFailed, issue.NotFound, "the conditional reference finds no resource")
	case len(base) == 1 && n == 1:
		l.to, l.base = base[0].Ref(), base[0].Ordinal
	case n == 1:
		l.to = p.requests[others[0]].target.Type.String() + "/" + p.entries[others[0]].id
	}
	return nil
}

// resolveReferences resolves the known conditional references again.
func (p *transaction) resolveReferences(ctx context.Context) error {
	for i := range p.entries {
		for _, u := range p.entries[i].used {
			if u.link.entry >= 0 || u.link.round == p.round {
				continue
			}
			u.link.round = p.round
			if err := p.resolve(ctx, u.link); err != nil {
				return p.at(i, engine.At("/resource"+u.place, err))
			}
		}
	}
	p.round++
	return nil
}
