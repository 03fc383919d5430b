package fhirtime

import "time"

// Lengths in microseconds.
const (
	second = 1_000_000
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

// Range returns the time that t stands for as the half-open [low, high) in microseconds
// since the Unix epoch, UTC. A t without a time zone is a time in loc; nil is UTC. A
// fraction finer than a microsecond is widened to its microsecond. For a time of day,
// low and high count from midnight and loc is ignored.
func (t Time) Range(loc *time.Location) (low, high int64) {
	if t.TimeOfDay() {
		low = t.clock()
		return low, low + t.length()
	}
	low = t.utc()
	high = low
	if t.Precision >= Minute {
		high += t.length()
	} else {
		high = t.next().utc()
	}
	if t.Zoned {
		return low, high
	}
	return ClockRange(low, high, loc)
}

// Start returns when t begins, to the nanosecond and in UTC. Without a time zone it is
// taken for UTC. It is not for times of day.
func (t Time) Start() time.Time {
	return time.UnixMicro(t.utc()).Add(time.Duration(t.Nanoseconds % 1000)).UTC()
}

// ClockRange returns the range of time during which a clock of loc shows times from
// low to high, given as if the clock were one of UTC: a range of a [Time] without a
// zone. Up to a minute is as long as on the clock; a day and more ends when the next
// begins.
func ClockRange(low, high int64, loc *time.Location) (from, to int64) {
	if loc == nil || loc == time.UTC {
		return low, high
	}
	from = instant(low, loc)
	if high-low <= minute {
		return from, from + high - low
	}
	return from, instant(high, loc)
}

// instant returns the instant at which a clock of loc shows a time, given as if the
// clock were one of UTC. For a time that the clock skips, it is the instant of the
// skip, so that order is kept. For a time that the clock shows twice, it is the instant
// that package time takes.
func instant(clock int64, loc *time.Location) int64 {
	c := time.UnixMicro(clock).UTC()
	t := time.Date(c.Year(), c.Month(), c.Day(), c.Hour(), c.Minute(), c.Second(), c.Nanosecond(), loc)
	_, offset := t.Zone()
	shown := t.UnixMicro() + int64(offset)*second
	if shown == clock {
		return t.UnixMicro()
	}
	start, end := t.ZoneBounds()
	if shown > clock {
		return start.UnixMicro()
	}
	return end.UnixMicro()
}

// clock returns the microseconds since midnight.
func (t Time) clock() int64 {
	return int64(t.Hour)*hour + int64(t.Minute)*minute + int64(t.Second)*second + int64(t.Nanoseconds)/1000
}

// utc returns the start of t, its own offset or else UTC applied.
func (t Time) utc() int64 {
	return DaysSinceEpoch(int(t.Year), int(t.Month), int(t.Day))*day + t.clock() - int64(t.Offset)*minute
}

// length returns the length of a Time of precision Minute or finer.
func (t Time) length() int64 {
	switch t.Precision {
	case Minute:
		return minute
	case Second:
		return second
	default:
		length := int64(second)
		for i := uint8(0); i < t.Digits && length > 1; i++ {
			length /= 10
		}
		return length
	}
}

// next returns the year, month or day after t.
func (t Time) next() Time {
	switch t.Precision {
	case Year:
		t.Year++
		return t
	case Day:
		if int(t.Day) < DaysIn(int(t.Year), int(t.Month)) {
			t.Day++
			return t
		}
		t.Day = 1
	}
	if t.Month++; t.Month > 12 {
		t.Month = 1
		t.Year++
	}
	return t
}
