package synth

// trait is what a disorder changes in measurements and notes.
type trait uint16

const (
	hypertensive trait = 1 << iota
	diabetic
	prediabetic
	lipidemic
	obese
	renal
	anemic
	obstructive
	thyroid
	infected
	inflamed
	pregnant
)

// sexes that a disorder is found in.
type sexes uint8

const (
	anySex sexes = iota
	womenOnly
	menOnly
)

// disorder is what patients have. Its chance is out of a thousand: of a
// lifetime for the chronic ones, as a weight among the others for the acute.
type disorder struct {
	code     concept // SNOMED CT
	words    string  // as a note says it
	from, to int     // age in years at which it begins
	sex      sexes
	chance   int
	traits   trait
	drugs    []*drug
	plan     *regimen
	treat    []*treatment // at each visit for it
	image    *study
	device   *appliance
	symptoms []string // as a note says them
	severe   bool     // leads to the hospital
	days     int      // how long an acute one lasts
	place    setting  // where an acute one is seen
}

var chronicDisorders = []*disorder{
	{code: snomed("59621000", "Essential hypertension (disorder)"), words: "hypertension", from: 25, to: 70, chance: 380, traits: hypertensive, drugs: []*drug{&lisinopril, &hydrochlorothiazide}, plan: lifestylePlan, symptoms: []string{"headaches"}},
	{code: snomed("55822004", "Hyperlipidemia"), words: "hyperlipidemia", from: 30, to: 65, chance: 290, traits: lipidemic, drugs: []*drug{&simvastatin}},
	{code: snomed("15777000", "Prediabetes"), words: "prediabetes", from: 28, to: 60, chance: 240, traits: prediabetic},
	{code: snomed("44054006", "Diabetes mellitus type 2 (disorder)"), words: "type 2 diabetes mellitus", from: 35, to: 72, chance: 120, traits: diabetic, drugs: []*drug{&metformin, &insulin}, plan: diabetesPlan, device: glucoseMeter, symptoms: []string{"polyuria", "thirst", "blurred vision"}},
	{code: snomed("162864005", "Body mass index 30+ - obesity (finding)"), words: "obesity", from: 18, to: 60, chance: 330, traits: obese},
	{code: snomed("195967001", "Asthma (disorder)"), words: "asthma", from: 3, to: 25, chance: 85, traits: obstructive, drugs: []*drug{&albuterol, &fluticasone}, plan: asthmaPlan, treat: []*treatment{&spirometry}, device: nebulizer, symptoms: []string{"wheezing", "nighttime cough"}},
	{code: snomed("87433001", "Pulmonary emphysema (disorder)"), words: "COPD with emphysema", from: 50, to: 75, chance: 60, traits: obstructive, drugs: []*drug{&salmeterol, &albuterol}, plan: lungPlan, treat: []*treatment{&spirometry}, image: chestXray, symptoms: []string{"shortness of breath on exertion", "productive cough"}},
	{code: snomed("53741008", "Coronary Heart Disease"), words: "coronary artery disease", from: 48, to: 80, chance: 75, traits: lipidemic, drugs: []*drug{&aspirin, &atorvastatin, &nitroglycerin, &clopidogrel}, plan: lifestylePlan, treat: []*treatment{&electrocardio}, symptoms: []string{"exertional chest pain", "palpitations"}},
	{code: snomed("88805009", "Chronic congestive heart failure (disorder)"), words: "congestive heart failure", from: 60, to: 88, chance: 55, drugs: []*drug{&furosemide, &metoprolol}, treat: []*treatment{&echocardio}, image: chestXray, symptoms: []string{"leg edema", "orthopnea"}},
	{code: snomed("49436004", "Atrial Fibrillation"), words: "atrial fibrillation", from: 55, to: 88, chance: 65, drugs: []*drug{&warfarin, &digoxin}, treat: []*treatment{&electrocardio, &cardioversion}, device: pacemakerDevice, symptoms: []string{"palpitations", "lightheadedness"}},
	{code: snomed("239873007", "Osteoarthritis of knee"), words: "osteoarthritis of the knee", from: 45, to: 80, chance: 130, traits: inflamed, drugs: []*drug{&naproxen}, plan: musclePlan, image: kneeXray, symptoms: []string{"knee pain", "morning stiffness"}},
	{code: snomed("64859006", "Osteoporosis (disorder)"), words: "osteoporosis", from: 55, to: 85, sex: womenOnly, chance: 150, drugs: []*drug{&alendronate}, treat: []*treatment{&boneDensity}},
	{code: snomed("69896004", "Rheumatoid arthritis"), words: "rheumatoid arthritis", from: 25, to: 60, chance: 12, traits: inflamed, drugs: []*drug{&methotrexate, &prednisone}, plan: musclePlan, symptoms: []string{"joint swelling", "fatigue"}},
	{code: snomed("90560007", "Gout"), words: "gout", from: 35, to: 75, chance: 40, traits: inflamed, drugs: []*drug{&allopurinol}, symptoms: []string{"pain in the great toe"}},
	{code: snomed("40930008", "Hypothyroidism (disorder)"), words: "hypothyroidism", from: 25, to: 70, chance: 60, traits: thyroid, drugs: []*drug{&levothyroxine}, symptoms: []string{"fatigue", "cold intolerance"}},
	{code: snomed("235595009", "Gastroesophageal reflux disease (disorder)"), words: "gastroesophageal reflux disease", from: 20, to: 70, chance: 150, drugs: []*drug{&omeprazole}, symptoms: []string{"heartburn"}},
	{code: snomed("370143000", "Major depressive disorder (disorder)"), words: "major depressive disorder", from: 14, to: 60, chance: 95, drugs: []*drug{&sertraline}, plan: mindPlan, treat: []*treatment{&therapy, &depressionTest}, symptoms: []string{"low mood", "insomnia"}},
	{code: snomed("21897009", "Generalized anxiety disorder (disorder)"), words: "generalized anxiety disorder", from: 14, to: 55, chance: 70, drugs: []*drug{&fluoxetine}, plan: mindPlan, treat: []*treatment{&therapy}, symptoms: []string{"restlessness", "worry"}},
	{code: snomed("124171000119105", "Chronic intractable migraine without aura"), words: "migraine without aura", from: 12, to: 45, chance: 90, drugs: []*drug{&sumatriptan}, symptoms: []string{"throbbing headache", "photophobia"}},
	{code: snomed("84757009", "Epilepsy"), words: "epilepsy", from: 2, to: 60, chance: 14, drugs: []*drug{&levetiracetam}, symptoms: []string{"a brief seizure"}},
	{code: snomed("433144002", "Chronic kidney disease stage 3 (disorder)"), words: "chronic kidney disease stage 3", from: 55, to: 85, chance: 80, traits: renal, drugs: []*drug{&amlodipine}, symptoms: []string{"ankle swelling"}},
	{code: snomed("46177005", "End-stage renal disease (disorder)"), words: "end-stage renal disease", from: 45, to: 80, chance: 5, traits: renal | anemic, drugs: []*drug{&epoetin}, treat: []*treatment{&dialysis}, symptoms: []string{"fatigue", "itching"}},
	{code: snomed("26929004", "Alzheimer's disease (disorder)"), words: "Alzheimer's disease", from: 68, to: 90, chance: 110, drugs: []*drug{&galantamine}, plan: dementiaPlan, device: wheelchair, symptoms: []string{"memory loss", "confusion"}},
	{code: snomed("78275009", "Obstructive sleep apnea syndrome (disorder)"), words: "obstructive sleep apnea", from: 30, to: 65, chance: 70, treat: []*treatment{&sleepStudy}, device: airwayDevice, symptoms: []string{"snoring", "daytime sleepiness"}},
	{code: snomed("367498001", "Seasonal allergic rhinitis"), words: "seasonal allergic rhinitis", from: 4, to: 30, chance: 120, drugs: []*drug{&cetirizine}, symptoms: []string{"sneezing", "itchy eyes"}},
	{code: snomed("24079001", "Atopic dermatitis"), words: "atopic dermatitis", from: 0, to: 15, chance: 80, drugs: []*drug{&hydrocortisone}, symptoms: []string{"an itchy rash"}},
	{code: snomed("271737000", "Anemia (disorder)"), words: "anemia", from: 18, to: 80, chance: 110, traits: anemic, drugs: []*drug{&ferrousSulfate}, symptoms: []string{"fatigue", "pallor"}},
	{code: snomed("266569009", "Benign prostatic hyperplasia (disorder)"), words: "benign prostatic hyperplasia", from: 55, to: 80, sex: menOnly, chance: 220, drugs: []*drug{&tamsulosin}, symptoms: []string{"nocturia", "a weak stream"}},
	{code: snomed("278860009", "Chronic low back pain (finding)"), words: "chronic low back pain", from: 25, to: 65, chance: 130, drugs: []*drug{&ibuprofen, &gabapentin}, plan: musclePlan, symptoms: []string{"low back pain"}},
	{code: snomed("254837009", "Malignant neoplasm of breast (disorder)"), words: "breast cancer", from: 40, to: 78, sex: womenOnly, chance: 70, drugs: []*drug{&anastrozole, &paclitaxel}, plan: cancerPlan, treat: []*treatment{&mammography, &chemotherapy}, symptoms: []string{"a breast lump"}},
	{code: snomed("254637007", "Non-small cell lung cancer (disorder)"), words: "non-small cell lung cancer", from: 52, to: 80, chance: 16, drugs: []*drug{&paclitaxel}, plan: cancerPlan, treat: []*treatment{&chemotherapy}, image: chestXray, symptoms: []string{"hemoptysis", "weight loss"}},
	{code: snomed("68496003", "Polyp of colon"), words: "colon polyps", from: 50, to: 75, chance: 90, treat: []*treatment{&colonoscopy}},
}

