package lexicon_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/fhirlake/fhirlake/internal/clinical/lexicon"
	"github.com/fhirlake/fhirlake/internal/clinical/vocabulary"
	"github.com/stretchr/testify/require"
)

// say writes entries as lines.
func say(entries []vocabulary.Entry) []string {
	var all []string
	for _, e := range entries {
		var names []string
		for _, s := range e.Synonyms {
			names = append(names, s.Text)
		}
		all = append(all, fmt.Sprintf("%s: %s %s %s (%s) %s", e.Kind, e.Term, e.System, strings.Join(e.Codes, ","), strings.Join(names, "|"), e.Flags))
	}
	return all
}

// requireLoadError checks that err names file and line.
func requireLoadError(t *testing.T, err error, file string, line int) {
	t.Helper()
	var load *lexicon.LoadError
	require.ErrorAs(t, err, &load)
	require.Equal(t, file, load.File)
	require.Equal(t, line, load.Line, err.Error())
	require.Contains(t, err.Error(), "lexicon: "+file)
}

func orderLine(number int, code, billable, short, long string) string {
	return fmt.Sprintf("%05d %-7s %s %-60s %s\n", number, code, billable, short, long)
}

func TestICD10CMOrder(t *testing.T) {
	src := orderLine(1, "L20", "0", "Atopic dermatitis", "Atopic dermatitis") +
		orderLine(2, "L209", "1", "Atopic dermatitis, unspecified", "Atopic dermatitis, unspecified")
	entries, err := lexicon.ICD10CMOrder("order.txt", strings.NewReader(src))
	require.NoError(t, err)
	require.Equal(t, []string{
		"condition: Atopic dermatitis icd10cm L20 (Atopic dermatitis) ",
		"condition: Atopic dermatitis, unspecified icd10cm L20.9 (Atopic dermatitis, unspecified|Atopic dermatitis) ",
	}, say(entries))
	for _, bad := range []string{"L20 Atopic", orderLine(3, "20", "0", "x", "x"), orderLine(3, "L20", "2", "x", "x"), strings.TrimSpace(orderLine(3, "L20", "1", "x", ""))} {
		_, err = lexicon.ICD10CMOrder("order.txt", strings.NewReader(src+"\n"+bad))
		requireLoadError(t, err, "order.txt", 4)
	}
	_, err = lexicon.ICD10CMOrder("order.txt", strings.NewReader(""))
	requireLoadError(t, err, "order.txt", 0)
	_, err = lexicon.ICD10CMOrder("order.txt", iotest.ErrReader(errors.ErrUnsupported))
	require.ErrorIs(t, err, errors.ErrUnsupported)
	_, err = lexicon.ICD10CMOrder("order.txt", strings.NewReader(strings.Repeat("x", 2<<20)))
	requireLoadError(t, err, "order.txt", 1)
}

const tabular = `<?xml version="1.0" encoding="utf-8"?>
<ICD10CM.tabular><chapter><name>12</name><desc>Skin</desc><section id="L20-L30">
<diag><name>L20</name><desc>Atopic dermatitis</desc>
 <diag><name>L20.0</name><desc>Besnier's prurigo</desc></diag>
 <diag><name>L20.8</name><desc>Other atopic dermatitis</desc>
  <excludes2><note>not this</note></excludes2>
  <diag><name>L20.82</name><desc>Flexural eczema</desc><inclusionTerm><note>Eczema of  the bends</note><note>Bend eczema</note></inclusionTerm></diag>
 </diag>
</diag></section></chapter></ICD10CM.tabular>`

