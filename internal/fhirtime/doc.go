// Package fhirtime reads FHIR's partial dates and times and gives the range of
// time that each stands for.
//
// FHIR writes date, dateTime, instant and time as text that may stop early:
// 2013, 2013-04, 2013-04-02T09:30:10.25+02:00 (FHIR R4 §2.24.0.1). A [Time]
// keeps what was written and how far it went, its [Precision]. It stands for a
// range: 2013 is the whole year, a second is a second long, a millisecond a
// millisecond (FHIR R4 §3.1.1.4.7). [Time.Range] gives it as microseconds since
// the Unix epoch, half open.
//
// # Invariants
//
//   - A Time that a Parse function returned is right by the Gregorian calendar:
//     years 0001–9999, no 30 February, hours to 23.
//   - Second 60 is accepted, as FHIR's grammar does, and is the first second of
//     the next minute, as POSIX time has it.
//   - Parsing and ranges never allocate.
//
// The package reads no time-zone names, knows no durations, and does no
// arithmetic on dates: a caller that needs it takes the range.
package fhirtime
