package synth

var (
	bodyHeight     = loinc("8302-2", "Body Height")
	bodyWeight     = loinc("29463-7", "Body Weight")
	bodyMassIndex  = loinc("39156-5", "Body mass index (BMI) [Ratio]")
	bloodPressure  = loinc("85354-9", "Blood pressure panel with all children optional")
	systolicCode   = loinc("8480-6", "Systolic blood pressure")
	diastolicCode  = loinc("8462-4", "Diastolic blood pressure")
	heartRate      = loinc("8867-4", "Heart rate")
	respiratory    = loinc("9279-1", "Respiratory rate")
	temperature    = loinc("8310-5", "Body temperature")
	saturation     = loinc("2708-6", "Oxygen saturation in Arterial blood")
	painScore      = loinc("72514-3", "Pain severity - 0-10 verbal numeric rating [Score] - Reported")
	smokingStatus  = loinc("72166-2", "Tobacco smoking status NHIS")
	depressionPHQ2 = loinc("55758-7", "Patient Health Questionnaire 2 item (PHQ-2) total score [Reported]")
	pregnancies    = loinc("11996-6", "[#] Pregnancies")
	deliveryDate   = loinc("11778-8", "Delivery date Estimated")
	housing        = loinc("71802-3", "Housing status")
	insured        = loinc("63513-6", "Are you covered by health insurance or some other kind of health care plan [PhenX]")

	centimeters = unit{"cm", "cm"}
	kilograms   = unit{"kg", "kg"}
	perSquare   = unit{"kg/m2", "kg/m2"}
	mercury     = unit{"mmHg", "mm[Hg]"}
	perMinute   = unit{"/min", "/min"}
	celsius     = unit{"Cel", "Cel"}
)

// vitals are the vital signs of a visit, for its note; zero is not measured.
type vitals struct {
	systolic, diastolic int
	pulse               int
	warmth              int // tenths of a degree Celsius
	oxygen              int // tenths of a percent
	weight              int // hundreds of grams
	bmi                 int // tenths
}

// writeVitals appends the vital signs of a visit: all of them at a check-up, fewer
// otherwise.
func (c *chart) writeVitals(n int) {
	v := &c.visits[n]
	at := v.start + 8*minute
	child := c.ageAt(at) < 18
	height, weight := c.bodyAt(at)
	if v.setting == wellness {
		c.vital(n, bodyHeight, at, height, 1, centimeters)
	}
	if v.setting <= followUp || c.permille(250) {
		c.writeWeight(n, at, weight)
	}
	if v.setting == wellness && c.ageAt(at) >= 2 {
		// kg/m² in tenths: weight is in hundreds of grams, height in millimeters.
		c.vitals.bmi = weight * 10000 / (height * height / 100)
		c.vital(n, bodyMassIndex, at, c.vitals.bmi, 1, perSquare)
	}
	if v.setting == wellness || !child && v.setting != followUp || c.traits&hypertensive != 0 {
		c.writePressure(n, at, child)
	}
	rate, breath := c.level(&pulse, at), 15
	if child {
		rate, breath = rate+(18-c.ageAt(at))*3, 16+(18-c.ageAt(at))*3/4
	}
	if v.setting != followUp {
		c.vitals.pulse = rate
		c.vital(n, heartRate, at, rate, 0, perMinute)
	}
	if v.setting == wellness || v.setting == emergency {
		c.vital(n, respiratory, at, c.around(breath, 4), 0, perMinute)
	}
	if c.traits&infected != 0 || v.setting == emergency {
		c.vitals.warmth = c.around(369, 6) + c.severityOf(infected, at)*13/1000
		c.vital(n, temperature, at, c.vitals.warmth, 1, celsius)
	}
	if c.traits&obstructive != 0 || v.setting >= emergency {
		c.vitals.oxygen = c.around(974, 20) - c.severityOf(obstructive, at)*22/1000
		c.vital(n, saturation, at, c.vitals.oxygen, 1, percent)
	}
	c.writeFindings(n, at)
}

// vital appends an Observation of one vital sign.
func (c *chart) vital(n int, code concept, at moment, value, scale int, u unit) {
	c.openObservation(n, code, vitalCategory, vitalsProfile, at)
	c.quantity("valueQuantity", value, scale, u)
	c.endLine()
}