var acuteDisorders = []*disorder{
	{code: snomed("444814009", "Viral sinusitis (disorder)"), words: "viral sinusitis", to: 99, chance: 170, traits: infected, symptoms: []string{"facial pressure", "nasal congestion"}, days: 14, place: ambulatory},
	{code: snomed("195662009", "Acute viral pharyngitis (disorder)"), words: "viral pharyngitis", to: 99, chance: 120, traits: infected, drugs: []*drug{&acetaminophen}, symptoms: []string{"sore throat"}, days: 10, place: ambulatory},
	{code: snomed("10509002", "Acute bronchitis (disorder)"), words: "acute bronchitis", to: 99, chance: 110, traits: infected, drugs: []*drug{&acetaminophen}, plan: infectionPlan, treat: []*treatment{&spirometry}, symptoms: []string{"cough", "wheezing"}, days: 12, place: ambulatory},
	{code: snomed("43878008", "Streptococcal sore throat (disorder)"), words: "streptococcal pharyngitis", from: 3, to: 45, chance: 60, traits: infected, drugs: []*drug{&penicillin}, treat: []*treatment{&throatCulture}, symptoms: []string{"sore throat", "fever"}, days: 9, place: urgent},
	{code: snomed("65363002", "Otitis media"), words: "otitis media", to: 9, chance: 420, traits: infected, drugs: []*drug{&amoxicillin}, symptoms: []string{"ear pain", "fever"}, days: 10, place: ambulatory},
	{code: snomed("75498004", "Acute bacterial sinusitis (disorder)"), words: "acute bacterial sinusitis", from: 5, to: 99, chance: 45, traits: infected, drugs: []*drug{&clavulanate}, symptoms: []string{"purulent nasal discharge"}, days: 14, place: ambulatory},
	{code: snomed("38822007", "Cystitis"), words: "cystitis", from: 16, to: 99, sex: womenOnly, chance: 110, traits: infected, drugs: []*drug{&nitrofuran, &phenazo}, symptoms: []string{"dysuria", "urinary frequency"}, days: 7, place: urgent},
	{code: snomed("233604007", "Pneumonia (disorder)"), words: "community-acquired pneumonia", to: 99, chance: 32, traits: infected, drugs: []*drug{&azithromycin}, plan: infectionPlan, image: chestXray, symptoms: []string{"fever", "productive cough", "pleuritic chest pain"}, days: 21, place: emergency},
	{code: snomed("840539006", "COVID-19"), words: "COVID-19", to: 99, chance: 55, traits: infected, symptoms: []string{"fever", "dry cough", "loss of taste"}, days: 15, place: urgent},
	{code: snomed("6142004", "Influenza (disorder)"), words: "influenza", to: 99, chance: 60, traits: infected, drugs: []*drug{&acetaminophen}, symptoms: []string{"fever", "myalgia"}, days: 9, place: urgent},
	{code: snomed("25374005", "Gastroenteritis (disorder)"), words: "gastroenteritis", to: 99, chance: 55, symptoms: []string{"vomiting", "diarrhea"}, days: 5, place: urgent},
	{code: snomed("44465007", "Sprain of ankle"), words: "ankle sprain", from: 6, to: 80, chance: 60, drugs: []*drug{&ibuprofen}, plan: musclePlan, image: ankleXray, symptoms: []string{"ankle pain and swelling"}, days: 30, place: urgent},
	{code: snomed("70704007", "Sprain of wrist"), words: "wrist sprain", from: 6, to: 80, chance: 35, drugs: []*drug{&ibuprofen}, image: wristXray, symptoms: []string{"wrist pain"}, days: 21, place: urgent},
	{code: snomed("284549007", "Laceration of hand"), words: "laceration of the hand", from: 3, to: 85, chance: 40, drugs: []*drug{&acetaminophen}, plan: injuryPlan, treat: []*treatment{&suture}, symptoms: []string{"a bleeding cut on the hand"}, days: 20, place: emergency},
	{code: snomed("65966004", "Fracture of forearm"), words: "fracture of the forearm", from: 4, to: 90, chance: 28, drugs: []*drug{&oxycodone}, plan: injuryPlan, treat: []*treatment{&immobilization}, image: armXray, symptoms: []string{"forearm pain after a fall"}, days: 80, place: emergency},
	{code: snomed("62106007", "Concussion with no loss of consciousness"), words: "concussion", from: 5, to: 85, chance: 24, drugs: []*drug{&acetaminophen}, image: headScan, symptoms: []string{"headache", "dizziness"}, days: 25, place: emergency},
	{code: snomed("403190006", "First degree burn"), words: "first degree burn", from: 1, to: 80, chance: 14, plan: injuryPlan, symptoms: []string{"a painful burn"}, days: 15, place: emergency},
	{code: snomed("241929008", "Acute allergic reaction"), words: "acute allergic reaction", from: 1, to: 80, chance: 12, drugs: []*drug{&epinephrine}, symptoms: []string{"hives", "lip swelling"}, days: 2, place: emergency},
	{code: snomed("74400008", "Appendicitis"), words: "acute appendicitis", from: 6, to: 60, chance: 9, drugs: []*drug{&oxycodone, &enoxaparin}, treat: []*treatment{&appendectomy}, symptoms: []string{"right lower quadrant pain", "nausea"}, severe: true, days: 14, place: inpatient},
	{code: snomed("22298006", "Myocardial Infarction"), words: "myocardial infarction", from: 48, to: 99, chance: 14, drugs: []*drug{&alteplase, &enoxaparin, &aspirin}, treat: []*treatment{&electrocardio, &intervention}, symptoms: []string{"crushing chest pain", "diaphoresis"}, severe: true, days: 60, place: inpatient},
	{code: snomed("230690007", "Stroke"), words: "ischemic stroke", from: 55, to: 99, chance: 12, drugs: []*drug{&alteplase, &clopidogrel, &enoxaparin}, image: headScan, symptoms: []string{"facial droop", "slurred speech", "arm weakness"}, severe: true, days: 180, place: inpatient},
}

