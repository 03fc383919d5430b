package datastore_test

import (
	"encoding/binary"

	"github.com/stretchr/testify/require"
)

// values reads a payload of search values to its end (values.md) and counts its entries by
// their param.
func (r *pagesReader) values(b []byte) {
	if r.params == nil {
		r.params = map[int]int{}
	}
	uvarint := func() uint64 {
		v, n := binary.Uvarint(b)
		require.Positive(r.t, n)
		b = b[n:]
		return v
	}
	varint := func() int64 {
		v, n := binary.Varint(b)
		require.Positive(r.t, n)
		b = b[n:]
		return v
	}
	text := func() string {
		n := uvarint()
		s := string(b[:n])
		b = b[n:]
		return s
	}
	decimal := func() string {
		n := uvarint()
		if n == 0 {
			return text()
		}
		n--
		out := make([]byte, n)
		for i := range out {
			half := b[i/2] >> 4
			if i%2 == 1 {
				half = b[i/2] & 15
			}
			out[i] = "0123456789+-.eE"[half]
		}
		b = b[(n+1)/2:]
		return string(out)
	}
	number := func(tag byte) {
		decimal()
		if tag&0x40 == 0 {
			decimal()
		}
	}
	date := func(tag byte) {
		shape := byte(0)
		if tag&0xc0 == 0 {
			shape = b[0]
			b = b[1:]
			require.Zero(r.t, shape&^15)
		}
		if shape&1 == 0 {
			varint()
		}
		if shape&2 == 0 {
			varint()
		}
	}
	param := 0
	for first := true; len(b) > 0; first = false {
		tag := b[0]
		b = b[1:]
		if tag&0x10 == 0 {
			param += int(varint())
		} else {
			require.False(r.t, first)
		}
		if tag&0x20 != 0 {
			require.NotZero(r.t, uvarint())
		}
		require.LessOrEqual(r.t, param, 65_535)
		r.params[param]++
		switch tag & 15 {
		case 1:
			text()
			text()
		case 2:
			text()
			if tag&0x40 == 0 {
				text()
			}
		case 3, 9:
			date(tag)
		case 4:
			number(tag)
		case 5:
			number(tag)
			text()
			text()
			text()
		case 6:
			require.LessOrEqual(r.t, uvarint(), uint64(65_535))
			text()
		case 7, 8, 12, 13:
			text()
		case 10:
			for range uvarint() {
				period := b[0]
				b = b[1:]
				moments := map[byte]int{1: 1, 2: 1, 3: 1, 4: 2}[period]
				require.NotZero(r.t, moments)
				for range moments {
					require.Zero(r.t, b[0]&^7)
					b = b[1:]
					varint()
					require.NotZero(r.t, varint())
				}
			}
		case 11:
			text()
			uvarint()
			text()
		default:
			require.Fail(r.t, "kind of a value")
		}
	}
}
