package synth

import (
	"bytes"
	"strconv"
	"strings"
)

// note is the text of a clinical note while it is composed.
type note struct{ b []byte }

func (t *note) say(text string) { t.b = append(t.b, text...) }

func (t *note) number(n int) { t.b = strconv.AppendInt(t.b, int64(n), 10) }

// decimal says value / 10^scale.
func (t *note) decimal(value, scale int) { t.b = appendDecimal(t.b, value, scale) }

// date says the day of a moment.
func (t *note) date(at moment) { t.b = appendTime(t.b, at, toDay, -1) }

// year says the year of a moment.
func (t *note) year(at moment) { t.b = appendTime(t.b, at, toYear, -1) }

// fill says a sentence with its blank filled in.
func (t *note) fill(sentence, blank string) {
	before, after, _ := strings.Cut(sentence, "{}")
	t.say(before)
	t.say(blank)
	t.say(after)
}

// heading begins a section.
func (t *note) heading(title string) {
	t.b = bytes.TrimRight(t.b, " \n")
	t.say("\n\n# ")
	t.say(title)
	t.say("\n")
}

// list says "a, b and c" of n words; before the last stands joint.
func (t *note) list(n int, joint string, word func(i int) string) {
	for i := range n {
		switch {
		case i == 0:
		case i == n-1:
			t.say(joint)
		default:
			t.say(", ")
		}
		t.say(word(i))
	}
}

// composeNote writes the visit's note into c.note: complaint, history, medications,
// findings and decisions, in agreement with the resources of the chart.
func (c *chart) composeNote(v *visit) {
	c.note.b = appendTime(c.note.b[:0], v.start, toDay, -1)
	c.noteComplaint(v)
	c.noteIllness(v)
	c.notePast(v)
	c.noteFamily()
	c.noteSocial(v)
	c.noteAllergies()
	c.noteMedications(v)
	c.noteExamination(v)
	c.noteResults()
	c.noteVaccines()
	c.notePlan(v)
	if v.last {
		c.noteDeath(v)
	}
	c.note.say("\n")
}

// symptoms are the symptoms of the visit's disorder.
func (c *chart) symptoms(v *visit) []string {
	if v.about < 0 {
		return nil
	}
	return c.afflictions[v.about].symptoms
}

func (c *chart) noteComplaint(v *visit) {
	symptoms := c.symptoms(v)
	if v.setting <= followUp || len(symptoms) == 0 {
		return
	}
	c.note.heading("Chief Complaint")
	for i, s := range symptoms {
		if i > 0 {
			c.note.say("\n")
		}
		c.note.say("- ")
		c.note.say(s)
	}
}

func (c *chart) noteIllness(v *visit) {
	t := &c.note
	t.heading("History of Present Illness")
	t.say(c.display)
	age, unit := c.ageAt(v.start), "-year-old "
	if age == 0 {
		age, unit = c.monthsAt(v.start), "-month-old "
	}
	if age == 8 || age == 11 || age == 18 || age >= 80 && age < 90 {
		t.say(" is an ")
	} else {
		t.say(" is a ")
	}
	t.number(age)
	t.say(unit)
	t.say(c.noun(v.start))
	t.say(" who ")
	switch symptoms := c.symptoms(v); {
	case v.setting == wellness:
		t.say("is here for a routine examination and feels well.")
	case v.setting == followUp:
		t.fill("is seen in follow-up of {}, ", c.afflictions[v.about].words)
		t.say("diagnosed in ")
		t.year(c.visits[c.afflictions[v.about].visit].start)
		t.say(".")
	case v.about >= 0 && c.afflictions[v.about].disorder == normalPregnancy:
		c.noteWeeks(v)
	case v.last && !v.diagnosis:
		t.fill("has advanced {} and is declining.", c.afflictions[v.about].words)
	case len(symptoms) == 0:
		t.fill("was found to have {}.", c.afflictions[v.about].words)
	default:
		how := presentations
		if v.setting == emergency || v.setting == inpatient {
			how = emergencies
		}
		before, after, _ := strings.Cut(pick(&c.random, how), "{}")
		t.say(before)
		t.list(len(symptoms), " and ", func(i int) string { return symptoms[i] })
		t.say(after)
	}
	if v.last {
		return
	}
	t.say(" ")
	c.noteDenial(v)
	if c.permille(350) {
		t.say(" ")
		t.say(pick(&c.random, excluded))
	}
}

