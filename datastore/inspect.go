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
// It has neither keys nor data. As JSON it has all but Unchecked.
type Inspection struct {
	// Unchecked says why nothing was checked against the store's keys: the key is
	// wrong, none was given, or the keyset is damaged. Then everything else is as
	// somebody wrote it. It is nil where all was checked.
	Unchecked error `json:"-"`

	// Store and Lineage are ids in hexadecimal, "" where the header cannot be read. A
	// copy has the lineage of its store.
	Store   string `json:"store"`
	Lineage string `json:"lineage"`
	// Created is when the store was made.
	Created time.Time `json:"created"`
	// Features are the feature bits of the store's format, 0 of the first version.
	Features uint64 `json:"features"`

	// Zone and BaseURL are the options of the last opening that wrote. Zone is "" where
	// they are not known.
	Zone    string `json:"zone"`
	BaseURL string `json:"baseUrl"`

	// Keys are the ids of the data keys, in hexadecimal, but for that of the keys of
	// patients. They are not secret.
	Keys []string `json:"keys"`

	// Generation counts the changes of the list of segments; 0 where the list, the
	// manifest, cannot be read.
	Generation uint64 `json:"generation"`
	// WasCut says that the store was cut and not opened since.
	WasCut bool `json:"wasCut"`
	// Terms are the openings that wrote what there is.
	Terms []InspectedTerm `json:"terms"`
	// Segments are the files of records, in order.
	Segments []InspectedSegment `json:"segments"`
	// Heads are the two slots that say how far writes were acknowledged.
	Heads [2]InspectedHead `json:"heads"`

	// LastGood is the last commit before any damage.
	LastGood uint64 `json:"lastGood"`
	// Faults are what is wrong, Place being a file. There are none in a sound store.
	Faults []Fault `json:"faults"`
	// PassedOver are files that a system left in the folder. They do no harm.
	PassedOver []string `json:"passedOver"`
}

// An InspectedTerm is one opening for writing.
type InspectedTerm struct {
	Term  uint64 `json:"term"`
	ID    string `json:"id"`    // hexadecimal
	First uint64 `json:"first"` // the first commit that it may have written
}

// An InspectedSegment is a file of records.
type InspectedSegment struct {
	Name   uint64 `json:"name"`
	Closed bool   `json:"closed"` // nothing is added to it any more
	// First and Last are commits, From and To their times. All are zero where it has
	// none.
	First   uint64    `json:"first"`
	Last    uint64    `json:"last"`
	From    time.Time `json:"from,omitzero"`
	To      time.Time `json:"to,omitzero"`
	Records int       `json:"records"`
	Items   int       `json:"items"`
	// Bytes is the length of the file, Good of them are records in order. Where the
	// store has no fault, the rest was being written, or was when the writer ended.
	Bytes int64 `json:"bytes"`
	Good  int64 `json:"good"`
}

// An InspectedHead is one slot of the head. The writer writes them in turn.
type InspectedHead struct {
	Whole      bool   `json:"whole"`      // its tag is right
	Current    bool   `json:"current"`    // it counts
	Sequence   uint64 `json:"sequence"`   // the last commit that is sure
	Generation uint64 `json:"generation"` // of the manifest
	Term       uint64 `json:"term"`
}

// Inspect reads what the files of a store tell, without taking its lock and without
// changing anything. It serves stores that do not open and stores that another process
// has open: what that process is just writing is no fault. All records are read,
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
		if id == in.Patients {
			continue
		}
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
// in order. Like Inspect it takes no lock, and beside a writer it reads the durable
// records only. The iteration ends with ErrCorrupt where a record is damaged. Where nothing could
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
