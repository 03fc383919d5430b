package fhirtime

// Precision says how far a date or time is written.
type Precision uint8

// The precisions, coarsest first.
const (
	None     Precision = iota
	Year               // 2013
	Month              // 2013-04
	Day                // 2013-04-02
	Minute             // 2013-04-02T09:30, in search values only
	Second             // 2013-04-02T09:30:10
	Fraction           // 2013-04-02T09:30:10.25
)

// A Time is a date, a dateTime, an instant or a time of day as it was written.
// Fields finer than its Precision are zero, or 1 for Month and Day. It is a plain
// value, comparable with ==, which compares what was written and not the moment.
type Time struct {
	Year        int16 // 1–9999; 0 for a time of day
	Month       uint8 // 1–12
	Day         uint8 // 1–31
	Hour        uint8 // 0–23
	Minute      uint8 // 0–59
	Second      uint8 // 0–60
	Precision   Precision
	Digits      uint8 // digits of the fraction, at most 9: more are read and dropped
	Zoned       bool  // whether a time zone was written
	Offset      int16 // minutes east of UTC
	Nanoseconds int32 // 0–999,999,999
}

// TimeOfDay reports whether t has no date.
func (t Time) TimeOfDay() bool { return t.Year == 0 }
