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

	stronger *drug // takes its place where it does too little
	instead  *drug // takes its place where it is not tolerated
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
	lisinopril          = drug{rxnorm("314076", "lisinopril 10 MG Oral Tablet"), "lisinopril 10 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 1450, &lisinopril20, &losartan}
	hydrochlorothiazide = drug{rxnorm("310798", "Hydrochlorothiazide 25 MG Oral Tablet"), "hydrochlorothiazide 25 mg tablet", "Take 1 tablet by mouth every morning", 100, tablet, oral, 1, 1, false, 13, 1120, nil, nil}
	amlodipine          = drug{rxnorm("197361", "Amlodipine 5 MG Oral Tablet"), "amlodipine 5 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 1275, nil, nil}
	metoprolol          = drug{rxnorm("866412", "24 HR metoprolol succinate 100 MG Extended Release Oral Tablet"), "metoprolol succinate ER 100 mg tablet", "Take 1 tablet by mouth once daily, do not crush", 100, tablet, oral, 1, 1, false, 13, 2330, nil, &carvedilol}
	metformin           = drug{rxnorm("860975", "24 HR Metformin hydrochloride 500 MG Extended Release Oral Tablet"), "metformin ER 500 mg tablet", "Take 1 tablet by mouth twice daily with meals", 100, tablet, oral, 2, 1, false, 13, 1890, &metformin1000, &glipizide}
	insulin             = drug{rxnorm("106892", "insulin isophane, human 70 UNT/ML / insulin, regular, human 30 UNT/ML Injectable Suspension [Humulin]"), "Humulin 70/30 insulin", "Inject 18 units under the skin twice daily before meals", 1800, insulinU, subcutaneous, 2, 1, false, 4, 14850, nil, nil}
	simvastatin         = drug{rxnorm("312961", "Simvastatin 20 MG Oral Tablet"), "simvastatin 20 mg tablet", "Take 1 tablet by mouth at bedtime", 100, tablet, oral, 1, 1, false, 13, 1310, &simvastatin40, &pravastatin}
	atorvastatin        = drug{rxnorm("259255", "atorvastatin 80 MG Oral Tablet"), "atorvastatin 80 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 1980, nil, &pravastatin}
	aspirin             = drug{rxnorm("243670", "aspirin 81 MG Oral Tablet"), "aspirin 81 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 540, nil, nil}
	clopidogrel         = drug{rxnorm("309362", "Clopidogrel 75 MG Oral Tablet"), "clopidogrel 75 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 2210, nil, nil}
	nitroglycerin       = drug{rxnorm("705129", "Nitroglycerin 0.4 MG/ACTUAT Mucosal Spray"), "nitroglycerin 0.4 mg spray", "Spray once under the tongue for chest pain, up to 3 times", 100, puff, oral, 1, 1, true, 26, 8920, nil, nil}
	furosemide          = drug{rxnorm("313988", "Furosemide 40 MG Oral Tablet"), "furosemide 40 mg tablet", "Take 1 tablet by mouth every morning", 100, tablet, oral, 1, 1, false, 13, 980, &furosemide80, nil}
	warfarin            = drug{rxnorm("855332", "Warfarin Sodium 5 MG Oral Tablet"), "warfarin 5 mg tablet", "Take 1 tablet by mouth every evening", 100, tablet, oral, 1, 1, false, 13, 1340, nil, &rivaroxaban}
	digoxin             = drug{rxnorm("197604", "Digoxin 0.125 MG Oral Tablet"), "digoxin 0.125 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 2190, nil, nil}
	albuterol           = drug{rxnorm("745679", "200 ACTUAT Albuterol 0.09 MG/ACTUAT Metered Dose Inhaler"), "albuterol 90 mcg inhaler", "Inhale 2 puffs every 4 to 6 hours as needed for wheezing", 200, puff, inhaled, 4, 1, true, 8, 4750, nil, nil}
	fluticasone         = drug{rxnorm("895994", "120 ACTUAT Fluticasone propionate 0.044 MG/ACTUAT Metered Dose Inhaler"), "fluticasone 44 mcg inhaler", "Inhale 2 puffs twice daily", 200, puff, inhaled, 2, 1, false, 4, 18900, nil, nil}
	salmeterol          = drug{rxnorm("896209", "60 ACTUAT Fluticasone propionate 0.25 MG/ACTUAT / salmeterol 0.05 MG/ACTUAT Dry Powder Inhaler"), "fluticasone 250 mcg / salmeterol 50 mcg inhaler", "Inhale 1 puff twice daily", 100, puff, inhaled, 2, 1, false, 4, 31200, nil, nil}
	levothyroxine       = drug{rxnorm("892246", "levothyroxine sodium 0.1 MG Oral Tablet"), "levothyroxine 100 mcg tablet", "Take 1 tablet by mouth every morning on an empty stomach", 100, tablet, oral, 1, 1, false, 13, 1760, &levothyroxine125, nil}
	omeprazole          = drug{rxnorm("198051", "omeprazole 20 MG Delayed Release Oral Capsule"), "omeprazole 20 mg capsule", "Take 1 capsule by mouth before breakfast", 100, capsule, oral, 1, 1, false, 8, 1590, &pantoprazole, &famotidine}
	sertraline          = drug{rxnorm("312941", "sertraline 50 MG Oral Tablet"), "sertraline 50 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 1420, &sertraline100, &escitalopram}
	fluoxetine          = drug{rxnorm("310385", "fluoxetine 20 MG Oral Capsule"), "fluoxetine 20 mg capsule", "Take 1 capsule by mouth every morning", 100, capsule, oral, 1, 1, false, 13, 1380, nil, &buspirone}
	sumatriptan         = drug{rxnorm("313161", "sumatriptan 50 MG Oral Tablet"), "sumatriptan 50 mg tablet", "Take 1 tablet at onset of migraine, may repeat once after 2 hours", 100, tablet, oral, 2, 1, true, 13, 3250, nil, &rizatriptan}
	levetiracetam       = drug{rxnorm("311289", "levetiracetam 500 MG Oral Tablet"), "levetiracetam 500 mg tablet", "Take 1 tablet by mouth twice daily", 100, tablet, oral, 2, 1, false, 13, 2870, nil, &lamotrigine}
	alendronate         = drug{rxnorm("904419", "Alendronic acid 10 MG Oral Tablet"), "alendronate 10 mg tablet", "Take 1 tablet by mouth every morning with a full glass of water", 100, tablet, oral, 1, 1, false, 13, 1660, nil, nil}
	methotrexate        = drug{rxnorm("105586", "Methotrexate 10 MG Oral Tablet"), "methotrexate 10 mg tablet", "Take 1 tablet by mouth once weekly", 100, tablet, oral, 1, 7, false, 13, 3940, nil, nil}
	prednisone          = drug{rxnorm("312617", "predniSONE 5 MG Oral Tablet"), "prednisone 5 mg tablet", "Take 1 tablet by mouth once daily with food", 100, tablet, oral, 1, 1, false, 4, 870, &prednisone10, nil}
	allopurinol         = drug{rxnorm("197319", "Allopurinol 100 MG Oral Tablet"), "allopurinol 100 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 1180, nil, &febuxostat}
	galantamine         = drug{rxnorm("310436", "Galantamine 4 MG Oral Tablet"), "galantamine 4 mg tablet", "Take 1 tablet by mouth twice daily", 100, tablet, oral, 2, 1, false, 8, 4430, nil, &donepezil}
	tamsulosin          = drug{rxnorm("863669", "Tamsulosin hydrochloride 0.4 MG Oral Capsule"), "tamsulosin 0.4 mg capsule", "Take 1 capsule by mouth at bedtime", 100, capsule, oral, 1, 1, false, 13, 1930, nil, &finasteride}
	ferrousSulfate      = drug{rxnorm("310325", "ferrous sulfate 325 MG Oral Tablet"), "ferrous sulfate 325 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 760, nil, nil}
	epoetin             = drug{rxnorm("205923", "1 ML Epoetin Alfa 4000 UNT/ML Injection [Epogen]"), "epoetin alfa 4000 units", "Inject 1 mL under the skin three times weekly", 100, milliliter, subcutaneous, 3, 7, false, 4, 61200, nil, nil}
	anastrozole         = drug{rxnorm("199224", "anastrozole 1 MG Oral Tablet"), "anastrozole 1 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 2480, nil, &letrozole}
	paclitaxel          = drug{rxnorm("583214", "PACLitaxel 100 MG Injection"), "paclitaxel 100 mg", "Infusion in clinic every 3 weeks", 10000, milligram, intravenous, 1, 21, false, 3, 52300, nil, nil}
	gabapentin          = drug{rxnorm("310431", "gabapentin 300 MG Oral Capsule"), "gabapentin 300 mg capsule", "Take 1 capsule by mouth three times daily", 100, capsule, oral, 3, 1, false, 8, 1870, nil, &duloxetine}
	cetirizine          = drug{rxnorm("1014678", "cetirizine hydrochloride 10 MG Oral Tablet"), "cetirizine 10 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 980, nil, &loratadine}
	hydrocortisone      = drug{rxnorm("106258", "Hydrocortisone 10 MG/ML Topical Cream"), "hydrocortisone 1% cream", "Apply thinly to the affected skin twice daily", 100, smear, topical, 2, 1, false, 4, 890, nil, nil}
	epinephrine         = drug{rxnorm("1870230", "NDA020800 0.3 ML Epinephrine 1 MG/ML Auto-Injector"), "epinephrine 0.3 mg auto-injector", "Inject into the thigh for a severe allergic reaction, then call 911", 30, milliliter, subcutaneous, 1, 1, true, 52, 35900, nil, nil}

	acetaminophen = drug{rxnorm("313782", "Acetaminophen 325 MG Oral Tablet"), "acetaminophen 325 mg tablet", "Take 2 tablets by mouth every 6 hours as needed for pain or fever", 200, tablet, oral, 4, 1, true, 2, 520, nil, nil}
	ibuprofen     = drug{rxnorm("310965", "Ibuprofen 200 MG Oral Tablet"), "ibuprofen 200 mg tablet", "Take 2 tablets by mouth every 6 hours as needed for pain", 200, tablet, oral, 4, 1, true, 2, 610, nil, &acetaminophen}
	naproxen      = drug{rxnorm("198014", "Naproxen 500 MG Oral Tablet"), "naproxen 500 mg tablet", "Take 1 tablet by mouth twice daily with food", 100, tablet, oral, 2, 1, true, 4, 1140, nil, &meloxicam}
	oxycodone     = drug{rxnorm("1049221", "Acetaminophen 325 MG / Oxycodone Hydrochloride 5 MG Oral Tablet"), "oxycodone 5 mg / acetaminophen 325 mg tablet", "Take 1 tablet by mouth every 6 hours as needed for severe pain", 100, tablet, oral, 4, 1, true, 1, 2190, nil, nil}
	amoxicillin   = drug{rxnorm("308192", "Amoxicillin 500 MG Oral Tablet"), "amoxicillin 500 mg tablet", "Take 1 tablet by mouth three times daily for 10 days", 100, tablet, oral, 3, 1, false, 2, 1260, nil, nil}
	clavulanate   = drug{rxnorm("562251", "Amoxicillin 250 MG / Clavulanate 125 MG Oral Tablet"), "amoxicillin 250 mg / clavulanate 125 mg tablet", "Take 1 tablet by mouth every 8 hours for 10 days", 100, tablet, oral, 3, 1, false, 2, 2340, nil, nil}
	penicillin    = drug{rxnorm("834061", "Penicillin V Potassium 250 MG Oral Tablet"), "penicillin V 250 mg tablet", "Take 1 tablet by mouth four times daily for 10 days", 100, tablet, oral, 4, 1, false, 2, 1090, nil, nil}
	azithromycin  = drug{rxnorm("308460", "azithromycin 250 MG Oral Tablet"), "azithromycin 250 mg tablet", "Take 2 tablets on the first day, then 1 tablet daily for 4 days", 100, tablet, oral, 1, 1, false, 1, 1870, nil, nil}
	nitrofuran    = drug{rxnorm("311995", "NITROFURANTOIN, MACROCRYSTALS 50 MG Oral Capsule"), "nitrofurantoin 50 mg capsule", "Take 1 capsule by mouth four times daily for 7 days", 100, capsule, oral, 4, 1, false, 1, 3110, nil, nil}
	phenazo       = drug{rxnorm("1094107", "Phenazopyridine hydrochloride 100 MG Oral Tablet"), "phenazopyridine 100 mg tablet", "Take 1 tablet by mouth three times daily after meals for 2 days", 100, tablet, oral, 3, 1, true, 1, 1480, nil, nil}
	enoxaparin    = drug{rxnorm("854235", "0.4 ML enoxaparin sodium 100 MG/ML Prefilled Syringe"), "enoxaparin 40 mg", "Inject 40 mg under the skin once daily", 4000, milligram, subcutaneous, 1, 1, false, 1, 9870, nil, nil}
	alteplase     = drug{rxnorm("1804799", "Alteplase 100 MG Injection"), "alteplase 100 mg", "Infusion over 60 minutes", 10000, milligram, intravenous, 1, 1, false, 1, 612000, nil, nil}
)

// The drugs that follow if the first one does too little or is not tolerated.
var (
	lisinopril20     = drug{rxnorm("314077", "lisinopril 20 MG Oral Tablet"), "lisinopril 20 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 1510, &lisinopril40, &losartan}
	lisinopril40     = drug{rxnorm("197884", "lisinopril 40 MG Oral Tablet"), "lisinopril 40 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 1640, nil, &losartan}
	losartan         = drug{rxnorm("979492", "losartan potassium 50 MG Oral Tablet"), "losartan 50 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 1720, nil, nil}
	metformin1000    = drug{rxnorm("861004", "metformin hydrochloride 1000 MG Oral Tablet"), "metformin 1000 mg tablet", "Take 1 tablet by mouth twice daily with meals", 100, tablet, oral, 2, 1, false, 13, 1330, nil, nil}
	glipizide        = drug{rxnorm("310490", "glipizide 5 MG Oral Tablet"), "glipizide 5 mg tablet", "Take 1 tablet by mouth 30 minutes before breakfast", 100, tablet, oral, 1, 1, false, 13, 1190, nil, nil}
	simvastatin40    = drug{rxnorm("198211", "simvastatin 40 MG Oral Tablet"), "simvastatin 40 mg tablet", "Take 1 tablet by mouth at bedtime", 100, tablet, oral, 1, 1, false, 13, 1490, &atorvastatin, &pravastatin}
	pravastatin      = drug{rxnorm("904475", "pravastatin sodium 40 MG Oral Tablet"), "pravastatin 40 mg tablet", "Take 1 tablet by mouth at bedtime", 100, tablet, oral, 1, 1, false, 13, 1620, nil, nil}
	carvedilol       = drug{rxnorm("200032", "carvedilol 12.5 MG Oral Tablet"), "carvedilol 12.5 mg tablet", "Take 1 tablet by mouth twice daily with food", 100, tablet, oral, 2, 1, false, 13, 1370, nil, nil}
	furosemide80     = drug{rxnorm("197732", "furosemide 80 MG Oral Tablet"), "furosemide 80 mg tablet", "Take 1 tablet by mouth every morning", 100, tablet, oral, 1, 1, false, 13, 1120, nil, nil}
	rivaroxaban      = drug{rxnorm("1232086", "rivaroxaban 20 MG Oral Tablet"), "rivaroxaban 20 mg tablet", "Take 1 tablet by mouth every evening with food", 100, tablet, oral, 1, 1, false, 13, 45200, nil, nil}
	levothyroxine125 = drug{rxnorm("966224", "levothyroxine sodium 0.125 MG Oral Tablet"), "levothyroxine 125 mcg tablet", "Take 1 tablet by mouth every morning on an empty stomach", 100, tablet, oral, 1, 1, false, 13, 1820, nil, nil}
	pantoprazole     = drug{rxnorm("314200", "pantoprazole 40 MG Delayed Release Oral Tablet"), "pantoprazole 40 mg tablet", "Take 1 tablet by mouth before breakfast", 100, tablet, oral, 1, 1, false, 8, 1710, nil, &famotidine}
	famotidine       = drug{rxnorm("310273", "famotidine 20 MG Oral Tablet"), "famotidine 20 mg tablet", "Take 1 tablet by mouth twice daily", 100, tablet, oral, 2, 1, false, 8, 1120, nil, nil}
	sertraline100    = drug{rxnorm("312938", "sertraline 100 MG Oral Tablet"), "sertraline 100 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 1560, nil, &escitalopram}
	escitalopram     = drug{rxnorm("349332", "escitalopram 10 MG Oral Tablet"), "escitalopram 10 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 1480, nil, nil}
	buspirone        = drug{rxnorm("866083", "buspirone hydrochloride 10 MG Oral Tablet"), "buspirone 10 mg tablet", "Take 1 tablet by mouth twice daily", 100, tablet, oral, 2, 1, false, 13, 1390, nil, nil}
	rizatriptan      = drug{rxnorm("314209", "rizatriptan 10 MG Oral Tablet"), "rizatriptan 10 mg tablet", "Take 1 tablet at onset of migraine, may repeat once after 2 hours", 100, tablet, oral, 2, 1, true, 13, 3410, nil, nil}
	propranolol      = drug{rxnorm("856519", "propranolol hydrochloride 40 MG Oral Tablet"), "propranolol 40 mg tablet", "Take 1 tablet by mouth twice daily", 100, tablet, oral, 2, 1, false, 13, 1280, nil, &topiramate}
	topiramate       = drug{rxnorm("151226", "topiramate 50 MG Oral Tablet"), "topiramate 50 mg tablet", "Take 1 tablet by mouth twice daily", 100, tablet, oral, 2, 1, false, 13, 1930, nil, nil}
	lamotrigine      = drug{rxnorm("198427", "lamotrigine 100 MG Oral Tablet"), "lamotrigine 100 mg tablet", "Take 1 tablet by mouth twice daily", 100, tablet, oral, 2, 1, false, 13, 2130, nil, nil}
	febuxostat       = drug{rxnorm("834235", "febuxostat 40 MG Oral Tablet"), "febuxostat 40 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 5210, nil, nil}
	donepezil        = drug{rxnorm("997223", "donepezil hydrochloride 10 MG Oral Tablet"), "donepezil 10 mg tablet", "Take 1 tablet by mouth at bedtime", 100, tablet, oral, 1, 1, false, 13, 2040, nil, nil}
	memantine        = drug{rxnorm("996561", "memantine hydrochloride 10 MG Oral Tablet"), "memantine 10 mg tablet", "Take 1 tablet by mouth twice daily", 100, tablet, oral, 2, 1, false, 13, 2260, nil, nil}
	finasteride      = drug{rxnorm("310346", "finasteride 5 MG Oral Tablet"), "finasteride 5 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 1570, nil, nil}
	letrozole        = drug{rxnorm("200064", "letrozole 2.5 MG Oral Tablet"), "letrozole 2.5 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 2390, nil, nil}
	meloxicam        = drug{rxnorm("152695", "meloxicam 15 MG Oral Tablet"), "meloxicam 15 mg tablet", "Take 1 tablet by mouth once daily with food", 100, tablet, oral, 1, 1, false, 13, 1230, nil, nil}
	loratadine       = drug{rxnorm("311372", "loratadine 10 MG Oral Tablet"), "loratadine 10 mg tablet", "Take 1 tablet by mouth once daily", 100, tablet, oral, 1, 1, false, 13, 910, nil, nil}
	prednisone10     = drug{rxnorm("198145", "prednisone 10 MG Oral Tablet"), "prednisone 10 mg tablet", "Take 1 tablet by mouth once daily with food", 100, tablet, oral, 1, 1, false, 4, 930, nil, nil}
	duloxetine       = drug{rxnorm("596930", "duloxetine 30 MG Delayed Release Oral Capsule"), "duloxetine 30 mg capsule", "Take 1 capsule by mouth once daily", 100, capsule, oral, 1, 1, false, 13, 2350, nil, nil}
	hydroxychlor     = drug{rxnorm("979092", "hydroxychloroquine sulfate 200 MG Oral Tablet"), "hydroxychloroquine 200 mg tablet", "Take 1 tablet by mouth twice daily", 100, tablet, oral, 2, 1, false, 13, 2570, nil, nil}
	montelukast      = drug{rxnorm("200224", "montelukast 10 MG Oral Tablet"), "montelukast 10 mg tablet", "Take 1 tablet by mouth every evening", 100, tablet, oral, 1, 1, false, 13, 1430, nil, nil}
	tiotropium       = drug{rxnorm("485032", "tiotropium 0.018 MG Inhalation Powder"), "tiotropium 18 mcg inhalation capsule", "Inhale the contents of 1 capsule once daily", 100, capsule, inhaled, 1, 1, false, 4, 41700, nil, nil}
)
