package datastore_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
	"github.com/fhirlake/fhirlake/internal/txlog/txlogtest"
)

// A thing is the content of a resource of the model: a Patient with a family
// name, a gender, a birth date and an identifier, or an Observation of a patient
// with a code, a day and a number. Empty fields are left out.
type thing struct {
	ref                        datastore.Ref
	family, gender, birth, key string
	subject, code, day         string
	number                     int
}

func (x thing) json() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `{"resourceType":%q,"id":%q`, x.ref.Type, x.ref.ID)
	if x.key != "" {
		fmt.Fprintf(&b, `,"identifier":[{"system":"urn:x","value":%q}]`, x.key)
	}
	if x.ref.Type == "Patient" {
		if x.family != "" {
			fmt.Fprintf(&b, `,"name":[{"family":%q}]`, x.family)
		}
		for name, value := range map[string]string{"gender": x.gender, "birthDate": x.birth} {
			if value != "" {
				fmt.Fprintf(&b, `,%q:%q`, name, value)
			}
		}
		return []byte(b.String() + "}")
	}
	fmt.Fprintf(&b, `,"status":"final","code":{"coding":[{"system":"http://loinc.org","code":%q}]},"valueQuantity":{"value":%d}`, x.code, x.number)
	if x.subject != "" {
		fmt.Fprintf(&b, `,"subject":{"reference":"Patient/%s"}`, x.subject)
	}
	if x.day != "" {
		fmt.Fprintf(&b, `,"effectiveDateTime":%q`, x.day)
	}
	return []byte(b.String() + "}")
}

// modelVersion is one version that the model has. Its text is what the store
// said when it was written; reads must say the same for ever.
type modelVersion struct {
	thing
	number  int
	deleted bool
	json    string
	time    time.Time
}

// A storeModel is every version ever written, in order. A state of it is a number
// of versions, so it can answer for the past as well; and all answers are scans.
type storeModel []modelVersion

// newest returns the newest version of a resource in a state.
func (m storeModel) newest(at int, ref datastore.Ref) (v modelVersion, ok bool) {
	for _, v := range slices.Backward(m[:at]) {
		if v.ref == ref {
			return v, true
		}
	}
	return modelVersion{}, false
}

// current returns what can be read in a state, newest first.
func (m storeModel) current(at int) (all []modelVersion) {
	for i, v := range slices.Backward(m[:at]) {
		if !v.deleted && !slices.ContainsFunc(m[i+1:at], func(later modelVersion) bool { return later.ref == v.ref }) {
			all = append(all, v)
		}
	}
	return all
}

// put adds a version, without its text.
func (m *storeModel) put(x thing, deleted bool) {
	old, _ := m.newest(len(*m), x.ref)
	*m = append(*m, modelVersion{thing: x, number: old.number + 1, deleted: deleted})
}

// absent is the error of reading or deleting a resource in a state, or nil.
func (m storeModel) absent(at int, ref datastore.Ref) error {
	switch v, ok := m.newest(at, ref); {
	case !ok:
		return datastore.ErrNotFound
	case v.deleted:
		return datastore.ErrGone
	}
	return nil
}

// A modelSearch is a query, and what it means.
type modelSearch struct {
	typ, query string
	holds      func(m storeModel, at int, x thing) bool
	less       func(a, b thing) int // nil keeps the newest first
}

// subjectOf returns the patient that an observation is of, if it can be read.
func (m storeModel) subjectOf(at int, x thing) (thing, bool) {
	v, ok := m.newest(at, datastore.Ref{Type: "Patient", ID: x.subject})
	return v.thing, ok && !v.deleted
}

