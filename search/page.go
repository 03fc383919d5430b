package search

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
)

// page fills in the total and the matches of the page that begins at offset.
func (ev *evaluation) page(r *Result, q *Query, offset int) error {
	if q.contained.alone {
		return ev.pageInside(r, q, offset)
	}
	if len(q.sort) == 0 && !q.explain && !q.contained.inside {
		if posting, ok := ev.single(q); ok {
			return ev.pageOf(r, q, posting, offset)
		}
	}
	set, err := ev.all(q)
	if err != nil {
		return err
	}
	r.Total = int(set.GetCardinality())
	if q.count == 0 || offset >= r.Total {
		return nil
	}
	if len(q.sort) > 0 {
		r.Matches, err = ev.sorted(set, q.sort, offset, q.count)
		return err
	}
	start := time.Now()
	r.Matches = newest(set, offset, min(q.count, r.Total-offset))
	ev.worked(start, Step{Part: "page", Way: ByAge, Found: len(r.Matches)})
	return nil
}

// newest returns count members of set downwards, after the offset largest ones.
func newest(set *roaring.Bitmap, offset, count int) []index.Ordinal {
	matches := make([]index.Ordinal, 0, count)
	last := int(set.GetCardinality()) - 1 - offset
	if last < 0 {
		return matches
	}
	start, err := set.Select(uint32(last))
	if err != nil {
		return matches // cannot be: last is below the cardinality
	}
	for it := set.ReverseIterator(); it.HasNext() && len(matches) < count; {
		if o := it.Next(); o <= start {
			matches = append(matches, index.Ordinal(o))
		}
	}
	return matches
}

// single returns the one posting that is the answer to a query, as for a search
// by one code, if it is. Nothing then needs to be copied.
func (ev *evaluation) single(q *Query) (index.Posting, bool) {
	if len(q.types) != 1 {
		return index.Posting{}, false
	}
	switch len(q.clauses) {
	case 0:
		return ev.view.OfType(index.TypeID(q.types[0])), true
	case 1:
		if m, ok := q.clauses[0].of[0].(*match); ok && ev.pure(m) {
			switch postings, ok := ev.postings(m); {
			case !ok || len(postings) > 1:
			case len(postings) == 1:
				return postings[0], true
			default:
				return index.Posting{}, true
			}
		}
	}
	return index.Posting{}, false
}

// pageOf fills in a page of the visible ones of a posting, newest first.
func (ev *evaluation) pageOf(r *Result, q *Query, p index.Posting, offset int) error {
	if r.Total = p.CountVisible(); q.count == 0 || offset >= r.Total {
		return ev.charge(1)
	}
	skip := offset
	for o := range p.Backward(index.MaxOrdinal) {
		if err := ev.charge(1); err != nil {
			return err
		}
		switch {
		case !ev.view.Visible(o):
		case skip > 0:
			skip--
		default:
			if r.Matches = append(r.Matches, o); len(r.Matches) == q.count {
				return nil
			}
		}
	}
	return nil
}

// links fills in the tokens of the pages around the one at offset.
func (e *Engine) links(r *Result, q *Query, offset int) {
	if q.count == 0 {
		return
	}
	token := func(offset int) string { return e.token(q, r.Sequence, offset) }
	r.First = token(0)
	r.Last = token(max(0, (r.Total-1)/q.count*q.count))
	if next := offset + q.count; next < r.Total {
		r.Next = token(next)
	}
	if offset > 0 {
		r.Previous = token(max(0, offset-q.count))
	}
}

// A page token is base64url over: a byte of format, epoch, sequence, offset, a
// hash of the query, and the MAC over all that.
//
// The offset counts matches in order, as of the sequence. A view of that
// sequence always gives the same answer, so an offset means the same match.
const (
	tokenFormat = 1
	tokenBody   = 1 + 8 + 8 + 4 + 8
	tokenMAC    = 16
	tokenLength = tokenBody + tokenMAC
)

type pageToken struct {
	sequence uint64
	offset   int
}

func (e *Engine) token(q *Query, sequence uint64, offset int) string {
	b := make([]byte, 0, tokenLength)
	b = append(b, tokenFormat)
	b = binary.BigEndian.AppendUint64(b, e.epoch)
	b = binary.BigEndian.AppendUint64(b, sequence)
	b = binary.BigEndian.AppendUint32(b, uint32(min(offset, math.MaxUint32)))
	b = binary.BigEndian.AppendUint64(b, q.hash())
	return base64.RawURLEncoding.EncodeToString(append(b, e.mac(b)...))
}

// hash tells queries apart: a token is good for the one that it was made for.
func (q *Query) hash() uint64 {
	where := ""
	if q.in != (Compartment{}) {
		where = q.in.Type.String() + "/" + q.in.ID + "/"
	}
	if len(q.types) == 1 && !q.named {
		where += q.types[0].String()
	}
	asked := where + "?" + q.Self()
	for _, c := range q.customs { // their names may stand for something else one day
		asked += c.meaning()
	}
	sum := sha256.Sum256([]byte(asked))
	return binary.BigEndian.Uint64(sum[:])
}

func (e *Engine) mac(b []byte) []byte {
	h := hmac.New(sha256.New, e.pageKey)
	h.Write([]byte("fhirlake page token\x00"))
	h.Write(b)
	return h.Sum(nil)[:tokenMAC]
}

// readToken reads the query's page token.
func (e *Engine) readToken(q *Query) (pageToken, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(q.page)
	if err != nil || len(b) != tokenLength || !hmac.Equal(b[tokenBody:], e.mac(b[:tokenBody])) {
		return pageToken{}, ErrInvalidPage
	}
	if b[0] != tokenFormat || binary.BigEndian.Uint64(b[1:]) != e.epoch {
		return pageToken{}, ErrStalePage
	}
	if binary.BigEndian.Uint64(b[21:]) != q.hash() {
		return pageToken{}, ErrInvalidPage
	}
	return pageToken{binary.BigEndian.Uint64(b[9:]), int(binary.BigEndian.Uint32(b[17:]))}, nil
}