// writeWeight appends the weight, or now and then that the patient declined.
func (c *chart) writeWeight(n int, at moment, weight int) {
	if c.permille(985) {
		c.vitals.weight = weight
		c.vital(n, bodyWeight, at, weight, 1, kilograms)
		return
	}
	c.openObservation(n, bodyWeight, vitalCategory, vitalsProfile, at)
	c.codeable("dataAbsentReason", patientDeclined)
	c.endLine()
}

// bodyAt returns the height in millimeters and the weight in hundreds of grams.
func (c *chart) bodyAt(t moment) (height, weight int) {
	age, months := c.ageAt(t), c.monthsAt(t)%12
	away := c.level(&massIndex, t)
	if chart := &growth[c.sex()]; age < len(chart)-1 {
		from, to := chart[age], chart[age+1]
		height = from.height*10 + (to.height-from.height)*10*months/12
		weight = from.weight + (to.weight-from.weight)*months/12
		return height * c.height / stature[c.sex()].middle, weight * (c.bmi + 250 + away) / 500
	}
	// Adults gain until sixty and lose again in old age.
	bmi := c.bmi + away + min(age-18, 42)/2 - max(age-70, 0)/2
	if c.traits&obese != 0 {
		bmi = max(bmi, 302+bmi%20)
	} else {
		bmi = min(bmi, 298)
	}
	return c.height, max(bmi, 165) * c.height / 1000 * c.height / 1000
}

func (c *chart) writePressure(n int, at moment, child bool) {
	high, low := c.level(&systolic, at), c.level(&diastolic, at)
	if child {
		high, low = high-(18-c.ageAt(at))*7/4, low-(18-c.ageAt(at))*5/4
	} else {
		high += max(c.ageAt(at)-40, 0) / 3
	}
	low = min(low, high-18)
	c.vitals.systolic, c.vitals.diastolic = high, low
	c.openObservation(n, bloodPressure, vitalCategory, pressureProfile, at)
	c.array("component")
	c.component(systolicCode, high)
	c.component(diastolicCode, low)
	c.endArray()
	c.endLine()
}

func (c *chart) component(code concept, value int) {
	c.item()
	c.named("code", code)
	c.quantity("valueQuantity", value, 0, mercury)
	c.end()
}

// writeFindings appends findings that patients tell.
func (c *chart) writeFindings(n int, at moment) {
	v := &c.visits[n]
	age := c.ageAt(at)
	if v.setting >= urgent && v.setting != prenatal || c.permille(500) {
		pain := c.below(3)
		if v.setting >= urgent {
			pain = c.between(2, 9)
		}
		c.openObservation(n, painScore, vitalCategory, vitalsProfile, at)
		c.quantity("valueQuantity", pain, 0, score)
		c.endLine()
	}
	if v.setting == prenatal && v.diagnosis {
		c.openObservation(n, pregnancies, socialCategory, "", at)
		c.integer("valueInteger", c.between(1, 4))
		c.endLine()
		c.openObservation(n, deliveryDate, socialCategory, "", at)
		c.partial("valueDateTime", c.afflictions[v.about].end, toDay)
		c.endLine()
	}
	if v.setting != wellness || age < 12 {
		return
	}
	c.openObservation(n, smokingStatus, socialCategory, smokingProfile, at)
	c.named("valueCodeableConcept", c.smokingAt(at).code)
	c.endLine()
	if age >= 18 && c.permille(400) {
		c.openObservation(n, depressionPHQ2, surveyCategory, "", at)
		c.quantity("valueQuantity", c.below(5), 0, score)
		c.endLine()
	}
	if c.permille(60) {
		c.openObservation(n, housing, socialCategory, "", at)
		c.text("valueString", pick(&c.random, []string{"I have housing", "I am worried about losing my housing", "Patient lives with relatives"}))
		c.endLine()
	}
	if c.permille(60) {
		c.openObservation(n, insured, surveyCategory, "", at)
		c.boolean("valueBoolean", c.payer != noInsurance)
		c.endLine()
	}
}
