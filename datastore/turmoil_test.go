package datastore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/issue"
	"github.com/stretchr/testify/require"

	opb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/observation_go_proto"
)

// TestTurmoil does everything at once with a store in a folder: writes of all kinds,
// imports, custom parameters that come, change and go, sweeps, rewritings, searches, snapshots.
// At quiet points it answers as a new store does that was given the same resources,
// before and after opening again.
func TestTurmoil(t *testing.T) {
	rounds, writes := 2, 40
	if testing.Short() {
		rounds, writes = 1, 30
	}
	folder := t.TempDir()
	options := &datastore.Options{Key: datastore.KeyFile(filepath.Join(folder, "key")), Validation: datastore.StructureOnly}
	for round := range rounds {
		store, err := datastore.Open(ctx, filepath.Join(folder, "store"), options)
		require.NoError(t, err)
		if round > 0 {
			sameAsNew(t, store)
		}
		turmoil(t, store, uint64(round), writes)
		sameAsNew(t, store)
		for _, p := range turmoilParameters[round%2:] {
			_, err := store.Update(ctx, p)
			require.NoError(t, err)
		}
		sameAsNew(t, store)
		before, err := store.Stats()
		require.NoError(t, err)
		require.NoError(t, store.SweepAll())
		after, err := store.Stats()
		require.NoError(t, err)
		require.Equal(t, after.Superseded, after.Swept)
		require.LessOrEqual(t, after.Bytes.Columns+after.Bytes.Postings, before.Bytes.Columns+before.Bytes.Postings)
		sameAsNew(t, store)
		require.NoError(t, store.Verify(ctx))
		// What is being indexed when the store is closed is indexed when it is opened.
		_, err = store.Update(ctx, turmoilParameters[round%2])
		require.NoError(t, err)
		require.NoError(t, store.Close())
	}
}

// turmoil runs writers until each has written, and all others until then.
func turmoil(t *testing.T, store *datastore.Store, seed uint64, writes int) {
	var writers, others sync.WaitGroup
	var stop, failed atomic.Bool
	written := make(chan struct{}, 1)
	report := func(what string, err error) {
		if err != nil && !failed.Swap(true) {
			t.Errorf("%s: %v", what, err)
		}
	}
	until := func(what string, f func(r *rand.Rand) error) {
		r := rand.New(rand.NewPCG(seed, uint64(len(what))))
		others.Go(func() {
			n := 0
			for ; !stop.Load() && !failed.Load(); n++ {
				report(what, f(r))
			}
			t.Logf("%s: %d times", what, n)
		})
	}
	for w := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, w))
		writers.Go(func() {
			for range writes {
				report("write", tolerate(turmoilWrite(store, r), datastore.ErrGone, datastore.ErrNotFound, datastore.ErrConflict, datastore.ErrPreconditionFailed))
				select {
				case written <- struct{}{}:
				default:
				}
			}
		})
	}
	until("sweep", func(*rand.Rand) error {
		<-written
		return store.SweepAll()
	})
	last := datastore.Ref{Type: "Patient", ID: fmt.Sprint("last", seed)}
	feed := turmoilFeed{store: store, last: last, current: map[datastore.Ref]datastore.Version{}}
	following, unfollow := context.WithCancel(ctx)
	defer unfollow()
	followed := make(chan error, 1)
	go func() { followed <- feed.follow(following) }()
	until("export", func(*rand.Rand) error { return turmoilExport(store) })
	until("rewrite", func(*rand.Rand) error {
		<-written
		return store.Compact(ctx, nil, nil)
	})
	until("rotate", func(*rand.Rand) error {
		<-written
		return store.RotateKey(ctx, nil)
	})
	snapshots := heldSnapshot{store: store}
	until("search a held snapshot", snapshots.ask)
	until("define", func(r *rand.Rand) error { return turmoilDefine(store, r) })
	until("search pages", func(r *rand.Rand) error { return turmoilPages(store, r) })
	until("search a snapshot", func(r *rand.Rand) error { return turmoilSnapshot(store, r) })
	until("search with an iterator", func(r *rand.Rand) error { return turmoilIterate(store, r) })
	writers.Wait()
	stop.Store(true)
	close(written)
	others.Wait()
	snapshots.now.Close()
	require.False(t, t.Failed())
	_, err := store.Update(ctx, patient(last.ID, "Last"))
	require.NoError(t, err)
	require.NoError(t, <-followed)
	feed.requireCurrent(t)
}