var modelSearches = []modelSearch{
	{"Patient", "", func(storeModel, int, thing) bool { return true }, nil},
	{"Patient", "gender=female", func(_ storeModel, _ int, x thing) bool { return x.gender == "female" }, nil},
	{"Patient", "gender:not=female", func(_ storeModel, _ int, x thing) bool { return x.gender != "female" }, nil},
	{"Patient", "gender=male,female&birthdate=ge1980", func(_ storeModel, _ int, x thing) bool { return x.gender != "" && x.birth >= "1980" }, nil},
	{"Patient", "family=AN", func(_ storeModel, _ int, x thing) bool { return strings.HasPrefix(x.family, "An") }, nil},
	{"Patient", "family:exact=Ann", func(_ storeModel, _ int, x thing) bool { return x.family == "Ann" }, nil},
	{"Patient", "family:missing=true", func(_ storeModel, _ int, x thing) bool { return x.family == "" }, nil},
	{"Patient", "identifier=urn:x|k1", func(_ storeModel, _ int, x thing) bool { return x.key == "k1" }, nil},
	{"Patient", "_id=p1,p2,id-1", func(_ storeModel, _ int, x thing) bool {
		return slices.Contains([]string{"p1", "p2", "id-1"}, x.ref.ID)
	}, nil},
	{"Patient", "_has:Observation:subject:code=c1", func(m storeModel, at int, x thing) bool {
		return slices.ContainsFunc(m.current(at), func(o modelVersion) bool {
			return o.ref.Type == "Observation" && o.code == "c1" && o.subject == x.ref.ID
		})
	}, nil},
	{"Patient", "_sort=family", func(storeModel, int, thing) bool { return true }, func(a, b thing) int {
		return cmp.Or(missingLast(a.family, b.family), cmp.Compare(strings.ToLower(a.family), strings.ToLower(b.family)))
	}},
	{"Patient", "gender=female&_sort=-birthdate", func(_ storeModel, _ int, x thing) bool { return x.gender == "female" }, func(a, b thing) int {
		return cmp.Or(missingLast(a.birth, b.birth), cmp.Compare(b.birth, a.birth))
	}},
	{"Observation", "code=http://loinc.org|c1", func(_ storeModel, _ int, x thing) bool { return x.code == "c1" }, nil},
	{"Observation", "code=c1,c2&date=2020", func(_ storeModel, _ int, x thing) bool { return x.code != "c3" && strings.HasPrefix(x.day, "2020") }, nil},
	{"Observation", "date=lt2020-02-02", func(_ storeModel, _ int, x thing) bool { return x.day != "" && x.day < "2020-02-02" }, nil},
	{"Observation", "subject=Patient/p1", func(_ storeModel, _ int, x thing) bool { return x.subject == "p1" }, nil},
	{"Observation", "subject:Patient.family=ann", func(m storeModel, at int, x thing) bool {
		p, ok := m.subjectOf(at, x)
		return ok && strings.HasPrefix(strings.ToLower(p.family), "ann")
	}, nil},
	{"Observation", "patient.gender=female&code:not=c1", func(m storeModel, at int, x thing) bool {
		p, ok := m.subjectOf(at, x)
		return ok && p.gender == "female" && x.code != "c1"
	}, nil},
	{"Observation", "value-quantity=gt2&value-quantity=le4", func(_ storeModel, _ int, x thing) bool { return x.number > 2 && x.number <= 4 }, nil},
	{"Observation", "_sort=code,-date", func(storeModel, int, thing) bool { return true }, func(a, b thing) int {
		return cmp.Or(cmp.Compare(a.code, b.code), missingLast(a.day, b.day), cmp.Compare(b.day, a.day))
	}},
}

func missingLast(a, b string) int {
	switch {
	case a == "" && b != "":
		return 1
	case a != "" && b == "":
		return -1
	}
	return 0
}

// search answers a query in a state.
func (m storeModel) search(at int, q modelSearch) []string {
	found := []modelVersion{}
	for _, v := range m.current(at) {
		if (q.typ == "" || v.ref.Type == q.typ) && q.holds(m, at, v.thing) {
			found = append(found, v)
		}
	}
	if q.less != nil {
		slices.SortStableFunc(found, func(a, b modelVersion) int { return q.less(a.thing, b.thing) })
	}
	texts := []string{}
	for _, v := range found {
		texts = append(texts, v.json)
	}
	return texts
}

// A pair is one store in memory and one that outlives its closing, in a folder for
// instance, under the same operations, and their model.
type pair struct {
	stores  [2]*datastore.Store
	opts    [2]*datastore.Options
	open    func() (*datastore.Store, error) // the second store, the first time and again
	model   storeModel
	kept    []kept
	reopens int
}

