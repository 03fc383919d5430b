package ingest_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fhirlake/fhirlake/export"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// TestJobsAtOnce runs four imports and an export of one store side by side: each counts
// and reports its own lines, and all of them are there.
func TestJobsAtOnce(t *testing.T) {
	const imports, lines = 4, 3_000
	store := open(t, nil)
	var group errgroup.Group
	for job := range imports {
		var text strings.Builder
		for n := range lines {
			if text.WriteString(patient(fmt.Sprintf("p%d-%d", job, n), longText[:300]) + "\n"); n%100 == 0 {
				text.WriteString("{bad\n")
			}
		}
		name, data := "a.ndjson", []byte(text.String())
		if job%2 == 1 {
			name, data = "a.ndjson.gz", compressed(text.String())
		}
		group.Go(func() error {
			var report storetest.Sink
			result, err := run(t, store, ingest.Options{From: fstest.MapFS{name: {Data: data}}, Report: &report, JobName: fmt.Sprint("job ", job)})
			if err != nil {
				return err
			}
			if result.Imported != lines || result.CustomerErrors != lines/100 {
				return fmt.Errorf("job %d: %+v", job, result.Counts)
			}
			if told := len(reportLines(t, report.File("FAILURE/"+name))); told < lines/100 {
				return fmt.Errorf("job %d: %d failures told", job, told)
			}
			return nil
		})
	}
	group.Go(func() error {
		var out bytes.Buffer
		_, err := export.Write(t.Context(), store, &out, export.Options{})
		return err
	})
	require.NoError(t, group.Wait())
	page, err := store.Search(ctx, "Patient", "_count=0")
	require.NoError(t, err)
	require.Equal(t, imports*lines, page.Total)
}
