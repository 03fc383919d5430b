package synth

// measure is a laboratory value or a vital sign. Numbers are scaled by 10^scale.
type measure struct {
	code      concept // LOINC
	words     string  // as a note says it
	unit      unit
	scale     int
	middle    [2]int                       // in health, of men and women
	spread    int                          // half of the range in which nearly all healthy people are
	low, high int                          // reference range; open if negative
	shifts    []shift                      // the one that shifts most counts
	least     int                          // no value is lower
	derive    func(c *chart, t moment) int // gives the value, if others do not
}

// shift is the middle under a trait of full severity.
type shift struct {
	under trait
	to    int
}

// panel is a group of measures that a DiagnosticReport holds together.
type panel struct {
	code     concept // LOINC
	measures []measure
	cents    int
	relate   func(values []int) // makes the values agree with each other, if they must
}

var (
	perDeciliter = unit{"mg/dL", "mg/dL"}
	gramsPerDL   = unit{"g/dL", "g/dL"}
	millimoles   = unit{"mmol/L", "mmol/L"}
	percent      = unit{"%", "%"}
	thousands    = unit{"10*3/uL", "10*3/uL"}
	millions     = unit{"10*6/uL", "10*6/uL"}
	femtoliters  = unit{"fL", "fL"}
	picograms    = unit{"pg", "pg"}
	unitsPerL    = unit{"U/L", "U/L"}
	filtration   = unit{"mL/min/{1.73_m2}", "mL/min/{1.73_m2}"}
	milliUnits   = unit{"m[IU]/L", "m[IU]/L"}
	score        = unit{"{score}", "{score}"}
)

