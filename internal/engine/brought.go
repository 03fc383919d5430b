package engine

import (
	"context"
	"strconv"

	"github.com/fhirlake/fhirlake/internal/fhirtime"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// A brought is the number and the time that a version keeps from its source. A number
// of 0 stands for the next number; without a time the version gets the time of its
// commit.
type brought struct {
	version uint32
	timed   bool
	micros  int64 // since the Unix epoch
}

// time returns the time alone.
func (b brought) time() brought { return brought{timed: b.timed, micros: b.micros} }

var (
	metaVersion = schema.Lookup(schema.TypeMeta, "versionId")
	metaUpdated = schema.Lookup(schema.TypeMeta, "lastUpdated")
)

// readBrought reads meta.versionId and meta.lastUpdated, if How.Source is set.
func (e *Engine) readBrought(_ context.Context, c *scratch) error {
	c.out.brought = c.how.time
	if !c.how.Source {
		return nil
	}
	doc := &c.doc
	meta, ok := doc.Child(0, schema.Lookup(doc.Type(), "meta"))
	if !ok {
		return nil
	}
	b := &c.out.brought
	if n, ok := doc.Child(meta, metaVersion); ok {
		if b.version, ok = parseBrought(string(doc.Text(n, nil))); !ok {
			return wrongMeta(doc.Type(), "/meta/versionId", issue.Value,
				"the version cannot be kept: a store's versions are numbers, from 1 to 1073741823")
		}
	}
	if n, ok := doc.Child(meta, metaUpdated); ok {
		t, err := fhirtime.ParseInstant(doc.Text(n, nil))
		if err != nil {
			return wrongMeta(doc.Type(), "/meta/lastUpdated", issue.Value, "the time cannot be kept: it is no instant")
		}
		b.timed = true
		b.micros, _ = t.Range(nil)
		if !isCommitTime(b.micros) {
			return wrongMeta(doc.Type(), "/meta/lastUpdated", issue.Value, "the time cannot be kept: its year is not between 1 and 9999 in UTC")
		}
	}
	return nil
}

// parseBrought reads a version id that can be kept.
func parseBrought(id string) (uint32, bool) {
	n, ok := ParseVersion(id)
	return uint32(n), ok && n <= maxBrought
}

// maxBrought is the highest number that a version may bring: half of all numbers, so that
// as many versions can follow.
const maxBrought = index.MaxVersion / 2

func wrongMeta(t schema.TypeID, pointer string, code issue.Code, text string) error {
	return &Error{Class: ErrInvalid, Issues: []Issue{{Severity: issue.Error, Code: code, Root: t.String(), Pointer: pointer, Offset: -1, Diagnostics: text}}}
}

// Bring gives a deletion the number and the time that it had in another store.
// versionID may be "", and timed false.
func (p *Prepared) Bring(versionID string, timed bool, micros int64) error {
	b := brought{timed: timed, micros: micros}
	ok := true
	if versionID != "" {
		b.version, ok = parseBrought(versionID)
	}
	if !ok || timed && !isCommitTime(micros) {
		return Failf(ErrInvalid, issue.Value, "the version cannot be kept: a store's versions are numbers, from 1 to 1073741823, and its times between the years 1 and 9999")
	}
	p.brought = b
	p.part = appendItemHeader(nil, p.Type, p.ID, true, b)
	return nil
}

// follow returns the number and the time of an operation's version in a commit at the
// time at, or the reason why the version cannot follow the newest one. Numbers rise;
// times do not fall and are not of the future.
func (g *group) follow(o *Op, old known, at int64) (number uint64, micros int64, err error) {
	number, micros = old.version+1, at
	refuse := func(place, text string) (uint64, int64, error) {
		return 0, 0, &Error{Class: ErrVersionOrder, Issues: []Issue{{
			Severity: issue.Error, Code: issue.Conflict, Root: o.Type.String(), Pointer: place, Offset: -1, Diagnostics: text,
		}}}
	}
	b := &o.brought
	if b.version != 0 {
		if number = uint64(b.version); number <= old.version {
			return refuse("/meta/versionId", "version "+strconv.FormatUint(number, 10)+" does not follow version "+strconv.FormatUint(old.version, 10)+", the newest in the store")
		}
	}
	if b.timed {
		if old.ordinal != 0 {
			_, old.micros = g.engine.Last().RecordOf(old.ordinal)
		}
		switch micros = b.micros; {
		case micros > at:
			return refuse("/meta/lastUpdated", "the time is later than this store's clock")
		case old.version != 0 && micros < old.micros:
			return refuse("/meta/lastUpdated", "the time is before that of the newest version in the store")
		}
	}
	return number, micros, nil
}

// latest returns the time of a commit: the clock's, or a later time that an operation
// brings, if the clock is behind it by no more than maxLead. So versions from a store
// whose clock is a little ahead are not refused.
func latest(ops []Op, at int64) int64 {
	most := at
	for i := range ops {
		if b := &ops[i].brought; b.timed && b.micros > most && b.micros-at <= maxLead.Microseconds() {
			most = b.micros
		}
	}
	return min(most, lastMicros)
}

// isCommitTime reports whether a time can be written as an instant.
func isCommitTime(micros int64) bool { return micros >= firstMicros && micros <= lastMicros }

// numbered returns the stored version that already has the number, and the time if any,
// that p brings.
func (e *Engine) numbered(p *Prepared) (o index.Ordinal, deleted, ok bool) {
	view := e.Last()
	o, ok = view.Find(p.Type, p.ID)
	for ok && view.VersionNumber(o) > uint64(p.brought.version) {
		o, ok = view.Previous(o)
	}
	if !ok || view.VersionNumber(o) != uint64(p.brought.version) {
		return 0, false, false
	}
	_, micros := view.RecordOf(o)
	return o, view.Deleted(o), !p.brought.timed || p.brought.micros == micros
}

// compareBrought compares a version that brings a number with the stored version of
// that number.
func (e *Engine) compareBrought(p *Prepared) (same bool, err error) {
	o, deleted, ok := e.numbered(p)
	if !ok || deleted {
		return false, nil
	}
	now, err := e.contentAt(o)
	return err == nil && now == p.compared.content, err
}

// deletedAlready reports whether the store has a deletion that brings its number.
func (e *Engine) deletedAlready(p *Prepared) bool {
	if p.brought.version == 0 {
		return false
	}
	_, deleted, ok := e.numbered(p)
	return ok && deleted
}

// sameAs reports whether an operation has the same content as a version of its group.
func (o *Op) sameAs(old known) bool {
	if !o.SkipSame || o.Deletes() || !old.exists() || old.ordinal != 0 || old.content != o.compared.content {
		return false
	}
	b := &o.brought
	return b.version == 0 || uint64(b.version) == old.version && (!b.timed || b.micros == old.micros)
}
