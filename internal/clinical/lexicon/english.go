package lexicon

import "strings"

// isAbbreviation reports whether a name is an abbreviation: capitals and digits, up to
// six of them.
func isAbbreviation(name string) bool {
	if len(name) > 6 {
		return false
	}
	capitals := 0
	for i := range len(name) {
		switch c := name[i]; {
		case 'A' <= c && c <= 'Z':
			capitals++
		case '0' <= c && c <= '9', c == '-', c == '/', c == '&':
		default:
			return false
		}
	}
	return capitals > 0
}

// english are short English words, each between blanks. An abbreviation that reads like
// one of them must stand in capitals.
const english = " a about act add age ago aid aids air all am an and any apt are arm art as ask at ate av bad bag bar bat be bed beg best bet big bit" +
	" bmi? box boy but buy by call came can cap car care case cat clap cold come cop cow cry cup cut dad dam day den did die dig dim do does dog done dot down dry due" +
	" each ear east eat egg ego end eve ever eye face fact fad fall fan far fast fat feel feet fell few fig fit fix flu fly for free from full fun gain gap gas gave get go god goes" +
	" gone good got grow gum gun guy had half hall ham hand hard has hat have he head hear held help her here hey hi hid high him hip his hit hold home hope hot how i ice if ill" +
	" in ion is it its jab jar jaw job jog joy just keep kid kind king kit knew know lab lad lady lag land laid lap last late law lay lead led left leg less let lid lie life lift like limp line" +
	" lip list live long look lose lot love low mad made mail main make male man many map mar mat may me mean meet men mid mild mind miss mode mom month more most move mud must my nap near need" +
	" neck net never new next nice no nod none nor not note now of off oh oil ok old on once one only or order our out over own pace pad page pain pair pal pan pap par part pass past pat path pay pea per pet" +
	" pick pie pin pit place plan play pop post pot pro pub pull push put race ran rap rat raw ray read real red rest rib rich ride right rim rip road rob rod roll room root rot row rub rug run rush sad safe said sat save saw say see seem" +
	" self send sent set she shot show sick side sip sit site six skin sly small so sob? soft some son soon spa spit stage star stat stay step stop such sum sun sure tab tag take tan tap tar tea team tell ten" +
	" than that the them then they this thus tie till tip to toe told too took top toy true try two type up upon us use used van vary very vet via vie view visit wait walk want war was wash way we weak wear week well" +
	" went were west what when who whom why wide wife will win wise wish with won word work year yes yet you your zip "

// isEnglish reports whether a word in small letters is a common English word.
func isEnglish(word string) bool { return strings.Contains(english, " "+word+" ") }

// heads are nouns that name a disorder and may stand before "of" as well as after what
// they befall.
var heads = set("pain ache fracture cancer carcinoma infection swelling stenosis ulcer abscess injury laceration contusion sprain strain " +
	"dislocation edema burn tumor mass bleeding hemorrhage weakness numbness atrophy hypertrophy cyst lesion nodule stone calculus polyp " +
	"inflammation tenderness stiffness discharge rash deformity perforation obstruction rupture tear thrombosis embolism aneurysm effusion " +
	"hematoma arthritis osteoarthritis melanoma sarcoma lymphoma spasm cramp failure dysfunction disease disorder deficiency wound bruise itching")

// prepositions are words after which articles and sides are passed over.
var prepositions = set("of in to on from at within involving")

func set(words string) map[string]bool {
	m := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		m[word] = true
	}
	return m
}

// prefixes may be joined to a word, set off by a hyphen, or stand apart.
var prefixes = []string{"anti", "cardio", "electro", "extra", "gastro", "hemi", "hyper", "hypo", "inter", "intra", "macro", "micro", "multi", "musculo",
	"neuro", "non", "osteo", "para", "peri", "poly", "post", "pre", "pseudo", "semi", "sub", "supra", "trans", "ultra", "under", "over"}

// prefixOf returns the prefix that a word begins with, "" if none or if little is left.
func prefixOf(word string) string {
	if len(word) < 7 {
		return ""
	}
	for _, p := range prefixes {
		if p[0] == word[0] && len(word) > len(p)+4 && strings.HasPrefix(word, p) {
			return p
		}
	}
	return ""
}

// joinHyphens returns a name with the words that hyphens join written as one.
func joinHyphens(name string) string {
	for _, p := range prefixes {
		name = strings.ReplaceAll(name, p+"-", p)
	}
	return name
}
