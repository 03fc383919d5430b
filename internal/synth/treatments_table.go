package synth

// treatment is a procedure as it is done and billed.
type treatment struct {
	code    concept // SNOMED CT
	site    concept // body site, or the zero concept
	minutes int
	cents   int
}

var (
	medReview      = treatment{code: snomed("430193006", "Medication Reconciliation (procedure)"), minutes: 15, cents: 51823}
	documentMeds   = treatment{code: snomed("428191000124101", "Documentation of current medications"), minutes: 10, cents: 31245}
	depressionTest = treatment{code: snomed("171207006", "Depression screening (procedure)"), minutes: 20, cents: 43140}
	socialCare     = treatment{code: snomed("710824005", "Assessment of health and social care needs (procedure)"), minutes: 40, cents: 43140}
	substanceUse   = treatment{code: snomed("428211000124100", "Assessment of substance use (procedure)"), minutes: 15, cents: 43140}
	colonoscopy    = treatment{snomed("73761001", "Colonoscopy"), snomed("71854001", "Colon structure"), 45, 1214600}
	mammography    = treatment{snomed("71651007", "Mammography (procedure)"), snomed("76752008", "Breast structure"), 25, 31250}
	boneDensity    = treatment{snomed("312681000", "Bone density scan (procedure)"), snomed("29627003", "Structure of neck of femur"), 20, 34500}
	spirometry     = treatment{snomed("127783003", "Spirometry (procedure)"), snomed("39607008", "Lung structure"), 20, 17500}
	electrocardio  = treatment{snomed("29303009", "Electrocardiographic procedure"), snomed("80891009", "Heart structure"), 15, 18200}
	echocardio     = treatment{snomed("433236007", "Transthoracic echocardiography"), snomed("80891009", "Heart structure"), 40, 148000}
	intervention   = treatment{snomed("415070008", "Percutaneous coronary intervention"), snomed("80891009", "Heart structure"), 95, 2843000}
	cardioversion  = treatment{snomed("180325003", "Electrical cardioversion"), snomed("80891009", "Heart structure"), 60, 256700}
	appendectomy   = treatment{snomed("80146002", "Appendectomy"), snomed("66754008", "Appendix structure"), 80, 1374500}
	suture         = treatment{snomed("288086009", "Suture open wound"), snomed("85562004", "Hand structure"), 30, 48900}
	immobilization = treatment{snomed("274474001", "Bone immobilization"), snomed("14975008", "Forearm structure"), 45, 52800}
	throatCulture  = treatment{snomed("117015009", "Throat culture (procedure)"), snomed("54066008", "Pharyngeal structure"), 10, 17600}
	sleepStudy     = treatment{code: snomed("103750000", "Sleep apnea assessment (procedure)"), minutes: 480, cents: 174500}
	therapy        = treatment{code: snomed("228557008", "Cognitive and behavioral therapy"), minutes: 60, cents: 21500}
	chemotherapy   = treatment{code: snomed("703423002", "Combined chemotherapy and radiation therapy (procedure)"), minutes: 150, cents: 1253200}
	childbirth     = treatment{code: snomed("66348005", "Childbirth"), minutes: 540, cents: 1432000}
	fundalHeight   = treatment{code: snomed("274804006", "Evaluation of uterine fundal height"), minutes: 10, cents: 8200}
	fetalHeart     = treatment{code: snomed("225158009", "Auscultation of the fetal heart"), minutes: 10, cents: 8200}
	dialysis       = treatment{code: snomed("265764009", "Renal dialysis (procedure)"), minutes: 210, cents: 105600}
)

// study is an imaging study, and the procedure that makes it.
type study struct {
	treatment  treatment
	modality   concept // DICOM
	sopClass   string  // DICOM SOP class UID
	sopName    string
	images     int
	words      string // what the note calls it
	conclusion string // of the report
}

// finding returns the same study with another conclusion.
func (s study) finding(conclusion string) *study {
	s.conclusion = conclusion
	return &s
}

func dicom(code, display string) concept {
	return concept{"http://dicom.nema.org/resources/ontology/DCM", code, display}
}

