package datastore_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// segments reads the records of all segments (log.md, Segment).
func (r *pagesReader) segments() {
	for i, s := range r.manifest.segments {
		b := r.file(fmt.Sprintf("log/%08d.bunt", s.name))
		open := i == len(r.manifest.segments)-1
		previous, records := s.id, uint32(0)
		if !open {
			require.Len(r.t, b, int(s.size))
		}
		for len(b) > 0 {
			const lead = "*3\r\n$3\r\nset\r\n$8\r\n"
			require.True(r.t, bytes.HasPrefix(b, []byte(lead)))
			sequence := binary.BigEndian.Uint64(b[len(lead):])
			b = b[len(lead)+8:]
			require.True(r.t, bytes.HasPrefix(b, []byte("\r\n$")))
			digits, rest, _ := bytes.Cut(b[3:], []byte("\r\n"))
			n, err := strconv.Atoi(string(digits))
			require.NoError(r.t, err)
			record := rest[:n]
			require.Equal(r.t, "\r\n", string(rest[n:n+2]))
			b = rest[n+2:]
			require.Equal(r.t, previous, record[40:56])
			require.Equal(r.t, sequence, le.Uint64(record[80:]))
			previous = record[n-16:]
			records++
			r.record(record)
		}
		if !open {
			require.Equal(r.t, s.tag, previous)
			require.Equal(r.t, s.records, records)
		}
	}
}

// record verifies a record and reads its items (log.md, Record).
func (r *pagesReader) record(b []byte) {
	body := b[:len(b)-28]
	secret, ok := r.keys[le.Uint64(b[32:])]
	require.True(r.t, ok)
	require.Empty(r.t, r.opens(r.expand(secret, "fhirlake 2 record tag", 32), b[len(body):len(body)+12], b[len(body)+12:], body))

	require.Equal(r.t, []byte{2, 0, 0, 0}, b[:4])
	items, runs, spans := int(le.Uint32(b[4:])), int(le.Uint32(b[56:])), int(le.Uint32(b[60:]))
	notes, values, data := int(le.Uint32(b[64:])), int(le.Uint32(b[68:])), int(le.Uint32(b[72:]))
	atSpans := 80 + 40*runs
	atTable := atSpans + 12*spans
	atNotes := atTable + 12*items
	atValues := atNotes + notes
	require.Len(r.t, body, atValues+data)
	item, noteStart, span := 0, 0, 0
	note, last := []byte(nil), uint64(0)
	for i := range runs {
		run := b[80+40*i:]
		sequence, micros, number := le.Uint64(run), int64(le.Uint64(run[8:])), le.Uint64(run[16:])
		noteEnd := int(le.Uint32(run[28:]))
		if sequence != last {
			note, last = nil, sequence
		}
		if noteEnd > noteStart {
			note = r.part(le.Uint64(run[32:]), 3, 0, sequence, b[atNotes+noteStart:atNotes+noteEnd])
		}
		noteStart = noteEnd
		at := time.UnixMicro(micros).UTC()
		var versions []string
		for j := range int(le.Uint32(run[24:])) {
			for item >= int(le.Uint32(b[atSpans+12*span:])) {
				span++
			}
			key := le.Uint64(b[atSpans+12*span+4:])
			ends := func(i int) (values, body int) {
				e := b[atTable+12*i:]
				return int(le.Uint32(e[4:])), int(le.Uint32(e[8:]))
			}
			start, bodyStart := 0, values
			if item > 0 {
				start, bodyStart = ends(item - 1)
			}
			end, bodyEnd := ends(item)
			entry := le.Uint32(b[atTable+12*item:])
			kind, slot, n := entry>>28, entry&(1<<28-1), number+uint64(j)
			item++
			if slot != 0 && bytes.Equal(r.slots[slot-1], make([]byte, 32)) {
				continue // it was erased
			}
			if sequence <= r.since || r.absent != nil && r.absent(n) {
				continue
			}
			v := r.part(key, 1, slot, n, b[atValues+start:atValues+end])
			stored := r.part(key, 2, slot, n, b[atValues+bodyStart:atValues+bodyEnd])
			if kind == 1 {
				r.states[string(v)] = string(stored)
				continue
			}
			require.Zero(r.t, kind)
			versions = append(versions, r.version(v, stored, at))
		}
		if len(versions) == 0 {
			continue
		}
		if k := len(r.commits) - 1; k < 0 || r.commits[k].sequence != sequence {
			r.commits = append(r.commits, pagesCommit{sequence: sequence, at: at, note: note})
		}
		c := &r.commits[len(r.commits)-1]
		c.versions = append(c.versions, versions...)
	}
}

// version reads an item (item.md) and writes the version as the feed shows it
// (canonical.md, Stored form).
func (r *pagesReader) version(v, stored []byte, at time.Time) string {
	require.Equal(r.t, byte(2), v[0])
	flags, number, typ := v[1], le.Uint32(v[3:]), r.types[le.Uint16(v[7:])]
	require.NotEmpty(r.t, typ)
	interaction := []string{1: "create", 2: "update", 3: "patch", 4: "delete", 5: "import", 6: "restore", 7: "derived", 8: "erasure"}[v[2]]
	rest, id := v[13:], ""
	if flags&2 != 0 {
		u := rest[:16]
		id, rest = fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:]), rest[16:]
	} else {
		id, rest = string(rest[1:1+rest[0]]), rest[1+rest[0]:]
	}
	if flags&4 != 0 {
		at, rest = time.UnixMicro(int64(le.Uint64(rest))).UTC(), rest[8:]
	}
	json := ""
	if flags&1 == 0 {
		r.values(pagesUnpack(r.t, r.packed, rest))
		text := pagesUnpack(r.t, r.packed, stored)
		json = pagesVersioned(r.t, string(text), typ, id, number, at)
	} else {
		require.Empty(r.t, rest)
		require.Empty(r.t, stored)
	}
	line := fmt.Sprintf("%s/%s %d %v %s %s", typ, id, number, at, interaction, json)
	if len(line) > 2000 {
		line = fmt.Sprintf("%s… %d bytes, SHA-256 %x", line[:80], len(line), sha256.Sum256([]byte(line)))
	}
	return line
}

// pagesVersioned puts version and time into a stored text, behind meta.id and
// meta.extension, which no golden store has.
func pagesVersioned(t *testing.T, stored, typ, id string, number uint32, at time.Time) string {
	head := `{"resourceType":"` + typ + `","id":"` + id + `"`
	rest, ok := strings.CutPrefix(stored, head)
	require.True(t, ok)
	own := fmt.Sprintf(`"versionId":"%d","lastUpdated":"%s"`, number, at.Format("2006-01-02T15:04:05.000000Z"))
	if meta, ok := strings.CutPrefix(rest, `,"meta":{`); ok {
		return head + `,"meta":{` + own + "," + meta
	}
	return head + `,"meta":{` + own + "}" + rest
}
