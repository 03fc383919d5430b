package synth

// acuteDisorders are drawn by weights that are made up: common ones often, rare ones
// rarely.
var acuteDisorders = []*disorder{
	{code: snomed("444814009", "Viral sinusitis (disorder)"), words: "viral sinusitis", to: 99, chance: 170, traits: infected, symptoms: []string{"facial pressure", "nasal congestion"}, days: 14, place: ambulatory},
	{code: snomed("195662009", "Acute viral pharyngitis (disorder)"), words: "viral pharyngitis", to: 99, chance: 120, traits: infected, drugs: []*drug{&acetaminophen}, symptoms: []string{"sore throat"}, days: 10, place: ambulatory},
	{code: snomed("10509002", "Acute bronchitis (disorder)"), words: "acute bronchitis", to: 99, chance: 110, traits: infected, drugs: []*drug{&acetaminophen}, plan: infectionPlan, treat: []*treatment{&spirometry}, symptoms: []string{"cough", "wheezing"}, days: 12, place: ambulatory},
	{code: snomed("43878008", "Streptococcal sore throat (disorder)"), words: "streptococcal pharyngitis", from: 3, to: 45, chance: 60, traits: infected, drugs: []*drug{&penicillin}, treat: []*treatment{&throatCulture}, symptoms: []string{"sore throat", "fever"}, days: 9, place: urgent},
	{code: snomed("65363002", "Otitis media"), words: "otitis media", to: 9, chance: 420, traits: infected, drugs: []*drug{&amoxicillin}, symptoms: []string{"ear pain", "fever"}, days: 10, place: ambulatory},
	{code: snomed("75498004", "Acute bacterial sinusitis (disorder)"), words: "acute bacterial sinusitis", from: 5, to: 99, chance: 45, traits: infected, drugs: []*drug{&clavulanate}, symptoms: []string{"purulent nasal discharge"}, days: 14, place: ambulatory},
	{code: snomed("38822007", "Cystitis"), words: "cystitis", from: 16, to: 99, sex: womenOnly, chance: 110, traits: infected, drugs: []*drug{&nitrofuran, &phenazo}, symptoms: []string{"dysuria", "urinary frequency"}, days: 7, place: urgent},
	pneumonia,
	covid,
	{code: snomed("6142004", "Influenza (disorder)"), words: "influenza", to: 99, chance: 60, traits: infected, drugs: []*drug{&acetaminophen}, symptoms: []string{"fever", "myalgia"}, days: 9, place: urgent},
	{code: snomed("25374005", "Gastroenteritis (disorder)"), words: "gastroenteritis", to: 99, chance: 55, symptoms: []string{"vomiting", "diarrhea"}, days: 5, place: urgent},
	{code: snomed("44465007", "Sprain of ankle"), words: "ankle sprain", from: 6, to: 80, chance: 60, drugs: []*drug{&ibuprofen}, plan: musclePlan, image: ankleXray, symptoms: []string{"ankle pain and swelling"}, days: 30, place: urgent},
	{code: snomed("70704007", "Sprain of wrist"), words: "wrist sprain", from: 6, to: 80, chance: 35, drugs: []*drug{&ibuprofen}, image: wristXray, symptoms: []string{"wrist pain"}, days: 21, place: urgent},
	{code: snomed("284549007", "Laceration of hand"), words: "laceration of the hand", traits: wounded, from: 3, to: 85, chance: 40, drugs: []*drug{&acetaminophen}, plan: injuryPlan, treat: []*treatment{&suture}, symptoms: []string{"a bleeding cut on the hand"}, days: 20, place: emergency},
	{code: snomed("65966004", "Fracture of forearm"), words: "fracture of the forearm", from: 4, to: 90, chance: 28, drugs: []*drug{&oxycodone}, plan: injuryPlan, treat: []*treatment{&immobilization}, image: armXray, symptoms: []string{"forearm pain after a fall"}, days: 80, place: emergency},
	{code: snomed("62106007", "Concussion with no loss of consciousness"), words: "concussion", from: 5, to: 85, chance: 24, drugs: []*drug{&acetaminophen}, image: headScan, symptoms: []string{"headache", "dizziness"}, days: 25, place: emergency},
	{code: snomed("403190006", "First degree burn"), words: "first degree burn", traits: wounded, from: 1, to: 80, chance: 14, plan: injuryPlan, symptoms: []string{"a painful burn"}, days: 15, place: emergency},
	{code: snomed("241929008", "Acute allergic reaction"), words: "acute allergic reaction", traits: wounded, from: 1, to: 80, chance: 12, drugs: []*drug{&epinephrine}, symptoms: []string{"hives", "lip swelling"}, days: 2, place: emergency},
	{code: snomed("74400008", "Appendicitis"), words: "acute appendicitis", from: 6, to: 60, chance: 9, drugs: []*drug{&oxycodone, &enoxaparin}, treat: []*treatment{&appendectomy}, symptoms: []string{"right lower quadrant pain", "nausea"}, severe: true, days: 14, place: inpatient},
	myocardialInfarction,
	stroke,
}