// kept are snapshots of one state, of both stores; the second goes when its store is
// opened again.
type kept struct {
	snapshots [2]*datastore.Snapshot
	at        int
}

// lasting is the second store.
const lasting = 1

// newPair makes a pair whose second store is opened by a function.
func newPair(t require.TestingT, open func(*datastore.Options) (*datastore.Store, error)) *pair {
	p := new(pair)
	for i := range p.opts {
		p.opts[i] = &datastore.Options{Now: clock(), NewID: ids()}
	}
	p.open = func() (*datastore.Store, error) { return open(p.opts[lasting]) }
	var err error
	p.stores[0], err = datastore.Open(ctx, "mem:", p.opts[0])
	require.NoError(t, err)
	p.stores[lasting], err = p.open()
	require.NoError(t, err)
	return p
}

func (p *pair) close(t require.TestingT) {
	for _, s := range p.stores {
		require.NoError(t, s.Verify(ctx))
		require.NoError(t, s.Close())
	}
}

// both does the same to both stores, wants the same of them, and returns it.
func both[T any](t require.TestingT, p *pair, f func(*datastore.Store) (T, error)) (T, error) {
	first, err := f(p.stores[0])
	second, again := f(p.stores[1])
	require.Equal(t, first, second, "memory and folder differ")
	require.Equal(t, fmt.Sprint(err), fmt.Sprint(again), "memory and folder differ")
	return first, err
}

// wrote notes the texts of versions that the stores wrote.
func (p *pair) wrote(t require.TestingT, versions []datastore.Version) {
	first := len(p.model) - len(versions)
	for i, v := range versions {
		m := &p.model[first+i]
		require.Equal(t, m.ref, v.Ref)
		require.Equal(t, fmt.Sprint(m.number), v.VersionID)
		require.Equal(t, m.deleted, v.Deleted)
		old, existed := p.model[:first+i].newest(first+i, m.ref)
		require.Equal(t, !existed || old.deleted, v.Created)
		if m.deleted {
			continue
		}
		text := v.JSON
		if text == nil { // a Tx gives none
			read, err := p.stores[0].ReadVersion(ctx, v.Ref, v.VersionID)
			require.NoError(t, err)
			text = read.JSON
		}
		stamp := fmt.Sprintf(`"meta":{"versionId":"%s","lastUpdated":"%s"}`, v.VersionID, v.LastUpdated.Format("2006-01-02T15:04:05.000000Z"))
		require.Contains(t, string(text), stamp)
		require.JSONEq(t, string(m.thing.json()), strings.Replace(string(text), ","+stamp, "", 1))
		m.json = string(text)
	}
}

func drawThing(t *rapid.T) thing {
	pick := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
	x := thing{key: pick("key", "", "", "k1", "k2")}
	if rapid.Bool().Draw(t, "patient") {
		x.ref = datastore.Ref{Type: "Patient", ID: pick("id", "p1", "p2", "p3")}
		x.family, x.gender = pick("family", "", "Ann", "Anna", "Bob", "Zoe"), pick("gender", "", "male", "female")
		x.birth = pick("birth", "", "1979-12-31", "1980-01-01", "2001-05-06")
		return x
	}
	x.ref = datastore.Ref{Type: "Observation", ID: pick("id", "o1", "o2", "o3")}
	x.subject, x.code = pick("subject", "", "p1", "p2", "p9", "id-1"), pick("code", "c1", "c2", "c3")
	x.day, x.number = pick("day", "", "2019-01-01", "2020-02-01", "2020-03-04"), rapid.IntRange(0, 5).Draw(t, "number")
	return x
}

