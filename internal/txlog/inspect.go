package txlog

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path"
	"strings"
	"time"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// An Inspection is what can be told of a store from its files, of one that does
// not open too.
type Inspection struct {
	// Checked says that tags were verified. Without the store's key they are
	// not, and all the rest is as somebody wrote it.
	Checked bool

	Header   *HeaderInfo // nil where it cannot be read
	DataKeys int         // number of them in the keyset
	Keys     []uint64    // their ids, where Checked
	Manifest *ManifestInfo
	Heads    [2]HeadInfo
	Segments []SegmentInfo

	// LastGood is the last sequence before any damage.
	LastGood uint64

	// Findings says what is wrong. An empty list means that nothing is.
	Findings []string
}

// HeaderInfo is the content of a store's header but for its salt.
type HeaderInfo struct {
	Features       uint64
	Lineage, Store [16]byte
	Created        time.Time
}

// ManifestInfo is the content of a manifest but for the segments.
type ManifestInfo struct {
	Generation   uint64
	NextSegment  uint64
	Horizon      uint64
	Cut          bool
	Dictionaries []uint32
	Terms        []TermInfo
}

// TermInfo says who wrote from a sequence on.
type TermInfo struct {
	Term  uint64
	First uint64
	ID    [16]byte
}

// HeadInfo is one slot of head.
type HeadInfo struct {
	Whole      bool // its tag is right; not known where tags are not checked
	Current    bool // it is the one that counts
	Generation uint64
	Sequence   uint64
	Next       Number
	End        int64
	Term       uint64
}

// SegmentInfo is a segment as it was found.
type SegmentInfo struct {
	Segment         // as the records tell
	FileBytes int64 // length of the file
	GoodBytes int64 // up to where its records are good
}

// An inspector reads what is there of a store, and notes what is wrong.
type inspector struct {
	folder      Folder
	found       *listing
	header      *storeHeader
	keysetInfo  seal.KeysetFile
	keys        *seal.Keyset // nil where they are not known
	manifest    *manifest    // nil where it cannot be read
	manifestTag seal.Tag
	headFile    []byte
	head        *head // nil where no slot is whole
	headSlot    int

	findings []string
}

func (in *inspector) note(err error) {
	if err != nil {
		in.findings = append(in.findings, strings.TrimPrefix(err.Error(), ErrCorrupt.Error()+": "))
	}
}

// newInspector reads the small files. The wrapper may be nil.
func newInspector(ctx context.Context, folder Folder, w seal.KeyWrapper) (*inspector, error) {
	in := &inspector{folder: folder}
	var err error
	if in.found, err = list(folder); in.found == nil {
		return nil, err
	}
	in.note(err)
	for _, name := range in.found.passed {
		in.note(fmt.Errorf("%q is passed over", name))
	}
	in.readKeys(ctx, w)
	in.readManifest()
	in.readHead()
	return in, ctx.Err()
}

func (in *inspector) readKeys(ctx context.Context, w seal.KeyWrapper) {
	file, err := readOwn(in.folder, nameKeyset)
	if err == nil {
		in.keysetInfo, err = seal.InspectFile(file)
	}
	if err != nil {
		in.note(err)
	} else if w == nil {
		in.note(errors.New("no key was given: tags are not checked"))
	} else if in.keys, err = seal.Unmarshal(ctx, file, w); err != nil {
		in.keys = nil
		in.note(fmt.Errorf("tags are not checked: %w", err))
	}
	if file, err = readOwn(in.folder, nameHeader); err != nil {
		in.note(err)
		return
	}
	if in.header, err = decodeHeader(file); err == nil && in.keys != nil {
		_, err = unmarshalHeader(file, in.keys)
	}
	in.note(err)
}

func (in *inspector) readManifest() {
	file, err := readOwn(in.folder, nameManifest)
	if err != nil {
		in.note(err)
		return
	}
	switch {
	case len(file) < seal.TagSize:
		err = corruptf("manifest has %d bytes", len(file))
	case in.keys != nil:
		in.manifest, err = unmarshalManifest(file, in.keys)
	default:
		if in.manifest, err = decodeManifest(file[:len(file)-seal.TagSize]); err == nil {
			err = in.manifest.check()
		}
	}
	if err != nil {
		in.manifest = nil
		in.note(err)
		return
	}
	in.manifestTag = manifestTag(file)
}

