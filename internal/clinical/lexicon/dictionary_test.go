package lexicon_test

import (
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/internal/clinical/lexicon"
	"github.com/fhirlake/fhirlake/internal/clinical/note"
	"github.com/fhirlake/fhirlake/internal/clinical/vocabulary"
	"github.com/stretchr/testify/require"
)

const sample = `condition	multiple sclerosis	icd10cm	G35	?MS	context=neurology,mri,interferon
condition	mitral stenosis	icd10cm	I05.0	?MS	context=echo,valve,murmur
medication	morphine	rxnorm	7052	?MS	context=mg,iv,pain
condition	acute lymphoblastic leukemia	icd10cm	C91.00	!ALL
condition	aortic stenosis	icd10cm	I35.0	AS
condition	Crohn's disease	icd10cm	K50.90	regional enteritis
condition	fracture of femur	icd10cm	S72.90XA	
condition	knee pain	icd10cm	M25.569	pain in knee
condition	type 2 diabetes mellitus	icd10cm	E11.9	type 2 diabetes|DM2|T2DM
condition	diabetes mellitus	icd10cm	E11.9	diabetes
condition	anemia	icd10cm	D64.9	
condition	preeclampsia	icd10cm	O14.90	
condition	non-Hodgkin lymphoma	icd10cm	C85.90	
condition	lymphoma	icd10cm	C85.90	
condition	biopsy abscess	icd10cm	L02.91	abscess
condition	diverticulum	icd10cm	K57.90	
condition	severe anxiety (panic)	icd10cm	F41.0	
test	chest x-ray	-		CXR
test	depression screening	-		
condition	depression	icd10cm	F32.A	
anatomy	chest	-		
anatomy	lower leg	-		
condition	leg pain	icd10cm	M79.606	
condition	left arm pain	icd10cm	M79.602	pain in left arm
condition	fever and chills	icd10cm	R50.9	f/c
procedure	dilation and curettage	-		D&C
medication	metoprolol	rxnorm	6918	~metropolol
medication	amoxicillin / clavulanate	rxnorm	19711	
condition	pneumonia, right lower lobe	icd10cm	J18.9	
condition	pneumonia	icd10cm	J18.9	
condition	influenza	icd10cm	J11.1	
anatomy	knee	-		
condition	breast cancer	icd10cm	C50.919	
condition	history of breast cancer	icd10cm	Z85.3		past
procedure	mastectomy	-		
condition	mastectomy status	icd10cm	Z90.10	status post mastectomy|history of mastectomy	past
condition	septic shock	icd10cm	R65.21	
condition	sepsis	icd10cm	A41.9	septic shock
`

// found returns the terms in text as "words = term" joined by "; ".
func found(t *testing.T, d *lexicon.Dictionary, text string) string {
	t.Helper()
	n := note.Parse(text)
	var all []string
	last := 0
	for _, m := range d.Find(n) {
		require.LessOrEqual(t, last, m.Last)
		require.Less(t, m.First, m.Last)
		require.NotEmpty(t, m.Senses)
		last = m.First
		all = append(all, n.Span(m.First, m.Last)+" = "+m.Senses[0].Entry.Term)
	}
	return strings.Join(all, "; ")
}

