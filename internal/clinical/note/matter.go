package note

// leaves reports whether the sentence of tokens [first, last), which has no heading, is
// about something else than its section: "FH: stroke in father. Presents with cough." Any
// text may follow a heading inside a line.
func (c *cutter) leaves(kind SectionKind, first, last int) bool {
	switch kind {
	case PastHistory, SurgicalHistory, FamilyHistory, Immunizations, ReturnPrecautions:
	default:
		return false
	}
	leaves := false
	for i := first; i < min(last, first+sentenceStart); i++ {
		word := c.Word(i)
		switch {
		case kind == FamilyHistory && relatives[word]:
			return i+1 < last && tells[c.Word(i+1)]
		case kind == ReturnPrecautions && (word == "if" || word == "return" || word == "call" || word == "seek" || word == "or"):
			return false
		case kind != ReturnPrecautions && word == "history" || word == "hx":
			return false
		case kind == FamilyHistory && familyElse[word]:
			leaves = true
		case elsewhere[word]:
			leaves = true
		case (word == "is" || word == "has" || word == "are") && i <= first+4 && c.present(first, i):
			leaves = true
		}
	}
	return leaves
}

// sentenceStart is the number of tokens of a sentence that are looked at.
const sentenceStart = 12

// present reports whether the verb at token i has the patient as its subject or none, and
// speaks of now.
func (c *cutter) present(first, i int) bool {
	if i+1 < len(c.Tokens) {
		switch c.Word(i + 1) {
		case "known", "had", "been", "no", "not", "never", "significant", "notable", "remarkable", "positive", "negative", "noncontributory", "unremarkable":
			return false
		}
	}
	if i == first {
		return true
	}
	switch c.Word(i - 1) {
	case "he", "she", "patient", "pt", "they", "also", "currently", "now", "there":
		return true
	}
	return false
}

// elsewhere are words that lead from a history to today's complaint or its treatment.
var elsewhere = set(`presents presented presenting complains complaining complained reports reported states denies denied endorses
	today now currently tonight yesterday here came comes returns return rule ruled brought bp vitals temp exam examination
	shows showed reveals revealed demonstrates demonstrated cxr ekg ecg start started starting continue continues will plan
	follow recommend recommended call seek suspect suspected likely diagnosed assessment impression admit discharge discharged
	prescribed takes taking resolved resolving screening noted feels felt appears`)

// familyElse are words that lead from the family to the patient.
var familyElse = set(`he she patient pt pt's i we bp screen r rash`)

// relatives are words that keep a sentence with the family.
var relatives = set(`mother father mom dad sister brother sisters brothers sibling siblings parent parents aunt uncle aunts uncles cousin
	cousins grandmother grandfather grandparents grandparent grandma grandpa niece nephew son daughter sons daughters twin maternal
	paternal family relatives relative mgm mgf pgm pgf mother's father's sister's brother's`)

// tells are verbs by which a relative tells of the patient.
var tells = set(`reports reported states stated says said brought gave noticed notes noted`)