var (
	metabolicPanel = panel{loinc("51990-0", "Basic metabolic panel - Blood"), []measure{
		{code: loinc("2339-0", "Glucose [Mass/volume] in Blood"), words: "Glucose", unit: perDeciliter, scale: 1, middle: [2]int{860, 860}, spread: 120, low: 700, high: 1000, shifts: []shift{{diabetic, 2050}, {prediabetic, 1120}}},
		{code: loinc("6299-2", "Urea nitrogen [Mass/volume] in Blood"), words: "Urea nitrogen", unit: perDeciliter, scale: 1, middle: [2]int{135, 135}, spread: 60, low: 70, high: 200, shifts: []shift{{renal, 380}}},
		{code: loinc("38483-4", "Creatinine [Mass/volume] in Blood"), words: "Creatinine", unit: perDeciliter, scale: 2, middle: [2]int{94, 74}, spread: 25, low: 60, high: 120, shifts: []shift{{renal, 158}}},
		{code: loinc("49765-1", "Calcium [Mass/volume] in Blood"), words: "Calcium", unit: perDeciliter, scale: 1, middle: [2]int{94, 94}, spread: 7, low: 85, high: 102},
		{code: loinc("2947-0", "Sodium [Moles/volume] in Blood"), words: "Sodium", unit: millimoles, scale: 1, middle: [2]int{1395, 1395}, spread: 40, low: 1360, high: 1440},
		{code: loinc("6298-4", "Potassium [Moles/volume] in Blood"), words: "Potassium", unit: millimoles, scale: 2, middle: [2]int{435, 435}, spread: 60, low: 370, high: 520, shifts: []shift{{renal, 500}}},
		{code: loinc("2069-3", "Chloride [Moles/volume] in Blood"), words: "Chloride", unit: millimoles, scale: 1, middle: [2]int{1055, 1055}, spread: 50, low: 1010, high: 1110},
		{code: loinc("20565-8", "Carbon dioxide, total [Moles/volume] in Blood"), words: "Bicarbonate", unit: millimoles, scale: 1, middle: [2]int{245, 245}, spread: 40, low: 200, high: 290},
	}, 4580, nil}
	lipidPanel = panel{loinc("57698-3", "Lipid panel with direct LDL - Serum or Plasma"), []measure{
		{code: loinc("2093-3", "Cholesterol [Mass/volume] in Serum or Plasma"), words: "Total cholesterol", unit: perDeciliter, scale: 1, middle: [2]int{1780, 1780}, spread: 300, low: -1, high: 2000},
		{code: loinc("2571-8", "Triglyceride [Mass/volume] in Serum or Plasma"), words: "Triglyceride", unit: perDeciliter, scale: 1, middle: [2]int{1210, 1210}, spread: 450, low: -1, high: 1500, shifts: []shift{{lipidemic, 2250}, {diabetic, 1800}}},
		{code: loinc("18262-6", "Cholesterol in LDL [Mass/volume] in Serum or Plasma by Direct assay"), words: "LDL cholesterol", unit: perDeciliter, scale: 1, middle: [2]int{1010, 1010}, spread: 260, low: -1, high: 1300, shifts: []shift{{lipidemic, 1750}}},
		{code: loinc("2085-9", "Cholesterol in HDL [Mass/volume] in Serum or Plasma"), words: "HDL cholesterol", unit: perDeciliter, scale: 1, middle: [2]int{490, 600}, spread: 140, low: 400, high: -1, shifts: []shift{{lipidemic, 420}, {obese, 480}}},
	}, 6210, relateLipids}
	bloodCount = panel{loinc("58410-2", "CBC panel - Blood by Automated count"), []measure{
		{code: loinc("6690-2", "Leukocytes [#/volume] in Blood by Automated count"), words: "White blood cells", unit: thousands, scale: 1, middle: [2]int{70, 70}, spread: 30, low: 45, high: 110, shifts: []shift{{infected, 138}}},
		{code: loinc("789-8", "Erythrocytes [#/volume] in Blood by Automated count"), words: "Red blood cells", unit: millions, scale: 2, middle: [2]int{495, 435}, spread: 60, low: 400, high: 560, shifts: []shift{{anemic, 385}}},
		{code: loinc("718-7", "Hemoglobin [Mass/volume] in Blood"), words: "Hemoglobin", unit: gramsPerDL, scale: 1, middle: [2]int{150, 133}, spread: 17, low: 120, high: 175, shifts: []shift{{anemic, 98}}, least: 45},
		{code: loinc("4544-3", "Hematocrit [Volume Fraction] of Blood by Automated count"), words: "Hematocrit", unit: percent, scale: 1, middle: [2]int{450, 398}, spread: 50, low: 360, high: 510, shifts: []shift{{anemic, 305}}},
		{code: loinc("787-2", "MCV [Entitic volume] by Automated count"), words: "MCV", unit: femtoliters, scale: 1, middle: [2]int{890, 890}, spread: 70, low: 800, high: 1000, shifts: []shift{{anemic, 770}}, least: 550},
		{code: loinc("785-6", "MCH [Entitic mass] by Automated count"), words: "MCH", unit: picograms, scale: 1, middle: [2]int{300, 300}, spread: 28, low: 270, high: 335},
		{code: loinc("786-4", "MCHC [Mass/volume] by Automated count"), words: "MCHC", unit: gramsPerDL, scale: 1, middle: [2]int{339, 339}, spread: 15, low: 320, high: 360},
		{code: loinc("21000-5", "Erythrocyte distribution width [Entitic volume] by Automated count"), words: "Erythrocyte distribution width", unit: femtoliters, scale: 1, middle: [2]int{425, 425}, spread: 40, low: 390, high: 460, shifts: []shift{{anemic, 482}}},
		{code: loinc("777-3", "Platelets [#/volume] in Blood by Automated count"), words: "Platelets", unit: thousands, middle: [2]int{265, 265}, spread: 100, low: 150, high: 450},
		{code: loinc("32207-3", "Platelet distribution width [Entitic volume] in Blood by Automated count"), words: "Platelet distribution width", unit: femtoliters, scale: 1, middle: [2]int{2700, 2700}, spread: 800, low: -1, high: -1},
		{code: loinc("32623-1", "Platelet mean volume [Entitic volume] in Blood by Automated count"), words: "Platelet mean volume", unit: femtoliters, scale: 1, middle: [2]int{104, 104}, spread: 12, low: 95, high: 123},
	}, 3990, relateBlood}
	liverPanel = panel{loinc("24325-3", "Hepatic function 2000 panel - Serum or Plasma"), []measure{
		{code: loinc("2885-2", "Protein [Mass/volume] in Serum or Plasma"), words: "Protein", unit: gramsPerDL, scale: 1, middle: [2]int{70, 70}, spread: 8, low: 60, high: 83},
		{code: loinc("1751-7", "Albumin [Mass/volume] in Serum or Plasma"), words: "Albumin", unit: gramsPerDL, scale: 1, middle: [2]int{43, 43}, spread: 6, low: 35, high: 55},
		{code: loinc("1975-2", "Bilirubin.total [Mass/volume] in Serum or Plasma"), words: "Total bilirubin", unit: perDeciliter, scale: 1, middle: [2]int{7, 7}, spread: 5, low: 2, high: 12},
		{code: loinc("6768-6", "Alkaline phosphatase [Enzymatic activity/volume] in Serum or Plasma"), words: "Alkaline phosphatase", unit: unitsPerL, middle: [2]int{78, 78}, spread: 34, low: 44, high: 147},
		{code: loinc("1742-6", "Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma"), words: "ALT", unit: unitsPerL, middle: [2]int{28, 28}, spread: 18, low: 7, high: 56, shifts: []shift{{obese, 46}}},
		{code: loinc("1920-8", "Aspartate aminotransferase [Enzymatic activity/volume] in Serum or Plasma"), words: "AST", unit: unitsPerL, middle: [2]int{25, 25}, spread: 14, low: 10, high: 40, shifts: []shift{{obese, 36}}},
	}, 5120, nil}

	hemoglobinA1c = measure{code: loinc("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood"), words: "Hemoglobin A1c", unit: percent, scale: 1, middle: [2]int{53, 53}, spread: 6, low: -1, high: 57, shifts: []shift{{diabetic, 92}, {prediabetic, 59}}}
	kidneyRate    = measure{code: loinc("33914-3", "Glomerular filtration rate/1.73 sq M.predicted [Volume Rate/Area] in Serum or Plasma by Creatinine-based formula (MDRD)"), words: "Estimated GFR", unit: filtration, scale: 1, middle: [2]int{920, 920}, spread: 200, low: 600, high: -1, derive: (*chart).filtrationRate}
	microalbumin  = measure{code: loinc("14959-1", "Microalbumin/Creatinine [Mass Ratio] in Urine"), words: "Urine microalbumin/creatinine", unit: unit{"mg/g", "mg/g"}, scale: 1, middle: [2]int{90, 90}, spread: 80, low: -1, high: 300, shifts: []shift{{diabetic, 900}, {renal, 2200}}}
	thyrotropin   = measure{code: loinc("3016-3", "Thyrotropin [Units/volume] in Serum or Plasma"), words: "TSH", unit: milliUnits, scale: 2, middle: [2]int{210, 210}, spread: 120, low: 40, high: 450, shifts: []shift{{thyroid, 1150}}}
	prostateAg    = measure{code: loinc("2857-1", "Prostate specific Ag [Mass/volume] in Serum or Plasma"), words: "PSA", unit: unit{"ng/mL", "ng/mL"}, scale: 1, middle: [2]int{18, 18}, spread: 14, low: -1, high: 40, shifts: []shift{{prostatic, 72}}}
	reactiveProt  = measure{code: loinc("30522-7", "C reactive protein [Mass/volume] in Serum or Plasma by High sensitivity method"), words: "C-reactive protein", unit: unit{"mg/L", "mg/L"}, scale: 1, middle: [2]int{18, 18}, spread: 15, low: -1, high: 30, shifts: []shift{{inflamed, 130}, {infected, 420}}}
	forcedRatio   = measure{code: loinc("19926-5", "FEV1/FVC"), words: "FEV1/FVC", unit: percent, middle: [2]int{81, 81}, spread: 6, low: 70, high: -1, shifts: []shift{{obstructive, 58}}, least: 25}
	thinness      = measure{code: loinc("6301-6", "INR in Platelet poor plasma by Coagulation assay"), words: "INR", unit: unit{"{INR}", "{INR}"}, scale: 1, middle: [2]int{25, 25}, spread: 9, low: 20, high: 30, least: 10}
	natriuretic   = measure{code: loinc("33762-6", "Natriuretic peptide.B prohormone N-Terminal [Mass/volume] in Serum or Plasma"), words: "NT-proBNP", unit: unit{"pg/mL", "pg/mL"}, middle: [2]int{90, 110}, spread: 60, low: -1, high: 300, shifts: []shift{{congested, 2400}}, least: 5}
	urate         = measure{code: loinc("3084-1", "Urate [Mass/volume] in Serum or Plasma"), words: "Uric acid", unit: perDeciliter, scale: 1, middle: [2]int{60, 48}, spread: 14, low: 25, high: 70, shifts: []shift{{gouty, 95}}, least: 15}
	ferritin      = measure{code: loinc("2276-4", "Ferritin [Mass/volume] in Serum or Plasma"), words: "Ferritin", unit: unit{"ng/mL", "ng/mL"}, middle: [2]int{120, 70}, spread: 60, low: 15, high: 300, shifts: []shift{{anemic, 8}}, least: 3}
	lowMood       = measure{code: loinc("44261-6", "Patient Health Questionnaire 9 item (PHQ-9) total score [Reported]"), words: "PHQ-9", unit: score, middle: [2]int{3, 3}, spread: 4, low: -1, high: 4, shifts: []shift{{depressed, 17}}}
	mentalState   = measure{code: loinc("72106-8", "Total score [MMSE]"), words: "MMSE", unit: score, middle: [2]int{28, 28}, spread: 3, low: 24, high: -1, shifts: []shift{{demented, 18}}}

	// Vital signs that people have of their own.
	systolic  = measure{code: systolicCode, middle: [2]int{119, 115}, spread: 22, shifts: []shift{{hypertensive, 156}}, least: 70}
	diastolic = measure{code: diastolicCode, middle: [2]int{75, 72}, spread: 16, shifts: []shift{{hypertensive, 95}}, least: 40}
	pulse     = measure{code: heartRate, middle: [2]int{72, 75}, spread: 20, shifts: []shift{{infected, 94}, {congested, 86}}, least: 40}
	massIndex = measure{code: bodyMassIndex, spread: 22, shifts: []shift{{obese, 85}}, least: -60} // tenths of kg/m² away from the patient's own
)

