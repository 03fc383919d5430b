package synth

// stretch is the time in which a value wanders from one resting place to the next.
const stretch = 180 * day

// key names a measure among those of a patient.
func (m *measure) key() uint64 {
	key := uint64(golden)
	for i := range len(m.code.code) {
		key = (key ^ uint64(m.code.code[i])) * 0x100000001b3
	}
	return key
}

// leaning returns a number in [-1000, 1000] that depends on the patient, a measure and n
// alone. It is most often near zero.
func (c *chart) leaning(key, n uint64) int {
	h := mix(c.high ^ mix(key+n*golden))
	return int(h>>32%1001) + int(h&0xffffffff%1001) - 1000
}

// level returns the value of a measure at t. It depends on the patient, the measure and t
// alone. People have values of their own; these wander over the years, differ a little
// from day to day, and move with the severity of afflictions.
func (c *chart) level(m *measure, t moment) int {
	if m.derive != nil {
		return m.derive(c, t)
	}
	key := m.key()
	place := t - now + 200*year // positive
	n, into := uint64(place/stretch), int(place%stretch/day)
	before, after := c.leaning(key, n+1), c.leaning(key, n+2)
	wander := before + (after-before)*into/int(stretch/day)
	leaning := 58*c.leaning(key, 0) + 30*wander + 15*c.leaning(key^golden, uint64(t))
	value := m.middle[c.sex()] + m.spread*(leaning/100)/1000
	most := 0
	for _, s := range m.shifts {
		shift := (s.to - m.middle[c.sex()]) * c.severityOf(s.under, t) / 1000
		if shift*shift > most*most {
			most = shift
		}
	}
	return max(value+most, m.least)
}

// relateLipids makes the total the sum of its parts (Friedewald).
func relateLipids(v []int) { v[0] = v[2] + v[3] + v[1]/5 }

// relateBlood makes hematocrit, count and indices of red cells follow from hemoglobin and
// the cells' volume.
func relateBlood(v []int) {
	hemoglobin, volume := v[2], v[4]
	v[3] = hemoglobin*297/100 + v[9]%9 - 4 // one digit of another value serves as noise
	v[1] = v[3] * 1000 / volume
	v[5] = hemoglobin * 1000 / v[1]
	v[6] = hemoglobin * 1000 / v[3]
}

// filtrationRate estimates the filtration rate by creatinine, age and sex, close to
// MDRD's formula.
func (c *chart) filtrationRate(t moment) int {
	factor := [2]int{80, 61}[c.sex()] * (1200 - 4*c.ageAt(t))
	return factor * 10 / max(c.level(&metabolicPanel.measures[creatinine], t), 20) / 10 * 10
}