func (in *inspector) readHead() {
	var err error
	if in.headFile, err = readOwn(in.folder, nameHead); err != nil {
		in.note(err)
		return
	}
	var h head
	switch {
	case len(in.headFile) != headFileSize:
		err = corruptf("head has %d bytes", len(in.headFile))
	case in.keys != nil:
		h, in.headSlot, err = unmarshalHeads(in.headFile, in.keys)
	default:
		h = decodeHead(in.headFile)
		if other := decodeHead(in.headFile[headBlock:]); h.before(&other) {
			h, in.headSlot = other, 1
		}
	}
	if err != nil {
		in.note(err)
		return
	}
	in.head = &h
	if in.manifest != nil {
		in.note(h.checkManifest(in.manifest, in.manifestTag))
	}
}

// entries returns the segments to read: those of the manifest, or, where there
// is none, those of the folder.
func (in *inspector) entries() []segmentEntry {
	if in.manifest != nil {
		return in.manifest.segments
	}
	var entries []segmentEntry
	for _, e := range in.found.segments {
		if name, ok := parseSegmentFile(e.Name); ok {
			entries = append(entries, segmentEntry{name: name, firstSequence: 1, firstNumber: 1})
		}
	}
	return entries
}

// A finding is a segment that was read up to its end, or to damage.
type finding struct {
	name    string // of the file
	size    int64
	summary *summary
	tag     seal.Tag // of the last good record; the segment's id for none
	number  Number   // of the last item, or before the first
	damage  error
}

// read reads a segment for as long as its records are good and visit returns
// true. The last segment of a manifest is open.
func (in *inspector) read(ctx context.Context, e segmentEntry, visit func(*recordInfo, frame, int64) bool) (*finding, error) {
	f := &finding{name: segmentName(e.name), summary: newSummary(e)}
	file, err := in.folder.Open(f.name, os.O_RDONLY)
	if errors.Is(err, os.ErrNotExist) {
		f.name += tempSuffix
		file, err = in.folder.Open(f.name, os.O_RDONLY)
	}
	if errors.Is(err, os.ErrNotExist) {
		f.damage = corruptf("segment %d is missing", e.name)
		return f, nil
	}
	if err != nil {
		return nil, openError(err)
	}
	defer file.Close()
	if f.size, err = file.Size(); err != nil {
		return nil, openError(err)
	}
	s := &segment{entry: e}
	c := s.chain(in.keys)
	c.unlinked = in.manifest == nil
	err = c.walk(ctx, &scanner{file: file, size: f.size}, func(info *recordInfo, fr frame, offset int64) bool {
		if !visit(info, fr, offset) {
			return false
		}
		f.summary.add(info, offset, len(fr.value))
		f.tag = c.previous
		return true
	})
	if len(f.summary.records) == 0 {
		f.tag = e.id
	}
	f.summary.entry.last = f.tag
	f.number = max(f.summary.entry.lastNumber, e.firstNumber-1)
	if err != nil && !errors.Is(err, ErrCorrupt) {
		return nil, err
	}
	if err != nil {
		f.damage = fmt.Errorf("%w (at byte %d of %s)", err, f.summary.entry.size, f.name)
	}
	return f, nil
}

// Inspect reads what is there of a store, without lock and without repairing
// anything, of a store that does not open too. Options.Wrapper may be nil: then
// tags are not checked. Beside a writer that works, what it is doing may look
// like damage. The error is ErrNoStore, the context's, or the file system's.
func Inspect(ctx context.Context, path string, opts *Options) (*Inspection, error) {
	in, err := startInspection(ctx, path, opts)
	if err != nil {
		return nil, err
	}
	defer in.folder.Close()
	out := &Inspection{Checked: in.keys != nil, DataKeys: in.keysetInfo.Keys}
	out.describe(in)
	good := true
	for i, e := range in.entries() {
		f, err := in.read(ctx, e, func(*recordInfo, frame, int64) bool { return true })
		if err != nil {
			return nil, err
		}
		closed := in.manifest != nil && i < len(in.manifest.segments)-1
		in.note(f.damage)
		if damage := f.damage; damage == nil && closed && !f.matches(&e) {
			f.damage = corruptf("segment %d does not end as the manifest says", e.name)
			in.note(f.damage)
		}
		if last := f.summary.entry.lastSequence; good && last > 0 {
			out.LastGood = last
		}
		good = good && f.damage == nil
		out.Segments = append(out.Segments, SegmentInfo{
			Segment: f.summary.entry.describe(closed), FileBytes: f.size, GoodBytes: f.summary.entry.size})
	}
	if in.head != nil && in.head.sequence > out.LastGood && good && (in.manifest == nil || !in.manifest.cut) {
		in.note(corruptf("head is at commit %d, the log ends at %d", in.head.sequence, out.LastGood))
	}
	in.strays()
	out.Findings = in.findings
	return out, nil
}

// matches reports whether a closed segment is as the manifest says.
func (f *finding) matches(e *segmentEntry) bool {
	got := &f.summary.entry
	return f.size == e.size && got.records == e.records && got.items == e.items &&
		got.lastSequence == e.lastSequence && got.lastNumber == e.lastNumber && f.tag == e.last
}

