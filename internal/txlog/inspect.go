package txlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// An Inspection is what a store's files tell, even if the store does not open.
type Inspection struct {
	// Checked says that tags were verified. Without the store's key they are not,
	// Unchecked says why, and anybody may have written the rest.
	Checked   bool
	Unchecked error

	Header   *HeaderInfo // nil where it cannot be read
	DataKeys int         // number of them in the keyset
	Keys     []uint64    // their ids, where Checked
	Patients uint64      // that of Keys which seals the keys of patients alone; 0 for none
	Rotating bool        // a rotation is under way; likewise
	Manifest *ManifestInfo
	Heads    [2]HeadInfo
	Segments []SegmentInfo

	// Checkpoint is what is in the folder beside the log; nil for none. One that cannot
	// be used is nothing wrong.
	Checkpoint *CheckpointFile

	// LastGood is the last sequence before any damage.
	LastGood uint64

	// States has the last value of each named state in the good records, where
	// Checked.
	States map[string][]byte

	// Findings are the faults. An empty list means that no fault was found, as far as
	// tags were checked.
	Findings []Finding

	// PassedOver names foreign files in the folder that do no harm.
	PassedOver []string
}

// A Finding is one thing that is wrong with a store.
type Finding struct {
	Place  string // name of a file, below the store's folder
	Reason string
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
	Durability Durability
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

// A CheckpointFile is a checkpoint as it was found. Its parts are not looked at.
type CheckpointFile struct {
	CheckpointInfo
	Unusable error // why it cannot be used; nil where it can, as far as tags were checked
}

// An inspector reads the files of a store and notes the faults.
type inspector struct {
	folder        Folder
	found         *listing
	header        *storeHeader
	headerFile    []byte
	keysetFile    []byte
	keysetInfo    seal.KeysetFile
	keys          *seal.Keyset // nil where they are not known
	unchecked     error        // why they are not
	manifestFile  []byte
	manifest      *manifest // nil where it cannot be read
	manifestError error     // why it is not
	manifestTag   seal.Tag
	patients      seal.KeyID // that seals the keys of patients; 0 for none
	headFile      []byte
	head          *head // nil where no slot is whole
	headSlot      int
	segments      []inspectedFile

	findings []Finding
}

func (in *inspector) note(place string, err error) {
	if err != nil {
		in.findings = append(in.findings, Finding{place, strings.TrimPrefix(err.Error(), ErrCorrupt.Error()+": ")})
	}
}

// An inspectedFile is a segment whose file is open.
type inspectedFile struct {
	entry segmentEntry
	name  string
	file  File // nil where there is none
}

// newInspector reads the small files and opens the segments, so that they stay readable
// when a writer removes them. The wrapper may be nil.
func newInspector(ctx context.Context, folder Folder, w seal.KeyWrapper) (*inspector, error) {
	in := &inspector{folder: folder}
	var err error
	if in.found, err = list(folder); in.found == nil {
		return nil, err
	}
	if isNew, _ := in.found.isNew(); isNew {
		return nil, ErrNoStore
	}
	if err != nil && !in.found.hasOwn() {
		return nil, err
	}
	in.note(".", err)
	in.readKeys(ctx, w)
	in.readManifest()
	in.readHead()
	in.readDictionaries()
	in.readPatients()
	if err := in.openSegments(); err != nil {
		in.close()
		return nil, err
	}
	return in, ctx.Err()
}

func (in *inspector) openSegments() error {
	for _, e := range in.entries() {
		s := inspectedFile{entry: e, name: segmentName(e.name)}
		// A rewritten segment may get its name just now.
		for _, name := range []string{s.name, s.name + tempSuffix, s.name} {
			f, err := in.folder.Open(name, os.O_RDONLY)
			if err == nil {
				s.name, s.file = name, f
				break
			}
			if !errors.Is(err, os.ErrNotExist) {
				return openError(err)
			}
		}
		in.segments = append(in.segments, s)
	}
	return nil
}

// close closes the segments, not the folder.
func (in *inspector) close() {
	for _, s := range in.segments {
		if s.file != nil {
			s.file.Close()
		}
	}
	in.segments = nil
}

// incomplete reports whether the small files do not fit one another, or segments are
// missing.
func (in *inspector) incomplete() bool {
	return len(in.findings) > 0 || slices.ContainsFunc(in.segments, func(s inspectedFile) bool { return s.file == nil })
}

func (in *inspector) readKeys(ctx context.Context, w seal.KeyWrapper) {
	var err error
	if in.keysetFile, err = readOwn(in.folder, nameKeyset); err == nil {
		in.keysetInfo, err = seal.InspectFile(in.keysetFile)
	}
	if err != nil {
		in.note(nameKeyset, err)
		in.unchecked = sealError(err)
	} else if w == nil {
		in.unchecked = ErrNoKey
	} else if in.keys, err = seal.Unmarshal(ctx, in.keysetFile, w); err != nil {
		in.keys = nil
		in.unchecked = sealError(err)
		if errors.Is(in.unchecked, ErrCorrupt) {
			in.note(nameKeyset, err)
		}
	}
	if in.headerFile, err = readOwn(in.folder, nameHeader); err != nil {
		in.note(nameHeader, err)
		return
	}
	if in.header, err = decodeHeader(in.headerFile); err == nil && in.keys != nil {
		_, err = unmarshalHeader(in.headerFile, in.keys)
	}
	in.note(nameHeader, err)
}

func (in *inspector) readManifest() {
	file, err := readOwn(in.folder, nameManifest)
	if err != nil {
		in.note(nameManifest, err)
		in.manifestError = err
		return
	}
	in.manifestFile = file
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
		in.manifest, in.manifestError = nil, err
		in.note(nameManifest, err)
		return
	}
	in.manifestTag = manifestTag(file)
}

