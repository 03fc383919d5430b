package txlog

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// A pieceReader reads a piece to its end, and verifies it: the stream, each record, and
// the records against the head.
type pieceReader struct {
	head  *pieceHead
	info  BackupInfo
	keys  *seal.Keyset // the piece's data keys
	slots []seal.PatientKey
	from  *countingReader
	in    io.Reader // the opened stream
	chain chain
	ended bool
}

// secrets are the backup secrets that are known while pieces are opened, and the keys of
// patients, which are those of the newest box.
type secrets struct {
	of    map[seal.BackupID]seal.BackupSecret
	slots []seal.PatientKey
}

// add opens the box of a front. The secrets of earlier pieces of the store are in it.
func (s *secrets) add(ctx context.Context, f *front, w seal.KeyWrapper) error {
	if _, ok := s.of[f.secret]; ok {
		return nil
	}
	if w == nil {
		return ErrNoKey
	}
	text, err := seal.OpenBox(ctx, f.box, f.bound(), f.wrapped, w)
	if err != nil {
		return sealError(err)
	}
	if len(text) < 4 || (len(text)-4)%seal.KeySize != 0 || uint64(len(text)-4) < uint64(binary.LittleEndian.Uint32(text))*seal.KeySize {
		return corruptf("its box is not one")
	}
	count, first := binary.LittleEndian.Uint32(text), len(s.of) == 0
	for text = text[4:]; count > 0; count-- {
		secret := seal.BackupSecret(text[:seal.KeySize])
		id, err := secret.ID()
		if err != nil {
			return err
		}
		s.of[id], text = secret, text[seal.KeySize:]
	}
	if _, ok := s.of[f.secret]; !ok {
		return corruptf("its box is not one")
	}
	for ; first && len(text) > 0; text = text[seal.KeySize:] {
		s.slots = append(s.slots, seal.PatientKey(text[:seal.KeySize]))
	}
	return nil
}

// readFront reads a front and leaves the reader behind it.
func readFront(r io.Reader, magic string) (f front, err error) {
	b := make([]byte, frontFixed)
	n, err := io.ReadFull(r, b)
	if n < len(magic) || string(b[:len(magic)]) != magic {
		if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("%w: it does not begin as one", ErrPiece)
		}
		return f, err
	}
	if err != nil {
		return f, cutShort(err)
	}
	size, err := frontSize(b, magic)
	if err != nil {
		return f, err
	}
	rest, err := readLength(r, size-frontFixed)
	if err != nil {
		return f, err
	}
	return unmarshalFront(append(b, rest...))
}

// cutShort says that a piece ends early, unless reading failed otherwise.
func cutShort(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return corruptf("it is cut")
	}
	if errors.Is(err, seal.ErrCorrupt) {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return err
}

// readKeys reads a file of keys.
func readKeys(ctx context.Context, r io.Reader, w seal.KeyWrapper, known *secrets) error {
	f, err := readFront(r, keysMagic)
	if err != nil {
		return fmt.Errorf("the file of keys: %w", err)
	}
	if n, err := r.Read(make([]byte, 1)); n > 0 {
		return fmt.Errorf("the file of keys: %w", corruptf("it goes on behind its end"))
	} else if err != nil && err != io.EOF {
		return fmt.Errorf("the file of keys: %w", err)
	}
	if err := known.add(ctx, &f, w); err != nil {
		return fmt.Errorf("the file of keys: %w", err)
	}
	return nil
}

// openPiece reads a piece up to its first record. The key of another piece of the same
// store opens it as well.
func openPiece(r *countingReader, f *front, known *secrets) (*pieceReader, error) {
	secret, ok := known.of[f.secret]
	if !ok {
		return nil, fmt.Errorf("%w: its keys lie apart, and not in the file of keys given", ErrWrongKey)
	}
	key, err := secret.StreamKey(f.salt[:])
	if err != nil {
		return nil, err
	}
	p := &pieceReader{from: r, slots: known.slots}
	if p.in, err = seal.NewStreamReader(r, key); err != nil {
		return nil, err
	}
	b, err := p.lengthAnd(pieceMaxHead)
	if err != nil {
		return nil, err
	}
	if p.head, err = unmarshalPieceHead(b); err != nil {
		return nil, err
	}
	if p.keys, err = new(seal.Keyset).WithDataKeys(p.head.keys); err != nil {
		return nil, sealError(err)
	}
	h := p.head
	p.info = BackupInfo{
		Lineage: h.lineage, Store: h.store, Since: h.since,
		Head: Pin{Sequence: h.last.Sequence, Tag: h.history(h.last.Sequence), Generation: h.generation},
		Time: time.UnixMicro(h.last.Time).UTC(), Taken: time.UnixMicro(h.taken).UTC(),
	}
	p.chain = chain{keys: p.keys}
	return p, nil
}

// lengthAnd reads bytes behind their length.
func (p *pieceReader) lengthAnd(most uint32) ([]byte, error) {
	b, err := readLength(p.in, 4)
	if err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(b)
	if n > most {
		return nil, corruptf("a length of %d bytes", n)
	}
	return readLength(p.in, int(n))
}

// readLength reads n bytes. Of many the first are read before there is room for all, as
// a length may be anything.
func readLength(r io.Reader, n int) ([]byte, error) {
	if n > chunkSize {
		var b bytes.Buffer
		if _, err := io.CopyN(&b, r, int64(n)); err != nil {
			return nil, cutShort(err)
		}
		return b.Bytes(), nil
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, cutShort(err)
	}
	return b, nil
}