func tolerate(err error, allowed ...error) error {
	if slices.ContainsFunc(allowed, func(a error) bool { return errors.Is(err, a) }) {
		return nil
	}
	return err
}

// unanswered tolerates the errors of a search whose parameter is not complete, was
// removed or changed, or is newer than what is searched.
func unanswered(err error) error {
	var data *datastore.Error
	if errors.As(err, &data) && slices.Contains([]issue.Code{issue.Transient, issue.NotFound, issue.NotSupported}, data.Issues[0].Code) {
		return nil
	}
	return err
}

var turmoilWords = []string{"ache", "burn", "cough", "dizzy", "edema", "fever", "gout", "hives"}

func word(r *rand.Rand) string { return turmoilWords[r.IntN(len(turmoilWords))] }

func turmoilPatient(r *rand.Rand) string {
	organization := fmt.Sprintf(`{"reference":"Organization/o%d"}`, r.IntN(4))
	contained := ""
	if r.IntN(2) == 0 {
		contained = fmt.Sprintf(`,"contained":[{"resourceType":"Organization","id":"in","name":"%s %s"}]`, word(r), word(r))
		organization = `{"reference":"#in"}`
	}
	gender := ""
	if r.IntN(4) > 0 {
		gender = fmt.Sprintf(`,"gender":"%s"`, []string{"male", "female"}[r.IntN(2)])
	}
	return fmt.Sprintf(`{"resourceType":"Patient","id":"p%d","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">%s %s</div>"}%s,"extension":[{"url":"http://example.org/eye","valueString":"%s"}],"identifier":[{"system":"urn:x","value":"%d"}],"name":[{"family":"%s","given":["%s"]},{"family":"%s"}]%s,"birthDate":"%d-%02d","managingOrganization":%s}`,
		r.IntN(400), word(r), word(r), contained, word(r), r.IntN(900), word(r), strings.Join([]string{word(r), word(r)}[:1+r.IntN(2)], `","`), word(r), gender, 1990+r.IntN(20), 1+r.IntN(12), organization)
}

func turmoilObservation(r *rand.Rand) string {
	unit := []string{
		`,"system":"http://unitsofmeasure.org","code":"mg"`, `,"system":"http://unitsofmeasure.org","code":"g"`,
		`,"system":"http://unitsofmeasure.org","code":"[degF]"`, `,"system":"urn:u","code":"mg"`, "",
	}[r.IntN(5)]
	value := []string{"5", "5.0", "5.4", "0.0054", "5400", "1e3", "1000.00", "0.1"}[r.IntN(8)]
	if r.IntN(2) == 0 {
		value = fmt.Sprintf("%d.%d", r.IntN(100), r.IntN(1000))
	}
	return fmt.Sprintf(`{"resourceType":"Observation","id":"v%d","status":"final","code":{"coding":[{"system":"urn:c","code":"c%d"}]},"subject":{"reference":"Patient/p%d"},"effectiveDateTime":"20%02d-%02d-%02dT%02d:00:00Z","valueQuantity":{"value":%s%s},"note":[{"text":"%s or %s"}],"component":[{"code":{"coding":[{"code":"a%d"}]},"valueQuantity":{"value":%d}},{"code":{"coding":[{"code":"b"}]},"valueQuantity":{"value":%d}}]}`,
		r.IntN(9000), r.IntN(5), r.IntN(400), 10+r.IntN(15), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), value, unit, word(r), word(r), r.IntN(3), r.IntN(5), r.IntN(5))
}

func turmoilResource(r *rand.Rand) string {
	switch r.IntN(10) {
	case 0:
		return fmt.Sprintf(`{"resourceType":"Organization","id":"o%d","name":"%s"}`, r.IntN(4), word(r))
	case 1, 2, 3:
		return turmoilPatient(r)
	}
	return turmoilObservation(r)
}

