package synth

// allergen is a substance that patients may not tolerate.
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

// reaction is a manifestation of an allergy.
type reaction struct {
	code  concept
	words string // as a note says it
}

var reactions = []reaction{
	{snomed("247472004", "Wheal (finding)"), "hives"},
	{snomed("271807003", "Eruption of skin (disorder)"), "rash"},
	{snomed("49727002", "Cough (finding)"), "cough"},
	{snomed("422587007", "Nausea (finding)"), "nausea"},
	{snomed("39579001", "Anaphylaxis (disorder)"), "anaphylaxis"},
	{snomed("21626009", "Cutaneous hypersensitivity (disorder)"), "itching"},
}