// update writes one resource, with a condition or without.
func (p *pair) update(t *rapid.T) {
	x := drawThing(t)
	old, _ := p.model.newest(len(p.model), x.ref)
	exists := p.model.absent(len(p.model), x.ref) == nil
	var opts []datastore.WriteOption
	holds := true
	switch rapid.IntRange(0, 3).Draw(t, "condition") {
	case 0:
		n := rapid.IntRange(max(1, old.number-1), old.number+1).Draw(t, "IfMatch")
		opts = append(opts, datastore.IfMatch(fmt.Sprint(n)))
		holds = exists && n == old.number
	case 1:
		opts = append(opts, datastore.IfNoneMatch())
		holds = !exists
	}
	v, err := both(t, p, func(s *datastore.Store) (datastore.Version, error) { return s.Update(ctx, x.json(), opts...) })
	if !holds {
		require.ErrorIs(t, err, datastore.ErrPreconditionFailed)
		return
	}
	require.NoError(t, err)
	p.model.put(x, false)
	p.wrote(t, []datastore.Version{v})
}

func (p *pair) create(t *rapid.T) {
	x := drawThing(t)
	var opts []datastore.WriteOption
	var matches []modelVersion
	if x.key != "" && rapid.Bool().Draw(t, "IfNoneExist") {
		opts = append(opts, datastore.IfNoneExist("identifier=urn:x|"+x.key))
		for _, v := range p.model.current(len(p.model)) {
			if v.ref.Type == x.ref.Type && v.key == x.key {
				matches = append(matches, v)
			}
		}
	}
	v, err := both(t, p, func(s *datastore.Store) (datastore.Version, error) { return s.Create(ctx, x.json(), opts...) })
	switch len(matches) {
	case 0:
		require.NoError(t, err)
		x.ref.ID = v.ID
		require.ErrorIs(t, p.model.absent(len(p.model), x.ref), datastore.ErrNotFound, "the id is new")
		p.model.put(x, false)
		p.wrote(t, []datastore.Version{v})
	case 1:
		require.NoError(t, err)
		require.False(t, v.Created)
		require.Equal(t, matches[0].json, string(v.JSON))
	default:
		require.ErrorIs(t, err, datastore.ErrPreconditionFailed)
	}
}

func (p *pair) delete(t *rapid.T) {
	ref := drawThing(t).ref
	_, err := both(t, p, func(s *datastore.Store) (int, error) { return 0, s.Delete(ctx, ref) })
	if want := p.model.absent(len(p.model), ref); want != nil {
		require.ErrorIs(t, err, want)
		return
	}
	require.NoError(t, err)
	p.model.put(thing{ref: ref}, true)
}

// A step is one operation of a transaction.
type step struct {
	thing
	delete bool
}

func drawSteps(t *rapid.T) []step {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		return step{drawThing(t), rapid.IntRange(0, 3).Draw(t, "delete") == 0}
	}), 1, 6).Draw(t, "steps")
}

