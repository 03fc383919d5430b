package synth

var (
	primaryPerformer = hl7("v3-ParticipationType", "PPRF", "primary performer")
	billingRole      = hl7("diagnosis-role", "billing", "Billing")
	admitDiagnosis   = hl7("diagnosis-role", "AD", "Admission diagnosis")
	fromEmergency    = hl7("admit-source", "emd", "From accident/emergency department")
	expired          = hl7("discharge-disposition", "exp", "Expired")
	sentHome         = hl7("discharge-disposition", "home", "Home")
	inMinutes        = unit{"min", "min"}
)

func (c *chart) writeEncounter(n int) {
	v := &c.visits[n]
	kind := &settings[v.setting]
	c.resource(c.space, encounterID(n), usCore+"us-core-encounter")
	c.text("status", "finished")
	c.coding("class", kind.class)
	c.nameds("type", kind.kind)
	c.reference("subject", c.space, subject, c.display)
	c.list("participant")
	c.codeables("type", primaryPerformer)
	c.staffReference("individual", v)
	c.endList()
	c.period("period", v.start, v.end)
	if v.setting >= emergency {
		c.quantity("length", int((v.end-v.start)/minute), 0, inMinutes)
	}
	if v.about >= 0 {
		a := &c.afflictions[v.about]
		c.codeables("reasonCode", a.code)
		c.list("diagnosis")
		c.reference("condition", c.space, conditionID(v.about), a.code.display)
		if v.setting == inpatient {
			c.codeable("use", admitDiagnosis)
		} else {
			c.codeable("use", billingRole)
		}
		c.integer("rank", 1)
		c.endList()
	}
	if v.setting == inpatient || v.last {
		c.object("hospitalization")
		if v.setting == inpatient {
			c.codeable("admitSource", fromEmergency)
		}
		if v.last {
			c.named("dischargeDisposition", expired)
		} else {
			c.named("dischargeDisposition", sentHome)
		}
		c.end()
	}
	c.list("location")
	c.siteReference("location", v)
	c.text("status", "completed")
	c.endList()
	c.providerReference("serviceProvider", v)
	c.endLine()
}