func (in *inspector) readHead() {
	var err error
	if in.headFile, err = readOwn(in.folder, nameHead); err != nil {
		in.note(nameHead, err)
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
		in.note(nameHead, err)
		return
	}
	in.head = &h
	if in.manifest != nil {
		in.note(nameManifest, h.checkManifest(in.manifest, in.manifestTag))
	}
}

// readPatients checks the keys of patients.
func (in *inspector) readPatients() {
	if in.keys == nil || in.header == nil || in.manifest == nil {
		return
	}
	l := &Log{folder: in.folder, header: in.header}
	l.keys.Store(in.keys)
	in.note(namePatients, l.loadSlots(in.manifest))
	if t := l.slots.Load(); t != nil {
		in.patients = t.key
	}
}

// readDictionaries checks the dictionaries that packed items need.
func (in *inspector) readDictionaries() {
	if in.manifest == nil {
		return
	}
	for _, d := range in.manifest.dictionaries {
		_, err := d.read(in.folder, in.keys)
		in.note(dictionaryName(d.number), err)
	}
}

// moved reports whether a writer has changed one of the small files since they were
// read.
func (in *inspector) moved() bool {
	for name, then := range map[string][]byte{
		nameKeyset: in.keysetFile, nameHeader: in.headerFile, nameManifest: in.manifestFile, nameHead: in.headFile,
	} {
		if now, _ := readFile(in.folder, name); !bytes.Equal(now, then) {
			return true
		}
	}
	return false
}

// entries returns the segments to read: the manifest's, or without a manifest all
// segments in the folder.
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
	torn    bool // bytes of a last record follow that was not written to its end
}

// read reads a segment for as long as its records are good and visit returns
// true. The last segment of a manifest is open.
func (in *inspector) read(ctx context.Context, from inspectedFile, visit func(*recordInfo, frame, int64) bool) (*finding, error) {
	e, file := from.entry, from.file
	f := &finding{name: from.name, summary: newSummary(e)}
	if file == nil {
		f.damage = corruptf("segment %d is missing", e.name)
		return f, nil
	}
	var err error
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
	if err == nil {
		return f, nil
	}
	if in.isTail(f) && in.isWritten(f, file, err) {
		f.torn = true
		return f, nil
	}
	f.damage = fmt.Errorf("%w (at byte %d of %s)", err, f.summary.entry.size, f.name)
	return f, nil
}

// isWritten reports whether the bytes behind the good records, beyond head, may be a
// record that a writer is writing, or left when it ended.
func (in *inspector) isWritten(f *finding, file File, cause error) bool {
	if errors.Is(cause, seal.ErrUnknownKey) {
		// The key may be newer than the keyset that was read.
		if now, _ := readFile(in.folder, nameKeyset); !bytes.Equal(now, in.keysetFile) {
			return true
		}
	}
	return in.head.durability != SyncCommit || checkTorn(file, f.summary.entry.size, f.size, cause) == nil
}

// isTail reports whether the bytes behind the good records of a segment lie beyond
// head: nothing there was acknowledged.
func (in *inspector) isTail(f *finding) bool {
	if in.manifest == nil || in.head == nil {
		return false
	}
	last := in.manifest.segments[len(in.manifest.segments)-1]
	return f.summary.entry.name == last.name && max(f.summary.entry.lastSequence, last.firstSequence-1) >= in.head.sequence
}

// short is the error of a log that ends with a commit before head. Rewriting may leave
// out the last commits before the open segment.
func (in *inspector) short(last uint64) error {
	if in.head == nil || in.manifest == nil || in.manifest.cut {
		return nil
	}
	open := in.manifest.segments[len(in.manifest.segments)-1]
	if in.head.sequence <= max(last, open.firstSequence-1) {
		return nil
	}
	return corruptf("head is at commit %d, the log ends at %d", in.head.sequence, last)
}