// fill puts steps into a transaction.
func fill(tx *datastore.Transaction, steps []step) error {
	for _, x := range steps {
		var err error
		if x.delete {
			err = tx.Delete(x.ref)
		} else {
			_, err = tx.Update(ctx, x.thing.json())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// write writes several operations in one commit, often on the same resource; one
// that cannot be done undoes all.
func (p *pair) write(t *rapid.T) {
	steps := drawSteps(t)
	before := len(p.model)
	var want error
	for _, x := range steps {
		if x.delete {
			if want = p.model.absent(len(p.model), x.ref); want != nil {
				break
			}
			x.thing = thing{ref: x.ref}
		}
		p.model.put(x.thing, x.delete)
	}
	versions, err := both(t, p, func(s *datastore.Store) ([]datastore.Version, error) {
		return s.Write(ctx, func(tx *datastore.Transaction) error { return fill(tx, steps) })
	})
	if want != nil {
		p.model = p.model[:before]
		require.ErrorIs(t, err, want)
		return
	}
	require.NoError(t, err)
	p.wrote(t, versions)
}

// transact writes a bundle. A transaction carries out deletions first and refuses
// to write a resource twice; a batch does one after the other.
func (p *pair) transact(t *rapid.T) {
	steps := drawSteps(t)
	kind := rapid.SampledFrom([]string{"transaction", "batch"}).Draw(t, "kind")
	twice := false
	var entries []string
	for i, x := range steps {
		method := "PUT"
		if x.delete {
			method = "DELETE"
		}
		entries = append(entries, entry(method, x.ref.String(), "", string(x.thing.json())))
		twice = twice || slices.ContainsFunc(steps[:i], func(y step) bool { return y.ref == x.ref })
	}
	_, err := both(t, p, func(s *datastore.Store) (string, error) {
		text, err := s.Transact(ctx, bundleOf(kind, entries...))
		return string(text), err
	})
	if kind == "transaction" {
		if twice {
			require.ErrorIs(t, err, datastore.ErrInvalid)
			return
		}
		slices.SortStableFunc(steps, func(a, b step) int { return deletesFirst(a) - deletesFirst(b) })
	}
	require.NoError(t, err)
	for _, x := range steps {
		if x.delete {
			if p.model.absent(len(p.model), x.ref) == nil {
				p.model.put(thing{ref: x.ref}, true)
			}
			continue
		}
		p.model.put(x.thing, false)
		newest := p.model[len(p.model)-1]
		v, err := p.stores[0].ReadVersion(ctx, x.ref, fmt.Sprint(newest.number))
		require.NoError(t, err)
		p.model[len(p.model)-1].json = string(v.JSON)
	}
}

func deletesFirst(x step) int {
	if x.delete {
		return 0
	}
	return 1
}

// keep takes snapshots that are looked at again later.
func (p *pair) keep(t *rapid.T) {
	p.stamp(t)
	k := kept{at: len(p.model)}
	for i, s := range p.stores {
		k.snapshots[i] = s.Snapshot()
	}
	p.kept = append(p.kept, k)
}

// rewrite rewrites both stores.
func (p *pair) rewrite(t *rapid.T) {
	for _, s := range p.stores {
		require.NoError(t, s.Compact(ctx, nil, nil))
	}
}

// rotate replaces the keys of one of the stores.
func (p *pair) rotate(t *rapid.T) {
	require.NoError(t, p.stores[rapid.IntRange(0, len(p.stores)-1).Draw(t, "store")].RotateKey(ctx, nil))
}

// sweep sweeps the indexes of both stores, or closes the oldest snapshots first, so
// that sweeps go further.
func (p *pair) sweep(t *rapid.T) {
	if len(p.kept) > 0 && rapid.Bool().Draw(t, "close") {
		for _, s := range p.kept[0].snapshots {
			if s != nil {
				s.Close()
			}
		}
		p.kept = p.kept[1:]
	}
	for _, s := range p.stores {
		require.NoError(t, s.SweepAll())
	}
}

// checkpoint writes a checkpoint of the second store's index, from which it may be opened
// again.
func (p *pair) checkpoint(t *rapid.T) {
	if err := p.stores[lasting].Checkpoint(); !errors.Is(err, datastore.ErrNoCheckpoint) {
		require.NoError(t, err)
	}
}

// reopen closes the second store and opens it again.
func (p *pair) reopen(t *rapid.T) {
	if p.reopens++; p.reopens > 3 {
		t.Skip("the store was opened again often enough; another action is drawn")
	}
	require.NoError(t, p.stores[lasting].Close())
	var err error
	p.stores[lasting], err = p.open()
	require.NoError(t, err)
	for i := range p.kept {
		p.kept[i].snapshots[lasting] = nil
	}
}

// look compares the newest state and one of the kept ones with the model.
func (p *pair) look(t *rapid.T) {
	p.stamp(t)
	for _, s := range p.stores {
		lookAt(t, s, p.model, len(p.model))
	}
	if len(p.kept) == 0 {
		return
	}
	k := rapid.SampledFrom(p.kept).Draw(t, "snapshot")
	for _, s := range k.snapshots {
		if s != nil {
			lookAt(t, s, p.model, k.at)
		}
	}
}

// lookAt wants everything that can be read to be what the model says.
func lookAt(t *rapid.T, from datastore.Reader, m storeModel, at int) {
	histories := map[datastore.Ref][]modelVersion{}
	for _, v := range m[:at] {
		if v.deleted {
			_, err := from.ReadVersion(ctx, v.ref, fmt.Sprint(v.number))
			require.ErrorIs(t, err, datastore.ErrGone)
		} else {
			got, err := from.ReadVersion(ctx, v.ref, fmt.Sprint(v.number))
			require.NoError(t, err)
			require.Equal(t, v.json, string(got.JSON))
		}
		for _, of := range []datastore.Ref{{}, {Type: v.ref.Type}, v.ref} {
			histories[of] = append(histories[of], v)
		}
	}
	for ref, versions := range histories {
		lookAtHistory(t, from, ref, versions)
	}
	lookAtTimes(t, from, m, at)
	for _, ref := range []datastore.Ref{{Type: "Patient", ID: "p1"}, {Type: "Patient", ID: "id-1"}, {Type: "Observation", ID: "o3"}} {
		v, err := from.Read(ctx, ref)
		if want := m.absent(at, ref); want != nil {
			require.ErrorIs(t, err, want)
			continue
		}
		require.NoError(t, err)
		newest, _ := m.newest(at, ref)
		require.Equal(t, newest.json, string(v.JSON))
	}
	count := rapid.IntRange(1, 5).Draw(t, "count")
	for _, q := range modelSearches {
		want := m.search(at, q)
		total, err := from.Search(ctx, q.typ, strings.TrimPrefix(q.query+"&_count=0", "&"))
		require.NoError(t, err, q.query)
		require.Equal(t, len(want), total.Total, q.query)
		require.Equal(t, want, pages(t, from, q.typ, strings.TrimPrefix(fmt.Sprint(q.query, "&_count=", count), "&")), q.query)
	}
	lookAround(t, from, m, at)
}

// pages returns the matches of a query on all its pages.
func pages(t require.TestingT, from datastore.Reader, typ, query string) []string {
	all := []string{}
	for query != "" {
		page, err := from.Search(ctx, typ, query)
		require.NoError(t, err, query)
		for _, v := range page.Matches {
			all = append(all, string(v.JSON))
		}
		require.LessOrEqual(t, len(all), page.Total)
		query = page.Next
	}
	return all
}

// TestModel runs random operations on a store in memory, a store in a folder and
// a model, and wants the three to agree about the present and about the past.
func TestModel(t *testing.T) {
	t.Parallel() // it mostly waits for the disk
	root := t.TempDir()
	key := datastore.KeyFile(filepath.Join(root, "key"))
	run := 0
	rapid.Check(t, func(r *rapid.T) {
		run++
		newPair(r, func(o *datastore.Options) (*datastore.Store, error) {
			o.Key = key
			return datastore.Open(ctx, filepath.Join(root, fmt.Sprint("store", run)), o)
		}).run(r)
	})
}

// TestModelOverConflicts does the same with a store whose log is appended to by others,
// loses acknowledgements and takes its time: nobody notices.
func TestModelOverConflicts(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		disk, key := txlog.NewMemory(), seal.RandomKey()
		faults := txlogtest.Faults{Seed: rapid.Uint64().Draw(r, "seed"), Conflict: 0.3, Lost: 0.2, Vanished: 0.2, Delay: 0.2}
		newPair(r, func(o *datastore.Options) (*datastore.Store, error) {
			log, err := txlog.Open(ctx, "", &txlog.Options{FS: disk, Wrapper: key, SegmentSize: 20_000})
			if err != nil {
				return nil, err
			}
			faults.Seed++
			return datastore.OpenLog(ctx, txlogtest.Wrap(log, faults), o)
		}).run(r)
	})
}

// run runs random operations.
func (p *pair) run(r *rapid.T) {
	defer p.close(r)
	r.Repeat(map[string]func(*rapid.T){
		"create": p.create, "update": p.update, "delete": p.delete, "write": p.write,
		"transact": p.transact, "keepVersion": p.keepVersion, "keep": p.keep, "reopen": p.reopen, "checkpoint": p.checkpoint, "look": p.look, "sweep": p.sweep, "rewrite": p.rewrite, "rotate": p.rotate,
	})
	p.look(r)
}

// TestGrouping writes the same operations one by one, in groups, and in groups
// filled beforehand: the same state comes of it, and the same history.
func TestGrouping(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var steps []step
		m := storeModel{}
		for _, x := range slices.Concat(drawSteps(r), drawSteps(r), drawSteps(r)) {
			if !x.delete || m.absent(len(m), x.ref) == nil {
				m.put(x.thing, x.delete)
				steps = append(steps, x)
			}
		}
		var all [3][]string
		for kind := range all {
			store := storetest.Open(r, nil)
			var filled []*datastore.Transaction
			for rest := steps; len(rest) > 0; {
				n := 1
				if kind > 0 {
					n = rapid.IntRange(1, len(rest)).Draw(r, "group")
				}
				tx := store.Begin()
				require.NoError(r, fill(tx, rest[:n]))
				rest = rest[n:]
				if filled = append(filled, tx); kind < 2 {
					_, err := tx.Commit(ctx)
					require.NoError(r, err)
				}
			}
			if kind == 2 {
				for _, tx := range filled {
					_, err := tx.Commit(ctx)
					require.NoError(r, err)
				}
			}
			all[kind] = contents(r, store)
			require.NoError(r, store.Verify(ctx))
		}
		require.Equal(r, all[0], all[1])
		require.Equal(r, all[0], all[2])
	})
}