// normalPregnancy is planned apart from the other disorders: it has prenatal
// visits and ends in a birth.
var normalPregnancy = &disorder{code: snomed("72892002", "Normal pregnancy"), words: "normal pregnancy", from: 17, to: 42, sex: womenOnly, traits: pregnant, plan: antenatalPlan, treat: []*treatment{&fundalHeight, &fetalHeart}, symptoms: []string{"nausea in the morning", "fatigue"}, place: prenatal}

// socialFindings are what screening at a check-up writes down as Conditions.
var socialFindings = []*disorder{
	{code: snomed("160903007", "Full-time employment (finding)"), words: "full-time employment", from: 20, to: 64, days: 700},
	{code: snomed("73595000", "Stress (finding)"), words: "stress", from: 18, to: 80, days: 240},
	{code: snomed("160904001", "Part-time employment (finding)"), words: "part-time employment", from: 18, to: 70, days: 500},
	{code: snomed("741062008", "Not in labor force (finding)"), words: "not in labor force", from: 18, to: 90, days: 600},
	{code: snomed("423315002", "Limited social contact (finding)"), words: "limited social contact", from: 18, to: 90, days: 300},
	{code: snomed("224299000", "Received higher education (finding)"), words: "received higher education", from: 22, to: 70},
}

// allergen is what a patient does not tolerate.
type allergen struct {
	code        concept
	category    string // AllergyIntolerance.category
	words       string
	intolerance bool
	drugs       []*drug // that are therefore not prescribed
}