// each calls a function with each record, which is verified, one after the other, while
// the record after it is read. The readers of pieces are the caller's, and so stay in the
// caller's goroutine.
func (p *pieceReader) each(ctx context.Context, use func(info *recordInfo, sealed []byte) error) error {
	records, failed := make(chan []byte, 1), make(chan struct{})
	var unused error
	var user sync.WaitGroup
	user.Go(func() {
		for b := range records {
			if unused != nil {
				continue
			}
			info, err := p.verify(b)
			if err == nil {
				err = use(info, b)
			}
			if unused = err; err != nil {
				close(failed)
			}
		}
	})
	err := p.read(ctx, records, failed)
	close(records)
	user.Wait()
	return cmp.Or(unused, err)
}

// read reads the records to the last one, or until one has failed.
func (p *pieceReader) read(ctx context.Context, records chan<- []byte, failed <-chan struct{}) error {
	for {
		b, err := p.lengthAnd(MaxRecord)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if len(b) == 0 {
			return p.end()
		}
		select {
		case records <- b:
		case <-failed:
			return nil
		}
	}
}

// verify verifies a record.
func (p *pieceReader) verify(b []byte) (*recordInfo, error) {
	if len(b) < recordHeadSize+runSize {
		return nil, corruptf("a record of %d bytes", len(b))
	}
	p.chain.unlinked = true // it may begin a segment
	info, err := p.chain.accept(frame{sequence: binary.LittleEndian.Uint64(b[recordHeadSize:]), value: b})
	if err != nil {
		return nil, err
	}
	h, last := p.head, info.lastRun()
	if last.Sequence <= h.since || last.Sequence > h.last.Sequence || info.lastNumber() >= h.last.Next {
		return nil, corruptf("commit %d is none of its own", last.Sequence)
	}
	for _, s := range info.spans {
		if _, err := p.keys.Key(s.key); err != nil {
			return nil, sealError(err)
		}
	}
	p.info.count(info)
	return info, nil
}

// end looks that nothing follows the last record.
func (p *pieceReader) end() error {
	if p.ended {
		return nil
	}
	switch n, err := io.ReadFull(p.in, make([]byte, 1)); {
	case n > 0:
		return corruptf("it goes on behind its last record")
	case err != io.EOF:
		return cutShort(err)
	}
	p.ended, p.info.Bytes = true, p.from.n
	return nil
}

// A countingReader counts what was read.
type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// VerifyOptions say how a piece is opened.
type VerifyOptions struct {
	Wrapper seal.KeyWrapper // of the store that the piece is of
	Keys    io.Reader       // the keys, where they lie apart
}

// VerifyPiece reads a piece of a backup to its end, verifies every record, opens every
// item whose key was not erased, and says what the piece has. It reports ErrCorrupt for one that is damaged or
// cut, ErrPiece for what is none, ErrUnsupported, ErrWrongKey, ErrNoKey, the error
// of ctx, or the reader's.
func VerifyPiece(ctx context.Context, r io.Reader, o VerifyOptions) (BackupInfo, error) {
	pieces, err := openPieces(ctx, []io.Reader{r}, o)
	if err != nil {
		return BackupInfo{}, err
	}
	p := pieces[0]
	l := &Log{header: &storeHeader{lineage: p.head.lineage}}
	l.keys.Store(p.keys)
	l.slots.Store(&slotTable{secrets: p.slots})
	var buffer []byte
	err = p.each(ctx, func(info *recordInfo, sealed []byte) (err error) {
		record := &Record{log: l, keys: l.keys.Load(), info: info, place: info.place(), sealed: sealed}
		for i := range record.Len() {
			if l.Erased(record.Slot(i)) {
				continue
			}
			for _, kind := range []seal.PartKind{seal.Values, seal.Body} {
				if buffer, err = record.part(i, kind, buffer[:0]); err != nil {
					return fmt.Errorf("item %d: %w", record.Number(i), err)
				}
			}
		}
		return nil
	})
	if err != nil {
		err = fmt.Errorf("txlog: the backup: %w", err)
	}
	return p.info, err
}

// openPieces reads the heads of pieces, in the order given.
func openPieces(ctx context.Context, readers []io.Reader, o VerifyOptions) ([]*pieceReader, error) {
	known := &secrets{of: map[seal.BackupID]seal.BackupSecret{}}
	if o.Keys != nil {
		if err := readKeys(ctx, o.Keys, o.Wrapper, known); err != nil {
			return nil, fmt.Errorf("txlog: the backup: %w", err)
		}
	}
	counted := make([]*countingReader, len(readers))
	fronts := make([]front, len(readers))
	for i, r := range readers {
		counted[i] = &countingReader{r: r}
		var err error
		if fronts[i], err = readFront(counted[i], pieceMagic); err != nil {
			return nil, pieceError(i, nil, err)
		}
	}
	// The newest first: the key of the store may have been wrapped anew since.
	for i := len(fronts) - 1; i >= 0; i-- {
		if len(fronts[i].wrapped) == 0 {
			continue
		}
		if err := known.add(ctx, &fronts[i], o.Wrapper); err != nil {
			return nil, pieceError(i, nil, err)
		}
	}
	pieces := make([]*pieceReader, len(readers))
	for i := range pieces {
		var err error
		if pieces[i], err = openPiece(counted[i], &fronts[i], known); err != nil {
			return nil, pieceError(i, nil, err)
		}
	}
	return pieces, nil
}

// pieceError names the piece that an error is about.
func pieceError(i int, p *pieceReader, err error) error {
	if p == nil {
		return fmt.Errorf("txlog: piece %d of the backup: %w", i+1, err)
	}
	return fmt.Errorf("txlog: piece %d of the backup, commits %d to %d: %w", i+1, p.head.since+1, p.head.last.Sequence, err)
}