func TestICD10CMTabular(t *testing.T) {
	entries, err := lexicon.ICD10CMTabular("tabular.xml", strings.NewReader(tabular))
	require.NoError(t, err)
	require.Equal(t, []string{
		"condition: Atopic dermatitis icd10cm L20 () ",
		"condition: Besnier's prurigo icd10cm L20.0 () ",
		"condition: Other atopic dermatitis icd10cm L20.8 () ",
		"condition: Flexural eczema icd10cm L20.82 (Eczema of the bends|Bend eczema) ",
	}, say(entries))
	for bad, line := range map[string]int{
		"":             1,
		"<a>\n<b></a>": 2,
		"<a>\n</a>":    2,
		"<diag>\n<name>x</name>\n<desc>y</desc>\n</diag>":    4,
		"<diag>\n<name>L20</name>\n</diag>":                  3,
		strings.Repeat("<diag>", 100):                        1,
		`<?xml version="1.0" encoding="utf-16"?>` + "\n<a/>": 1,
	} {
		_, err = lexicon.ICD10CMTabular("tabular.xml", strings.NewReader(bad))
		requireLoadError(t, err, "tabular.xml", line)
	}
}

func conso(rxcui, sort, name, suppress string) string {
	return rxcui + "|ENG||||||1||" + rxcui + "||RXNORM|" + sort + "|" + rxcui + "|" + name + "||" + suppress + "|4096|\n"
}

func rel(a, b, relation string) string {
	return a + "||CUI|RN|" + b + "||CUI|" + relation + "|1||RXNORM|||||\n"
}

func TestRxNorm(t *testing.T) {
	src := conso("6918", "IN", "metoprolol", "N") + conso("866924", "SCD", "metoprolol tartrate 25 MG Oral Tablet", "N") +
		conso("202450", "BN", "Lopressor", "N") + conso("6918", "SY", "Metoprolol base", "N") + conso("1", "IN", "gone", "O")
	folder := fstest.MapFS{
		"rrf/RXNCONSO.RRF": {Data: []byte(src)},
		"rrf/RXNREL.RRF":   {Data: []byte(rel("6918", "202450", "tradename_of") + rel("202450", "6918", "has_tradename") + rel("6918", "866924", "ingredient_of"))},
	}
	want := []string{
		"medication: metoprolol rxnorm 6918 (Metoprolol base) ingredient",
		"medication: Lopressor rxnorm 202450 () brand generic=6918",
	}
	entries, err := lexicon.RxNorm(folder)
	require.NoError(t, err)
	require.Equal(t, want, say(entries))

	folder["rrf/RXNREL.RRF"] = &fstest.MapFile{Data: []byte("1|2|\n")}
	_, err = lexicon.RxNorm(folder)
	requireLoadError(t, err, "rrf/RXNREL.RRF", 1)
	folder["rrf/RXNCONSO.RRF"] = &fstest.MapFile{Data: []byte(src + "6918|ENG\n")}
	_, err = lexicon.RxNorm(folder)
	requireLoadError(t, err, "rrf/RXNCONSO.RRF", 6)
	folder["old/rxnconso.rrf"] = &fstest.MapFile{}
	_, err = lexicon.RxNorm(folder)
	requireLoadError(t, err, "rrf/RXNCONSO.RRF", 0)
	_, err = lexicon.RxNorm(fstest.MapFS{})
	requireLoadError(t, err, ".", 0)
	_, err = lexicon.RxNorm(fstest.MapFS{"RXNCONSO.RRF": {}})
	requireLoadError(t, err, "RXNCONSO.RRF", 0)
}

func description(concept, sort, term string) string {
	return "1\t20250101\t1\t900000000000207008\t" + concept + "\ten\t" + sort + "\t" + term + "\t900000000000448009\r\n"
}

func mapping(concept, rule, target string) string {
	return "u\t20250101\t1\t900000000000207008\t6011000124106\t" + concept + "\t1\t1\t" + rule + "\tadvice\t" + target + "\t447561005\t447637006\n"
}

