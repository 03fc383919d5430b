package engine

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/exec"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// groupBytes is the size at which a group of commits is closed: log records are
// at most 1 MiB, except one larger commit.
const groupBytes = 1<<20 - 16<<10

// A group is the commits that share one record. Each commit sees the effects of the
// commits before it in the group.
type group struct {
	engine  *Engine
	taken   []*submission
	commits []txlog.Commit // of taken
	// dismissed are refused, or write nothing, as the group so far has it. They are
	// answered when the group is durable, since until then that may come to nothing.
	dismissed []*submission
	items     []index.Item // the versions of all of them
	bytes     int
	time      int64
	overlay   map[key]known

	admission index.Admission
	defines   bool // whether there is a SearchParameter among the items
	settles   bool // whether the settings are among them

	// draft finds what conditions by search would find among the items; it has the first
	// drafted of them, whose bodies are packed in bodies.
	draft   *exec.Draft
	drafted int
	bodies  [][]byte
}

func newGroup(e *Engine) *group {
	return &group{engine: e, overlay: map[key]known{}, time: e.time, admission: e.index.Admission()}
}

func newRecordID() [16]byte { return uuid.New() }

// take adds a commit, all of it or nothing.
func (g *group) take(s *submission) error {
	e := g.engine
	size := len(s.Annotation)
	for i := range s.Ops {
		size += s.Ops[i].Size()
	}
	if g.bytes > 0 && g.bytes+size > groupBytes {
		g.flush()
	}
	ctx := exec.WithBudget(e.background, strictCost)
	for i := range s.Expects {
		if err := g.stillTrue(ctx, &s.Expects[i], s.strict); err != nil {
			return err
		}
	}
	for _, n := range s.Needs {
		if err := (&Condition{MustExist: true}).check(g.current(key{n.Type, n.ID})); err != nil {
			return err
		}
	}
	if err := e.checkDefinitions(s); err != nil {
		return err
	}
	at, err := e.stamp(s.moment, g.time)
	if err != nil {
		return err
	}
	at = latest(s.Ops, at)
	n := len(s.Ops)
	t := taking{
		group: g, at: at, changed: make(map[key]known, n), versions: make([]Version, n),
		log: make([]txlog.Item, 0, n+len(s.States)+1), items: make([]index.Item, 0, n),
	}
	for i := range s.Ops {
		o := &s.Ops[i]
		for p := range o.all() {
			if !e.renewed(p) {
				return errRenew
			}
		}
		if err := t.op(i, o); err != nil {
			return err
		}
	}
	for _, st := range s.States {
		t.state(st)
	}
	s.versions, s.extra = t.versions, t.extra
	if t.leans && len(g.taken) > 0 {
		// The version with which it shares its content, or may share it, is not durable
		// yet.
		g.flush()
		return g.take(s)
	}
	if len(t.log) == 0 {
		g.dismiss(s, nil) // nothing is written
		return nil
	}
	settles := e.unsettled != nil && !g.settles
	if settles {
		t.state(State{Name: settingsState, Value: e.unsettled})
	}
	if err := g.admission.Admit(t.items); err != nil {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	if len(g.taken) == 0 { // as large commits are
		g.overlay, g.items = t.changed, t.items
	} else {
		maps.Copy(g.overlay, t.changed)
		g.items = append(g.items, t.items...)
	}
	g.commits = append(g.commits, txlog.Commit{Time: at, Annotation: s.Annotation, Items: t.log})
	g.taken = append(g.taken, s)
	g.bytes += size
	g.time = at
	g.defines = g.defines || s.defines()
	g.settles = g.settles || settles
	return nil
}

// dismiss answers a commit that is not taken, once the group so far is durable.
func (g *group) dismiss(s *submission, err error) {
	if s.err = err; len(g.taken) > 0 {
		g.dismissed = append(g.dismissed, s)
		return
	}
	close(s.done)
}

// A taking is a commit while it is checked.
type taking struct {
	*group
	at       int64 // time of the commit
	changed  map[key]known
	versions []Version
	log      []txlog.Item
	items    []index.Item
	extra    []Op // of derived resources; their versions follow those of the commit's operations
	leans    bool // an operation has the content of another version in the group, or may have it
}

// state adds a named state, once the operations have their versions.
func (t *taking) state(s State) {
	value := s.Value
	if s.Effects {
		asked := t.versions[:len(t.versions)-len(t.extra)] // what was derived beside them is nobody's operation
		value = slices.Grow(slices.Clip(value), len(asked))
		for i := range asked {
			value = append(value, byte(asked[i].Effect()))
		}
	}
	t.log = append(t.log, txlog.Item{Kind: txlog.State, Values: []byte(s.Name), Body: value})
}

// op checks an operation and adds its version.
func (t *taking) op(i int, o *Op) error {
	k := key{o.Type, o.ID}
	old, ok := t.changed[k]
	if !ok {
		old = t.current(k)
		t.leans = t.leans || (o.SkipSame || o.Deletes() && o.brought.version != 0) && old.ordinal == 0 && old.exists()
	}
	v := &t.versions[i]
	v.Type, v.ID = o.Type, o.ID
	if o.Deletes() && o.SkipAbsent && (!old.exists() || t.engine.deletedAlready(o.Prepared)) {
		return nil
	}
	if err := o.check(old); err != nil {
		if o.SkipChanged && errors.Is(err, ErrPreconditionFailed) {
			return nil
		}
		return err
	}
	same, err := t.isSame(o, old)
	if same || err != nil {
		if v.Unchanged, v.Number, v.Issues = same, old.version, o.Issues; o.brought.version != 0 {
			v.Number = uint64(o.brought.version)
		}
		return err
	}
	next := known{deleted: o.Deletes(), content: o.compared.content, by: o.interaction(), derived: old.derived || o.interaction() == Derived}
	if next.version, next.micros, err = t.follow(o, old, t.at); err != nil {
		if !o.SkipRefused {
			return err
		}
		return t.refuse(k, old, o, v, err)
	}
	if next.version > index.MaxVersion {
		return fmt.Errorf("%w: the resource has %d versions, as many as it can have", ErrFull, old.version)
	}
	slot := uint32(0)
	if o.patient != "" {
		if slot, err = t.engine.log.Slot(o.patient); err != nil {
			return fmt.Errorf("datastore: writing: %w", logError(err))
		}
	}
	t.changed[k] = next
	v.Interaction = o.interaction()
	setItem(o.part, uint32(next.version), v.Interaction)
	v.Number, v.Deleted, v.Created = next.version, o.Deletes(), !old.exists()
	v.Issues, v.Micros = o.Issues, next.micros
	v.Ordinal = index.Ordinal(len(t.group.items) + len(t.items)) // within the group; applyGroup knows the rest
	t.log = append(t.log, txlog.Item{Slot: slot, Values: o.part, Body: o.body})
	t.items = append(t.items, index.Item{
		Type: index.TypeID(o.Type), ID: o.ID, Version: next.version, Deleted: o.Deletes(), Values: o.values, Custom: o.custom.InUse(),
		Brought: o.brought.timed, SourceTime: o.brought.micros,
	})
	if o.Type == schema.TypeDocumentReference {
		return t.derive(o, old)
	}
	return nil
}

// refuse answers for a version that does not follow the newest one. If this store
// derived the resource itself, an imported version was derived elsewhere, and is passed
// over.
func (t *taking) refuse(k key, old known, o *Op, v *Version, why error) error {
	if v.Refused = why; o.Interaction == Derived {
		return nil
	}
	derived, err := t.wasDerived(k, old)
	switch {
	case derived && o.Deletes():
		v.Refused = nil
	case derived:
		v.Refused, v.Unchanged, v.Number = nil, true, old.version
	}
	return err
}

// stateOf is the state of a resource once the commit so far is applied.
func (t *taking) stateOf(k key) known {
	if is, ok := t.changed[k]; ok {
		return is
	}
	return t.current(k)
}

// interaction returns the one given, or the one that the operation implies.
func (o *Op) interaction() Interaction {
	switch {
	case o.Interaction != 0:
		return o.Interaction
	case o.Deletes():
		return Delete
	}
	return Update
}

// current is the state of a resource once the group so far is applied.
func (g *group) current(k key) known {
	if s, ok := g.overlay[k]; ok {
		return s
	}
	view := g.engine.index.View()
	o, ok := view.Lookup(index.TypeID(k.typ), k.id)
	if !ok {
		return known{}
	}
	return known{version: view.VersionNumber(o), deleted: view.Deleted(o), ordinal: o}
}