func turmoilWrite(store *datastore.Store, r *rand.Rand) error {
	switch r.IntN(8) {
	case 0:
		_, err := store.Create(ctx, []byte(turmoilResource(r)))
		return err
	case 1:
		return store.Delete(ctx, datastore.Ref{Type: "Patient", ID: fmt.Sprint("p", r.IntN(400))})
	case 2:
		condition := fmt.Sprintf("identifier=urn:x%%7C%d", r.IntN(900))
		if r.IntN(2) == 0 {
			condition += "&p1=2"
		}
		_, err := store.Create(ctx, []byte(turmoilPatient(r)), datastore.IfNoneExist(condition))
		return unanswered(err)
	case 3:
		var lines strings.Builder
		for range 60 {
			fmt.Fprintln(&lines, turmoilResource(r))
		}
		job, err := ingest.Start(ctx, store, ingest.Options{Reader: strings.NewReader(lines.String()), Validation: datastore.StructureOnly})
		if err != nil {
			return err
		}
		result, err := job.Wait()
		if err == nil && result.Failed() > 0 {
			err = fmt.Errorf("%d lines failed", result.Failed())
		}
		return err
	case 4:
		source := turmoilPatient(r)
		entry := fmt.Sprintf(`{"resource":%s,"request":{"method":"POST","url":"Patient"}}`, source)
		_, err := store.Transact(ctx, []byte(`{"resourceType":"Bundle","type":"transaction","entry":[`+entry+`]}`))
		return err
	}
	tx := store.Begin()
	for range 40 {
		if _, err := tx.Update(ctx, []byte(turmoilResource(r))); err != nil {
			return err
		}
	}
	if r.IntN(2) == 0 {
		tx.WrittenByOther()
	}
	_, err := tx.Commit(ctx)
	return err
}

var turmoilParameters = [][]byte{
	custom("p0", "Patient", "string", "Patient.extension.where(url='http://example.org/eye').value.ofType(string)"),
	custom("p0", "Patient", "token", "Patient.name.given.first() | Patient.name.given.last()"),
	custom("p1", "Patient", "number", "Patient.name.given.count()"),
	custom("p2", "DomainResource", "token", "Patient.gender | Observation.code"),
	custom("p3", "Patient", "date", "Patient.birthDate"),
	custom("p4", "Patient,Observation", "reference", "Patient.managingOrganization | Observation.subject"),
	custom("p5", "Observation", "quantity", "Observation.value.ofType(Quantity)"),
	custom("p5", "Observation", "quantity", "Observation.component.value.ofType(Quantity)"),
	custom("p6", "Observation", "composite", "Observation.component",
		`"component":[{"definition":"http://hl7.org/fhir/SearchParameter/clinical-code","expression":"code"},{"definition":"http://example.org/sp/p5","expression":"value.ofType(Quantity)"}]`),
	custom("p7", "Resource", "string", "Resource.id"),
}

func turmoilDefine(store *datastore.Store, r *rand.Rand) error {
	if r.IntN(3) == 0 {
		err := store.Delete(ctx, datastore.Ref{Type: "SearchParameter", ID: fmt.Sprint("sp-p", r.IntN(8))})
		return tolerate(err, datastore.ErrGone, datastore.ErrNotFound)
	}
	_, err := store.Update(ctx, turmoilParameters[r.IntN(len(turmoilParameters))], datastore.Validation(datastore.Strict))
	if err = tolerate(err, datastore.ErrInvalid); err != nil { // p6 without p5
		return err
	}
	soon, cancel := context.WithTimeout(ctx, time.Duration(r.IntN(300))*time.Millisecond)
	defer cancel()
	return tolerate(store.WaitIndexed(soon), context.DeadlineExceeded)
}

