package txlog

import (
	"bytes"
	"encoding/binary"
	"strconv"
)

// A segment's file is a sequence of frames, each what buntdb writes for one
// plain set of an 8-byte key:
//
//	*3 $3 set $8 <key> $<len> <value>
//
// with CR LF after each. The key is the sequence of the record's first run, big
// endian; the length has no leading zero.
const (
	frameLead   = "*3\r\n$3\r\nset\r\n$8\r\n"
	frameKey    = 8
	frameMiddle = "\r\n$"
	frameEnd    = "\r\n"

	// maxDigits is the number of digits of MaxRecord.
	maxDigits = 9

	// maxFrameHead is the most that comes before a value.
	maxFrameHead = len(frameLead) + frameKey + len(frameMiddle) + maxDigits + len(frameEnd)
)

// MaxRecord is the most bytes that a sealed record may have. Records are kept
// whole in memory while they are appended, and buntdb copies them once.
const MaxRecord = 256 << 20

// A frame is one record and the bytes around it in a segment.
type frame struct {
	sequence uint64
	head     int    // bytes before value
	value    []byte // the sealed record; part of the input
}

// size returns the length of the frame in the file.
func (f frame) size() int { return f.head + len(f.value) + len(frameEnd) }

// frameSize returns the length in the file of a frame with a value of n bytes.
func frameSize(n int) int64 {
	return int64(frameHeadSize(n) + n + len(frameEnd))
}

func frameHeadSize(n int) int {
	return maxFrameHead - maxDigits + len(strconv.Itoa(n))
}

type frameStatus uint8

const (
	frameOK    frameStatus = iota
	frameShort             // the input ends inside what may be a frame
	frameBad               // the input is not a frame
)

// parseFrame reads the frame at the start of b. With frameShort, need is the least
// number of input bytes to try again with.
func parseFrame(b []byte) (f frame, status frameStatus, need int) {
	// The shortest head has a length of one digit.
	const fixed = len(frameLead) + frameKey + len(frameMiddle)
	if !matches(b, 0, frameLead) || !matches(b, len(frameLead)+frameKey, frameMiddle) {
		return frame{}, frameBad, 0
	}
	if len(b) <= fixed {
		return frame{}, frameShort, maxFrameHead
	}
	f.sequence = binary.BigEndian.Uint64(b[len(frameLead):])

	digits, length := 0, 0
	for rest := b[fixed:]; digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9'; digits++ {
		if digits == maxDigits || digits > 0 && length == 0 {
			return frame{}, frameBad, 0
		}
		length = length*10 + int(rest[digits]-'0')
	}
	if digits == 0 || length > MaxRecord || !matches(b, fixed+digits, frameEnd) {
		return frame{}, frameBad, 0
	}
	f.head = fixed + digits + len(frameEnd)
	need = f.head + length + len(frameEnd)
	if !matches(b, f.head+length, frameEnd) {
		return frame{}, frameBad, 0
	}
	if len(b) < need {
		return frame{}, frameShort, need
	}
	f.value = b[f.head : f.head+length : f.head+length]
	return f, frameOK, 0
}

// matches reports whether b holds text at offset, as far as b goes.
func matches(b []byte, offset int, text string) bool {
	if offset >= len(b) {
		return true
	}
	b = b[offset:]
	if len(b) < len(text) {
		text = text[:len(b)]
	}
	return string(b[:len(text)]) == text
}

// A framed is a record in its frame, as it is written to a segment.
type framed struct {
	bytes []byte
	head  int // bytes before the record
}

// newFramed returns a frame with room for a record of n bytes.
func newFramed(sequence uint64, n int) framed {
	f := framed{bytes: make([]byte, frameSize(n)), head: frameHeadSize(n)}
	b := append(f.bytes[:0], frameLead...)
	b = binary.BigEndian.AppendUint64(b, sequence)
	b = append(b, frameMiddle...)
	b = strconv.AppendInt(b, int64(n), 10)
	_ = append(b, frameEnd...)
	copy(f.bytes[f.head+n:], frameEnd)
	return f
}

// record returns the record's bytes.
func (f framed) record() []byte { return f.bytes[f.head : len(f.bytes)-len(frameEnd)] }

// holdsFrame reports whether a frame may begin anywhere in b but at its start.
func holdsFrame(b []byte) bool {
	return len(b) > 1 && bytes.Contains(b[1:], []byte(frameLead))
}
