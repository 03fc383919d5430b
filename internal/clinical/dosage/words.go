package dosage

import (
	"slices"
	"strings"
)

// A class is a set of roles that a word can have in a sig.
type class uint32

const (
	massUnit    class = 1 << iota // mg
	unitUnit                      // units
	volumeUnit                    // mL
	countUnit                     // tablet
	timeUnit                      // day
	clockUnit                     // hr: also a rate's denominator
	weight                        // kg, m2
	perUnit                       // what a strength may be per, besides: spray
	form                          // cream
	formMod                       // extended
	suffix                        // ER: a form by itself, in capitals
	freqWord                      // bid: a frequency by itself
	moment                        // morning
	meal                          // breakfast
	weekday                       // monday
	weekdayAbbr                   // mon
	numeral                       // two
	fraction                      // half
	side                          // right, both, affected, the
	site                          // eye
	tube                          // what something is given by way of
	glue                          // a word that breaks no chain: of
	sigVerb                       // take
	upperOnly                     // a word otherwise, unless in capitals: AS
	plural                        // a time of more than a moment
	beverage                      // what a medication is mixed with: water
)

// An entry is what is known of a word.
type entry struct {
	class   class
	phrases []phrase // that begin with it, the longest first
}

// A phrase is a fixed run of words that is a span of its own.
type phrase struct {
	words []string
	kind  Kind
}

var unknown entry

