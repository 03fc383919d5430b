package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/examples/internal/bar"
	"github.com/fhirlake/fhirlake/export"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/jobs"
)

// parseSequence reads the number of a commit.
func parseSequence(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, errors.New("no number of a commit")
	}
	return n, nil
}

// levels are the levels of validation by the names that AWS HealthLake gives them.
var levels = map[string]datastore.Level{
	"strict": datastore.Strict, "structure-only": datastore.StructureOnly, "minimal": datastore.Minimal,
}

// importFolder takes in the ldjson of a folder or a bucket. Lines that are refused are counted and
// no error; a report names them.
func importFolder(p *program, f *flag.FlagSet) action {
	var options ingest.Options
	f.Func("validation", "", func(name string) (err error) {
		level, ok := levels[name]
		if !ok {
			return errors.New("strict, structure-only or minimal")
		}
		options.Validation = level
		return nil
	})
	report := f.String("report", "", "")
	resume := f.Bool("resume", false, "")
	return func(ctx context.Context, args []string) (err error) {
		at := places{program: p}
		defer func() { err = errors.Join(err, at.close()) }()
		if options.From, err = at.from(ctx, args[0]); err != nil {
			return err
		}
		if options.Name, err = where(args[0]); err != nil {
			return err
		}
		if *report != "" {
			if options.Output, err = where(*report); err != nil {
				return err
			}
			if options.Report, err = at.to(ctx, *report); err != nil {
				return err
			}
		}
		if p.keyFile != "" {
			if err := p.outside(p.keyFile); err != nil {
				return err
			}
		}
		store, err := p.open(ctx, datastore.Options{Validation: options.Validation, Existing: *resume})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, store.Close()) }()
		shown := bar.New(p.stderr, "importing", "bytes")
		defer shown.End()
		options.Progress = func(now ingest.Progress) {
			shown.Set(now.Read, now.Size)
			shown.Describe(fmt.Sprintf("%.0f resources/s", now.Rate))
		}
		start := ingest.Start
		if *resume {
			start = resumeImport
		}
		job, err := start(ctx, store, options)
		if err != nil {
			return err
		}
		result, err := job.Wait()
		shown.End()
		return errors.Join(p.printImport(&result, *report), err)
	}
}

// where names a place for the register: a folder from the root, and a bucket by its name
// and prefix alone, since the rest of its URL may be secret.
func where(place string) (string, error) {
	if !strings.Contains(place, "://") {
		return filepath.Abs(place)
	}
	u, err := url.Parse(place)
	if err != nil {
		return "", errors.New("the URL of the bucket cannot be read")
	}
	named := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	if prefix := u.Query().Get("prefix"); prefix != "" {
		named.RawQuery = url.Values{"prefix": {prefix}}.Encode()
	}
	return named.String(), nil
}

// resumeImport goes on with the last import from a place.
func resumeImport(ctx context.Context, store *datastore.Store, options ingest.Options) (*ingest.Job, error) {
	for job, err := range allJobs(ctx, store, jobs.Filter{Kind: jobs.Import}) {
		if err != nil {
			return nil, err
		}
		if job.Input == options.Name {
			return ingest.Resume(ctx, store, job.ID, options)
		}
	}
	return nil, errors.New("nothing was imported from there: leave -resume out")
}

func (p *program) printImport(r *ingest.Result, report string) error {
	for _, file := range r.Files {
		if file.Failed() > 0 {
			p.printf("%s: %d not imported\n", file.Name, file.Failed())
		}
		if file.WithIssues > 0 {
			p.printf("%s: %d imported with issues\n", file.Name, file.WithIssues)
		}
	}
	if report != "" {
		p.printf("report: %s\n", report)
	}
	return p.printf("imported %d of %d resources, %s, in %v: %s\n",
		r.Imported, r.Scanned, size(r.BytesImported), r.Elapsed.Round(time.Millisecond), r.Status)
}

// exportFolder writes the current resources into a folder or a bucket, a file a type.
func exportFolder(p *program, _ *flag.FlagSet) action {
	return func(ctx context.Context, args []string) (err error) {
		at := places{program: p}
		defer func() { err = errors.Join(err, at.close()) }()
		to, err := at.to(ctx, args[0])
		if err != nil {
			return err
		}
		store, err := p.open(ctx, datastore.Options{Existing: true})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, store.Close()) }()
		output, err := where(args[0])
		if err != nil {
			return err
		}
		shown := bar.New(p.stderr, "exporting", "resources")
		defer shown.End()
		job, err := export.Start(ctx, store, export.Options{
			To: to, Output: output,
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
		return p.printf("exported %d resources of %d types, %s, in %v\n",
			result.Resources, len(result.Files), size(result.Bytes), result.Elapsed.Round(time.Millisecond))
	}
}

// search prints all matches of a query, page by page, or says how many there are. Included
// resources follow the matches, each once.
func search(p *program, f *flag.FlagSet) action {
	count := f.Bool("count", false, "")
	return func(ctx context.Context, args []string) (err error) {
		typ, query, _ := strings.Cut(args[0], "?")
		store, err := p.open(ctx, datastore.Options{Existing: true})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, store.Close()) }()
		if err := store.WaitIndexed(ctx); err != nil {
			return err
		}
		params, _ := url.ParseQuery(query)
		if *count || params.Get("_summary") == "count" || params.Get("_count") == "0" {
			page, err := store.Search(ctx, typ, query)
			if err != nil {
				return err
			}
			return p.printf("%d\n", page.Total)
		}
		if !params.Has("_count") {
			query = strings.TrimPrefix(query+"&_count=1000", "&")
		}
		return p.printPages(ctx, store, typ, query)
	}
}

func (p *program) printPages(ctx context.Context, store *datastore.Store, typ, query string) error {
	var included []datastore.Version
	printed := map[datastore.Ref]bool{}
	for first := true; first || query != ""; first = false {
		page, err := store.Search(ctx, typ, query)
		if err != nil {
			return err
		}
		for _, issue := range page.Issues {
			if first {
				fmt.Fprintln(p.stderr, "admin:", issue)
			}
		}
		for _, m := range page.Matches {
			if err := p.printf("%s\n", m.JSON); err != nil {
				return err
			}
		}
		for _, v := range page.Included {
			if !printed[v.Ref] {
				printed[v.Ref] = true
				included = append(included, v)
			}
		}
		query = page.Next
	}
	for _, v := range included {
		if err := p.printf("%s\n", v.JSON); err != nil {
			return err
		}
	}
	return nil
}
