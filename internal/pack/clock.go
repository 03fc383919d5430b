package pack

import "encoding/binary"

// A clock writes times as their distance from the one before in the same text,
// because the times of a resource lie close together, and many are the same.
type clock struct {
	seconds int64 // of the time before, since 2000-01-01T00:00:00 by its own wall
	zone    byte  // of the time before
}

// Zones are a byte: zoneZ for "Z", else the quarters of an hour east of UTC.
const (
	zoneZ      = 0x7f
	maxQuarter = 14 * 4
)

const secondsPerDay = 86_400

// take appends the field of a date or time that begins at start, and returns where the
// text ends and its mark. The mark is 0 if there is no date or time, or if it would
// come back in another form.
func (c *clock) take(fields, text []byte, start int) (int, byte, []byte) {
	if start > 0 && isDigit(text[start-1]) || start+10 > len(text) {
		return 0, 0, fields
	}
	t := text[start:]
	year, ok1 := digits4(t)
	month, ok2 := digits2(t[5:])
	day, ok3 := digits2(t[8:])
	if !ok1 || !ok2 || !ok3 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, 0, fields
	}
	days := daysSince2000(year, month, day)
	wall, millis, zone, length := parseWall(t)
	if length == 0 {
		if len(t) > 10 && isDigit(t[10]) {
			return 0, 0, fields
		}
		// A date is counted in days from the day before it.
		delta := days - floorDiv(c.seconds, secondsPerDay)
		c.seconds = days * secondsPerDay
		return start + 10, markDate, binary.AppendVarint(fields, delta)
	}
	seconds := days*secondsPerDay + wall
	delta := seconds - c.seconds
	c.seconds = seconds
	// The lowest bit tells of another zone, which follows.
	zigzag := uint64(delta<<1) ^ uint64(delta>>63)
	if zone == c.zone {
		fields = binary.AppendUvarint(fields, zigzag<<1)
	} else {
		fields = append(binary.AppendUvarint(fields, zigzag<<1|1), zone)
		c.zone = zone
	}
	if millis < 0 {
		return start + length, markTime, fields
	}
	return start + length, markMillis, append(fields, byte(millis), byte(millis>>8))
}

// parseWall reads what follows a date: T15:04:05, perhaps three digits of fraction,
// and a zone. It returns the seconds of the day, the milliseconds (-1 for none), the
// zone, and the length of date and time together; 0 if there is no such time.
func parseWall(t []byte) (wall int64, millis int, zone byte, length int) {
	if len(t) < 20 || t[10] != 'T' || t[13] != ':' || t[16] != ':' {
		return 0, 0, 0, 0
	}
	hour, ok1 := digits2(t[11:])
	minute, ok2 := digits2(t[14:])
	second, ok3 := digits2(t[17:])
	if !ok1 || !ok2 || !ok3 || hour > 23 || minute > 59 || second > 59 {
		return 0, 0, 0, 0
	}
	wall = int64(hour)*3600 + int64(minute)*60 + int64(second)
	millis, length = -1, 19
	if t[19] == '.' {
		if len(t) < 24 || !isDigit(t[20]) || !isDigit(t[21]) || !isDigit(t[22]) {
			return 0, 0, 0, 0
		}
		millis = int(t[20]-'0')*100 + int(t[21]-'0')*10 + int(t[22]-'0')
		length = 23
	}
	t = t[length:]
	if t[0] == 'Z' {
		return wall, millis, zoneZ, length + 1
	}
	if len(t) < 6 || t[0] != '+' && t[0] != '-' || t[3] != ':' {
		return 0, 0, 0, 0
	}
	h, ok1 := digits2(t[1:])
	m, ok2 := digits2(t[4:])
	quarters := h*4 + m/15
	if !ok1 || !ok2 || m > 59 || m%15 != 0 || quarters > maxQuarter || quarters == 0 && t[0] == '-' {
		return 0, 0, 0, 0
	}
	if t[0] == '-' {
		quarters = -quarters
	}
	return wall, millis, byte(quarters), length + 6
}

