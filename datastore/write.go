package datastore

import (
	"context"
	"errors"
	"time"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/issue"
)

// A WriteOption is a condition of a write, or says how it is checked.
type WriteOption func(*writeOptions)

type writeOptions struct {
	ifMatch     string
	ifNoneExist string
	ifNoneMatch bool
	conditional bool // there is an ifNoneExist, if only an empty one
	ifChanged   bool
	imported    bool
	resolve     bool
	ifPresent   bool
	source      bool // KeepVersion
	inOrder     bool
	deletedAs   *deletedAs
	check       engine.Check
	base        string
	returns     ReturnPreference
	provenance  []byte
}

// IfMatch does the write only if versionID is the resource's current version; otherwise
// the write reports ErrPreconditionFailed.
func IfMatch(versionID string) WriteOption {
	return func(o *writeOptions) { o.ifMatch = versionID }
}

// IfNoneMatch does an update only if there is no such resource yet (the header
// If-None-Match: *); otherwise the update reports ErrPreconditionFailed.
func IfNoneMatch() WriteOption {
	return func(o *writeOptions) { o.ifNoneMatch = true }
}

// IfNoneExist does a create only if the query finds no resource of its type (FHIR R4
// §3.1.0.8.1). If it finds one, the create returns that one; if it finds several, the
// create reports ErrPreconditionFailed. The answer is still true at the moment of the
// write, even if others write at the same time. The query may have "Type?" or "?"
// before it, and must have a condition.
func IfNoneExist(query string) WriteOption {
	return func(o *writeOptions) { o.ifNoneExist, o.conditional = query, true }
}

// IfChanged makes an update write nothing if the current version has the same content
// apart from meta.versionId and meta.lastUpdated. The update then returns that version
// with Unchanged set.
func IfChanged() WriteOption {
	return func(o *writeOptions) { o.ifChanged = true }
}

// Imported marks a version as the work of an import: histories and changes say so.
func Imported() WriteOption {
	return func(o *writeOptions) { o.imported = true }
}

// KeepVersion makes an update keep the meta.versionId and the meta.lastUpdated that the
// resource brings from its source: reads, searches, histories, sorts and exports use
// them. If one is missing, the store gives it. The number must be higher than the
// number of the newest version in the store. The time must not be before the time of
// that version, nor more than a minute ahead of the store's clock. Otherwise the write
// reports ErrVersionOrder. A versionId that is no number from 1 to 1073741823 is an
// [Error] of class ErrInvalid. With IfChanged, a version that the store has, with the
// same number, time and content, writes nothing.
//
// Times then do not rise with sequences: a reader that follows a store by time misses
// versions written into its past. [Store.Changes] shows them.
func KeepVersion() WriteOption {
	return func(o *writeOptions) { o.source = true }
}

// IfInOrder makes an operation of a transaction write nothing if it would report
// ErrVersionOrder, and the other operations go on: the operation's Version in the
// result of the commit has Refused set.
func IfInOrder() WriteOption {
	return func(o *writeOptions) { o.inOrder = true }
}

// DeletedAs is KeepVersion for a deletion: it has this number and this time. "" and the
// zero time leave them to the store.
func DeletedAs(versionID string, lastUpdated time.Time) WriteOption {
	return func(o *writeOptions) { o.deletedAs = &deletedAs{versionID, lastUpdated} }
}

type deletedAs struct {
	versionID   string
	lastUpdated time.Time
}

// IfPresent makes a deletion succeed and write nothing if there is no such resource.
func IfPresent() WriteOption {
	return func(o *writeOptions) { o.ifPresent = true }
}

// ResolveReferences makes a create or an update resolve conditional references
// ("Practitioner?identifier=system|value", FHIR R4 §3.1.0.11.3) as a transaction does:
// each becomes a reference to the one resource that it finds while the resource is
// prepared. A reference that finds none, or several, is ErrUnresolved.
func ResolveReferences() WriteOption {
	return func(o *writeOptions) { o.resolve = true }
}

