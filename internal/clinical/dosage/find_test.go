package dosage_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/internal/clinical/dosage"
	"github.com/fhirlake/fhirlake/internal/clinical/note"
	"github.com/stretchr/testify/require"
)

func TestFind(t *testing.T) {
	for text, want := range map[string]string{
		"": "",
		"Take 1 tablet by mouth twice daily with food for 7 days.": "DOSAGE 1 tablet|ROUTE_OR_MODE by mouth|FREQUENCY twice daily with food|DURATION for 7 days",
		"1–2 tabs q4–6h p.r.n.":                                    "DOSAGE 1–2 tabs|FREQUENCY q4–6h p.r.n.",
		"½ tablet q.o.d.":                                          "DOSAGE ½ tablet|FREQUENCY q.o.d.",
		"1½ tabs":                                                  "DOSAGE 1½ tabs",
		"two (2) capsules every eight (8) hours":                   "DOSAGE two (2) capsules|FREQUENCY every eight (8) hours",
		"1 tablet(s) daily":                                        "DOSAGE 1 tablet(s)|FREQUENCY daily",
		"IV at 125 mL/hr over 8 hours":                             "ROUTE_OR_MODE IV|RATE at 125 mL/hr|DURATION over 8 hours",
		"250 mg/5 mL suspension":                                   "STRENGTH 250 mg/5 mL|FORM suspension",
		"0.5% ophthalmic solution, one drop OU":                    "STRENGTH 0.5%|FORM ophthalmic solution|DOSAGE one drop|ROUTE_OR_MODE OU",
		"1 drop OD bid":                                            "DOSAGE 1 drop|ROUTE_OR_MODE OD|FREQUENCY bid",
		"glucose 180 mg/dL, K 4.1 mEq/L, 3 days ago, 45 years old": "",
		"max 4 g per day, dispense #30 tablets, refills: 2":        "",
		"30 day supply":                                            "",
		"as needed":                                                "FREQUENCY as needed",
	} {
		n := note.Parse(text)
		var got []string
		for _, s := range dosage.Find(n, 0, len(n.Tokens)) {
			got = append(got, fmt.Sprint(s.Kind, " ", n.Span(s.First, s.Last)))
		}
		require.Equal(t, want, strings.Join(got, "|"), "%q", text)
	}
	n := note.Parse("10 mg daily")
	require.Empty(t, dosage.Find(n, 3, 99))
	require.Len(t, dosage.Find(n, -5, 99), 2)
	require.Len(t, dosage.Find(n, 0, 2), 1)
	require.Empty(t, dosage.Attributes(n, nil))
}
