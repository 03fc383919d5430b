package value_test

import (
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/internal/clinical/note"
	"github.com/fhirlake/fhirlake/internal/clinical/value"
	"github.com/stretchr/testify/require"
)

func TestMeasures(t *testing.T) {
	for text, want := range map[string]string{
		"BP 130/80 mmHg":                   "130/80 mmHg",
		"BP: 142/88, pulse 76":             "142/88",
		"A1c of 8.1%":                      "8.1 %",
		"temp 101.2 F.":                    "101.2 F",
		"temp 38.2°C":                      "38.2 °C",
		"temperature 37 degrees Celsius":   "37 degrees Celsius",
		"hemoglobin 9.2 g/dL":              "9.2 g/dL",
		"leukocytes 12.8 10*3/uL (high)":   "12.8 10*3/uL",
		"temperature 37.7 Cel":             "37.7 Cel",
		"platelets 210,000":                "210,000",
		"WBC 12.3 x 10^3/uL":               "12.3 x 10^3/uL",
		"WBC 12.3 K/uL":                    "12.3 K/uL",
		"GFR 42 mL/min/1.73 m2":            "42 mL/min/1.73 m2",
		"Hgb dropped from 11.0 to 8.4":     "11.0; 8.4",
		"troponin was negative":            "negative",
		"RPR non-reactive":                 "non-reactive",
		"TSH within normal limits":         "within normal limits",
		"CRP < 0.5 mg/L":                   "0.5 mg/L",
		"CRP <0.5 mg/L":                    "<0.5 mg/L",
		"sodium remains low.":              "low",
		"sodium low dose":                  "",
		"colonoscopy 2019":                 "",
		"MRI 3 days ago":                   "",
		"x-ray on 3/4/2020":                "",
		"troponin x3":                      "",
		"creatinine was checked":           "",
		"respirations 18/min":              "18 /min",
		"heart rate 60-100 bpm":            "60-100 bpm",
		"weight 82 kg":                     "82 kg",
		"edema 2+":                         "2+",
		"BMI 34.5 kg/m2":                   "34.5 kg/m2",
		"ferritin, which we will order, 8": "",
	} {
		n := note.Parse(text)
		var got []string
		for _, m := range value.Measures(n, 1, len(n.Tokens)) {
			got = append(got, strings.TrimSpace(n.Span(m.Value.First, m.Value.Last)+" "+n.Span(m.Unit.First, m.Unit.Last)))
		}
		require.Equal(t, want, strings.Join(got, "; "), text)
	}
}

func TestTimes(t *testing.T) {
	for text, want := range map[string]string{
		"pain for 3 days":                    "for 3 days",
		"since yesterday":                    "since yesterday",
		"since March 2020.":                  "since March 2020",
		"in 2015, and in 1998":               "in 2015; in 1998",
		"two weeks ago":                      "two weeks ago",
		"a few months ago":                   "a few months ago",
		"2-3 weeks ago":                      "2-3 weeks ago",
		"last month":                         "last month",
		"over the past 2 weeks":              "over the past 2 weeks",
		"on 05/12/2018":                      "on 05/12/2018",
		"05/12/2018":                         "05/12/2018",
		"2020-11-05":                         "2020-11-05",
		"June 3, 2021":                       "June 3, 2021",
		"3 June 2021":                        "3 June 2021",
		"in the 1990s":                       "in the 1990s",
		"since Monday":                       "since Monday",
		"since childhood":                    "since childhood",
		"may have, in march":                 "",
		"130/80 and 12-34-56":                "",
		"take 2 tablets in 2000 mL of water": "",
	} {
		n := note.Parse(text)
		var got []string
		for _, s := range value.Times(nil, n, 0, len(n.Tokens)) {
			got = append(got, n.Span(s.First, s.Last))
		}
		require.Equal(t, want, strings.Join(got, "; "), text)
	}
}

func TestModifiers(t *testing.T) {
	say := func(n *note.Note, all []value.Modifier) string {
		var got []string
		for _, m := range all {
			got = append(got, n.Span(m.First, m.Last))
		}
		return strings.Join(got, "; ")
	}
	n := note.Parse("an acute, severe left-sided and right X, then acute Y")
	at := func(word string) int {
		_, last, ok := n.Locate(word)
		require.True(t, ok)
		return last - 1
	}
	require.Equal(t, "left; right", say(n, value.Before(n, 0, at("X"))))
	require.Equal(t, "acute", say(n, value.Before(n, 0, at("Y"))))
	n = note.Parse("effusion bilaterally")
	require.Equal(t, "bilaterally", say(n, value.After(n, 1, 2)))
	n = note.Parse("hernia on the right side")
	require.Equal(t, "right", say(n, value.After(n, 1, 5)))
	n = note.Parse("pain on the right leg")
	require.Empty(t, value.After(n, 1, 5))
	n = note.Parse("swelling of the left knee")
	require.True(t, value.Links(n, 1, 4))
	n = note.Parse("swelling and the left knee")
	require.False(t, value.Links(n, 1, 4))
}

func FuzzValues(f *testing.F) {
	f.Add("BP 130/80 mmHg, WBC 12.3 x 10^3/uL since 3 June 2021 for 2-3 days of left knee")
	f.Add("pulse 80 beats per")
	f.Fuzz(func(t *testing.T, text string) {
		n := note.Parse(text)
		inside := func(s value.Span) {
			require.LessOrEqual(t, 0, s.First)
			require.LessOrEqual(t, s.First, s.Last)
			require.LessOrEqual(t, s.Last, len(n.Tokens))
		}
		last := 0
		for _, s := range value.Times(nil, n, 0, len(n.Tokens)) {
			inside(s)
			require.Less(t, s.First, s.Last)
			require.LessOrEqual(t, last, s.First)
			last = s.Last
		}
		for i := range min(len(n.Tokens), 50) {
			for _, m := range value.Measures(n, i, len(n.Tokens)) {
				inside(m.Value)
				inside(m.Unit)
			}
			for _, m := range append(value.Before(n, 0, i), value.After(n, i, len(n.Tokens))...) {
				inside(m.Span)
			}
		}
	})
}
