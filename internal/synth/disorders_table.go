package synth

// trait is an effect of a disorder on measurements and notes.
type trait uint32

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
	prostatic
	depressed
	congested
	gouty
	demented
	irregular
	wounded
)

// sexes are the sexes that have a disorder.
type sexes uint8

const (
	anySex sexes = iota
	womenOnly
	menOnly
)

// disorder is a disease, an injury or a finding: chronic, or acute if it has days.
type disorder struct {
	code     concept  // SNOMED CT
	words    string   // as a note says it
	from, to int      // age in years at which an acute one begins
	sex      sexes    // that an acute one is found in
	chance   int      // weight of an acute one among the others
	shares   [2]curve // of men and women that have a chronic one by an age
	kin      kinship  // what a chronic one often comes with
	remits   int      // of a thousand, how many lose a chronic one
	lasts    [2]int   // years until then, at least and at most
	relief   int      // of a thousand parts of its severity, how many a treatment takes away
	pace     int      // parts by which severity grows in a year
	lethal   int      // weight among the causes of a death
	traits   trait
	drugs    []*drug // from when it is found
	more     []*drug // added one by one where severity stays high
	months   int     // how long drugs for a chronic one are taken; 0 is as long as it lasts
	plan     *regimen
	treat    []*treatment // at each visit for it
	image    *study
	device   *appliance
	symptoms []string // as a note says them
	severe   bool     // leads to the hospital
	social   bool     // how they live, no disease
	days     int      // how long an acute one lasts
	place    setting  // where an acute one is seen
}