// Inspect reads the files of a store, without lock and without repairing anything, even
// if the store does not open. Options.Wrapper may be nil: then tags are not checked. A
// writer may work beside it: bytes that are not acknowledged yet are no damage. The
// error is ErrNoStore, ErrForeign, the context's, or the file system's.
func Inspect(ctx context.Context, path string, opts *Options) (*Inspection, error) {
	in, err := startInspection(ctx, path, opts)
	if err != nil {
		return nil, err
	}
	defer in.end()
	out := &Inspection{Checked: in.keys != nil, Unchecked: in.unchecked, DataKeys: in.keysetInfo.Keys, PassedOver: in.found.passed}
	out.describe(in)
	states := newStateReader(in)
	good := true
	for i, from := range in.segments {
		e := from.entry
		f, err := in.read(ctx, from, states.visit)
		if err != nil {
			return nil, err
		}
		closed := in.manifest != nil && i < len(in.manifest.segments)-1
		if f.damage == nil && closed && !f.matches(&e) {
			f.damage = corruptf("segment %d does not end as the manifest says", e.name)
		}
		in.note(f.name, f.damage)
		if last := f.summary.entry.lastSequence; good && last > 0 {
			out.LastGood = last
		}
		good = good && f.damage == nil
		out.Segments = append(out.Segments, SegmentInfo{
			Segment: f.summary.entry.describe(closed), FileBytes: f.size, GoodBytes: f.summary.entry.size})
	}
	if good {
		in.note(nameHead, in.short(out.LastGood))
	}
	in.strays()
	out.Checkpoint = in.checkpoint(out.LastGood)
	out.Findings, out.States = in.findings, states.values
	return out, nil
}

// checkpoint describes the checkpoint of a log that ends with a commit.
func (in *inspector) checkpoint(last uint64) *CheckpointFile {
	f, err := in.folder.Open(nameCheckpoint, os.O_RDONLY)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &CheckpointFile{Unusable: err}
	}
	defer f.Close()
	out := new(CheckpointFile)
	if out.Bytes, err = f.Size(); err != nil {
		out.Unusable = err
		return out
	}
	h, err := readCheckpointHeader(f, in.keys)
	if err == nil {
		out.Sequence = h.last.Sequence
		if m := in.manifest; m != nil && in.header != nil {
			place := checkpointPlace{header: in.header, manifest: m, last: last, segments: len(m.segments), entry: func(i int) *segmentEntry { return &m.segments[i] }}
			if place.keyless = in.keys == nil; !place.keyless {
				place.hashKey, err = in.keys.HashKey(in.header.salt[:])
			}
			if err == nil {
				err = h.fits(place)
			}
		}
	}
	out.Unusable = err
	return out
}

// matches reports whether a closed segment is as the manifest says.
func (f *finding) matches(e *segmentEntry) bool {
	got := &f.summary.entry
	return f.size == e.size && got.records == e.records && got.items == e.items &&
		got.lastSequence == e.lastSequence && got.lastNumber == e.lastNumber && f.tag == e.last
}

// strays notes segments that the manifest cannot know. Leftovers of an interrupted
// change are no fault: opening the store removes them.
func (in *inspector) strays() {
	if in.manifest == nil {
		return
	}
	listed := map[string]bool{}
	for _, e := range in.manifest.segments {
		listed[segmentFile(e.name)] = true
	}
	for _, e := range in.found.segments {
		if name, ok := parseSegmentFile(e.Name); ok && !listed[e.Name] && name >= in.manifest.nextName && e.Size > 0 {
			in.note(segmentName(name), fmt.Errorf("%d bytes are not in the manifest", e.Size))
		}
	}
}

// startInspection reads the small files and opens the segments. If the files do not fit
// one another and a writer has changed the store meanwhile, it begins anew.
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
	for attempt := 1; ; attempt++ {
		in, err := newInspector(ctx, folder, o.Wrapper)
		if err != nil {
			folder.Close()
			return nil, err
		}
		if attempt == readAttempts || !in.incomplete() || !in.moved() {
			return in, nil
		}
		in.close()
	}
}

// end closes everything.
func (in *inspector) end() {
	in.close()
	in.folder.Close()
}

// describe fills in what the small files tell.
func (out *Inspection) describe(in *inspector) {
	if in.keys != nil {
		out.Rotating = in.keys.Rotating()
		for _, id := range in.keys.IDs() {
			out.Keys = append(out.Keys, uint64(id))
		}
		out.Patients = uint64(in.patients)
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
		out.Heads[i] = HeadInfo{Generation: h.generation, Durability: h.durability, Sequence: h.sequence, Next: h.next, End: h.end, Term: uint64(h.term),
			Current: in.head != nil && in.headSlot == i}
		if in.keys != nil {
			_, out.Heads[i].Whole = unmarshalHead(b, in.keys)
		}
	}
}
