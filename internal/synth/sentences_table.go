package synth

// The sentences of notes. The note fills in each blank, {}.

// presentations open the history of a visit for something: {} is the symptoms.
var presentations = []string{
	"presents with {}.",
	"comes in today because of {}.",
	"complains of {} for the past few days.",
	"reports {}, which began gradually.",
	"is seen for evaluation of {}.",
}

// emergencies open the history of a visit to a hospital.
var emergencies = []string{
	"was brought in by ambulance with {}.",
	"presents with {} since this morning.",
	"comes to the hospital because of {} since last night.",
}

// unspoken is the number of denials that do not need the patient to speak.
const unspoken = 3

// denials name symptoms that the patient does not have: {} is their list.
var denials = []string{
	"There is no {}.",
	"Negative for {}.",
	"Review of systems is without {}.",
	"Patient denies {}.",
	"No complaints of {}.",
	"Patient reports no {}.",
}

// absent are the symptoms of denials. None is a symptom of a disorder of the tables, so
// that a note never denies a symptom that it reports.
var absent = []string{
	"chest tightness", "night sweats", "syncope", "hematuria", "melena", "chills", "jaundice",
	"vision loss", "neck stiffness", "dysphagia", "hearing loss", "numbness",
	"flank pain", "constipation", "bloody stools", "tremor", "suicidal ideation",
}

// excluded are diagnoses that were thought of and ruled out.
var excluded = []string{
	"Pulmonary embolism was ruled out.",
	"No evidence of deep vein thrombosis.",
	"No signs of meningitis.",
	"Tuberculosis has been excluded.",
	"Not consistent with acute pancreatitis.",
}

// elders is the number of relatives whom the diseases of age befall while the
// patient is young.
const elders = 2

// relatives open a family history: {} is a disorder.
var relatives = []string{
	"Maternal grandmother was diagnosed with {}.",
	"Paternal grandfather died of complications of {}.",
	"Mother has {}.",
	"Father had {}.",
	"Brother is being treated for {}.",
	"Sister with {}.",
}

// inherited are disorders of relatives.
var inherited = []string{
	"type 2 diabetes mellitus", "breast cancer", "hypertension", "coronary artery disease",
	"colon cancer", "ischemic stroke", "Alzheimer's disease", "asthma", "hypothyroidism",
	"rheumatoid arthritis", "atrial fibrillation", "major depressive disorder",
}

// unaffected are disorders that no relative has.
var unaffected = []string{
	"No family history of premature heart disease.",
	"Family history is negative for ovarian cancer.",
	"No known family history of epilepsy.",
	"No relatives with cystic fibrosis.",
}

// examinations are findings of everyone whose disorders do not contradict.
var examinations = []struct {
	words  string
	unless trait
}{
	{"Alert and oriented.", demented},
	{"Lungs are clear to auscultation bilaterally, no rales.", obstructive | congested | infected},
	{"Heart has a regular rate and rhythm without murmurs.", irregular | congested},
	{"Abdomen is soft and non-tender, no hepatosplenomegaly.", pregnant},
	{"No cervical lymphadenopathy.", infected},
	{"Extremities are warm, no cyanosis or clubbing.", wounded},
	{"Skin is dry and intact.", wounded},
	{"Cranial nerves II-XII are intact.", 0},
	{"Pupils are equal, round and reactive to light.", 0},
}

// signs are findings of patients with a trait.
var signs = []struct {
	of    trait
	words string
}{
	{obstructive, "Scattered expiratory wheezes."},
	{congested, "Pitting edema of both legs."},
	{irregular, "Irregularly irregular rhythm."},
	{demented, "Oriented to person only."},
	{obese, "Obese body habitus."},
}

// sideEffects are reasons why a drug is not tolerated.
var sideEffects = []string{"nausea", "muscle aches", "dizziness", "a rash", "fatigue", "an upset stomach"}

// continuations follow a chronic disorder in the plan: {} is a drug.
var continuations = []string{
	"Continue {}.",
	"Stable on {}, no change.",
	"Tolerating {} well without side effects.",
	"Refilled {}.",
	"Will continue {} and recheck in six months.",
}

// advice ends a plan.
var advice = []string{
	"Return to the clinic if symptoms worsen.",
	"Follow up in two weeks if there is no improvement.",
	"Patient was counseled on diet and exercise.",
	"Advised rest and plenty of fluids.",
	"Call 911 for chest pain or trouble breathing.",
	"Questions were answered and the patient agrees with the plan.",
}

// withheld are drugs that were talked about and not given. None is in the
// tables, so that a note never contradicts its list of medications.
var withheld = []string{
	"Ciprofloxacin was not prescribed.",
	"Patient is not taking celecoxib.",
	"Avoid tramadol.",
	"Benzodiazepines are not indicated.",
	"Declined zolpidem 5 mg for sleep.",
	"Consider starting rosuvastatin 10 mg if LDL remains high.",
}

var educations = []string{
	"Patient has completed high school.", "Patient has a college degree.",
	"Patient did not finish high school.", "Patient attended some college.",
}