// put appends the date or time of a field.
func (c *clock) put(dst, fields []byte, mark byte) ([]byte, []byte, bool) {
	number, n := binary.Uvarint(fields)
	if n <= 0 {
		return dst, fields, false
	}
	fields = fields[n:]
	if mark == markDate {
		delta := int64(number>>1) ^ -int64(number&1)
		if delta != int64(int32(delta)) {
			return dst, fields, false
		}
		days := floorDiv(c.seconds, secondsPerDay) + delta
		c.seconds = days * secondsPerDay
		if !inCalendar(c.seconds) {
			return dst, fields, false
		}
		return appendDate(dst, days), fields, true
	}
	if number&1 != 0 {
		if len(fields) == 0 {
			return dst, fields, false
		}
		c.zone, fields = fields[0], fields[1:]
		if q := int8(c.zone); c.zone != zoneZ && (q > maxQuarter || q < -maxQuarter) {
			return dst, fields, false
		}
	}
	number >>= 1
	delta := int64(number>>1) ^ -int64(number&1)
	c.seconds += delta
	if !inCalendar(c.seconds) {
		return dst, fields, false
	}
	days := floorDiv(c.seconds, secondsPerDay)
	wall := int(c.seconds - days*secondsPerDay)
	dst = append(appendDate(dst, days), 'T')
	dst = append2(dst, wall/3600)
	dst = append2(append(dst, ':'), wall/60%60)
	dst = append2(append(dst, ':'), wall%60)
	if mark == markMillis {
		if len(fields) < 2 {
			return dst, fields, false
		}
		millis := int(fields[0]) | int(fields[1])<<8
		if millis > 999 {
			return dst, fields, false
		}
		fields = fields[2:]
		dst = append2(append(dst, '.', byte('0'+millis/100)), millis%100)
	}
	if c.zone == zoneZ {
		return append(dst, 'Z'), fields, true
	}
	sign, quarters := byte('+'), int(int8(c.zone))
	if quarters < 0 {
		sign, quarters = '-', -quarters
	}
	dst = append2(append(dst, sign), quarters/4)
	return append2(append(dst, ':'), quarters%4*15), fields, true
}

func appendDate(dst []byte, days int64) []byte {
	year, month, day := civil(days)
	dst = append2(append2(dst, year/100), year%100)
	dst = append2(append(dst, '-'), month)
	return append2(append(dst, '-'), day)
}

func append2(dst []byte, n int) []byte { return append(dst, byte('0'+n/10), byte('0'+n%10)) }

func isDigit(c byte) bool { return c-'0' <= 9 }

func digits2(t []byte) (int, bool) {
	a, b := t[0]-'0', t[1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}

func digits4(t []byte) (int, bool) {
	a, ok1 := digits2(t)
	b, ok2 := digits2(t[2:])
	return a*100 + b, ok1 && ok2
}

// minSeconds and maxSeconds are the years 0 and 9999, since 2000-01-01.
const (
	daysBefore2000 = 730_485
	minSeconds     = -daysBefore2000 * secondsPerDay
	maxSeconds     = (3_652_425 - daysBefore2000) * secondsPerDay
)

// inCalendar reports whether seconds is between the years 0 and 9999.
func inCalendar(seconds int64) bool { return seconds >= minSeconds && seconds < maxSeconds }

func floorDiv(a, b int64) int64 {
	if a < 0 {
		return -((b - 1 - a) / b)
	}
	return a / b
}

// daysSince2000 and civil count days of the proleptic Gregorian calendar, in years
// that begin in March (Howard Hinnant, chrono-compatible low-level date algorithms).
func daysSince2000(year, month, day int) int64 {
	if month <= 2 {
		year--
	}
	era := (year + 400) / 400 // the year may be -1
	yearOfEra := year + 400 - era*400
	dayOfYear := (153*((month+9)%12)+2)/5 + day - 1
	dayOfEra := yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear
	return int64(era-1)*146_097 + int64(dayOfEra) - 730_425
}

func civil(days int64) (year, month, day int) {
	days += 730_425 + 146_097
	era := int(days / 146_097)
	dayOfEra := int(days % 146_097)
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36_524 - dayOfEra/146_096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	shifted := (5*dayOfYear + 2) / 153
	day = dayOfYear - (153*shifted+2)/5 + 1
	month = (shifted+2)%12 + 1
	year = yearOfEra + (era-1)*400
	if month <= 2 {
		year++
	}
	return year, month, day
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}
