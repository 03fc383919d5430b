package repair

import (
	"context"
	"encoding/hex"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// An Inspection is what the files of a store tell, even if it does not open. It has
// neither keys nor data. As JSON it has all fields but Unchecked.
type Inspection struct {
	// Unchecked says why nothing was checked against the store's keys: the key is
	// wrong, none was given, or the keyset is damaged. Then anybody may have written
	// the rest. It is nil if everything was checked.
	Unchecked error `json:"-"`

	// Store and Lineage are ids in hexadecimal, "" if the header cannot be read. A copy
	// has the lineage of its store.
	Store   string `json:"store"`
	Lineage string `json:"lineage"`
	// Created is when the store was made.
	Created time.Time `json:"created"`
	// Features are the feature bits of the store's format, 0 of the first version.
	Features uint64 `json:"features"`

	// Zone and BaseURL are the options of the last opening that wrote. Zone is "" if
	// they are not known.
	Zone    string `json:"zone"`
	BaseURL string `json:"baseUrl"`

	// Keys are the ids of the data keys, in hexadecimal, but for that of the keys of
	// patients. They are not secret. Rotating is true while a rotation of keys has not
	// ended.
	Keys     []string `json:"keys"`
	Rotating bool     `json:"rotating"`

	// Generation counts the changes of the manifest, the list of segments; 0 if it
	// cannot be read.
	Generation uint64 `json:"generation"`
	// WasCut says that the store was cut and not opened since.
	WasCut bool `json:"wasCut"`
	// Terms are the openings that wrote what there is.
	Terms []Term `json:"terms"`
	// Segments are the files of records, in order.
	Segments []Segment `json:"segments"`
	// Heads are the two slots that say how far writes were acknowledged.
	Heads [2]Head `json:"heads"`

	// Checkpoint is the image of the index from which the store opens fast; all is zero
	// where there is none. One that cannot be used is no fault: opening takes longer.
	Checkpoint struct {
		Sequence uint64 `json:"sequence"` // the last commit that it knows
		Bytes    int64  `json:"bytes"`
		Unusable string `json:"unusable"` // why it cannot be used, "" where it can
	} `json:"checkpoint"`

	// LastGood is the last commit before any damage.
	LastGood uint64 `json:"lastGood"`
	// Faults are what is wrong, Place being a file. There are none in a sound store.
	Faults []datastore.Fault `json:"faults"`
	// PassedOver are files that a system left in the folder. They do no harm.
	PassedOver []string `json:"passedOver"`
}

// A Term is one opening for writing.
type Term struct {
	Term  uint64 `json:"term"`
	ID    string `json:"id"`    // hexadecimal
	First uint64 `json:"first"` // the first commit that it may have written
}

// A Segment is a file of records.
type Segment struct {
	Name   uint64 `json:"name"`
	Closed bool   `json:"closed"` // nothing is added to it any more
	// First and Last are commits, From and To their times. All are zero for a segment
	// without commits.
	First   uint64    `json:"first"`
	Last    uint64    `json:"last"`
	From    time.Time `json:"from,omitzero"`
	To      time.Time `json:"to,omitzero"`
	Records int       `json:"records"`
	Items   int       `json:"items"`
	// Bytes is the length of the file; Good is the length of its sound records. In a
	// store without fault the rest was just being written, or was when the writer
	// ended.
	Bytes int64 `json:"bytes"`
	Good  int64 `json:"good"`
}

// A Head is one slot of the head. The writer writes them in turn.
type Head struct {
	Whole      bool   `json:"whole"`      // its tag is right
	Current    bool   `json:"current"`    // it counts
	Sequence   uint64 `json:"sequence"`   // the last commit that is sure
	Generation uint64 `json:"generation"` // of the manifest
	Term       uint64 `json:"term"`
	Durability string `json:"durability"` // "commit", "interval" or "none": when what follows is synced
}

// Inspect reads what the files of a store tell, without taking its lock and without
// changing anything. It serves stores that do not open and stores that another process
// has open: what that process is just writing is no fault. All records are read,
// at the speed of the disk; memory does not depend on their number.
//
// The error is ErrNoStore, ErrForeign, that of ctx, or one of the file system. What is
// wrong with the store, or with key, is no error: see Inspection.Faults and
// Inspection.Unchecked. key may be nil.
func Inspect(ctx context.Context, path string, key datastore.KeyWrapper) (*Inspection, error) {
	in, err := txlog.Inspect(ctx, path, &txlog.Options{Wrapper: key})
	if err != nil {
		return nil, fmt.Errorf("repair: inspecting: %w", err)
	}
	out := &Inspection{Unchecked: in.Unchecked, LastGood: in.LastGood, PassedOver: in.PassedOver, Rotating: in.Rotating}
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
			out.Terms = append(out.Terms, Term{Term: t.Term, ID: hex.EncodeToString(t.ID[:]), First: t.First})
		}
	}
	for i, h := range in.Heads {
		if h == (txlog.HeadInfo{}) {
			continue
		}
		out.Heads[i] = Head{Whole: h.Whole, Current: h.Current, Sequence: h.Sequence, Generation: h.Generation, Term: h.Term, Durability: h.Durability.String()}
	}
	for _, s := range in.Segments {
		out.Segments = append(out.Segments, segment(s))
	}
	if c := in.Checkpoint; c != nil {
		out.Checkpoint.Sequence, out.Checkpoint.Bytes = c.Sequence, c.Bytes
		if c.Unusable != nil {
			out.Checkpoint.Unusable = strings.TrimPrefix(c.Unusable.Error(), txlog.ErrCorrupt.Error()+": ")
		}
	}
	for _, f := range in.Findings {
		out.Faults = append(out.Faults, datastore.Fault{Check: "log", Place: f.Place, Reason: f.Reason})
	}
	return out, nil
}

// A Record describes a record of the log, which holds the commits of all who waited
// for the disk together.
type Record struct {
	Sequence uint64    // of the last commit in the record
	Time     time.Time // of that commit
	Commits  int
	Items    int    // versions and named states
	Bytes    int    // in the log
	Segment  uint64 // the file that has it
}

// Records describes the records of a store that have commits from a sequence on,
// in order. Like Inspect it takes no lock, and beside a writer it reads the durable
// records only. The iteration ends with ErrCorrupt where a record is damaged. Where nothing could
// be checked against the store's keys, it ends with the reason, such as ErrWrongKey.
// It reports ErrNoStore, ErrForeign, the error of ctx, or one of the file system.
func Records(ctx context.Context, path string, key datastore.KeyWrapper, from uint64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for r, err := range txlog.InspectRecords(ctx, path, &txlog.Options{Wrapper: key}, from) {
			if err != nil {
				yield(Record{}, fmt.Errorf("repair: inspecting: %w", err))
				return
			}
			if !yield(Record{
				Sequence: r.LastSequence, Time: r.To, Commits: r.Commits, Items: r.Items, Bytes: r.Bytes, Segment: r.Segment,
			}, nil) {
				return
			}
		}
	}
}

// segment describes a segment. One without records has no commits.
func segment(s txlog.SegmentInfo) Segment {
	out := Segment{
		Name: s.Name, Closed: s.Closed, From: s.From, To: s.To,
		Records: s.Records, Items: s.Items, Bytes: s.FileBytes, Good: s.GoodBytes,
	}
	if s.Records > 0 {
		out.First, out.Last = s.FirstSequence, s.LastSequence
	}
	return out
}
