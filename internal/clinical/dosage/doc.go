// Package dosage reads how a medication is taken: its strength, dosage, form, route,
// frequency, duration and rate.
//
// Attributes takes the medications of a note, reads the spans around them, and ties each
// span to its medication.
//
// What the kinds mean:
//
//	STRENGTH       the amount of substance: "25 mg", "250 mg/5 mL", "0.5%", "10-325 mg"
//	DOSAGE         the amount taken at once: "1 tab", "two puffs", "5 mL", "10 units"
//	FORM           "tablet", "inhaler", "extended release tablet", "eye drops"
//	ROUTE_OR_MODE  "po", "by mouth", "IV push", "in both eyes", "swish and swallow"
//	FREQUENCY      "bid", "q4-6h prn", "every other day", "daily before breakfast"
//	DURATION       "for 10 days", "x 7 days", "until finished", "over 30 minutes"
//	RATE           "at 125 mL/hr", "18 units/kg/hr"
//
// An amount of substance without a count of units ("take 25 mg") is a STRENGTH, except
// after another strength of the same medication ("10 mg/mL, 85 mg daily"). The reason of a
// frequency ("as needed for pain") is not part of it. Spans of one list don't overlap. A
// count with its form is one DOSAGE: "1 tablet" has no FORM besides.
//
// Ties follow how sigs are written. A span belongs to the medication before it, as far as
// the sentence, or the sig after it, reaches; spans that lead up to a medication without a
// break ("2 puffs of albuterol", "IV vancomycin") belong to that one. A second name in
// brackets ("Zestril (lisinopril) 10 mg") shares the spans of the first.
//
// Everything is linear in the number of tokens read.
package dosage
