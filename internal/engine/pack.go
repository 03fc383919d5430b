package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/fhirlake/fhirlake/internal/pack"
)

// A packing makes the parts of items small, with the dictionaries that the log keeps
// for it. It is safe for use by many goroutines.
type packing struct {
	log     Log
	known   atomic.Pointer[pack.Dictionaries]
	packers sync.Pool // of *packer
}

// open reads the dictionaries of the log, so that blocks can be unpacked.
func (p *packing) open(log Log) error {
	p.log = log
	_, err := p.load()
	return err
}

// start makes the packers. It adds the program's own dictionary if the log lacks it. If the
// log cannot take it now, since it is read-only or the disk is full, the log's newest
// dictionary packs.
func (p *packing) start(ctx context.Context, logger *slog.Logger) error {
	log := p.log
	number, err := log.AddDictionary(ctx, pack.Builtin())
	if ctx.Err() != nil {
		return ctx.Err()
	}
	byNumber, damage := p.load()
	if damage != nil {
		return damage
	}
	if err != nil {
		if !errors.Is(err, ErrReadOnly) {
			logger.Warn("datastore: the log takes no new dictionary", "error", err)
		}
		for n, d := range byNumber {
			if d != nil {
				number = max(number, uint32(n))
			}
		}
	}
	dictionary := byNumber[uint64(number)]
	p.packers.New = func() any { return &packer{Packer: pack.NewPacker(uint64(number), dictionary)} }
	return nil
}

// load reads the dictionaries that the log has now. A dictionary that only a later
// version of the program can read is nil.
func (p *packing) load() (map[uint64]*pack.Dictionary, error) {
	byNumber := map[uint64]*pack.Dictionary{}
	for number, content := range p.log.Dictionaries() {
		d, err := pack.Parse(content)
		if err != nil && !errors.Is(err, ErrUnsupported) {
			return nil, fmt.Errorf("%w: dictionary %d: %w", ErrCorrupt, number, err)
		}
		byNumber[uint64(number)] = d
	}
	p.known.Store(pack.NewDictionaries(byNumber))
	return byNumber, nil
}

// A packer packs for one goroutine. The slices that it returns have no spare room.
type packer struct {
	*pack.Packer
	out []byte
}

// keptBlock bounds the memory that a packer keeps.
const keptBlock = 1 << 20

// body returns a packed stored form.
func (p *packing) body(stored []byte) []byte {
	k := p.packers.Get().(*packer)
	defer p.put(k)
	k.out = k.Body(k.out[:0], stored)
	return k.take()
}

// values returns a header and a packed values payload.
func (p *packing) values(header, payload []byte) []byte {
	k := p.packers.Get().(*packer)
	defer p.put(k)
	k.out = k.Values(append(k.out[:0], header...), payload)
	return k.take()
}

// take returns the packed bytes: a copy, or the buffer itself if that is large and well
// filled.
func (k *packer) take() []byte {
	out := k.out
	if len(out) > keptBlock && len(out) > cap(out)/2 {
		k.out = nil
		return out
	}
	return bytes.Clone(out)
}

func (p *packing) put(k *packer) {
	if cap(k.out) > keptBlock {
		k.out = nil
	}
	p.packers.Put(k)
}

// unpack appends the text of a block to dst.
func (p *packing) unpack(dst, block []byte) ([]byte, error) {
	out, err := p.known.Load().Unpack(dst, block)
	if errors.Is(err, pack.ErrDictionary) {
		// Another writer of the log may have added it.
		if _, err = p.load(); err == nil {
			out, err = p.known.Load().Unpack(dst, block)
		}
	}
	switch {
	case err == nil:
		return out, nil
	case errors.Is(err, ErrUnsupported):
		return dst, fmt.Errorf("datastore: unpacking: %w", err)
	}
	return dst, fmt.Errorf("%w: %w", ErrCorrupt, err)
}
