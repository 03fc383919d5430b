package datastore

import (
	"context"
	"encoding/hex"
	"fmt"
	"iter"
	"time"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// An Inspection is what the files of a store tell of it, also where it does not open.
// It has neither keys nor data.
type Inspection struct {
	// Unchecked says why nothing was checked against the store's keys: the key is
	// wrong, none was given, or the keyset is damaged. Then everything else is as
	// somebody wrote it. It is nil where all was checked.
	Unchecked error

	// Store and Lineage are ids in hexadecimal, "" where the header cannot be read. A
	// copy has the lineage of its store.
	Store, Lineage string
	// Created is when the store was made.
	Created time.Time
	// Features are the bits of what the format of this store has beside the first
	// version's.
	Features uint64

	// Zone and BaseURL are the options of the last opening that wrote. Zone is "" where
	// they are not known.
	Zone, BaseURL string

	// Keys are the ids of the data keys, in hexadecimal. They are not secret.
	Keys []string

	// Generation counts the changes of the list of segments; 0 where the list, the
	// manifest, cannot be read.
	Generation uint64
	// WasCut says that the store was cut and not opened since.
	WasCut bool
	// Terms are the openings that wrote what there is.
	Terms []InspectedTerm
	// Segments are the files of records, in order.
	Segments []InspectedSegment
	// Heads are the two slots that say how far writes were acknowledged.
	Heads [2]InspectedHead

	// LastGood is the last commit before any damage.
	LastGood uint64
	// Faults are what is wrong, Place being a file. There are none in a sound store.
	Faults []Fault
	// PassedOver are files that a system left in the folder. They do no harm.
	PassedOver []string
}

// An InspectedTerm is one opening for writing.
type InspectedTerm struct {
	Term  uint64
	ID    string // hexadecimal
	First uint64 // the first commit that it may have written
}

// An InspectedSegment is a file of records.
type InspectedSegment struct {
	Name   uint64
	Closed bool // nothing is added to it any more
	// First and Last are commits; both are 0 where it has none.
	First, Last    uint64
	From, To       time.Time // of these
	Records, Items int
	// Bytes is the length of the file, Good of them are records in order. Where the
	// store has no fault, the rest was being written, or was when the writer ended.
	Bytes, Good int64
}

// An InspectedHead is one slot of the head. The writer writes them in turn.
type InspectedHead struct {
	Whole      bool   // its tag is right
	Current    bool   // it counts
	Sequence   uint64 // the last commit that is sure
	Generation uint64 // of the manifest
	Term       uint64
}

// Inspect reads what the files of a store tell, without taking its lock and without
// changing anything. It is for stores that do not open, and for those that another
// process has open: what that process is just writing is no fault. All records are read,
// at the speed of the disk; memory does not depend on their number.
//
// The error is ErrNoStore, ErrForeign, that of ctx, or one of the file system. What is
// wrong with the store, or with key, is no error: see Inspection.Faults and
// Inspection.Unchecked. key may be nil.
func Inspect(ctx context.Context, path string, key KeyWrapper) (*Inspection, error) {
	in, err := txlog.Inspect(ctx, path, &txlog.Options{Wrapper: key})
	if err != nil {
		return nil, fmt.Errorf("datastore: inspecting: %w", err)
	}
	out := &Inspection{Unchecked: in.Unchecked, LastGood: in.LastGood, PassedOver: in.PassedOver}
	if h := in.Header; h != nil {
		out.Store, out.Lineage = hex.EncodeToString(h.Store[:]), hex.EncodeToString(h.Lineage[:])
		out.Created, out.Features = h.Created, h.Features
	}
	out.Zone, out.BaseURL, _ = engine.SettingsIn(in.States)
	for _, id := range in.Keys {
		out.Keys = append(out.Keys, fmt.Sprintf("%016x", id))
	}
	if m := in.Manifest; m != nil {
		out.Generation, out.WasCut = m.Generation, m.Cut
		for _, t := range m.Terms {
			out.Terms = append(out.Terms, InspectedTerm{Term: t.Term, ID: hex.EncodeToString(t.ID[:]), First: t.First})
		}
	}
	for i, h := range in.Heads {
		out.Heads[i] = InspectedHead{Whole: h.Whole, Current: h.Current, Sequence: h.Sequence, Generation: h.Generation, Term: h.Term}
	}
	for _, s := range in.Segments {
		out.Segments = append(out.Segments, inspectedSegment(s))
	}
	for _, f := range in.Findings {
		out.Faults = append(out.Faults, Fault{Check: "log", Place: f.Place, Reason: f.Reason})
	}
	return out, nil
}

// A RecordInfo describes a record of the log, which holds the commits of all who waited
// for the disk together.
type RecordInfo struct {
	Sequence uint64    // of the last commit in the record
	Time     time.Time // of that commit
	Commits  int
	Items    int    // versions and named states
	Bytes    int    // in the log
	Segment  uint64 // the file that has it
}

// InspectRecords describes the records of a store that have commits from a sequence on,
// in order, as Inspect reads them: without lock, and beside a writer up to what is
// sure. The iteration ends with ErrCorrupt where a record is damaged. Where nothing could
// be checked against the store's keys, it ends with the reason, such as ErrWrongKey.
// It reports ErrNoStore, ErrForeign, the error of ctx, or one of the file system.
func InspectRecords(ctx context.Context, path string, key KeyWrapper, from uint64) iter.Seq2[RecordInfo, error] {
	return func(yield func(RecordInfo, error) bool) {
		for r, err := range txlog.InspectRecords(ctx, path, &txlog.Options{Wrapper: key}, from) {
			if err != nil {
				yield(RecordInfo{}, fmt.Errorf("datastore: inspecting: %w", err))
				return
			}
			if !yield(RecordInfo{
				Sequence: r.LastSequence, Time: r.To, Commits: r.Commits, Items: r.Items, Bytes: r.Bytes, Segment: r.Segment,
			}, nil) {
				return
			}
		}
	}
}

// inspectedSegment describes a segment. One without records has no commits.
func inspectedSegment(s txlog.SegmentInfo) InspectedSegment {
	out := InspectedSegment{
		Name: s.Name, Closed: s.Closed, From: s.From, To: s.To,
		Records: s.Records, Items: s.Items, Bytes: s.FileBytes, Good: s.GoodBytes,
	}
	if s.Records > 0 {
		out.First, out.Last = s.FirstSequence, s.LastSequence
	}
	return out
}