var (
	computedRadiography = dicom("CR", "Computed Radiography")
	digitalRadiography  = dicom("DX", "Digital Radiography")
	tomography          = dicom("CT", "Computed Tomography")
	ultrasound          = dicom("US", "Ultrasound")

	chestXray = &study{
		treatment{snomed("399208008", "Plain chest X-ray (procedure)"), snomed("51185008", "Thoracic structure (body structure)"), 15, 21500},
		digitalRadiography, "1.2.840.10008.5.1.4.1.1.1.1", "Digital X-Ray Image Storage", 2, "chest x-ray",
		"No pneumothorax or pleural effusion. Patchy opacity in the lower lobe.",
	}
	lungXray  = chestXray.finding("Hyperinflated lungs with flattened diaphragms. No infiltrate.")
	heartXray = chestXray.finding("Enlarged cardiac silhouette with pulmonary vascular congestion. No pneumothorax.")
	tumorXray = chestXray.finding("Spiculated mass of 3 cm in the right upper lobe. No pleural effusion.")
	headBleed = headScan.finding("Acute subdural hematoma with midline shift.")

	wristXray = &study{
		treatment{snomed("60027007", "X-ray of wrist"), snomed("8205005", "Wrist"), 15, 18900},
		digitalRadiography, "1.2.840.10008.5.1.4.1.1.1.1", "Digital X-Ray Image Storage", 3, "wrist x-ray",
		"No dislocation. Soft tissue swelling.",
	}
	ankleXray = &study{
		treatment{snomed("19490002", "Ankle X-ray"), snomed("344001", "Ankle"), 15, 18900},
		computedRadiography, "1.2.840.10008.5.1.4.1.1.1", "Computed Radiography Image Storage", 3, "ankle x-ray",
		"No acute fracture. Soft tissue swelling over the lateral malleolus.",
	}
	armXray = &study{
		treatment{snomed("1225002", "Upper arm X-ray"), snomed("14975008", "Forearm structure"), 15, 19400},
		digitalRadiography, "1.2.840.10008.5.1.4.1.1.1.1", "Digital X-Ray Image Storage", 2, "forearm x-ray",
		"Transverse fracture of the distal radius without displacement.",
	}
	kneeXray = &study{
		treatment{snomed("74016001", "Knee X-ray"), snomed("72696002", "Knee region structure"), 15, 19100},
		computedRadiography, "1.2.840.10008.5.1.4.1.1.1", "Computed Radiography Image Storage", 3, "knee x-ray",
		"Joint space narrowing with marginal osteophytes. No fracture.",
	}
	headScan = &study{
		treatment{snomed("303653007", "Computed tomography of head"), snomed("69536005", "Head structure"), 30, 128000},
		tomography, "1.2.840.10008.5.1.4.1.1.2", "CT Image Storage", 6, "CT of the head",
		"No intracranial hemorrhage. No midline shift.",
	}
	fetalUltrasound = &study{
		treatment{snomed("169230002", "Ultrasound scan for fetal viability"), snomed("35039007", "Uterine structure"), 25, 39800},
		ultrasound, "1.2.840.10008.5.1.4.1.1.6.1", "Ultrasound Image Storage", 4, "obstetric ultrasound",
		"Single live intrauterine gestation. Fetal heart activity present.",
	}
)

// regimen is a care plan: its purpose and its activities.
type regimen struct {
	code       concept
	activities []concept
}

var (
	lifestylePlan = &regimen{snomed("443402002", "Lifestyle education regarding hypertension"), []concept{
		snomed("1151000175103", "Dietary approaches to stop hypertension diet"),
		snomed("229065009", "Exercise therapy"),
		snomed("225323000", "Smoking cessation education"),
	}}
	diabetesPlan = &regimen{snomed("698360004", "Diabetes self management plan"), []concept{
		snomed("160670007", "Diabetic diet"),
		snomed("229065009", "Exercise therapy"),
	}}
	asthmaPlan = &regimen{snomed("699728000", "Asthma self management"), []concept{
		snomed("58332002", "Allergy education"),
		snomed("371605008", "Deep breathing and coughing exercises"),
	}}
	lungPlan = &regimen{snomed("412776001", "Chronic obstructive pulmonary disease clinical management plan"), []concept{
		snomed("229065009", "Exercise therapy"),
		snomed("15081005", "Pulmonary rehabilitation (regime/therapy)"),
	}}
	musclePlan = &regimen{snomed("408869004", "Musculoskeletal care"), []concept{
		snomed("229070002", "Stretching and strengthening exercises"),
		snomed("266694003", "Heat therapy"),
	}}
	infectionPlan = &regimen{snomed("53950000", "Respiratory therapy"), []concept{
		snomed("304510005", "Recommendation to avoid exercise"),
		snomed("371605008", "Deep breathing and coughing exercises"),
	}}
	injuryPlan = &regimen{snomed("225358003", "Wound care"), []concept{
		snomed("385949008", "Dressing change management"),
		snomed("439830001", "Behavior to prevent infection"),
	}}
	antenatalPlan = &regimen{snomed("134435003", "Routine antenatal care"), []concept{
		snomed("135892000", "Antenatal education"),
		snomed("713076009", "Antenatal risk assessment"),
		snomed("312404004", "Antenatal blood tests"),
	}}
	mindPlan = &regimen{snomed("734163000", "Care plan (record artifact)"), []concept{
		snomed("228557008", "Cognitive and behavioral therapy"),
		snomed("229065009", "Exercise therapy"),
	}}
	cancerPlan = &regimen{snomed("395082007", "Cancer care plan"), []concept{
		snomed("703423002", "Combined chemotherapy and radiation therapy"),
		snomed("243072006", "Cancer education"),
	}}
	dementiaPlan = &regimen{snomed("734163000", "Care plan (record artifact)"), []concept{
		snomed("311555007", "Speech and language therapy regime (regime/therapy)"),
		snomed("84478008", "Occupational therapy (regime/therapy)"),
	}}
)

