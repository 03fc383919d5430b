package phi_test

import (
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/internal/clinical/note"
	"github.com/fhirlake/fhirlake/internal/clinical/phi"
	"github.com/stretchr/testify/require"
)

func TestFind(t *testing.T) {
	for text, want := range map[string]string{
		"Dr. Burns saw Mr. Hunt today":                           "NAME Burns; NAME Hunt",
		"Dr. Sarah J. Kim-Lee, Mrs Will":                         "NAME Sarah J. Kim-Lee; NAME Will",
		"Patient name: Maria Lopez\nDOB: 03/14/1958":             "NAME Maria Lopez; DATE 03/14/1958",
		"Patient: Lopez, Maria A.":                               "NAME Lopez, Maria A",
		"Signed by Alan Price, MD on June 3, 2021":               "NAME Alan Price; DATE June 3, 2021",
		"Alan Price, M.D.":                                       "NAME Alan Price",
		"Attending physician: Dr. Chen":                          "NAME Chen",
		"Sumiko254 Larue605\n is a 60 year-old female":           "NAME Sumiko254 Larue605; AGE 60",
		"Maria Lopez is a 45-year-old woman":                     "NAME Maria Lopez; AGE 45",
		"45 yo, 45yo, 45 y/o, aged 45, 6 months old":             "AGE 45; AGE 45; AGE 45; AGE 45; AGE 6",
		"MS is a disease. MR BRAIN":                              "",
		"Call (617) 555-0134 or 617-555-0134 or 617.555.0134":    "PHONE_OR_FAX (617) 555-0134; PHONE_OR_FAX 617-555-0134; PHONE_OR_FAX 617.555.0134",
		"fax 555-0134":                                           "PHONE_OR_FAX 555-0134",
		"jane.doe+x@example.org.":                                "EMAIL jane.doe+x@example.org",
		"see https://a.example/b?c=d, or www.example.com":        "URL https://a.example/b?c=d; URL www.example.com",
		"SSN 123-45-6789, MRN: 0045812; account number 88213377": "ID 123-45-6789; ID 0045812; ID 88213377",
		"MRN A-12345": "ID A-12345",
		"lives at 12 Oak Street, Springfield, IL 62704 now": "ADDRESS 12 Oak Street, Springfield, IL 62704",
		"221 West 23rd St. She":                             "ADDRESS 221 West 23rd St",
		"P.O. Box 12, Boston, MA 02115":                     "ADDRESS P.O. Box 12, Boston, MA 02115",
		"works as a school teacher and smokes":              "PROFESSION school teacher",
		"Patient: denies pain. Patient denies pain":         "",
		"Chest Pain Unit, Heart Failure Clinic":             "",
		"2 Drops Daily, 20 mg 5-325 mg, BP 120/80":          "",
		"**NAME[AAA, BBB M] is **AGE[in 60s]-year-old":      "NAME **NAME[AAA, BBB M]; AGE **AGE[in 60s]",
		"on [**2118-3-4**] by [**First Name (NI) 12**]":     "DATE [**2118-3-4**]; NAME [**First Name (NI) 12**]",
	} {
		n := note.Parse(text)
		var got []string
		for _, s := range phi.Find(n) {
			got = append(got, string(s.Kind)+" "+n.Span(s.First, s.Last))
		}
		require.Equal(t, want, strings.Join(got, "; "), text)
	}
}

func FuzzFind(f *testing.F) {
	f.Add("Dr. A. B-C, MD (617) 555-0134 a.b@c.de https://x.y/z **NAME[x] [**2-3**] 12 Oak Street, X 12345 MRN: 1-2-3")
	f.Fuzz(func(t *testing.T, text string) {
		n := note.Parse(text)
		last := 0
		for _, s := range phi.Find(n) {
			require.LessOrEqual(t, last, s.First)
			require.Less(t, s.First, s.Last)
			require.LessOrEqual(t, s.Last, len(n.Tokens))
			last = s.Last
		}
	})
}

func TestHostileTextIsLinear(t *testing.T) {
	for _, piece := range []string{"@", "a@", ".@.", "1-", "(1", "Dr. ", "Patient: ", "A. ", "**", "[**", "http://", "1 A ", "MRN "} {
		phi.Find(note.Parse(strings.Repeat(piece, 1<<20/len(piece))))
	}
}

func BenchmarkFind(b *testing.B) {
	text := strings.Repeat("Dr. Burns saw the patient on June 3, 2021. There was no chest pain or cough and the lungs were clear. ", 1000)
	n := note.Parse(text)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		phi.Find(n)
	}
}