// WithProvenance makes a create, an update or a patch store a Provenance in the same
// commit (FHIR R4 provenance.html, X-Provenance). The written resource becomes its
// target; json must have none. Nothing is stored if a conditional create finds a
// resource.
func WithProvenance(json []byte) WriteOption {
	return func(o *writeOptions) { o.provenance = json }
}

// wantsJSON reports whether the answer has the resource.
func (o *writeOptions) wantsJSON() bool {
	return o.returns != ReturnMinimal && o.returns != ReturnOutcome
}

// by returns the interaction of an update with these options.
func (o *writeOptions) by(i engine.Interaction) engine.Interaction {
	if o.imported {
		return engine.Import
	}
	return i
}

// A writeKind is the kind of write that takes options.
type writeKind uint8

const (
	anything  writeKind = iota
	aResource           // a create or an update
	aDeletion
)

// gather collects options and turns them into a condition.
func (s *Store) gather(opts []WriteOption, of writeKind) (o writeOptions, c engine.Condition, err error) {
	o.check.Level = s.engine.Options().Validation
	for _, opt := range opts {
		opt(&o)
	}
	switch {
	case o.ifPresent && of != aDeletion:
		return o, c, engine.Failf(ErrInvalid, issue.Invalid, "IfPresent goes with deletions alone")
	case o.source && of != aResource:
		return o, c, engine.Failf(ErrInvalid, issue.Invalid, "KeepVersion goes with updates alone")
	case o.deletedAs != nil && of != aDeletion:
		return o, c, engine.Failf(ErrInvalid, issue.Invalid, "DeletedAs goes with deletions alone")
	case o.resolve && of != aResource:
		return o, c, engine.Failf(ErrInvalid, issue.Invalid, "ResolveReferences goes with creates and updates alone")
	}
	if o.ifMatch != "" {
		n, ok := engine.ParseVersion(o.ifMatch)
		if !ok {
			return o, c, engine.Failf(ErrPreconditionFailed, issue.Conflict, "IfMatch names no version of this store")
		}
		c.IfMatch = n
	}
	c.MustNot, c.SkipSame, c.SkipRefused = o.ifNoneMatch, o.ifChanged, o.inOrder
	o.check.Base = s.servedAt(&o)
	return o, c, nil
}

// tries is how often a write whose condition by search was overtaken is worked out
// again before it reports ErrConflict.
const tries = 16

// Validate checks a resource as a write would, at the store's level or at the level of
// [Validation], and stores nothing. It reports an [Error] of class ErrInvalid.
func (s *Store) Validate(ctx context.Context, json []byte, opts ...WriteOption) error {
	o, _, err := s.gather(opts, anything)
	if err != nil {
		return err
	}
	return s.engine.Validate(ctx, json, o.check)
}

// Create stores a resource under a new id; an id of its own is ignored. The result has
// the resource as it was stored. It reports an [Error] of class ErrInvalid, or
// ErrPreconditionFailed.
func (s *Store) Create(ctx context.Context, json []byte, opts ...WriteOption) (Version, error) {
	o, c, err := s.gather(opts, aResource)
	if err != nil {
		return Version{}, err
	}
	if c.IfMatch != 0 || c.SkipSame || c.SkipRefused || o.source {
		return Version{}, engine.Failf(ErrInvalid, issue.Invalid, "IfMatch, IfChanged and KeepVersion do not go with a create")
	}
	c.MustNot = true
	id, err := s.engine.NewID(ctx)
	if err != nil {
		return Version{}, err
	}
	p, err := s.engine.Prepare(ctx, json, &engine.How{ID: id, Check: o.check, Keep: o.wantsJSON(), Resolve: o.resolve})
	if err != nil {
		return Version{}, err
	}
	beside, err := s.prepareProvenance(ctx, &o, p)
	if err != nil {
		return Version{}, err
	}
	var criterion *engine.Criterion
	if o.conditional {
		if criterion, err = s.engine.Criterion(p.Type, o.ifNoneExist, s.servedAt(&o)); err != nil {
			return Version{}, err
		}
	}
	for range tries {
		done := &engine.Commit{Ops: append([]engine.Op{{Prepared: p, Condition: c, Interaction: o.by(engine.Create)}}, beside...)}
		if criterion != nil {
			x, err := s.engine.Expect(ctx, criterion)
			if err != nil {
				return Version{}, err
			}
			if x.Found != 0 {
				return s.found(x.Found)
			}
			done.Expects = []engine.Expectation{x}
		}
		switch versions, err := s.engine.Commit(ctx, done); {
		case err == nil:
			return written(versions[0], p), nil
		case !errors.Is(err, engine.ErrOvertaken):
			return Version{}, err
		}
	}
	return Version{}, ErrConflict
}