// entries are the words of sigs.
var entries = func() map[string]*entry {
	m := make(map[string]*entry, 800)
	at := func(word string) *entry {
		e := m[word]
		if e == nil {
			e = new(entry)
			m[word] = e
		}
		return e
	}
	for _, line := range []struct {
		class class
		words string
	}{
		{massUnit, "mg mgs mcg mcgs ug μg g gm gms gr gram grams milligram milligrams microgram micrograms meq meqs mmol mcl milliequivalents milliequivalent mci"},
		{unitUnit, "unit units iu unt u milliunits milliunit"},
		{volumeUnit, "ml mls cc ccs l liter liters litre litres milliliter milliliters oz ounce ounces"},
		{countUnit, "tab tabs tablet tablets cap caps capsule capsules caplet caplets pill pills puff puffs inhalation inhalations spray sprays squirt squirts drop drops gtt gtts application applications applicatorful applicatorfuls applicator patch patches suppository suppositories lozenge lozenges packet packets sachet sachets scoop scoops capful capfuls teaspoon teaspoons teaspoonful teaspoonfuls tsp tsps tablespoon tablespoons tablespoonful tbsp vial vials amp amps ampule ampules neb nebs nebulization nebulizations troche troches film films strip strips gummy gummies ribbon actuation actuations click clicks syringe syringes pump pumps dropperful dropperfuls wafer wafers softgel softgels gelcap gelcaps ring dose doses injection injections implant inch inches bag bags piece pieces swab swabs bottle bottles pen pens"},
		{form, "tab tabs tablet tablets cap caps capsule capsules caplet caplets pill pills inhaler inhalers mdi hfa diskus respimat nebulizer nebs solution soln suspension susp syrup elixir cream crm ointment oint gel lotion foam shampoo spray drops patch patches suppository suppositories supp enema powder injection vial pen pens syringe kwikpen flexpen solostar injector autoinjector lozenge troche film films wafer granules packet packets implant paste liquid mouthwash gum strip emulsion tincture odt softgel softgels gelcap gelcaps ring iud pellet concentrate chewable chewables pads"},
		{formMod, "extended delayed sustained controlled immediate release released chewable disintegrating dispersible enteric coated film effervescent metered dose dry nasal eye ear ophthalmic otic drug prefilled injectable hfa mucosal vaginal nebulizer transdermal intrauterine er xr sr xl cr dr la ec ir soft auto topical oral rectal medicated multidose"},
		{suffix, "er xr sr xl cr dr la cd ec ir xt"},
		{timeUnit, "day days d week weeks wk wks w month months mo mos year years yr yrs hour hours hr hrs h minute minutes min mins night nights"},
		{clockUnit, "hour hr hrs h hours min minute minutes"},
		{weight, "kg kilogram kilo m2 m² day d dose"},
		{perUnit, "ml mls cc l spray puff actuation actuat inhalation dose tablet tab capsule drop patch hr hour g gm vial act mg ounce tsp teaspoon packet inh"},
		{freqWord, "qd bid tid qid qod qhs qam qpm qday qdaily qweek qweekly qwk qmonth qmonthly qac qpc achs qachs qshift qhour qn qnight qnightly qevening qmorning hs prn daily nightly weekly monthly hourly biweekly bimonthly yearly annually quarterly stat everyday continuously mwf tts tths tiw biw ac pc bidac tidac bidpc tidpc qidac qwed qsun qmon qtues qtue qthurs qthur qfri qsat bd tds qds"},
		{moment, "morning mornings evening evenings night nights afternoon afternoons bedtime am pm noon midday midnight hs day days"},
		{meal, "breakfast lunch dinner supper meal meals mealtime mealtimes food eating snack snacks bed bedtime sleep suppertime dinnertime lunchtime intercourse sex procedure procedures exercise exertion appointment travel dialysis"},
		{weekday, "monday mondays tuesday tuesdays wednesday wednesdays thursday thursdays friday fridays saturday saturdays sunday sundays"},
		{weekdayAbbr, "mon tue tues wed weds thu thur thurs fri sat sun m t w th f sa su tu"},
		{numeral, "one two three four five six seven eight nine ten eleven twelve fourteen fifteen twenty thirty"},
		{fraction, "½ ¼ ¾ ⅓ ⅔ half"},
		{side, "the a each both either right left affected his her your their one"},
		{site, "eye eyes ear ears nostril nostrils nare nares nose skin scalp lung lungs area areas rash lesions lesion"},
		{tube, "g-tube gtube gt peg ng ngt ogt og nebulizer neb inhalation inhaler mouth rectum vagina port picc pump tube jtube dobhoff feeding g j central iv"},
		{glue, "of the a an his her their your some dose doses course additional"},
		{sigVerb, "take takes taking sig inject apply applied use uses using instill inhale place give given dissolve chew swallow insert administer dispense directions dose dosage frequency route continue"},
		{upperOnly, "er la cd ad as au os ou od ac pc amp am pm ir pr it td"},
		{plural, "days weeks months"},
		{beverage, "water juice fluid fluids liquid milk applesauce beverage tea soda"},
	} {
		for word := range strings.FieldsSeq(line.words) {
			at(word).class |= line.class
		}
	}
	for _, list := range []struct {
		kind Kind
		text string
	}{
		{Route, `po|by mouth|orally|oral|per os|per oral|iv|intravenous|intravenously|iv push|ivp|ivpb|iv piggyback|iv drip|iv bolus|iv infusion|
drip|infusion|bolus|gtt|continuous infusion|continuous iv infusion|intravenous infusion|iv pca|pca|im|intramuscular|intramuscularly|im injection|sc|sq|subq|sub q|subcut|subcutaneous|
subcutaneously|subcu|subcutaneous injection|under the skin|sl|sublingual|sublingually|under the tongue|pr|rectally|rectal|per rectum|by rectum|
pv|vaginally|intravaginally|intravaginal|per vagina|topically|topical|transdermally|transdermal|td|inhaled|inh|inhalation|by inhalation|via inhalation|
nebulized|intranasally|intranasal|nasally|nasal|intrathecal|intrathecally|epidural|intravitreal|intraarticular|intra articular|
intradermal|intradermally|buccal|buccally|swish and swallow|swish and spit|swish swallow|intraosseous|io|intravesical|intracavernosal|
ophthalmic|ophthalmically|otic|vaginal|by oral route|by nasal route|by topical route|oral route|per ng|per peg|per gt|per tube|ngt|subconjunctival|perineural|intralesional|intraperitoneal|intratracheal|enterally|parenterally`},
		{Frequency, `as needed|as necessary|if needed|when needed|at onset of migraine|at onset of headache|at the onset of migraine|at the onset of headache|at first sign of headache|on call|on an empty stomach|on empty stomach|
all other days|on other days|other days|on all other days|on alternate days|alternate days|per day|per week|per month|per hour|per night|a day|a week|a month|around the clock|every other day|
in divided doses|in two divided doses|in 2 divided doses|in 3 divided doses|in three divided doses|in 4 divided doses|daily in divided doses|divided twice daily|divided bid|divided tid|divided qid|divided q12h|divided q8h|divided q6h|
round the clock|while awake|before sleep|prior to bed|prior to bedtime|prior to meals|between meals|once|thrice daily|before and after meals|as scheduled|per sliding scale|per protocol|half hourly|after each loose stool|
with each loose stool|before sexual activity|prior to sexual activity|before procedure|before dental procedures|around meals|during meals|upon awakening|upon waking|on awakening|on waking|one time|one time only|one time dose|x one|times one|pre op|on call to or|every shift`},
		{Duration, `indefinitely|lifelong|for life|until finished|until gone|until completed|until complete|long term`},
		{Dosage, `a thin layer|thin layer|a small amount|small amount|a pea sized amount|pea sized amount|a thin film|sparingly|a dime sized amount|a generous amount|liberally|a ribbon`},
		{Form, `nebulizer solution|nebulizer suspension|inhalation solution|eye drops|ear drops|nasal spray|eye drop|ear drop|eye ointment|auto injector|autoinjector|pre filled syringe|prefilled syringe|prefilled pen|
drug implant|intrauterine system|intrauterine device|vaginal ring|vaginal system|vaginal cream|vaginal gel|transdermal system|transdermal patch|metered dose inhaler|dry powder inhaler|mucosal spray|injectable solution|injectable suspension|injection solution|rescue inhaler|insulin pen|nasal gel|dose pack|topical patch`},
	} {
		text := strings.ReplaceAll(list.text, "\n", "")
		for part := range strings.SplitSeq(text, "|") {
			w := strings.Fields(part)
			e := at(w[0])
			e.phrases = append(e.phrases, phrase{w, list.kind})
		}
	}
	for _, e := range m {
		slices.SortStableFunc(e.phrases, func(a, b phrase) int { return len(b.words) - len(a.words) })
	}
	return m
}()

// classOf returns the classes of a word.
func classOf(word string) class {
	if e := entries[word]; e != nil {
		return e.class
	}
	return 0
}