func TestFind(t *testing.T) {
	entries, err := vocabulary.Parse(sample)
	require.NoError(t, err)
	d := lexicon.New(entries)
	for text, want := range map[string]string{
		"":                            "",
		"nothing here":                "",
		"Anemias, ANAEMIA and Anæmia": "Anemias = anemia; ANAEMIA = anemia; Anæmia = anemia",
		"Crohns disease; Crohn’s Disease; CROHN DISEASE": "Crohns disease = Crohn's disease; Crohn’s Disease = Crohn's disease; CROHN DISEASE = Crohn's disease",
		"a fracture of the left femur":                   "fracture of the left femur = fracture of femur",
		"femur fractures":                                "femur fractures = fracture of femur",
		"pain in the left knee":                          "pain in the left knee = knee pain; knee = knee",
		"pain in the left arm":                           "pain in the left arm = left arm pain",
		"no f/c, F / C":                                  "f/c = fever and chills; F / C = fever and chills",
		"F c/o pain, d/c home, d c":                      "",
		"D&C, d & c":                                     "D&C = dilation and curettage; d & c = dilation and curettage",
		"pain in the right knee":                         "pain in the right knee = knee pain; knee = knee",
		"history of breast cancer":                       "breast cancer = breast cancer",
		"status post mastectomy":                         "mastectomy = mastectomy",
		"history of mastectomy":                          "history of mastectomy = mastectomy status; mastectomy = mastectomy",
		"septic shock":                                   "septic shock = septic shock",
		"type II diabetes mellitus":                      "type II diabetes mellitus = type 2 diabetes mellitus",
		"Type two diabetes, dm2":                         "Type two diabetes = type 2 diabetes mellitus; dm2 = type 2 diabetes mellitus",
		"pre-eclampsia, pre eclampsia":                   "pre-eclampsia = preeclampsia; pre eclampsia = preeclampsia",
		"nonHodgkin lymphoma, non-Hodgkin’s lymphoma":    "nonHodgkin lymphoma = non-Hodgkin lymphoma; non-Hodgkin’s lymphoma = non-Hodgkin lymphoma",
		"all of it as ever":                              "",
		"ALL in remission, AS":                           "ALL = acute lymphoblastic leukemia; AS = aortic stenosis",
		"MS":                                             "",
		"MS, last MRI by neurology":                      "MS = multiple sclerosis",
		"MS 4 mg IV":                                     "MS = morphine",
		"MS murmur":                                      "MS = mitral stenosis",
		"depression screening":                           "depression screening = depression screening",
		"chest x-ray of the chest":                       "chest x-ray = chest x-ray; chest = chest",
		"left lower leg pain":                            "leg pain = leg pain",
		"metropolol":                                     "metropolol = metoprolol",
		"amoxicillin/clavulanate":                        "amoxicillin/clavulanate = amoxicillin / clavulanate",
		"pneumonia, right lower lobe":                    "pneumonia, right lower lobe = pneumonia, right lower lobe",
		"influenza, pneumonia":                           "influenza = influenza; pneumonia = pneumonia",
		"severe anxiety (panic) (finding)":               "severe anxiety (panic) = severe anxiety (panic)",
		"abscesses and diverticula":                      "abscesses = biopsy abscess; diverticula = diverticulum",
		"metoprlol 25 mg, metoproolol 25 mg":             "metoprlol = metoprolol; metoproolol = metoprolol",
		"metoporlol 25 mg, takes metoprelol":             "metoporlol = metoprolol; metoprelol = metoprolol",
		"metoprlol and metroprelol 25 mg":                "",
		"retoprolol 25 mg":                               "",
		"pneumonia.\n\nRight lower lobe":                 "pneumonia = pneumonia",
	} {
		require.Equal(t, want, found(t, d, text), text)
	}
}

func FuzzFind(f *testing.F) {
	entries, err := vocabulary.Parse(sample)
	require.NoError(f, err)
	d := lexicon.New(entries)
	f.Add("MS 4 mg IV, (severe anxiety (panic) of the left type ii diabetes ALL")
	f.Fuzz(func(t *testing.T, text string) { found(t, d, text) })
}

func TestEmbeddedVocabulary(t *testing.T) {
	entries := vocabulary.Entries()
	d := lexicon.New(entries)
	missed := 0
	for _, e := range entries {
		if e.Flags.Has("ambiguous") || e.Flags.Has("past") || e.Flags.Has("family") {
			continue // found near a context word, or inside is what the note speaks of
		}
		n := note.Parse(e.Term)
		m := d.Find(n)
		if len(m) == 0 || m[0].Last-m[0].First != len(n.Tokens) {
			missed++
			t.Logf("%q is not found as a whole", e.Term)
		}
	}
	require.LessOrEqual(t, missed, len(entries)/100)
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		lexicon.New(vocabulary.Entries())
	}
}