// contents are the history of a store and its answers to the model's queries,
// without times.
func contents(t require.TestingT, store *datastore.Store) (all []string) {
	add := func(v datastore.Version) {
		stamp := v.LastUpdated.Format(`,"lastUpdated":"2006-01-02T15:04:05.000000Z"`)
		all = append(all, v.Ref.String()+" "+v.VersionID+strings.Replace(string(v.JSON), stamp, "", 1))
	}
	for v, err := range store.History(ctx, datastore.Ref{}, nil) {
		require.NoError(t, err)
		add(v)
	}
	for _, q := range modelSearches {
		page, err := store.Search(ctx, q.typ, q.query)
		require.NoError(t, err)
		all = append(all, fmt.Sprint(q.query, page.Total))
		for _, v := range page.Matches {
			add(v)
		}
	}
	return all
}

// TestSnapshotsAreWhole reads while others write: two resources that are always
// written together are equal in every snapshot, and one search sees every
// resource exactly once.
func TestSnapshotsAreWhole(t *testing.T) {
	store := storetest.Open(t, nil)
	writing, stop := context.WithCancel(ctx)
	defer stop()
	both := func(n int) error {
		_, err := store.Write(writing, func(tx *datastore.Transaction) error {
			return fill(tx, []step{
				{thing: thing{ref: datastore.Ref{Type: "Patient", ID: "p1"}, key: fmt.Sprint(n)}},
				{thing: thing{ref: datastore.Ref{Type: "Patient", ID: "p2"}, key: fmt.Sprint(n)}},
			})
		})
		return err
	}
	require.NoError(t, both(0))
	done := make(chan error, 2)
	for w := range cap(done) {
		go func() {
			for n := 0; ; n++ {
				if err := both(w + 2*n); err != nil {
					done <- err
					return
				}
			}
		}()
	}
	last := uint64(0)
	for range 2000 {
		now := store.Snapshot()
		require.GreaterOrEqual(t, now.Sequence(), last)
		last = now.Sequence()
		page, err := now.Search(ctx, "Patient", "_sort=_id")
		require.NoError(t, err)
		require.Len(t, page.Matches, 2)
		a, b := page.Matches[0], page.Matches[1]
		require.Equal(t, a.VersionID, b.VersionID)
		require.Equal(t, strings.Replace(string(a.JSON), `"p1"`, `"p2"`, 1), string(b.JSON))
		one, err := now.Search(ctx, "Patient", "identifier=urn:x|"+identifierOf(a))
		require.NoError(t, err)
		require.Equal(t, 2, one.Total)
		read, err := now.Read(ctx, a.Ref)
		require.NoError(t, err)
		require.Equal(t, a.JSON, read.JSON)
		now.Close()
	}
	stop()
	for range cap(done) {
		if err := <-done; !errors.Is(err, context.Canceled) {
			require.NoError(t, err)
		}
	}
}

// identifierOf returns the key of a thing that was read.
func identifierOf(v datastore.Version) string {
	_, rest, _ := strings.Cut(string(v.JSON), `"value":"`)
	key, _, _ := strings.Cut(rest, `"`)
	return key
}
