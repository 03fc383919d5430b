// Package ucum reads units of the Unified Code for Units of Measure and
// converts, compares and combines quantities in them.
//
// [Parse] reads a code of UCUM's case-sensitive grammar: mg/dL, 10*3/uL,
// mm[Hg], mL/min/{1.73_m2}. It gives a [Unit]: the exact factor and the
// dimension that the code stands for. A [Cache] keeps parsed units.
//
// # Terms
//
//   - An atom is a unit symbol of the table: m, [lb_av], Cel. A prefix, as k,
//     goes before a metric atom.
//   - A base unit is a unit that no other defines: UCUM's seven (m s g rad K C cd) and
//     each arbitrary unit, as [iU], which is commensurable with no other (UCUM §25).
//   - The canonical form of a unit is its product of base units, as g.m-1, in
//     byte order of the symbols, or 1. Units are commensurable if their canonical
//     forms are equal, and a quantity's base value is its number in that form:
//     5.4 g and 5400 mg are both 5.4 of g.
//   - A special unit is not a multiple of its base but a function of it: Cel,
//     [degF], [pH], B and the like (UCUM §21). It stands alone or beside numbers
//     (10.dB), with a prefix (mCel, dB), never in a product with other units.
//
// # Exactness
//
// Arithmetic inside is rational, with a power of π beside it, so that a chain of
// conversions loses nothing and comparison is exact. A result is rounded once,
// half to even, to [Precision] significant digits. π is known to 65 digits.
// Logarithms, roots and tangents of special units are computed with 77 digits.
//
// # What UCUM says that may surprise
//
//   - The mole is a number, 6.0221367 × 10²³ in this version of the table, and
//     so is every count: mmol/L and 10*3/uL are commensurable.
//   - Annotations mean nothing: {score} is 1.
//   - Codes are case-sensitive: mEq and KG are errors.
//
// # Limits
//
// A code has at most [MaxLength] bytes and [MaxDepth] open parentheses; units and
// values lie within about 10^±1000. Anything beyond is an error.
//
// The package knows no display names, no case-insensitive codes and no calendar:
// a month is UCUM's mo, a twelfth of 365.25 days.
//
//go:generate go run ./gen
package ucum
