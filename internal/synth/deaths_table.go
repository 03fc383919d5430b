package synth

// cause is a cause of death for people without a deadly affliction. It has its weight among
// the causes by age, for men and women.
//
// Source: CDC, ten leading causes of death by age group and sex, 2022 (WISQARS), and NCHS
// Data Brief 492; weights rounded to a few steps.
type cause struct {
	*disorder
	from, to int // age in years
	weight   [2]int
}

var causes = []cause{
	{&disorder{code: snomed("51178009", "Sudden infant death syndrome"), words: "sudden infant death syndrome", days: 1}, 0, 1, [2]int{600, 500}},
	{&disorder{code: snomed("275272006", "Brain damage - traumatic"), words: "traumatic brain injury", days: 10, image: headBleed, symptoms: []string{"loss of consciousness after an accident"}}, 1, 44, [2]int{250, 130}},
	{&disorder{code: snomed("275272006", "Brain damage - traumatic"), words: "traumatic brain injury", days: 10, image: headBleed, symptoms: []string{"loss of consciousness after a fall"}}, 45, 120, [2]int{40, 35}},
	{&disorder{code: snomed("55680006", "Drug overdose"), words: "drug overdose", days: 2, symptoms: []string{"unresponsiveness", "slow breathing"}}, 15, 64, [2]int{320, 160}},
	{myocardialInfarction, 35, 120, [2]int{220, 150}},
	{&disorder{code: snomed("410429000", "Cardiac Arrest"), words: "cardiac arrest", days: 1, symptoms: []string{"sudden collapse"}}, 20, 120, [2]int{110, 80}},
	{stroke, 45, 120, [2]int{60, 90}},
	{pneumonia, 0, 120, [2]int{30, 30}},
	{&disorder{code: snomed("91302008", "Sepsis (disorder)"), words: "sepsis", traits: infected, days: 10, symptoms: []string{"fever", "confusion", "low blood pressure"}}, 0, 120, [2]int{40, 40}},
	{covid, 30, 120, [2]int{140, 110}},
}