// servedAt returns the address at which clients reach the store.
func (s *Store) servedAt(o *writeOptions) string {
	if o.base != "" {
		return o.base
	}
	return s.engine.Options().BaseURL
}

// found reads the version that a condition by search has found.
func (s *Store) found(o Ordinal) (Version, error) {
	now, err := s.now()
	if err != nil {
		return Version{}, err
	}
	defer now.Close()
	return now.version(o)
}

// written returns a version that was just written, with its JSON if it was kept.
func written(v engine.Version, p *engine.Prepared) Version {
	public := publicVersion(&v)
	if p.Stored == nil {
		return public // it was not asked for
	}
	public.JSON = engine.AppendVersioned(nil, p.Stored, v.Number, v.Micros)
	return public
}

// Update stores a resource under its own id, as a new version or as a new
// resource. It reports an [Error] of class ErrInvalid, or ErrPreconditionFailed.
func (s *Store) Update(ctx context.Context, json []byte, opts ...WriteOption) (Version, error) {
	return s.update(ctx, json, Ref{}, engine.Update, opts)
}

// update stores a resource under its own id, which has to be that of ref if ref is
// not zero.
func (s *Store) update(ctx context.Context, json []byte, ref Ref, by engine.Interaction, opts []WriteOption) (Version, error) {
	o, c, err := s.gather(opts, aResource)
	if err != nil {
		return Version{}, err
	}
	if o.conditional {
		return Version{}, engine.Failf(ErrInvalid, issue.Invalid, "IfNoneExist does not go with an update")
	}
	if o.inOrder {
		return Version{}, engine.Failf(ErrInvalid, issue.Invalid, "IfInOrder goes with operations of a transaction alone")
	}
	if o.source && by != engine.Update {
		return Version{}, engine.Failf(ErrInvalid, issue.Invalid, "KeepVersion goes with updates alone")
	}
	if o.ifChanged && o.provenance != nil {
		return Version{}, engine.Failf(ErrInvalid, issue.Invalid, "WithProvenance does not go with IfChanged")
	}
	p, err := s.engine.Prepare(ctx, json, &engine.How{Check: o.check, Keep: o.wantsJSON(), Compare: o.ifChanged, Resolve: o.resolve, Source: o.source})
	if err != nil {
		return Version{}, err
	}
	if ref != (Ref{}) && ref != (Ref{Type: p.Type.String(), ID: p.ID}) {
		return Version{}, engine.Failf(ErrInvalid, issue.BusinessRule, "a patch must not change the type or the id")
	}
	beside, err := s.prepareProvenance(ctx, &o, p)
	if err != nil {
		return Version{}, err
	}
	versions, err := s.engine.Commit(ctx, &engine.Commit{Ops: append([]engine.Op{{Prepared: p, Condition: c, Interaction: o.by(by)}}, beside...)})
	if err != nil {
		return Version{}, err
	}
	if versions[0].Unchanged {
		v, err := s.ReadVersion(ctx, Ref{Type: p.Type.String(), ID: p.ID}, versions[0].VersionID())
		v.Unchanged, v.Issues = true, versions[0].Issues
		return v, err
	}
	return written(versions[0], p), nil
}

// Delete deletes a resource. Its history stays, and an update brings it back. It
// reports ErrNotFound, ErrGone or ErrPreconditionFailed.
func (s *Store) Delete(ctx context.Context, ref Ref, opts ...WriteOption) error {
	tx := s.Begin()
	if err := tx.Delete(ref, opts...); err != nil {
		return err
	}
	versions, err := tx.Commit(ctx)
	if err != nil {
		return err
	}
	return versions[0].Refused
}