// strays notes segments that the manifest does not list.
func (in *inspector) strays() {
	if in.manifest == nil {
		return
	}
	listed := map[string]bool{}
	for _, e := range in.manifest.segments {
		listed[segmentFile(e.name)] = true
	}
	for _, e := range in.found.segments {
		if !listed[strings.TrimSuffix(e.Name, tempSuffix)] {
			in.note(fmt.Errorf("%s of %d bytes is not in the manifest", path.Join(nameLog, e.Name), e.Size))
		}
	}
}

func startInspection(ctx context.Context, path string, opts *Options) (*inspector, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	if o.FS == nil {
		o.FS = OSFolder(path)
	}
	folder, err := o.FS.Mount(false)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", ErrNoStore, err)
	}
	if err != nil {
		return nil, openError(err)
	}
	in, err := newInspector(ctx, folder, o.Wrapper)
	if err != nil {
		folder.Close()
		return nil, err
	}
	return in, nil
}

// describe fills in what the small files tell.
func (out *Inspection) describe(in *inspector) {
	if in.keys != nil {
		for _, id := range in.keys.IDs() {
			out.Keys = append(out.Keys, uint64(id))
		}
	}
	if h := in.header; h != nil {
		out.Header = &HeaderInfo{Features: h.features, Lineage: h.lineage, Store: h.store, Created: time.UnixMicro(h.created).UTC()}
	}
	if m := in.manifest; m != nil {
		info := &ManifestInfo{Generation: m.generation, NextSegment: m.nextName, Horizon: m.horizon, Cut: m.cut}
		for _, d := range m.dictionaries {
			info.Dictionaries = append(info.Dictionaries, d.number)
		}
		for _, t := range m.terms {
			info.Terms = append(info.Terms, TermInfo{Term: t.term, First: t.first, ID: t.id})
		}
		out.Manifest = info
	}
	for i := range out.Heads {
		b := in.headFile
		if len(b) < i*headBlock+headSlotSize {
			continue
		}
		b = b[i*headBlock:]
		h := decodeHead(b)
		out.Heads[i] = HeadInfo{Generation: h.generation, Sequence: h.sequence, Next: h.next, End: h.end, Term: uint64(h.term),
			Current: in.head != nil && in.headSlot == i}
		if in.keys != nil {
			_, out.Heads[i].Whole = unmarshalHead(b, in.keys)
		}
	}
}

// A RecordInfo describes a record without its content.
type RecordInfo struct {
	Segment                     uint64
	FirstSequence, LastSequence uint64
	From, To                    time.Time
	Commits, Items, Bytes       int
	Term                        uint64
	ID                          [16]byte
}

func describeRecord(segment uint64, info *recordInfo, size int) RecordInfo {
	first, last := info.firstRun(), info.lastRun()
	r := RecordInfo{
		Segment: segment, FirstSequence: first.Sequence, LastSequence: last.Sequence,
		From: time.UnixMicro(first.Time).UTC(), To: time.UnixMicro(last.Time).UTC(),
		Items: int(info.items), Bytes: size, Term: info.term, ID: info.id,
	}
	for i := range info.runs {
		if i == 0 || info.runs[i].Sequence != info.runs[i-1].Sequence {
			r.Commits++
		}
	}
	return r
}

// InspectRecords describes the records that have commits from a sequence on, up
// to the one that head vouches for, without lock. Where a record is damaged the
// iteration ends with ErrCorrupt. Without Options.Wrapper tags are not checked.
func InspectRecords(ctx context.Context, path string, opts *Options, from uint64) iter.Seq2[RecordInfo, error] {
	return func(yield func(RecordInfo, error) bool) {
		in, err := startInspection(ctx, path, opts)
		if err != nil {
			yield(RecordInfo{}, err)
			return
		}
		defer in.folder.Close()
		for _, e := range in.entries() {
			stopped := false
			f, err := in.read(ctx, e, func(info *recordInfo, f frame, _ int64) bool {
				if in.head != nil && info.firstRun().Sequence > in.head.sequence {
					stopped = true
				} else if info.lastRun().Sequence >= from {
					stopped = !yield(describeRecord(e.name, info, len(f.value)), nil)
				}
				return !stopped
			})
			if err == nil && !stopped {
				err = f.damage
			}
			if in.head != nil && err != nil && errors.Is(err, ErrCorrupt) && f.summary.entry.lastSequence >= in.head.sequence {
				return // beyond head, where a writer may be at work
			}
			if err != nil {
				yield(RecordInfo{}, err)
			}
			if stopped || err != nil {
				return
			}
		}
	}
}
