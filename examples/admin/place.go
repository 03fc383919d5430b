package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/ingest/bucket"
	_ "gocloud.dev/blob/azureblob" // azblob: URLs
	_ "gocloud.dev/blob/gcsblob"   // gs:
	_ "gocloud.dev/blob/memblob"   // mem:
	_ "gocloud.dev/blob/s3blob"    // s3:
)

// places are the folders and buckets of a command. A bucket is written as a URL.
type places struct {
	program *program
	opened  []*bucket.Bucket
}

// close closes the buckets.
func (p *places) close() error {
	var errs []error
	for _, b := range p.opened {
		errs = append(errs, b.Close())
	}
	return errors.Join(errs...)
}

// bucket opens the bucket that a place names, nil for a folder, which must not lie in the
// store's.
func (p *places) bucket(ctx context.Context, place string) (*bucket.Bucket, error) {
	if !strings.Contains(place, "://") {
		return nil, p.program.outside(place)
	}
	b, err := bucket.Open(ctx, place, nil)
	if err != nil {
		return nil, err
	}
	if folder := b.Path(); folder != "" {
		if err := p.program.outside(folder); err != nil {
			return nil, err
		}
	}
	p.opened = append(p.opened, b)
	return b, nil
}

// from returns the files of a place.
func (p *places) from(ctx context.Context, place string) (fs.FS, error) {
	b, err := p.bucket(ctx, place)
	switch {
	case err != nil:
		return nil, err
	case b != nil:
		return b.FS(ctx, ""), nil
	}
	if info, err := os.Stat(place); err != nil {
		return nil, err
	} else if !info.IsDir() {
		return nil, fmt.Errorf("%s is no folder", place)
	}
	return os.DirFS(place), nil
}

// to returns the sink that makes files in a place.
func (p *places) to(ctx context.Context, place string) (ingest.Sink, error) {
	b, err := p.bucket(ctx, place)
	switch {
	case err != nil:
		return nil, err
	case b != nil:
		return b.Sink(ctx, ""), nil
	}
	return ingest.DirSink(place), nil
}
