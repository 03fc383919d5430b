// Package decimal reads decimal numbers as FHIR writes them and orders them by value.
//
// A decimal is text: 1.50 and 1.5 are equal and not the same (FHIR R4 §2.24.0.1). Texts
// of any length and exponents of any size are read in time that grows with the length of
// the text, without allocating. Arithmetic is left to package apd, and to the caller what
// it allows: queries, units and FHIRPath each have limits of their own.
//
// # Invariants
//
//   - The order is exact, whatever the number of digits, for exponents up to
//     [MaxExponent]. Numbers of the same sign beyond it, on the same side, are ordered by
//     their digits alone; [Decimal.Cut] tells of them.
//   - Zero has no sign: -0 equals 0.
package decimal