var turmoilQueries = map[string][]string{
	"Patient": {
		"", "gender=male", "gender:missing=true", "gender:not=male", "name=a", "name:contains=ou", "family:exact=gout", "birthdate=1995", "birthdate=gt1995-05", "birthdate=lt2000&gender=female", "birthdate:missing=true",
		"_sort=birthdate,_id", "_sort=-family,_id", "_sort=gender,_id", "_sort=given,-_id", "identifier=urn:x%7C7", "organization.name=ache", "organization=Organization/o1", "organization:missing=true",
		"_text=ache", "_content=burn", "_text=ache AND burn", "_content=\"ache burn\"", "_content=fever NOT gout", "_filter=gender eq male and birthdate gt 2000", "_has:Observation:subject:code=c1", "_has:Observation:subject:value-quantity=gt50&_sort=_id", "_sort=organization.name,_id",
		"p0=ache", "p0=b", "p0:missing=true", "_sort=p0,_id", "p1=2", "p1=gt1", "p2=male", "p2:not=male", "p3=1999", "p3=gt2000", "_sort=-p3,_id", "p4=Organization/o1", "p4.name=burn", "p7=p1", "p7=p1,p2", "_filter=p1 eq 2", "_has:Observation:p4:code=c2", "p1=2&p3=lt2003&_sort=p0,_id",
	},
	"Observation": {
		"", "code=c1", "value-quantity=5.4", "value-quantity=5.4%7Chttp://unitsofmeasure.org%7Cg", "value-quantity=5%7Chttp://unitsofmeasure.org%7Cmg", "value-quantity=gt10%7Chttp://unitsofmeasure.org%7C[degF]", "value-quantity=le50", "value-quantity=ne5", "value-quantity=1000%7C%7Cmg", "value-quantity:missing=true", "value-quantity=ap50",
		"_sort=value-quantity,_id", "_sort=-value-quantity,date,_id", "_sort=-date,_id", "date=2015", "date=ge2012-05-04", "date=gt2020&code=c2", "date=lt2012,gt2022", "subject=Patient/p7", "subject.gender=male", "subject:Patient.birthdate=gt2000&code=c1", "subject.organization.name=ache", "component-code-value-quantity=a1$3", "component-value-quantity=lt2",
		"_content=ache or burn", "_content=\"ache or burn\"", "_sort=subject.birthdate,_id", "_sort=code,_id", "combo-value-quantity=gt3",
		"p2=c1", "p4=Patient/p7", "p4.gender=male", "p4:Patient.p0=ache", "p5=5.4", "p5=gt20", "p5=le3&p2=c2", "_sort=p5,_id", "_sort=-p5,_id", "p5=5.4%7Chttp://unitsofmeasure.org%7Cg", "p6=a1$3", "p6=b$gt2", "p7=v1", "p5:missing=true",
	},
	"Organization": {"", "name=ache", "_contained=true&name=ache", "_contained=both&_containedType=contained&name=b", "_contained=both&name=a", "_sort=name,_id", "p7=o1", "_has:Patient:organization:gender=male", "_has:Patient:p4:p1=2"},
}

func turmoilQuery(r *rand.Rand) (typ, query string) {
	typ = []string{"Patient", "Observation", "Organization"}[min(r.IntN(7)/3, 2)]
	return typ, turmoilQueries[typ][r.IntN(len(turmoilQueries[typ]))]
}

// turmoilPages follows the pages of an answer: none tells a match twice, and together
// they are as many as each says.
func turmoilPages(store *datastore.Store, r *rand.Rand) error {
	typ, query := turmoilQuery(r)
	seen, total := map[string]bool{}, 0
	for q, n := query+fmt.Sprintf("&_count=%d", 20+r.IntN(300)), 0; q != ""; n++ {
		page, err := store.Search(ctx, typ, q)
		if err != nil {
			if n > 0 {
				err = tolerate(err, datastore.ErrStalePage)
			}
			return unanswered(err)
		}
		if n > 0 && total != page.Total {
			return fmt.Errorf("%s: %d matches, then %d", query, total, page.Total)
		}
		total = page.Total
		for _, v := range page.Matches {
			key := fmt.Sprint(v.Ref, v.Container)
			if seen[key] {
				return fmt.Errorf("%s: %s twice", query, v.Ref)
			}
			seen[key] = true
		}
		q = page.Next
	}
	if len(seen) != total {
		return fmt.Errorf("%s: %d of %d", query, len(seen), total)
	}
	return nil
}

