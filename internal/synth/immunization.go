package synth

var (
	leftArm       = concept{terminology + "v3-ActSite", "LA", "left arm"}
	leftThigh     = concept{terminology + "v3-ActSite", "LT", "left thigh"}
	intoMuscle    = concept{terminology + "v3-RouteOfAdministration", "IM", "Injection, intramuscular"}
	administering = concept{terminology + "v2-0443", "AP", "Administering Provider"}
)

// writeImmunizations appends the vaccines given at a check-up: those due since
// the one before, and influenza for most.
func (c *chart) writeImmunizations(n int) {
	v := &c.visits[n]
	if v.setting != wellness {
		return
	}
	now, before := c.monthsAt(v.start), c.checkupBefore(n)
	visited, _, _ := v.start.local()
	for i := range vaccines {
		vac := &vaccines[i]
		if visited.year < vac.since {
			continue
		}
		for dose, due := range vac.months {
			if due > before && due <= now {
				c.writeImmunization(n, vac, dose+1)
				break
			}
		}
	}
	if now >= 6 && c.permille(560) {
		c.writeImmunization(n, &influenzaVaccine, 0)
	}
	if now >= 144 && (visited.year == 2021 || visited.year == 2022) && c.permille(700) {
		c.writeImmunization(n, &covidVaccine, visited.year-2020)
	}
}

// checkupBefore returns the age in months at the check-up before visit n, or
// the age two years before it if there was none.
func (c *chart) checkupBefore(n int) int {
	for i := n - 1; i >= 0; i-- {
		if c.visits[i].setting == wellness {
			return c.monthsAt(c.visits[i].start)
		}
	}
	return c.monthsAt(c.visits[n].start) - 24
}

// writeImmunization appends one dose; dose 0 belongs to no series.
func (c *chart) writeImmunization(n int, vac *vaccine, dose int) {
	v := &c.visits[n]
	of := c.issue(immunization)
	given := v.start + 14*minute
	infant := c.ageAt(v.start) < 3
	c.resource(c.space, of, usCore+"us-core-immunization")
	c.text("status", "completed")
	c.named("vaccineCode", vac.code)
	c.patientReference("patient")
	c.encounterReference(n)
	c.dateTime("occurrenceDateTime", given)
	c.boolean("primarySource", true)
	c.siteReference("location", v)
	c.key("lotNumber")
	c.raw(`"`)
	c.raw(vac.maker[:2])
	c.b = appendDigits(c.b, c.below(100000), 5)
	c.raw(`"`)
	c.partial("expirationDate", given+moment(c.between(90, 700))*day, toDay)
	if infant {
		c.codeable("site", leftThigh)
	} else {
		c.codeable("site", leftArm)
	}
	c.codeable("route", intoMuscle)
	c.quantity("doseQuantity", 5, 1, milliliter)
	c.list("performer")
	c.codeable("function", administering)
	c.staffReference("actor", v)
	c.endList()
	if dose > 0 {
		c.list("protocolApplied")
		c.nameds("targetDisease", vac.target)
		c.integer("doseNumberPositiveInt", dose)
		if vac.series > 0 {
			c.integer("seriesDosesPositiveInt", vac.series)
		}
		c.endList()
	}
	c.endLine()
	c.charges = append(c.charges, charge{vac.code, vac.cents, of})
}
