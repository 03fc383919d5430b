package fhirtime

// The calendar is the proleptic Gregorian one. Days are counted in years that begin in
// March, so that the leap day is the last of its year (Howard Hinnant, days_from_civil
// and civil_from_days).

const (
	daysPerEra = 146_097 // 400 years
	daysToMar1 = 719_468 // from 0000-03-01 to 1970-01-01
)

// DaysIn returns how many days a month has.
func DaysIn(year, month int) int {
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

// DaysSinceEpoch returns the days from 1970-01-01 to a day of the year 1 or later.
func DaysSinceEpoch(year, month, day int) int64 {
	y, m := uint32(year), uint32(month) // divided faster than signed numbers
	if m <= 2 {
		y--
		m += 12
	}
	dayOfYear := (153*(m-3)+2)/5 + uint32(day) - 1
	return int64(y*365+y/4-y/100+y/400+dayOfYear) - daysToMar1
}

// Date is the inverse of DaysSinceEpoch, for days of the year 0 or later.
func Date(days int64) (year, month, day int) {
	n := int(days) + daysToMar1 + daysPerEra // not negative
	era := n / daysPerEra
	dayOfEra := n % daysPerEra
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36_524 - dayOfEra/146_096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	shifted := (5*dayOfYear + 2) / 153
	year, month, day = yearOfEra+(era-1)*400, shifted+3, dayOfYear-(153*shifted+2)/5+1
	if month > 12 {
		return year + 1, month - 12, day
	}
	return year, month, day
}