// turmoilSnapshot asks a snapshot what has to add up, and one query several times.
func turmoilSnapshot(store *datastore.Store, r *rand.Rand) error {
	now := store.Snapshot()
	defer now.Close()
	count := func(typ, query string) (int, error) {
		page, err := now.Search(ctx, typ, query+"&_count=0")
		if err != nil {
			return -1, err
		}
		return page.Total, nil
	}
	for typ, parts := range map[string][]string{
		"Patient":     {"gender=male", "gender=female", "gender:missing=true"},
		"Observation": {"value-quantity=gt10", "value-quantity=le10", "value-quantity:missing=true"},
	} {
		sum := 0
		for _, part := range parts {
			n, err := count(typ, part)
			if err != nil {
				return fmt.Errorf("%s: %w", part, err)
			}
			sum += n
		}
		all, err := count(typ, "")
		if err != nil || all != sum {
			return fmt.Errorf("%d %ss, in parts %d: %w", all, typ, sum, err)
		}
	}
	typ, query := turmoilQuery(r)
	known := -1
	for range 3 {
		n, err := count(typ, query)
		if err != nil {
			return unanswered(err)
		}
		if known >= 0 && n != known {
			return fmt.Errorf("%s: %d, then %d", query, known, n)
		}
		known = n
	}
	return nil
}

// A heldSnapshot is a snapshot that is held for some time, and asked the same again
// and again.
type heldSnapshot struct {
	store *datastore.Store
	now   *datastore.Snapshot
	asked int
	known map[string]string
}

func (h *heldSnapshot) ask(r *rand.Rand) error {
	if h.asked++; h.asked%50 == 1 {
		if h.now != nil {
			h.now.Close()
		}
		h.now, h.known = h.store.Snapshot(), map[string]string{}
	}
	typ, query := turmoilQuery(r)
	page, err := h.now.Search(ctx, typ, query+"&_count=50")
	if err != nil {
		return unanswered(err)
	}
	answer := fmt.Sprint(page.Total, idsOf(page.Matches))
	// A custom parameter may mean something else by now.
	if before, ok := h.known[typ+query]; ok && before != answer && !customQuery.MatchString(query) {
		return fmt.Errorf("%s: not the same", query)
	}
	h.known[typ+query] = answer
	return nil
}

var customQuery = regexp.MustCompile("p[0-9]")

func turmoilIterate(store *datastore.Store, r *rand.Rand) error {
	query := turmoilQueries["Observation"][r.IntN(len(turmoilQueries["Observation"]))]
	seen := map[string]bool{}
	for v, err := range datastore.Search[*opb.Observation](ctx, store, query) {
		if err != nil {
			return unanswered(err)
		}
		id := v.GetId().GetValue()
		if seen[id] {
			return fmt.Errorf("%s: %s twice", query, id)
		}
		seen[id] = true
		if len(seen) == 300 {
			break
		}
	}
	return nil
}

// sameAsNew compares the answers of a store with those of a new one that has been
// given what is current in it.
func sameAsNew(t *testing.T, store *datastore.Store) {
	t.Helper()
	require.NoError(t, store.WaitIndexed(ctx))
	fresh, err := datastore.Open(ctx, "mem:", &datastore.Options{Validation: datastore.Minimal})
	require.NoError(t, err)
	defer fresh.Close()
	tx := fresh.Begin()
	for q := "_count=1000"; q != ""; {
		page, err := store.Search(ctx, "", q)
		require.NoError(t, err)
		for _, v := range page.Matches {
			_, err := tx.Update(ctx, v.JSON)
			require.NoError(t, err)
		}
		q = page.Next
	}
	_, err = tx.Commit(ctx)
	require.NoError(t, err)
	require.NoError(t, fresh.WaitIndexed(ctx))
	require.Equal(t, len(fresh.SearchParameters()), len(store.SearchParameters()))
	for typ, queries := range turmoilQueries {
		for _, query := range queries {
			require.Equal(t, turmoilAnswer(fresh, typ, query), turmoilAnswer(store, typ, query), "%s?%s", typ, query)
		}
	}
}

// turmoilAnswer is the ids that a query finds, in their order if it has one, or its error.
func turmoilAnswer(store *datastore.Store, typ, query string) []string {
	var ids []string
	for q := query + "&_count=1000"; q != ""; {
		page, err := store.Search(ctx, typ, q)
		if err != nil {
			return []string{err.Error()}
		}
		for _, v := range page.Matches {
			ids = append(ids, fmt.Sprint(v.Ref, v.Container))
		}
		q = page.Next
	}
	if !strings.Contains(query, "_sort") {
		slices.Sort(ids)
	}
	return ids
}