var allergens = []allergen{
	{snomed("91935009", "Allergy to peanuts"), "food", "peanuts", false, nil},
	{snomed("91934008", "Allergy to nut"), "food", "tree nuts", false, nil},
	{snomed("300913006", "Shellfish allergy"), "food", "shellfish", false, nil},
	{snomed("417532002", "Allergy to fish"), "food", "fish", false, nil},
	{snomed("425525006", "Allergy to dairy product"), "food", "dairy", true, nil},
	{snomed("420174000", "Allergy to wheat"), "food", "wheat", true, nil},
	{snomed("419474003", "Allergy to mould"), "environment", "mold", false, nil},
	{snomed("232350006", "House dust mite allergy"), "environment", "dust mites", false, nil},
	{snomed("232347008", "Dander (animal) allergy"), "environment", "animal dander", false, nil},
	{snomed("418689008", "Allergy to grass pollen"), "environment", "grass pollen", false, nil},
	{snomed("419263009", "Allergy to tree pollen"), "environment", "tree pollen", false, nil},
	{snomed("424213003", "Allergy to bee venom"), "environment", "bee stings", false, nil},
	{snomed("300916003", "Latex allergy"), "environment", "latex", false, nil},
	{rxnorm("1191", "Aspirin"), "medication", "aspirin", true, []*drug{&aspirin}},
	{rxnorm("7980", "Penicillin G"), "medication", "penicillin", false, []*drug{&penicillin, &amoxicillin, &clavulanate}},
	{rxnorm("10831", "Sulfamethoxazole / Trimethoprim"), "medication", "sulfa drugs", false, nil},
}

var reactions = []concept{
	snomed("247472004", "Wheal (finding)"),
	snomed("271807003", "Eruption of skin (disorder)"),
	snomed("49727002", "Cough (finding)"),
	snomed("422587007", "Nausea (finding)"),
	snomed("39579001", "Anaphylaxis (disorder)"),
	snomed("21626009", "Cutaneous hypersensitivity (disorder)"),
}
