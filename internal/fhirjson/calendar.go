package fhirjson

// scanDate returns the length of the date at the start of text, 0 if there is
// none: YYYY, YYYY-MM or YYYY-MM-DD, a day of the Gregorian calendar.
func scanDate(text []byte) int {
	if len(text) < 4 {
		return 0
	}
	century, ok1 := twoDigits(text)
	year, ok2 := twoDigits(text[2:])
	year += century * 100
	if !ok1 || !ok2 || year == 0 {
		return 0
	}
	if len(text) < 7 || text[4] != '-' {
		return 4
	}
	month, ok := twoDigits(text[5:])
	if !ok || month < 1 || month > 12 {
		return 0
	}
	if len(text) < 10 || text[7] != '-' {
		return 7
	}
	day, ok := twoDigits(text[8:])
	if !ok || day < 1 || day > daysIn(year, month) {
		return 0
	}
	return 10
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// scanTime returns the length of the time at the start of text, 0 if there is
// none: hh:mm:ss with any fraction. Second 60 is allowed, as in R4.
func scanTime(text []byte) int {
	if len(text) < 8 || text[2] != ':' || text[5] != ':' {
		return 0
	}
	hour, ok1 := twoDigits(text)
	minute, ok2 := twoDigits(text[3:])
	second, ok3 := twoDigits(text[6:])
	if !ok1 || !ok2 || !ok3 || hour > 23 || minute > 59 || second > 60 {
		return 0
	}
	n := 8
	if len(text) > n && text[n] == '.' {
		for n++; n < len(text) && text[n]-'0' <= 9; n++ {
		}
		if n == 9 {
			return 0
		}
	}
	return n
}

// validDateTime accepts a date of any precision, or a day, T, time and zone.
func validDateTime(text []byte) bool {
	n := scanDate(text)
	if n == len(text) {
		return true
	}
	if n != 10 || text[10] != 'T' {
		return false
	}
	t := scanTime(text[11:])
	if t == 0 {
		return false
	}
	return validZone(text[11+t:])
}

// validZone accepts Z or an offset of at most 14 hours.
func validZone(text []byte) bool {
	if len(text) != 6 {
		return len(text) == 1 && text[0] == 'Z'
	}
	hour, ok1 := twoDigits(text[1:])
	minute, ok2 := twoDigits(text[4:])
	if !ok1 || !ok2 || text[3] != ':' || text[0] != '+' && text[0] != '-' {
		return false
	}
	return hour < 14 && minute < 60 || hour == 14 && minute == 0
}

func twoDigits(text []byte) (int, bool) {
	if len(text) < 2 {
		return 0, false
	}
	a, b := text[0]-'0', text[1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}
