// Command quickstart shows a data store's day: it makes an encrypted store in a
// folder, fills it, searches it, reads a typed patient, follows a history, exports
// everything, and opens the store again, with its key and with a wrong one.
//
//	go run ./examples/quickstart
//	go run ./examples/quickstart -data FOLDER   # your own ldjson, plain or gzip
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/examples/internal/bar"
	"github.com/fhirlake/fhirlake/export"
	"github.com/fhirlake/fhirlake/ingest"
	opb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/observation_go_proto"
	ppb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/patient_go_proto"
)

func main() {
	data := flag.String("data", "", "folder of ldjson to import; by default 100 synthetic patients are made")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, *data); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, data string) error {
	folder, err := os.MkdirTemp("", "quickstart-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "store")
	options := &datastore.Options{Key: datastore.KeyFile(filepath.Join(folder, "key"))}

	if data == "" {
		data = filepath.Join(folder, "in")
		title(out, "Invent")
		if err := invent(out, data, 100); err != nil {
			return err
		}
	}

	title(out, "Open")
	store, err := datastore.Open(ctx, path, options)
	if err != nil {
		return err
	}
	defer func() { store.Close() }()
	fmt.Fprintln(out, "an encrypted store in a new folder, its key in a file of its own")

	steps := []struct {
		name string
		do   func() error
	}{
		{"Import", func() error { return fill(ctx, out, store, data) }},
		{"Search", func() error { return find(ctx, out, store) }},
		{"Read a typed patient", func() error { return readTyped(ctx, out, store) }},
		{"History", func() error { return history(ctx, out, store) }},
		{"Export", func() error { return exportAll(ctx, out, store, filepath.Join(folder, "out")) }},
	}
	for _, step := range steps {
		title(out, step.name)
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", strings.ToLower(step.name), err)
		}
	}

	title(out, "Open again")
	if err := store.Close(); err != nil {
		return err
	}
	start := time.Now()
	if store, err = datastore.Open(ctx, path, options); err != nil {
		return err
	}
	page, err := store.Search(ctx, "Patient", "_count=0")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "with the key: %d patients there, in %v\n", page.Total, time.Since(start).Round(time.Millisecond))
	if err := store.Close(); err != nil {
		return err
	}
	_, err = datastore.Open(ctx, path, &datastore.Options{Key: datastore.Passphrase("a guess")})
	if !errors.Is(err, datastore.ErrWrongKey) {
		return fmt.Errorf("a wrong key was not refused: %v", err)
	}
	fmt.Fprintln(out, "with a wrong key: refused:", err)
	return nil
}

func title(out io.Writer, text string) { fmt.Fprintf(out, "\n%s\n", text) }

// fill imports the ldjson of a folder.
func fill(ctx context.Context, out io.Writer, store *datastore.Store, data string) error {
	shown := bar.New(out, "importing", "bytes")
	defer shown.End()
	job, err := ingest.Start(ctx, store, ingest.Options{
		From: os.DirFS(data),
		Progress: func(now ingest.Progress) {
			shown.Set(now.Read, now.Size)
			shown.Describe(fmt.Sprintf("%.0f resources/s", now.Rate))
		},
	})
	if err != nil {
		return err
	}
	result, err := job.Wait()
	shown.End()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d of %d resources in %v: %.0f a second, parsed, validated, indexed, sealed and on disk\n",
		result.Imported, result.Scanned, result.Elapsed.Round(time.Millisecond), float64(result.Imported)/result.Elapsed.Seconds())
	return nil
}

// invent writes synthetic patients into a file of a new folder.
func invent(out io.Writer, folder string, patients int) error {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	file, err := os.Create(filepath.Join(folder, "synthetic.ndjson"))
	if err != nil {
		return err
	}
	n, err := io.Copy(file, ingest.Synthetic(1, patients))
	fmt.Fprintf(out, "%d patients who do not exist, %.0f MB of ldjson\n", patients, float64(n)/1e6)
	return errors.Join(err, file.Close())
}

