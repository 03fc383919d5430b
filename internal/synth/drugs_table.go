package synth

// drug is a medication as it is ordered.
type drug struct {
	code   concept // RxNorm
	words  string  // as a note says it: name, strength, form
	sig    string  // instruction for the patient
	dose   int     // of doseUnit, in hundredths
	unit   unit
	route  concept
	times  int // doses in a period of days
	days   int
	needed bool // as needed
	weeks  int  // supply of one fill
	cents  int  // price of one fill
}

func rxnorm(code, display string) concept { return concept{rxnormSystem, code, display} }

var (
	oral         = snomed("26643006", "Oral route")
	inhaled      = snomed("447694001", "Respiratory tract route")
	subcutaneous = snomed("34206005", "Subcutaneous route")
	intravenous  = snomed("47625008", "Intravenous route")
	topical      = snomed("6064005", "Topical route")

	tablet     = unit{"tablet", "{tbl}"}
	capsule    = unit{"capsule", "{capsule}"}
	puff       = unit{"puff", "{puff}"}
	milliliter = unit{"mL", "mL"}
	milligram  = unit{"mg", "mg"}
	insulinU   = unit{"U", "[iU]"}
	smear      = unit{"application", "{application}"}
)

var (
	lisinopril          = drug{rxnorm("314076", "lisinopril 10 MG Oral Tablet"), "lisinopril 10 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 1450}
	hydrochlorothiazide = drug{rxnorm("310798", "Hydrochlorothiazide 25 MG Oral Tablet"), "hydrochlorothiazide 25 mg tablet", "Take 1 tablet by mouth every morning", 100, tablet, oral, 1, 1, false, 13, 1120}
	amlodipine          = drug{rxnorm("197361", "Amlodipine 5 MG Oral Tablet"), "amlodipine 5 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 1275}
	metoprolol          = drug{rxnorm("866412", "24 HR metoprolol succinate 100 MG Extended Release Oral Tablet"), "metoprolol succinate ER 100 mg tablet", "Take 1 tablet by mouth once daily, do not crush", 100, tablet, oral, 1, 1, false, 13, 2330}
	metformin           = drug{rxnorm("860975", "24 HR Metformin hydrochloride 500 MG Extended Release Oral Tablet"), "metformin ER 500 mg tablet", "Take 1 tablet by mouth twice daily with meals", 100, tablet, oral, 2, 1, false, 13, 1890}
	insulin             = drug{rxnorm("106892", "insulin isophane, human 70 UNT/ML / insulin, regular, human 30 UNT/ML Injectable Suspension [Humulin]"), "Humulin 70/30 insulin", "Inject 18 units under the skin twice daily before meals", 1800, insulinU, subcutaneous, 2, 1, false, 4, 14850}
	simvastatin         = drug{rxnorm("312961", "Simvastatin 20 MG Oral Tablet"), "simvastatin 20 mg tablet", "Take 1 tablet by mouth at bedtime", 100, tablet, oral, 1, 1, false, 13, 1310}
	atorvastatin        = drug{rxnorm("259255", "atorvastatin 80 MG Oral Tablet"), "atorvastatin 80 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 1980}
	aspirin             = drug{rxnorm("243670", "aspirin 81 MG Oral Tablet"), "aspirin 81 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 540}
	clopidogrel         = drug{rxnorm("309362", "Clopidogrel 75 MG Oral Tablet"), "clopidogrel 75 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 2210}
	nitroglycerin       = drug{rxnorm("705129", "Nitroglycerin 0.4 MG/ACTUAT Mucosal Spray"), "nitroglycerin 0.4 mg spray", "Spray once under the tongue for chest pain, up to 3 times", 100, puff, oral, 1, 1, true, 26, 8920}
	furosemide          = drug{rxnorm("313988", "Furosemide 40 MG Oral Tablet"), "furosemide 40 mg tablet", "Take 1 tablet by mouth every morning", 100, tablet, oral, 1, 1, false, 13, 980}
	warfarin            = drug{rxnorm("855332", "Warfarin Sodium 5 MG Oral Tablet"), "warfarin 5 mg tablet", "Take 1 tablet by mouth every evening", 100, tablet, oral, 1, 1, false, 13, 1340}
	digoxin             = drug{rxnorm("197604", "Digoxin 0.125 MG Oral Tablet"), "digoxin 0.125 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 2190}
	albuterol           = drug{rxnorm("745679", "200 ACTUAT Albuterol 0.09 MG/ACTUAT Metered Dose Inhaler"), "albuterol 90 mcg inhaler", "Inhale 2 puffs every 4 to 6 hours as needed for wheezing", 200, puff, inhaled, 4, 1, true, 8, 4750}
	fluticasone         = drug{rxnorm("895994", "120 ACTUAT Fluticasone propionate 0.044 MG/ACTUAT Metered Dose Inhaler"), "fluticasone 44 mcg inhaler", "Inhale 2 puffs twice daily", 200, puff, inhaled, 2, 1, false, 4, 18900}
	salmeterol          = drug{rxnorm("896209", "60 ACTUAT Fluticasone propionate 0.25 MG/ACTUAT / salmeterol 0.05 MG/ACTUAT Dry Powder Inhaler"), "fluticasone 250 mcg / salmeterol 50 mcg inhaler", "Inhale 1 puff twice daily", 100, puff, inhaled, 2, 1, false, 4, 31200}
	levothyroxine       = drug{rxnorm("892246", "levothyroxine sodium 0.1 MG Oral Tablet"), "levothyroxine 100 mcg tablet", "Take 1 tablet by mouth every morning on an empty stomach", 100, tablet, oral, 1, 1, false, 13, 1760}
	omeprazole          = drug{rxnorm("198051", "omeprazole 20 MG Delayed Release Oral Capsule"), "omeprazole 20 mg capsule", "Take 1 capsule by mouth before breakfast", 100, capsule, oral, 1, 1, false, 8, 1590}
	sertraline          = drug{rxnorm("312941", "sertraline 50 MG Oral Tablet"), "sertraline 50 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 1420}
	fluoxetine          = drug{rxnorm("310385", "fluoxetine 20 MG Oral Capsule"), "fluoxetine 20 mg capsule", "Take 1 capsule by mouth every morning", 100, capsule, oral, 1, 1, false, 13, 1380}
	sumatriptan         = drug{rxnorm("313161", "sumatriptan 50 MG Oral Tablet"), "sumatriptan 50 mg tablet", "Take 1 tablet at onset of migraine, may repeat once after 2 hours", 100, tablet, oral, 2, 1, true, 13, 3250}
	levetiracetam       = drug{rxnorm("311289", "levetiracetam 500 MG Oral Tablet"), "levetiracetam 500 mg tablet", "Take 1 tablet by mouth twice daily", 100, tablet, oral, 2, 1, false, 13, 2870}
	alendronate         = drug{rxnorm("904419", "Alendronic acid 10 MG Oral Tablet"), "alendronate 10 mg tablet", "Take 1 tablet by mouth every morning with a full glass of water", 100, tablet, oral, 1, 1, false, 13, 1660}
	methotrexate        = drug{rxnorm("105586", "Methotrexate 10 MG Oral Tablet"), "methotrexate 10 mg tablet", "Take 1 tablet by mouth once weekly", 100, tablet, oral, 1, 7, false, 13, 3940}
	prednisone          = drug{rxnorm("312617", "predniSONE 5 MG Oral Tablet"), "prednisone 5 mg tablet", "Take 1 tablet by mouth once daily with food", 100, tablet, oral, 1, 1, false, 4, 870}
	allopurinol         = drug{rxnorm("197319", "Allopurinol 100 MG Oral Tablet"), "allopurinol 100 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 1180}
	galantamine         = drug{rxnorm("310436", "Galantamine 4 MG Oral Tablet"), "galantamine 4 mg tablet", "Take 1 tablet by mouth twice daily", 100, tablet, oral, 2, 1, false, 8, 4430}
	tamsulosin          = drug{rxnorm("863669", "Tamsulosin hydrochloride 0.4 MG Oral Capsule"), "tamsulosin 0.4 mg capsule", "Take 1 capsule by mouth at bedtime", 100, capsule, oral, 1, 1, false, 13, 1930}
	ferrousSulfate      = drug{rxnorm("310325", "ferrous sulfate 325 MG Oral Tablet"), "ferrous sulfate 325 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 760}
	epoetin             = drug{rxnorm("205923", "1 ML Epoetin Alfa 4000 UNT/ML Injection [Epogen]"), "epoetin alfa 4000 units", "Inject 1 mL under the skin three times weekly", 100, milliliter, subcutaneous, 3, 7, false, 4, 61200}
	anastrozole         = drug{rxnorm("199224", "anastrozole 1 MG Oral Tablet"), "anastrozole 1 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 2480}
	paclitaxel          = drug{rxnorm("583214", "PACLitaxel 100 MG Injection"), "paclitaxel 100 mg", "Infusion in clinic every 3 weeks", 10000, milligram, intravenous, 1, 21, false, 3, 52300}
	gabapentin          = drug{rxnorm("310431", "gabapentin 300 MG Oral Capsule"), "gabapentin 300 mg capsule", "Take 1 capsule by mouth three times daily", 100, capsule, oral, 3, 1, false, 8, 1870}
	cetirizine          = drug{rxnorm("1014678", "cetirizine hydrochloride 10 MG Oral Tablet"), "cetirizine 10 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 980}
	hydrocortisone      = drug{rxnorm("106258", "Hydrocortisone 10 MG/ML Topical Cream"), "hydrocortisone 1% cream", "Apply thinly to the affected skin twice daily", 100, smear, topical, 2, 1, false, 4, 890}
	epinephrine         = drug{rxnorm("1870230", "NDA020800 0.3 ML Epinephrine 1 MG/ML Auto-Injector"), "epinephrine 0.3 mg auto-injector", "Inject into the thigh for a severe allergic reaction, then call 911", 30, milliliter, subcutaneous, 1, 1, true, 52, 35900}

	acetaminophen = drug{rxnorm("313782", "Acetaminophen 325 MG Oral Tablet"), "acetaminophen 325 mg tablet", "Take 2 tablets by mouth every 6 hours as needed for pain or fever", 200, tablet, oral, 4, 1, true, 2, 520}
	ibuprofen     = drug{rxnorm("310965", "Ibuprofen 200 MG Oral Tablet"), "ibuprofen 200 mg tablet", "Take 2 tablets by mouth every 6 hours as needed for pain", 200, tablet, oral, 4, 1, true, 2, 610}
	naproxen      = drug{rxnorm("198014", "Naproxen 500 MG Oral Tablet"), "naproxen 500 mg tablet", "Take 1 tablet by mouth twice daily with food", 100, tablet, oral, 2, 1, true, 4, 1140}
	oxycodone     = drug{rxnorm("1049221", "Acetaminophen 325 MG / Oxycodone Hydrochloride 5 MG Oral Tablet"), "oxycodone 5 mg / acetaminophen 325 mg tablet", "Take 1 tablet by mouth every 6 hours as needed for severe pain", 100, tablet, oral, 4, 1, true, 1, 2190}
	amoxicillin   = drug{rxnorm("308192", "Amoxicillin 500 MG Oral Tablet"), "amoxicillin 500 mg tablet", "Take 1 tablet by mouth three times daily for 10 days", 100, tablet, oral, 3, 1, false, 2, 1260}
	clavulanate   = drug{rxnorm("562251", "Amoxicillin 250 MG / Clavulanate 125 MG Oral Tablet"), "amoxicillin 250 mg / clavulanate 125 mg tablet", "Take 1 tablet by mouth every 8 hours for 10 days", 100, tablet, oral, 3, 1, false, 2, 2340}
	penicillin    = drug{rxnorm("834061", "Penicillin V Potassium 250 MG Oral Tablet"), "penicillin V 250 mg tablet", "Take 1 tablet by mouth four times daily for 10 days", 100, tablet, oral, 4, 1, false, 2, 1090}
	azithromycin  = drug{rxnorm("308460", "azithromycin 250 MG Oral Tablet"), "azithromycin 250 mg tablet", "Take 2 tablets on the first day, then 1 tablet daily for 4 days", 100, tablet, oral, 1, 1, false, 1, 1870}
	nitrofuran    = drug{rxnorm("311995", "NITROFURANTOIN, MACROCRYSTALS 50 MG Oral Capsule"), "nitrofurantoin 50 mg capsule", "Take 1 capsule by mouth four times daily for 7 days", 100, capsule, oral, 4, 1, false, 1, 3110}
	phenazo       = drug{rxnorm("1094107", "Phenazopyridine hydrochloride 100 MG Oral Tablet"), "phenazopyridine 100 mg tablet", "Take 1 tablet by mouth three times daily after meals for 2 days", 100, tablet, oral, 3, 1, true, 1, 1480}
	enoxaparin    = drug{rxnorm("854235", "0.4 ML enoxaparin sodium 100 MG/ML Prefilled Syringe"), "enoxaparin 40 mg", "Inject 40 mg under the skin once daily", 4000, milligram, subcutaneous, 1, 1, false, 1, 9870}
	alteplase     = drug{rxnorm("1804799", "Alteplase 100 MG Injection"), "alteplase 100 mg", "Infusion over 60 minutes", 10000, milligram, intravenous, 1, 1, false, 1, 612000}
)