func TestSNOMED(t *testing.T) {
	const full, synonym = "900000000000003001", "900000000000013009"
	const descriptions = "Full/Terminology/sct2_Description_Snapshot-en_US_20250101.txt"
	const maps = "Full/Refset/der2_iisssccRefset_ExtendedMapSnapshot_US_20250101.txt"
	header := "id\teffectiveTime\tactive\tmoduleId\tconceptId\tlanguageCode\ttypeId\tterm\tcaseSignificanceId\r\n"
	src := header + description("24079001", synonym, "Atopic eczema") + description("24079001", full, "Atopic dermatitis (disorder)") +
		description("80891009", full, "Heart structure (body structure)") + description("1", full, "Dog (organism)")
	folder := fstest.MapFS{
		descriptions: {Data: []byte(src)},
		maps:         {Data: []byte("header\n" + mapping("24079001", "IFA 445518008 | Age |", "L20.83") + mapping("24079001", "OTHERWISE TRUE", "L20.9"))},
	}
	entries, err := lexicon.SNOMED(folder)
	require.NoError(t, err)
	require.Equal(t, []string{
		"condition: Atopic dermatitis icd10cm L20.9 (Atopic eczema) ",
		"anatomy: Heart structure -  () ",
	}, say(entries))
	folder[maps] = &fstest.MapFile{Data: []byte("header\n" + mapping("24079001", "TRUE", "X"))}
	_, err = lexicon.SNOMED(folder)
	requireLoadError(t, err, maps, 2)
	folder[descriptions] = &fstest.MapFile{Data: []byte(src + "1\t2")}
	_, err = lexicon.SNOMED(folder)
	requireLoadError(t, err, descriptions, 6)
	_, err = lexicon.SNOMED(fstest.MapFS{})
	requireLoadError(t, err, ".", 0)
}

func TestCSV(t *testing.T) {
	entries, err := lexicon.CSV("own.csv", strings.NewReader("\ufeffTerm,code,Kind,synonyms,flags\n"+
		"grumbling appendix,K36,,\"rumbling appendix|!GA|~grumblin\",symptom\n"+
		"wonderdrug,1|2,medication,,\nspecial test,X1,test,,\n"))
	require.NoError(t, err)
	require.Equal(t, []string{
		"condition: grumbling appendix icd10cm K36 (rumbling appendix|GA|grumblin) symptom",
		"medication: wonderdrug rxnorm 1,2 () ",
		"test: special test -  () ",
	}, say(entries))
	require.True(t, entries[0].Synonyms[1].Exact)
	for bad, line := range map[string]int{
		"":                                 0,
		"code\nK36":                        1,
		"term,colour\nx,y":                 1,
		"term,term\nx,y":                   1,
		"term\nx\n\"y":                     3,
		"term,code\nx,K36\n,K36":           3,
		"term,code\nx,K36\ny":              3,
		"term,code\nx,36":                  2,
		"term,code,kind\nx,K36,medication": 2,
		"term,kind\n\"a\nb\",condition\nx,animal": 4,
		"term,code\nx,K36|K36|K36|K36|K36|K36":    2,
	} {
		_, err = lexicon.CSV("own.csv", strings.NewReader(bad))
		requireLoadError(t, err, "own.csv", line)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(tabular)
	f.Add(orderLine(1, "L20", "0", "Atopic dermatitis", "Atopic dermatitis"))
	f.Add(conso("6918", "IN", "metoprolol", "N"))
	f.Add("term,code\n\"x\",K36")
	f.Fuzz(func(t *testing.T, src string) {
		_, err1 := lexicon.ICD10CMOrder("x", strings.NewReader(src))
		_, err2 := lexicon.ICD10CMTabular("x", strings.NewReader(src))
		_, err3 := lexicon.CSV("x", strings.NewReader(src))
		_, err4 := lexicon.RxNorm(fstest.MapFS{"RXNCONSO.RRF": {Data: []byte(src)}, "RXNREL.RRF": {Data: []byte(src)}})
		_, err5 := lexicon.SNOMED(fstest.MapFS{"sct2_Description_Snapshot.txt": {Data: []byte(src)}, "der2_iisssccRefset_ExtendedMapSnapshot.txt": {Data: []byte(src)}})
		for _, err := range []error{err1, err2, err3, err4, err5} {
			if load := (*lexicon.LoadError)(nil); err != nil && !errors.As(err, &load) {
				t.Fatal(err)
			}
		}
	})
}