// normalPregnancy is planned apart from the other disorders: it has prenatal
// visits and ends in a birth.
var normalPregnancy = &disorder{code: snomed("72892002", "Normal pregnancy"), words: "normal pregnancy", from: 17, to: 42, sex: womenOnly, traits: pregnant, plan: antenatalPlan, treat: []*treatment{&fundalHeight, &fetalHeart}, symptoms: []string{"nausea in the morning", "fatigue"}, place: prenatal}

// socialFindings are what screening at a check-up writes down as Conditions.
var socialFindings = []*disorder{
	{code: snomed("160903007", "Full-time employment (finding)"), social: true, words: "full-time employment", from: 20, to: 64, days: 700},
	{code: snomed("73595000", "Stress (finding)"), social: true, words: "stress", from: 18, to: 80, days: 240},
	{code: snomed("160904001", "Part-time employment (finding)"), social: true, words: "part-time employment", from: 18, to: 70, days: 500},
	{code: snomed("741062008", "Not in labor force (finding)"), social: true, words: "not in labor force", from: 18, to: 90, days: 600},
	{code: snomed("423315002", "Limited social contact (finding)"), social: true, words: "limited social contact", from: 18, to: 90, days: 300},
	{code: snomed("224299000", "Received higher education (finding)"), social: true, words: "received higher education", from: 22, to: 70},
}

// Acute disorders that also stand elsewhere.
var (
	pneumonia            = &disorder{code: snomed("233604007", "Pneumonia (disorder)"), words: "community-acquired pneumonia", to: 99, chance: 32, traits: infected, drugs: []*drug{&azithromycin}, plan: infectionPlan, image: chestXray, symptoms: []string{"fever", "productive cough", "pleuritic chest pain"}, days: 21, place: emergency}
	covid                = &disorder{code: snomed("840539006", "COVID-19"), words: "COVID-19", to: 99, chance: 55, traits: infected, symptoms: []string{"fever", "dry cough", "loss of taste"}, days: 15, place: urgent}
	myocardialInfarction = &disorder{code: snomed("22298006", "Myocardial Infarction"), words: "myocardial infarction", from: 48, to: 99, chance: 14, drugs: []*drug{&alteplase, &enoxaparin, &aspirin}, treat: []*treatment{&electrocardio, &intervention}, symptoms: []string{"crushing chest pain", "diaphoresis"}, severe: true, days: 60, place: inpatient}
	stroke               = &disorder{code: snomed("230690007", "Stroke"), words: "ischemic stroke", from: 55, to: 99, chance: 12, drugs: []*drug{&alteplase, &clopidogrel, &enoxaparin}, image: headScan, symptoms: []string{"facial droop", "slurred speech", "arm weakness"}, severe: true, days: 180, place: inpatient}
)