// creatinine is its place in the metabolic panel.
const creatinine = 2

// monitored has the measures for the follow-up of a disorder with a trait, and at how many
// of a thousand visits they are taken.
var monitored = []struct {
	of      trait
	measure *measure
	panel   *panel
	often   int
}{
	{diabetic, &hemoglobinA1c, nil, 1000},
	{diabetic, &microalbumin, nil, 600},
	{diabetic, nil, &metabolicPanel, 350},
	{hypertensive, nil, &metabolicPanel, 200},
	{renal, &kidneyRate, nil, 1000},
	{renal, nil, &metabolicPanel, 300},
	{lipidemic, nil, &lipidPanel, 750},
	{thyroid, &thyrotropin, nil, 1000},
	{inflamed, &reactiveProt, nil, 1000},
	{obstructive, &forcedRatio, nil, 1000},
	{anemic, nil, &bloodCount, 600},
	{anemic, &ferritin, nil, 800},
	{congested, &natriuretic, nil, 1000},
	{gouty, &urate, nil, 1000},
	{depressed, &lowMood, nil, 1000},
	{demented, &mentalState, nil, 1000},
	{prostatic, &prostateAg, nil, 800},
}

// urinalysis is reported in words: the usual answer first, the unusual second.
var urinalysis = []struct {
	code           concept
	usual, unusual concept
}{
	{loinc("5767-9", "Appearance of Urine"), snomed("263707001", "Clear (qualifier value)"), snomed("7766007", "Cloudy urine (finding)")},
	{loinc("5778-6", "Color of Urine"), snomed("371254008", "Yellow color (qualifier value)"), snomed("720003003", "Reddish color urine (finding)")},
	{loinc("5802-4", "Nitrite [Presence] in Urine by Test strip"), snomed("314138001", "Urine nitrite negative (finding)"), snomed("314137006", "Urine nitrite positive (finding)")},
	{loinc("5799-2", "Leukocyte esterase [Presence] in Urine by Test strip"), snomed("394717006", "Urine leukocyte test negative (finding)"), snomed("394712000", "Urine leukocyte test one plus (finding)")},
	{loinc("25428-4", "Glucose [Presence] in Urine by Test strip"), snomed("167261002", "Urine glucose test negative (finding)"), snomed("167265006", "Urine glucose test = ++ (finding)")},
}

var urinalysisCode = loinc("24357-6", "Urinalysis macro (dipstick) panel - Urine")

// smokingHabit is a smoking status.
type smokingHabit struct {
	code  concept
	words string // as a note says it
}

// Indexes of smokingStatuses.
const (
	neverSmoked = iota
	formerSmoker
	dailySmoker
	occasionalSmoker
)

var smokingStatuses = [...]smokingHabit{
	{snomed("266919005", "Never smoked tobacco (finding)"), "has never smoked"},
	{snomed("8517006", "Ex-smoker (finding)"), "has quit smoking"},
	{snomed("449868002", "Smokes tobacco daily (finding)"), "smokes about half a pack of cigarettes a day"},
	{snomed("428041000124106", "Occasional tobacco smoker (finding)"), "smokes occasionally"},
}