// find asks a few questions; the totals are exact.
func find(ctx context.Context, out io.Writer, store *datastore.Store) error {
	for _, q := range []struct{ resourceType, query string }{
		{"Patient", "gender=female&birthdate=ge1980"},
		{"Observation", "code=8302-2&value-quantity=gt1.5|http://unitsofmeasure.org|m"}, // stored in cm
		{"Observation", "code=8302-2&date=ge2015&_sort=-date"},
		{"Encounter", "subject:Patient.gender=male&_include=Encounter:subject"},
		{"Patient", "_has:Observation:patient:code=8302-2"},
		{"CarePlan", "_text=antenatal AND (education OR \"blood tests\")"},
	} {
		start := time.Now()
		page, err := store.Search(ctx, q.resourceType, q.query+"&_count=5")
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%6d  %s?%s  (%v)\n", page.Total, q.resourceType, q.query, time.Since(start).Round(10*time.Microsecond))
	}
	return explain(ctx, out, store)
}

// explain shows how a question was answered.
func explain(ctx context.Context, out io.Writer, store *datastore.Store) error {
	const query = "category=vital-signs&date=2020&encounter.class=AMB"
	page, err := store.Search(ctx, "Observation", query+"&_count=0&_explain=true")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\nHow Observation?%s was answered:\n%v\n", query, page.Plan)
	return nil
}

// readTyped reads a patient as a google/fhir proto, and some of its observations.
func readTyped(ctx context.Context, out io.Writer, store *datastore.Store) error {
	page, err := datastore.SearchPage[*ppb.Patient](ctx, store, "_has:Observation:patient:code=8302-2&_sort=birthdate&_count=1")
	if err != nil || len(page.Matches) == 0 {
		return err
	}
	patient := page.Matches[0]
	name := patient.GetName()[0]
	fmt.Fprintf(out, "%s %s, born %d\n", name.GetGiven()[0].GetValue(), name.GetFamily().GetValue(),
		time.UnixMicro(patient.GetBirthDate().GetValueUs()).UTC().Year())
	query := "patient=" + patient.GetId().GetValue() + "&code=8302-2&_sort=date"
	n := 0
	for o, err := range datastore.Search[*opb.Observation](ctx, store, query) {
		if err != nil {
			return err
		}
		if n++; n > 3 {
			break
		}
		q := o.GetValue().GetQuantity()
		fmt.Fprintf(out, "  %s  %.5s %s\n", time.UnixMicro(o.GetEffective().GetDateTime().GetValueUs()).UTC().Format(time.DateOnly),
			q.GetValue().GetValue(), q.GetUnit().GetValue())
	}
	return nil
}

// history changes a patient twice and shows the versions that are kept.
func history(ctx context.Context, out io.Writer, store *datastore.Store) error {
	v, err := store.Create(ctx, []byte(`{"resourceType":"Patient","active":true,"name":[{"family":"Rivera","given":["Ana"]}]}`))
	if err != nil {
		return err
	}
	patient, err := datastore.Read[*ppb.Patient](ctx, store, v.ID)
	if err != nil {
		return err
	}
	patient.GetActive().Value = false
	if _, err := datastore.Update(ctx, store, patient, datastore.IfMatch(v.VersionID)); err != nil {
		return err
	}
	if _, err := datastore.Update(ctx, store, patient, datastore.IfMatch(v.VersionID)); errors.Is(err, datastore.ErrPreconditionFailed) {
		fmt.Fprintln(out, "an update of a version that is no longer the newest: refused")
	}
	if err := datastore.Delete[*ppb.Patient](ctx, store, v.ID); err != nil {
		return err
	}
	for v, err := range store.History(ctx, v.Ref, nil) {
		if err != nil {
			return err
		}
		what := fmt.Sprintf("%d bytes", len(v.JSON))
		if v.Deleted {
			what = "deleted"
		}
		fmt.Fprintf(out, "  version %s  %s  %s\n", v.VersionID, v.LastUpdated.Format(time.StampMicro), what)
	}
	return nil
}

// exportAll writes a snapshot to one file a type.
func exportAll(ctx context.Context, out io.Writer, store *datastore.Store, folder string) error {
	shown := bar.New(out, "exporting", "resources")
	defer shown.End()
	job, err := export.Start(ctx, store, export.Options{
		To:       export.DirSink(folder),
		Progress: func(now export.Progress) { shown.Set(now.Resources, now.Total) },
	})
	if err != nil {
		return err
	}
	result, err := job.Wait()
	shown.End()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d resources of %d types as ldjson, %.1f MB, in %v\n",
		result.Resources, len(result.Files), float64(result.Bytes)/1e6, result.Elapsed.Round(time.Millisecond))
	return nil
}