// Sources of the shares by age and sex, rounded, and set to what a doctor has diagnosed:
// NHANES August 2021-August 2023 (NCHS Data Briefs 508 obesity, 511 hypertension and its
// awareness, 515 cholesterol, 519 anemia); NHANES 2017-2018 (Data Brief 405
// osteoporosis) and 2015-2016 (gout); National Diabetes Statistics Report 2024; NHIS
// 2017-2023 (asthma, arthritis, COPD, coronary heart disease, allergies, migraine,
// MMWR QuickStats); AHA Heart Disease and Stroke Statistics 2024 (heart failure); the
// ATRIA study (atrial fibrillation); BRFSS 2020 (depression) and NCS-R (anxiety); CDC's
// Chronic Kidney Disease Surveillance System and USRDS; Alzheimer's Association Facts
// and Figures 2024; SEER (cancers). Where a source has no line for an age or a sex, the
// share lies between its neighbors.
var chronicDisorders = []*disorder{
	{code: snomed("59621000", "Essential hypertension (disorder)"), words: "hypertension", kin: metabolic, shares: [2]curve{{{18, 10}, {29, 70}, {50, 310}, {70, 530}, {85, 620}}, {{18, 8}, {29, 57}, {50, 280}, {70, 530}, {85, 650}}}, relief: 620, pace: 35, more: []*drug{&hydrochlorothiazide, &amlodipine}, traits: hypertensive, drugs: []*drug{&lisinopril}, plan: lifestylePlan, symptoms: []string{"headaches"}},
	{code: snomed("55822004", "Hyperlipidemia"), words: "hyperlipidemia", kin: metabolic, shares: [2]curve{{{20, 15}, {30, 60}, {50, 250}, {70, 450}, {85, 480}}, {{20, 10}, {30, 45}, {50, 210}, {70, 470}, {85, 500}}}, relief: 600, pace: 30, traits: lipidemic, drugs: []*drug{&simvastatin}},
	{code: snomed("15777000", "Prediabetes"), words: "prediabetes", kin: metabolic, shares: [2]curve{{{18, 10}, {31, 90}, {55, 220}, {75, 300}}, {{18, 10}, {31, 80}, {55, 190}, {75, 280}}}, pace: 12, traits: prediabetic},
	{code: snomed("44054006", "Diabetes mellitus type 2 (disorder)"), words: "type 2 diabetes mellitus", kin: metabolic, shares: [2]curve{{{18, 3}, {31, 32}, {55, 155}, {75, 265}, {88, 270}}, {{18, 3}, {31, 30}, {55, 135}, {75, 225}, {88, 235}}}, relief: 560, pace: 60, more: []*drug{&glipizide, &insulin}, traits: diabetic, drugs: []*drug{&metformin}, plan: diabetesPlan, device: glucoseMeter, symptoms: []string{"polyuria", "thirst", "blurred vision"}},
	{code: snomed("162864005", "Body mass index 30+ - obesity (finding)"), words: "obesity", kin: metabolic, shares: [2]curve{{{6, 60}, {16, 200}, {30, 350}, {50, 464}}, {{6, 55}, {16, 190}, {30, 360}, {50, 464}}}, remits: 160, lasts: [2]int{8, 30}, pace: 10, traits: obese},
	{code: snomed("195967001", "Asthma (disorder)"), words: "asthma", kin: atopic, shares: [2]curve{{{5, 70}, {12, 105}, {30, 120}, {60, 125}}, {{5, 50}, {12, 85}, {30, 125}, {60, 150}}}, remits: 430, lasts: [2]int{4, 14}, relief: 550, pace: 20, more: []*drug{&fluticasone, &montelukast}, traits: obstructive, drugs: []*drug{&albuterol}, plan: asthmaPlan, treat: []*treatment{&spirometry}, device: nebulizer, symptoms: []string{"wheezing", "nighttime cough"}},
	{code: snomed("87433001", "Pulmonary emphysema (disorder)"), words: "COPD with emphysema", shares: [2]curve{{{40, 5}, {55, 45}, {70, 95}, {80, 105}}, {{40, 6}, {55, 52}, {70, 100}, {80, 110}}}, relief: 300, pace: 70, more: []*drug{&tiotropium}, lethal: 20, traits: obstructive, drugs: []*drug{&salmeterol, &albuterol}, plan: lungPlan, treat: []*treatment{&spirometry}, image: lungXray, symptoms: []string{"shortness of breath on exertion", "productive cough"}},
	{code: snomed("53741008", "Coronary Heart Disease"), words: "coronary artery disease", kin: metabolic, shares: [2]curve{{{35, 3}, {45, 20}, {55, 70}, {70, 160}, {82, 245}}, {{35, 2}, {45, 12}, {55, 35}, {70, 80}, {82, 145}}}, relief: 550, pace: 30, lethal: 30, traits: lipidemic, drugs: []*drug{&aspirin, &atorvastatin, &nitroglycerin, &clopidogrel}, plan: lifestylePlan, treat: []*treatment{&electrocardio}, symptoms: []string{"exertional chest pain", "palpitations"}},
	{code: snomed("88805009", "Chronic congestive heart failure (disorder)"), words: "congestive heart failure", traits: congested, kin: metabolic, shares: [2]curve{{{30, 2}, {50, 15}, {70, 69}, {85, 128}}, {{30, 2}, {50, 12}, {70, 48}, {85, 120}}}, relief: 450, pace: 80, lethal: 30, drugs: []*drug{&furosemide, &metoprolol}, treat: []*treatment{&echocardio}, image: heartXray, symptoms: []string{"leg edema", "orthopnea"}},
	{code: snomed("49436004", "Atrial Fibrillation"), words: "atrial fibrillation", traits: irregular, shares: [2]curve{{{45, 2}, {57, 17}, {67, 40}, {77, 85}, {88, 111}}, {{45, 1}, {57, 10}, {67, 27}, {77, 65}, {88, 91}}}, lethal: 4, drugs: []*drug{&warfarin, &digoxin}, treat: []*treatment{&electrocardio, &cardioversion}, device: pacemakerDevice, symptoms: []string{"palpitations", "lightheadedness"}},
	{code: snomed("239873007", "Osteoarthritis of knee"), words: "osteoarthritis of the knee", shares: [2]curve{{{30, 10}, {55, 75}, {70, 140}, {80, 160}}, {{30, 12}, {55, 105}, {70, 180}, {80, 215}}}, relief: 300, pace: 30, traits: inflamed, drugs: []*drug{&naproxen}, plan: musclePlan, image: kneeXray, symptoms: []string{"knee pain", "morning stiffness"}},
	{code: snomed("64859006", "Osteoporosis (disorder)"), words: "osteoporosis", shares: [2]curve{{{50, 20}, {57, 33}, {72, 57}, {85, 75}}, {{50, 70}, {57, 131}, {72, 271}, {85, 330}}}, months: 60, drugs: []*drug{&alendronate}, treat: []*treatment{&boneDensity}},
	{code: snomed("69896004", "Rheumatoid arthritis"), words: "rheumatoid arthritis", shares: [2]curve{{{20, 1}, {50, 4}, {70, 8}}, {{20, 2}, {50, 11}, {70, 19}}}, relief: 500, pace: 60, more: []*drug{&methotrexate, &hydroxychlor}, traits: inflamed, drugs: []*drug{&prednisone}, plan: musclePlan, symptoms: []string{"joint swelling", "fatigue"}},
	{code: snomed("90560007", "Gout"), words: "gout", kin: metabolic, shares: [2]curve{{{25, 4}, {50, 45}, {70, 105}, {82, 120}}, {{30, 2}, {50, 14}, {70, 55}, {82, 85}}}, relief: 600, pace: 20, traits: gouty, drugs: []*drug{&allopurinol}, symptoms: []string{"pain in the great toe"}},
	{code: snomed("40930008", "Hypothyroidism (disorder)"), words: "hypothyroidism", shares: [2]curve{{{30, 8}, {50, 25}, {70, 65}, {85, 90}}, {{20, 15}, {35, 45}, {55, 110}, {75, 190}, {85, 210}}}, relief: 850, pace: 30, traits: thyroid, drugs: []*drug{&levothyroxine}, symptoms: []string{"fatigue", "cold intolerance"}},
	{code: snomed("235595009", "Gastroesophageal reflux disease (disorder)"), words: "gastroesophageal reflux disease", shares: [2]curve{{{15, 10}, {30, 80}, {50, 150}, {70, 210}}, {{15, 10}, {30, 80}, {50, 150}, {70, 210}}}, relief: 600, pace: 40, months: 18, drugs: []*drug{&omeprazole}, symptoms: []string{"heartburn"}},
	{code: snomed("370143000", "Major depressive disorder (disorder)"), words: "major depressive disorder", traits: depressed, kin: mental, shares: [2]curve{{{10, 8}, {18, 70}, {30, 110}, {60, 140}}, {{10, 12}, {18, 150}, {30, 210}, {60, 250}}}, remits: 650, lasts: [2]int{1, 5}, relief: 520, pace: 30, drugs: []*drug{&sertraline}, plan: mindPlan, treat: []*treatment{&therapy, &depressionTest}, symptoms: []string{"low mood", "insomnia"}},
	{code: snomed("21897009", "Generalized anxiety disorder (disorder)"), words: "generalized anxiety disorder", kin: mental, shares: [2]curve{{{12, 5}, {20, 25}, {45, 45}}, {{12, 10}, {20, 50}, {45, 90}}}, remits: 400, lasts: [2]int{2, 8}, relief: 450, pace: 20, drugs: []*drug{&fluoxetine}, plan: mindPlan, treat: []*treatment{&therapy}, symptoms: []string{"restlessness", "worry"}},
	{code: snomed("124171000119105", "Chronic intractable migraine without aura"), words: "migraine without aura", kin: mental, shares: [2]curve{{{8, 10}, {18, 45}, {38, 80}}, {{8, 12}, {18, 90}, {38, 230}}}, remits: 500, lasts: [2]int{10, 25}, relief: 350, pace: 20, more: []*drug{&propranolol}, drugs: []*drug{&sumatriptan}, symptoms: []string{"throbbing headache", "photophobia"}},
	{code: snomed("84757009", "Epilepsy"), words: "epilepsy", shares: [2]curve{{{3, 2}, {10, 8}, {40, 12}, {70, 17}}, {{3, 2}, {10, 8}, {40, 12}, {70, 17}}}, drugs: []*drug{&levetiracetam}, symptoms: []string{"a brief seizure"}},
	{code: snomed("433144002", "Chronic kidney disease stage 3 (disorder)"), words: "chronic kidney disease stage 3", kin: metabolic, shares: [2]curve{{{40, 5}, {60, 45}, {72, 110}, {85, 230}}, {{40, 5}, {60, 50}, {72, 120}, {85, 250}}}, pace: 60, lethal: 5, traits: renal, drugs: []*drug{&amlodipine}, symptoms: []string{"ankle swelling"}},
	{code: snomed("46177005", "End-stage renal disease (disorder)"), words: "end-stage renal disease", kin: metabolic, shares: [2]curve{{{30, 1}, {55, 5}, {75, 11}}, {{30, 1}, {55, 4}, {75, 8}}}, pace: 30, lethal: 60, traits: renal | anemic, drugs: []*drug{&epoetin}, treat: []*treatment{&dialysis}, symptoms: []string{"fatigue", "itching"}},
	{code: snomed("26929004", "Alzheimer's disease (disorder)"), words: "Alzheimer's disease", traits: demented, shares: [2]curve{{{62, 5}, {70, 42}, {80, 115}, {90, 290}}, {{62, 6}, {70, 55}, {80, 145}, {90, 360}}}, pace: 120, more: []*drug{&memantine}, lethal: 30, drugs: []*drug{&galantamine}, plan: dementiaPlan, device: wheelchair, symptoms: []string{"memory loss", "confusion"}},
	{code: snomed("78275009", "Obstructive sleep apnea syndrome (disorder)"), words: "obstructive sleep apnea", kin: metabolic, shares: [2]curve{{{25, 10}, {45, 70}, {65, 110}}, {{25, 4}, {45, 30}, {65, 60}}}, treat: []*treatment{&sleepStudy}, device: airwayDevice, symptoms: []string{"snoring", "daytime sleepiness"}},
	{code: snomed("367498001", "Seasonal allergic rhinitis"), words: "seasonal allergic rhinitis", kin: atopic, shares: [2]curve{{{2, 15}, {8, 80}, {18, 120}, {40, 150}}, {{2, 12}, {8, 70}, {18, 125}, {40, 170}}}, drugs: []*drug{&cetirizine}, symptoms: []string{"sneezing", "itchy eyes"}},
	{code: snomed("24079001", "Atopic dermatitis"), words: "atopic dermatitis", traits: wounded, kin: atopic, shares: [2]curve{{{0, 40}, {2, 80}, {8, 107}}, {{0, 40}, {2, 80}, {8, 107}, {40, 120}}}, remits: 600, lasts: [2]int{3, 14}, months: 24, drugs: []*drug{&hydrocortisone}, symptoms: []string{"an itchy rash"}},
	{code: snomed("271737000", "Anemia (disorder)"), words: "anemia", shares: [2]curve{{{2, 10}, {30, 15}, {60, 60}, {80, 150}}, {{2, 15}, {15, 70}, {25, 130}, {50, 150}, {80, 190}}}, remits: 600, lasts: [2]int{1, 4}, relief: 700, pace: 10, months: 9, traits: anemic, drugs: []*drug{&ferrousSulfate}, symptoms: []string{"fatigue", "pallor"}},
	{code: snomed("266569009", "Benign prostatic hyperplasia (disorder)"), words: "benign prostatic hyperplasia", traits: prostatic, shares: [2]curve{{{45, 20}, {55, 100}, {65, 220}, {75, 330}, {85, 400}}}, pace: 30, drugs: []*drug{&tamsulosin}, symptoms: []string{"nocturia", "a weak stream"}},
	{code: snomed("278860009", "Chronic low back pain (finding)"), words: "chronic low back pain", kin: mental, shares: [2]curve{{{18, 30}, {30, 90}, {50, 145}, {70, 160}}, {{18, 30}, {30, 90}, {50, 145}, {70, 160}}}, relief: 300, pace: 20, months: 36, more: []*drug{&gabapentin}, drugs: []*drug{&ibuprofen}, plan: musclePlan, symptoms: []string{"low back pain"}},
	{code: snomed("254837009", "Malignant neoplasm of breast (disorder)"), words: "breast cancer", shares: [2]curve{nil, {{30, 1}, {45, 12}, {60, 45}, {75, 85}, {88, 105}}}, months: 60, lethal: 30, drugs: []*drug{&anastrozole, &paclitaxel}, plan: cancerPlan, treat: []*treatment{&mammography, &chemotherapy}, symptoms: []string{"a breast lump"}},
	{code: snomed("254637007", "Non-small cell lung cancer (disorder)"), words: "non-small cell lung cancer", shares: [2]curve{{{45, 1}, {60, 6}, {72, 15}, {85, 18}}, {{45, 1}, {60, 6}, {72, 14}, {85, 16}}}, months: 9, lethal: 200, drugs: []*drug{&paclitaxel}, plan: cancerPlan, treat: []*treatment{&chemotherapy}, image: tumorXray, symptoms: []string{"hemoptysis", "weight loss"}},
	{code: snomed("68496003", "Polyp of colon"), words: "colon polyps", shares: [2]curve{{{45, 30}, {55, 130}, {65, 190}, {75, 240}}, {{45, 25}, {55, 100}, {65, 150}, {75, 190}}}, treat: []*treatment{&colonoscopy}},
	{code: snomed("126906006", "Neoplasm of prostate"), words: "prostate cancer", traits: prostatic, shares: [2]curve{{{48, 2}, {60, 25}, {70, 75}, {85, 150}}}, pace: 60, plan: cancerPlan, symptoms: []string{"nocturia", "bone pain"}, lethal: 30},
	{code: snomed("363406005", "Malignant tumor of colon"), words: "colon cancer", shares: [2]curve{{{45, 1}, {60, 7}, {75, 20}, {88, 32}}, {{45, 1}, {60, 6}, {75, 17}, {88, 28}}}, traits: anemic, pace: 20, plan: cancerPlan, treat: []*treatment{&colonoscopy, &chemotherapy}, symptoms: []string{"abdominal cramps", "weight loss"}, lethal: 60},
}
