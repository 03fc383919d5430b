package synth

import (
	"strconv"
	"strings"
)

// note is the text of a clinical note while it is composed.
type note struct{ b []byte }

func (t *note) say(text string) { t.b = append(t.b, text...) }

func (t *note) number(n int) { t.b = strconv.AppendInt(t.b, int64(n), 10) }

// fill says a sentence with its blank filled in.
func (t *note) fill(sentence, blank string) {
	before, after, _ := strings.Cut(sentence, "{}")
	t.say(before)
	t.say(blank)
	t.say(after)
}

func (t *note) heading(title string) {
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

// composeNote writes the visit's note into c.note: what brought the patient,
// what they have and take, and what was decided, in agreement with the resources
// of the chart.
func (c *chart) composeNote(v *visit) {
	t := &c.note
	t.b = appendTime(t.b[:0], v.start, toDay, -1)
	c.noteComplaint(v)
	c.noteHistory(v)
	c.noteFamily(v)
	c.noteSocial(v)
	c.noteAllergies()
	c.noteMedications(v)
	c.noteExamination(v)
	c.notePlan(v)
	t.say("\n")
}

// symptoms are those of what the visit is about.
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

func (c *chart) noteHistory(v *visit) {
	t := &c.note
	t.heading("History of Present Illness")
	t.say(c.display)
	t.say(" is a ")
	if age := c.ageAt(v.start); age > 0 {
		t.number(age)
		t.say("-year-old ")
	} else {
		t.number(c.monthsAt(v.start))
		t.say("-month-old ")
	}
	t.say(c.noun(v.start))
	t.say(" who ")
	switch symptoms := c.symptoms(v); {
	case v.setting == wellness:
		t.say("is here for a routine examination and feels well.")
	case v.setting == followUp:
		t.fill("is seen in follow-up of {}.", c.afflictions[v.about].words)
	case len(symptoms) == 0:
		t.fill("was found to have {}.", c.afflictions[v.about].words)
	default:
		before, after, _ := strings.Cut(pick(&c.random, presentations), "{}")
		t.say(before)
		t.list(len(symptoms), " and ", func(i int) string { return symptoms[i] })
		t.say(after)
	}
	t.say(" ")
	c.noteDenial(v)
	if c.permille(350) {
		t.say(" ")
		t.say(pick(&c.random, excluded))
	}
	c.notePast(v)
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

// notePast lists what else the patient has by then.
func (c *chart) notePast(v *visit) {
	t := &c.note
	said := false
	for i := range c.afflictions {
		a := &c.afflictions[i]
		if i == v.about || a.days > 0 || !a.activeAt(v.start) {
			continue
		}
		if said {
			t.say(", ")
		} else {
			t.say(" Patient has a history of ")
			said = true
		}
		t.say(a.words)
	}
	if said {
		t.say(".")
	}
}

func (c *chart) noteFamily(v *visit) {
	t := &c.note
	t.heading("Family History")
	if c.permille(700) {
		who := relatives
		if c.ageAt(v.start) < 40 {
			who = relatives[:elders]
		}
		t.fill(pick(&c.random, who), pick(&c.random, inherited))
		t.say(" ")
	}
	t.say(pick(&c.random, unaffected))
}

func (c *chart) noteSocial(v *visit) {
	t := &c.note
	t.heading("Social History")
	if c.ageAt(v.start) < 18 {
		t.say("Lives with family.")
		return
	}
	switch c.marital {
	case &married:
		t.say("Patient is married. ")
	case &divorced:
		t.say("Patient is divorced. ")
	case &widowed:
		t.say("Patient is widowed. ")
	default:
		t.say("Patient is single. ")
	}
	t.fill("Patient {}. ", smokingStatuses[c.smoking].words)
	t.say(pick(&c.random, educations))
	t.say("\n")
	t.fill("Insurance: {}.", payers[c.payer])
}

func (c *chart) noteAllergies() {
	t := &c.note
	t.heading("Allergies")
	if len(c.allergies) == 0 {
		t.say("No known allergies.")
		return
	}
	t.say("Allergic to ")
	t.list(len(c.allergies), " and ", func(i int) string { return c.allergies[i].words })
	t.say(".")
}

func (c *chart) noteMedications(v *visit) {
	t := &c.note
	t.heading("Medications")
	none := true
	for i := range c.afflictions {
		a := &c.afflictions[i]
		if !a.activeAt(v.start) || i == v.about && v.diagnosis {
			continue
		}
		for _, d := range a.drugs {
			if !c.tolerates(d) {
				continue
			}
			if !none {
				t.say("\n")
			}
			none = false
			t.say("- ")
			t.say(d.words)
			t.say(": ")
			t.say(d.sig)
		}
	}
	if none {
		t.say("No active medications.")
	}
	if c.ageAt(v.start) >= 18 && c.permille(250) {
		t.say("\n")
		t.say(pick(&c.random, withheld))
	}
}

func (c *chart) noteExamination(v *visit) {
	t := &c.note
	t.heading("Physical Examination")
	if c.pressure[0] > 0 {
		t.say("Blood pressure ")
		t.number(c.pressure[0])
		t.say("/")
		t.number(c.pressure[1])
		t.say(" mmHg. ")
	}
	first := c.below(len(examinations))
	for i := range c.between(3, 5) {
		if i > 0 {
			t.say(" ")
		}
		t.say(examinations[(first+2*i)%len(examinations)])
	}
	if v.about >= 0 && v.diagnosis {
		if s := c.afflictions[v.about].image; s != nil {
			t.say("\n")
			t.fill("Imaging ({}): ", s.words)
			t.say(s.finding)
		}
	}
}

// notePlan says what was decided about the visit's reason, then about each
// chronic disorder.
func (c *chart) notePlan(v *visit) {
	t := &c.note
	t.heading("Assessment and Plan")
	line := 1
	if v.about >= 0 && v.setting != wellness {
		a := &c.afflictions[v.about]
		c.problem(&line, a.words)
		c.noteTreatment(v, a)
	}
	for i := range c.afflictions {
		a := &c.afflictions[i]
		if i == v.about || a.days > 0 || len(a.drugs) == 0 || !a.activeAt(v.start) || !c.permille(600) {
			continue
		}
		if d := pick(&c.random, a.drugs); c.tolerates(d) {
			c.problem(&line, a.words)
			t.fill(pick(&c.random, continuations), d.words)
			t.say("\n")
		}
	}
	if line == 1 {
		t.say("Healthy. Age-appropriate screening and immunizations were reviewed.\n")
	}
	t.say(pick(&c.random, advice))
}

// problem says the number and name of a problem, capitalized.
func (c *chart) problem(line *int, words string) {
	c.note.number(*line)
	*line++
	c.note.say(". ")
	c.note.say(strings.ToUpper(words[:1]))
	c.note.say(words[1:])
	c.note.say(": ")
}

func (c *chart) noteTreatment(v *visit, a *affliction) {
	t := &c.note
	switch {
	case len(c.orders) == 0:
		t.say("Supportive care.")
	case v.diagnosis:
		t.say("Started ")
		t.list(len(c.orders), " and ", func(i int) string { return c.orders[i].words })
		t.say(".")
	default:
		t.say("Renewed ")
		t.list(len(c.orders), " and ", func(i int) string { return c.orders[i].words })
		t.say(".")
	}
	for _, done := range a.treat {
		name, _, _ := strings.Cut(done.code.display, " (")
		t.fill(" {} was performed.", name)
	}
	t.say("\n")
}