// noteWeeks says how far a pregnancy is.
func (c *chart) noteWeeks(v *visit) {
	t := &c.note
	t.say("is pregnant and comes at ")
	t.number(40 - int((c.afflictions[v.about].end-day-v.start)/day+6)/7)
	if v.setting == inpatient {
		t.say(" weeks to give birth.")
	} else {
		t.say(" weeks for prenatal care.")
	}
}

func (c *chart) noun(t moment) string {
	switch age := c.ageAt(t); {
	case age < 2 && c.woman:
		return "baby girl"
	case age < 2:
		return "baby boy"
	case age < 18 && c.woman:
		return "girl"
	case age < 18:
		return "boy"
	case c.woman:
		return "woman"
	default:
		return "man"
	}
}

// noteDenial says that two to four symptoms are absent.
func (c *chart) noteDenial(v *visit) {
	how := denials
	if c.ageAt(v.start) < 6 {
		how = denials[:unspoken]
	}
	before, after, _ := strings.Cut(pick(&c.random, how), "{}")
	first := c.below(len(absent))
	c.note.say(before)
	c.note.list(c.between(2, 4), " or ", func(i int) string { return absent[(first+7*i)%len(absent)] })
	c.note.say(after)
}

func (c *chart) noteAllergies() {
	t := &c.note
	t.heading("Allergies")
	if len(c.allergies) == 0 {
		t.say("No known allergies.")
		return
	}
	drugs := false
	for i := range c.allergies {
		a := &c.allergies[i]
		drugs = drugs || a.category == "medication"
		if i > 0 {
			t.say("\n")
		}
		switch {
		case a.inactive:
			t.fill("- Was once allergic to {}, no longer", a.words)
		case a.unsure:
			t.fill("- Possible allergy to {}, not confirmed", a.words)
		case a.intolerance:
			t.fill("- Intolerance of {}", a.words)
		default:
			t.fill("- Allergic to {}", a.words)
		}
		if a.reaction != nil {
			t.say(" (")
			t.say(a.severity)
			t.say(" ")
			t.say(a.reaction.words)
			t.say(")")
		}
	}
	if !drugs {
		t.say("\nNo known drug allergies.")
	}
}

// noteMedications lists the drugs that the patient takes at arrival, and those drugs that
// were stopped in the two years before.
func (c *chart) noteMedications(v *visit) {
	t := &c.note
	t.heading("Medications")
	none := true
	for i := range c.courses {
		k := &c.courses[i]
		if !k.takenAt(v.start) {
			continue
		}
		if !none {
			t.say("\n")
		}
		none = false
		t.fill("- {}: ", k.words)
		t.say(k.sig)
		t.say(" (since ")
		t.date(k.start)
		t.say(")")
	}
	if none {
		t.say("No active medications.")
	}
	for i := range c.courses {
		k := &c.courses[i]
		if k.stop == 0 || k.stop > v.start || k.stop < v.start-2*year || c.afflictions[k.about].days > 0 {
			continue
		}
		t.fill("\nNo longer takes {}", k.words)
		switch k.ending {
		case exchanged:
			t.say(", which was not tolerated.")
		case raised:
			t.say(": the dose was too low.")
		default:
			t.say(": the course was completed.")
		}
	}
	if c.ageAt(v.start) >= 18 && c.permille(250) {
		t.say("\n")
		t.say(pick(&c.random, withheld))
	}
}
