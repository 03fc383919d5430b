package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	ppb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/patient_go_proto"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/examples/internal/bar"
	"github.com/fhirlake/fhirlake/export"
	"github.com/fhirlake/fhirlake/ingest"
)

// imports imports the patients, and the same once more, which writes nothing.
func (b *bench) imports(ctx context.Context) error {
	t := newTable(b.out, "Import", "resources", "time", "resources", "ldjson")
	for _, name := range []string{"into a new store", "the same again"} {
		shown := bar.New(os.Stderr, "importing", "bytes")
		job, err := ingest.Start(ctx, b.store, ingest.Options{
			From:     os.DirFS(b.input()),
			Progress: func(now ingest.Progress) { shown.Set(now.Read, now.Size) },
		})
		if err != nil {
			return err
		}
		r, err := job.Wait()
		shown.End()
		if err != nil {
			return err
		}
		t.row(name, fmt.Sprint(r.Imported), brief(r.Elapsed), rate(r.Imported, r.Elapsed), megabytesRate(r.BytesImported, r.Elapsed))
	}
	return t.Flush()
}

// calls reads patients by id, in no order, and writes small resources.
func (b *bench) calls(ctx context.Context) error {
	page, err := b.store.Search(ctx, "Patient", "_count=1000")
	if err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(1, 1))
	t := newTable(b.out, "Read and write", "calls", "median", "p99")
	for _, c := range []struct {
		name string
		read func(ref datastore.Ref) error
	}{
		{"a Patient as JSON", func(ref datastore.Ref) error { _, err := b.store.Read(ctx, ref); return err }},
		{"a Patient as a proto", func(ref datastore.Ref) error {
			_, err := datastore.Read[*ppb.Patient](ctx, b.store, ref.ID)
			return err
		}},
	} {
		took, err := each(func(int) error { return c.read(page.Matches[random.IntN(len(page.Matches))].Ref) })
		if err != nil {
			return err
		}
		t.row(c.name, times(took)...)
	}
	took, err := each(func(i int) error {
		_, err := b.store.Update(ctx, fmt.Appendf(nil, `{"resourceType":"Basic","id":"b%d","code":{"text":"bench"}}`, i))
		return err
	})
	if err != nil {
		return err
	}
	t.row("a small resource, written", times(took)...)
	return t.Flush()
}

// searches asks for the first page of some queries.
func (b *bench) searches(ctx context.Context) error {
	t := newTable(b.out, "Search", "matches", "calls", "median", "p99")
	for _, q := range []struct{ typ, query string }{
		{"Patient", "name=mar&birthdate=ge1980"},
		{"Patient", "_has:Observation:patient:code=4548-4"},
		{"Observation", "code=http://loinc.org|4548-4&value-quantity=gt7"},
		{"Observation", "code=8302-2&date=ge2020&_sort=-date"},
		{"Observation", "category=vital-signs&encounter.class=EMER"},
		{"Encounter", "date=2024&subject:Patient.gender=female&_include=Encounter:subject"},
		{"Condition", "code:text=diabetes"},
		{"CarePlan", "_text=education AND exercise"},
	} {
		total := 0
		took, err := each(func(int) error {
			page, err := b.store.Search(ctx, q.typ, q.query)
			if err == nil {
				total = page.Total
			}
			return err
		})
		if err != nil {
			return err
		}
		t.row(q.typ+"?"+q.query, append([]string{fmt.Sprint(total)}, times(took)...)...)
	}
	return t.Flush()
}

// exports exports everything into files.
func (b *bench) exports(ctx context.Context) error {
	t := newTable(b.out, "Export", "resources", "time", "resources", "ldjson")
	for _, c := range []struct {
		name        string
		compression export.Compression
	}{{"plain files", export.None}, {"gzip", export.Gzip}, {"zstd", export.Zstd}} {
		job, err := export.Start(ctx, b.store, export.Options{
			To: export.DirSink(filepath.Join(b.folder, "out-"+string(c.compression))), Compression: c.compression,
		})
		if err != nil {
			return err
		}
		r, err := job.Wait()
		if err != nil {
			return err
		}
		t.row(c.name, fmt.Sprint(r.Resources), brief(r.Elapsed), rate(r.Resources, r.Elapsed), megabytesRate(r.Bytes, r.Elapsed))
	}
	return t.Flush()
}

// opens opens a store in a folder again, and prints time and memory.
func (b *bench) opens(ctx context.Context) error {
	of, err := b.store.Stats()
	if err != nil {
		return err
	}
	index := of.Bytes.Resources + of.Bytes.Terms + of.Bytes.Postings + of.Bytes.Texts + of.Bytes.Columns
	t := newTable(b.out, "Store", "")
	t.row("versions", fmt.Sprint(of.Versions))
	t.row("index in memory", megabytes(index))
	if b.path != "mem:" {
		if err := b.store.Close(); err != nil {
			return err
		}
		start := time.Now()
		if b.store, err = datastore.Open(ctx, b.path, &b.options); err != nil {
			return err
		}
		t.row("time to open it", brief(time.Since(start)))
	}
	return t.Flush()
}