// appliance is a device that a patient lives with.
type appliance struct {
	code    concept
	maker   string
	product string // GS1 company prefix and item, 13 digits
	years   int    // until it expires
}

var (
	pacemakerDevice = &appliance{snomed("706004007", "Implantable cardiac pacemaker (physical object)"), "Northbridge Cardiac", "0085026400123", 10}
	glucoseMeter    = &appliance{snomed("337414009", "Blood glucose meter (physical object)"), "Sweetwater Diagnostics", "0035702100456", 5}
	airwayDevice    = &appliance{snomed("702172008", "Home continuous positive airway pressure unit (physical object)"), "Quiet Night Medical", "0061919500789", 7}
	nebulizer       = &appliance{snomed("170615005", "Home nebulizer (physical object)"), "Quiet Night Medical", "0061919500321", 7}
	wheelchair      = &appliance{snomed("228869008", "Manual wheelchair (physical object)"), "Rolling Hills Mobility", "0082238300147", 8}
)

// vaccine is an immunization and when it is due.
type vaccine struct {
	code   concept // CVX
	maker  string
	target concept // disease
	months []int   // ages in months at which a dose is due
	series int     // doses of the series
	since  int     // first year in use
	cents  int
}

func cvx(code, display string) concept { return concept{cvxSystem, code, display} }

var influenzaVaccine = vaccine{code: cvx("140", "Influenza, seasonal, injectable, preservative free"), maker: "Seaboard Biologicals", target: snomed("6142004", "Influenza (disorder)"), since: 1980, cents: 14052}

var vaccines = []vaccine{
	{cvx("08", "Hep B, adolescent or pediatric"), "Fenwick Vaccines", snomed("66071002", "Viral hepatitis type B (disorder)"), []int{0, 1, 6}, 3, 1991, 14052},
	{cvx("119", "rotavirus, monovalent"), "Fenwick Vaccines", snomed("18624000", "Disease caused by Rotavirus (disorder)"), []int{2, 4}, 2, 2008, 14052},
	{cvx("20", "DTaP"), "Seaboard Biologicals", snomed("27836007", "Pertussis (disorder)"), []int{2, 4, 6, 15, 48}, 5, 1992, 14052},
	{cvx("49", "Hib (PRP-OMP)"), "Meridian Serum", snomed("709410003", "Haemophilus influenzae type b infection (disorder)"), []int{2, 4, 12}, 3, 1990, 14052},
	{cvx("133", "Pneumococcal conjugate PCV 13"), "Harrow Pharma", snomed("16814004", "Pneumococcal infectious disease (disorder)"), []int{2, 4, 6, 12, 804}, 4, 2010, 14052},
	{cvx("10", "IPV"), "Seaboard Biologicals", snomed("398102009", "Acute poliomyelitis (disorder)"), []int{2, 4, 6, 48}, 4, 1988, 14052},
	{cvx("03", "MMR"), "Meridian Serum", snomed("14189004", "Measles (disorder)"), []int{12, 48}, 2, 1975, 14052},
	{cvx("21", "varicella"), "Meridian Serum", snomed("38907003", "Varicella (disorder)"), []int{12, 48}, 2, 1996, 14052},
	{cvx("83", "Hep A, ped/adol, 2 dose"), "Fenwick Vaccines", snomed("40468003", "Viral hepatitis, type A (disorder)"), []int{12, 24}, 2, 1999, 14052},
	{cvx("115", "Tdap"), "Fenwick Vaccines", snomed("27836007", "Pertussis (disorder)"), []int{132}, 1, 2005, 14052},
	{cvx("165", "HPV9"), "Meridian Serum", snomed("240532009", "Human papillomavirus infection (disorder)"), []int{132, 144}, 2, 2015, 28400},
	{cvx("114", "meningococcal MCV4P"), "Seaboard Biologicals", snomed("23511006", "Meningococcal infectious disease (disorder)"), []int{132, 192}, 2, 2005, 14052},
	{cvx("113", "Td (adult) preservative free"), "Seaboard Biologicals", snomed("76902006", "Tetanus (disorder)"), []int{264, 384, 504, 624, 744, 864, 984}, 7, 1990, 14052},
	{cvx("187", "zoster recombinant"), "Fenwick Vaccines", snomed("4740000", "Herpes zoster (disorder)"), []int{612, 618}, 2, 2018, 21300},
	{cvx("33", "pneumococcal polysaccharide vaccine, 23 valent"), "Meridian Serum", snomed("16814004", "Pneumococcal infectious disease (disorder)"), []int{816}, 1, 1985, 14052},
}

var covidVaccine = vaccine{code: cvx("208", "SARS-COV-2 (COVID-19) vaccine, mRNA, spike protein, LNP, preservative free, 30 mcg/0.3mL dose"), maker: "Harrow Pharma", target: snomed("840539006", "COVID-19"), series: 2, since: 2021, cents: 4000}
