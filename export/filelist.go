package export

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/fhirlake/fhirlake/datastore"
	register "github.com/fhirlake/fhirlake/jobs"
)

// listBlock is how many files are one block of a list.
const listBlock = 1000

// A fileList is the complete files of a job in their order. The register has it in
// blocks beside the job's record, so that the record does not grow with the number of
// files.
type fileList struct {
	files []listedFile
	kept  int // how many of them the register has
}

type listedFile struct{ lines, bytes int64 }

func (l *fileList) add(f File) { l.files = append(l.files, listedFile{f.Count, f.Bytes}) }

func blockName(id string, block int) string {
	return register.Work(id, fmt.Sprintf("files/%d", block))
}

// keep has a transaction keep the files that were added since the last time.
func (l *fileList) keep(tx *datastore.Transaction, id string) error {
	for l.kept < len(l.files) {
		block := l.kept / listBlock
		end := min(len(l.files), (block+1)*listBlock)
		var value []byte
		for _, f := range l.files[block*listBlock : end] {
			value = binary.AppendUvarint(value, uint64(f.lines))
			value = binary.AppendUvarint(value, uint64(f.bytes))
		}
		if err := tx.SetState(blockName(id, block), value); err != nil {
			return err
		}
		l.kept = end
	}
	return nil
}

var errList = errors.New("export: the files of the job cannot be read")

// loadList reads the first n files of a job.
func loadList(ctx context.Context, store *datastore.Store, id string, n int) (l fileList, err error) {
	for block := 0; len(l.files) < n; block++ {
		value, err := store.State(ctx, blockName(id, block))
		if err != nil {
			return l, err
		}
		before := len(l.files)
		for len(value) > 0 && len(l.files) < n {
			var of [2]uint64
			for i := range of {
				v, size := binary.Uvarint(value)
				if size <= 0 {
					return l, errList
				}
				of[i], value = v, value[size:]
			}
			l.files = append(l.files, listedFile{int64(of[0]), int64(of[1])})
		}
		if len(l.files) == before {
			return l, errList
		}
	}
	l.kept = n
	return l, nil
}

// named returns the files with their names.
func (l *fileList) named(p *position, o *Options, job string) (files, deleted []File) {
	rest := l.files
	for i := range p.Series {
		s := &p.Series[i]
		for n, f := range rest[:s.Files] {
			file := File{Type: s.typ(), Name: o.folder(job) + o.fileName(s.series, n+1), Count: f.lines, Bytes: f.bytes}
			if s.Deleted {
				deleted = append(deleted, file)
			} else {
				files = append(files, file)
			}
		}
		rest = rest[s.Files:]
	}
	return files, deleted
}
