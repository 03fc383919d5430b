package synth

// familyHistory tells the disorders of the patient's relatives, and one that none has.
type familyHistory struct {
	relatives  [2]string // sentences with a blank
	disorders  [2]string
	known      int // of these
	unaffected string
}

func (f *familyHistory) draw(r *random, young bool) {
	*f = familyHistory{known: r.below(3), unaffected: pick(r, unaffected)}
	who := relatives
	if young {
		who = relatives[:elders]
	}
	first, disorder := r.below(len(who)), r.below(len(inherited))
	for i := range f.known {
		f.relatives[i] = who[(first+i)%len(who)]
		f.disorders[i] = inherited[(disorder+5*i)%len(inherited)]
	}
}

// notePast lists the patient's other disorders of then and before, and chronic disorders
// that the patient never has.
func (c *chart) notePast(v *visit) {
	t := &c.note
	t.heading("Past Medical History")
	said := false
	for i := range c.afflictions {
		a := &c.afflictions[i]
		found := c.visits[a.visit].start
		pregnancy := a.disorder == normalPregnancy
		if found >= v.start || !a.chronic() && !a.severe && !pregnancy {
			continue
		}
		if said {
			t.say("\n")
		}
		said = true
		switch {
		case pregnancy && a.activeAt(v.start):
			t.say("- Pregnancy, due in ")
			t.year(a.end)
		case pregnancy:
			t.say("- Pregnancy, delivered in ")
			t.year(a.end)
		case a.activeAt(v.start):
			t.fill("- {}, diagnosed in ", a.words)
			t.year(found)
		case a.chronic():
			t.fill("- History of {}, resolved in ", a.words)
			t.year(a.end)
		default:
			t.fill("- Status post {} in ", a.words)
			t.year(found)
		}
		t.say(".")
	}
	if said {
		t.say("\n")
	}
	c.noteNever()
}

// noteNever says of two chronic disorders that the patient has no history of them.
func (c *chart) noteNever() {
	t := &c.note
	first, said := c.below(len(chronicDisorders)), 0
	for i := range chronicDisorders {
		what := chronicDisorders[(first+11*i)%len(chronicDisorders)]
		if what.shares[c.sex()] == nil || c.everHas(what) {
			continue
		}
		if said++; said == 1 {
			t.say("No history of ")
			t.say(what.words)
			continue
		}
		t.fill(" or {}.", what.words)
		return
	}
}

func (c *chart) everHas(what *disorder) bool {
	for i := range c.afflictions {
		if c.afflictions[i].disorder == what {
			return true
		}
	}
	return false
}

func (c *chart) noteFamily() {
	t := &c.note
	t.heading("Family History")
	for i := range c.kin.known {
		t.fill(c.kin.relatives[i], c.kin.disorders[i])
		t.say(" ")
	}
	t.say(c.kin.unaffected)
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
	t.fill("Patient {}. ", c.smokingAt(v.start).words)
	t.say(c.education)
	t.say("\n")
	if c.payer == noInsurance {
		t.say("Has no health insurance.")
		return
	}
	t.fill("Insurance: {}.", payers[c.payer])
}
