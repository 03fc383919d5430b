package synth

// measure is a laboratory value. Numbers are scaled by 10^scale.
type measure struct {
	code           concept // LOINC
	unit           unit
	scale          int
	middle, spread int // in health
	low, high      int // reference range; no low if negative
	when           trait
	ill            int // middle under a disorder with that trait
}

// panel is a group of measures that a DiagnosticReport holds together.
type panel struct {
	code     concept // LOINC
	measures []measure
	cents    int
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
		{loinc("2339-0", "Glucose [Mass/volume] in Blood"), perDeciliter, 1, 860, 120, 700, 1000, diabetic, 1520},
		{loinc("6299-2", "Urea nitrogen [Mass/volume] in Blood"), perDeciliter, 1, 135, 60, 70, 200, renal, 340},
		{loinc("38483-4", "Creatinine [Mass/volume] in Blood"), perDeciliter, 2, 90, 25, 60, 120, renal, 210},
		{loinc("49765-1", "Calcium [Mass/volume] in Blood"), perDeciliter, 1, 94, 7, 85, 102, 0, 0},
		{loinc("2947-0", "Sodium [Moles/volume] in Blood"), millimoles, 1, 1395, 40, 1360, 1440, 0, 0},
		{loinc("6298-4", "Potassium [Moles/volume] in Blood"), millimoles, 2, 435, 60, 370, 520, renal, 505},
		{loinc("2069-3", "Chloride [Moles/volume] in Blood"), millimoles, 1, 1055, 50, 1010, 1110, 0, 0},
		{loinc("20565-8", "Carbon dioxide, total [Moles/volume] in Blood"), millimoles, 1, 245, 40, 200, 290, 0, 0},
	}, 4580}
	lipidPanel = panel{loinc("57698-3", "Lipid panel with direct LDL - Serum or Plasma"), []measure{
		{loinc("2093-3", "Cholesterol [Mass/volume] in Serum or Plasma"), perDeciliter, 1, 1780, 300, -1, 2000, lipidemic, 2310},
		{loinc("2571-8", "Triglyceride [Mass/volume] in Serum or Plasma"), perDeciliter, 1, 1210, 450, -1, 1500, lipidemic, 1980},
		{loinc("18262-6", "Cholesterol in LDL [Mass/volume] in Serum or Plasma by Direct assay"), perDeciliter, 1, 1010, 260, -1, 1300, lipidemic, 1490},
		{loinc("2085-9", "Cholesterol in HDL [Mass/volume] in Serum or Plasma"), perDeciliter, 1, 560, 140, 400, -1, lipidemic, 420},
	}, 6210}
	bloodCount = panel{loinc("58410-2", "CBC panel - Blood by Automated count"), []measure{
		{loinc("6690-2", "Leukocytes [#/volume] in Blood by Automated count"), thousands, 1, 70, 30, 45, 110, infected, 128},
		{loinc("789-8", "Erythrocytes [#/volume] in Blood by Automated count"), millions, 2, 475, 60, 400, 560, anemic, 370},
		{loinc("718-7", "Hemoglobin [Mass/volume] in Blood"), gramsPerDL, 1, 142, 17, 120, 175, anemic, 103},
		{loinc("4544-3", "Hematocrit [Volume Fraction] of Blood by Automated count"), percent, 1, 428, 50, 360, 510, anemic, 318},
		{loinc("787-2", "MCV [Entitic volume] by Automated count"), femtoliters, 1, 890, 70, 800, 1000, anemic, 775},
		{loinc("785-6", "MCH [Entitic mass] by Automated count"), picograms, 1, 300, 28, 270, 335, anemic, 255},
		{loinc("786-4", "MCHC [Mass/volume] by Automated count"), gramsPerDL, 1, 339, 15, 320, 360, 0, 0},
		{loinc("21000-5", "Erythrocyte distribution width [Entitic volume] by Automated count"), femtoliters, 1, 425, 40, 390, 460, anemic, 482},
		{loinc("777-3", "Platelets [#/volume] in Blood by Automated count"), thousands, 0, 265, 100, 150, 450, 0, 0},
		{loinc("32207-3", "Platelet distribution width [Entitic volume] in Blood by Automated count"), femtoliters, 1, 2700, 800, -1, -1, 0, 0},
		{loinc("32623-1", "Platelet mean volume [Entitic volume] in Blood by Automated count"), femtoliters, 1, 104, 12, 95, 123, 0, 0},
	}, 3990}
	liverPanel = panel{loinc("24325-3", "Hepatic function 2000 panel - Serum or Plasma"), []measure{
		{loinc("2885-2", "Protein [Mass/volume] in Serum or Plasma"), gramsPerDL, 1, 70, 8, 60, 83, 0, 0},
		{loinc("1751-7", "Albumin [Mass/volume] in Serum or Plasma"), gramsPerDL, 1, 43, 6, 35, 55, 0, 0},
		{loinc("1975-2", "Bilirubin.total [Mass/volume] in Serum or Plasma"), perDeciliter, 1, 7, 5, 2, 12, 0, 0},
		{loinc("6768-6", "Alkaline phosphatase [Enzymatic activity/volume] in Serum or Plasma"), unitsPerL, 0, 78, 34, 44, 147, 0, 0},
		{loinc("1742-6", "Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma"), unitsPerL, 0, 28, 18, 7, 56, obese, 49},
		{loinc("1920-8", "Aspartate aminotransferase [Enzymatic activity/volume] in Serum or Plasma"), unitsPerL, 0, 25, 14, 10, 40, obese, 38},
	}, 5120}

	hemoglobinA1c = measure{loinc("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood"), percent, 1, 53, 4, -1, 57, diabetic, 78}
	prediabeticA1 = measure{loinc("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood"), percent, 1, 60, 3, -1, 57, diabetic, 78}
	kidneyRate    = measure{loinc("33914-3", "Glomerular filtration rate/1.73 sq M.predicted [Volume Rate/Area] in Serum or Plasma by Creatinine-based formula (MDRD)"), filtration, 1, 920, 200, 600, -1, renal, 430}
	microalbumin  = measure{loinc("14959-1", "Microalbumin/Creatinine [Mass Ratio] in Urine"), unit{"mg/g", "mg/g"}, 1, 90, 80, -1, 300, renal, 1850}
	thyrotropin   = measure{loinc("3016-3", "Thyrotropin [Units/volume] in Serum or Plasma"), milliUnits, 2, 210, 120, 40, 450, thyroid, 610}
	prostateAg    = measure{loinc("2857-1", "Prostate specific Ag [Mass/volume] in Serum or Plasma"), unit{"ng/mL", "ng/mL"}, 1, 18, 14, -1, 40, 0, 0}
	reactiveProt  = measure{loinc("30522-7", "C reactive protein [Mass/volume] in Serum or Plasma by High sensitivity method"), unit{"mg/L", "mg/L"}, 1, 18, 15, -1, 30, inflamed, 96}
	forcedRatio   = measure{loinc("19926-5", "FEV1/FVC"), percent, 0, 81, 6, 70, -1, obstructive, 61}
)

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

// growth holds the median height in centimeters and weight in hundreds of
// grams at each year of age, girls and boys alike enough for the purpose.
var growth = [19]struct{ height, weight int }{
	{55, 45}, {75, 95}, {87, 122}, {95, 143}, {102, 163}, {109, 184}, {115, 207}, {121, 230},
	{127, 256}, {133, 286}, {138, 320}, {143, 360}, {149, 410}, {156, 460}, {160, 510}, {163, 550},
	{165, 580}, {167, 610}, {168, 640},
}

// smokingHabit is a smoking status and how many of a thousand have it.
type smokingHabit struct {
	code  concept
	words string // as a note says it
	of    int
}

var smokingStatuses = []smokingHabit{
	{snomed("266919005", "Never smoked tobacco (finding)"), "has never smoked", 620},
	{snomed("8517006", "Ex-smoker (finding)"), "quit smoking years ago", 230},
	{snomed("449868002", "Smokes tobacco daily (finding)"), "smokes about half a pack of cigarettes a day", 120},
	{snomed("428041000124106", "Occasional tobacco smoker (finding)"), "smokes occasionally", 30},
}
