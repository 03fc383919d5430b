package note_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/internal/clinical/note"
	"github.com/stretchr/testify/require"
)

// sentences writes the sentences of a text, one a line: white space is one blank,
// "|" stands before the value of a labelled sentence, "*" before an item, "#" before
// a heading.
func sentences(text string) []string {
	n := note.Parse(text)
	var all []string
	for _, s := range n.Sentences {
		line := ""
		switch {
		case s.Heading:
			line = "# "
		case s.Item:
			line = "* "
		}
		squeeze := func(first, last int32) string {
			return strings.Join(strings.Fields(n.Span(int(first), int(last))), " ")
		}
		if s.Value > s.First {
			line += squeeze(s.First, s.Value) + " | "
		}
		all = append(all, strings.TrimSpace(line+squeeze(s.Value, s.Last)))
	}
	return all
}

func TestSentences(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"He has pain. He denies fever.", []string{"He has pain.", "He denies fever."}},
		{"Seen by Dr. Smith and Mr. J. R. Jones at 9 a.m. today. Stable.", []string{"Seen by Dr. Smith and Mr. J. R. Jones at 9 a.m. today.", "Stable."}},
		{"Aspirin 81 mg. q.d. for CAD. Metoprolol 25 mg p.o. b.i.d. She is well.", []string{"Aspirin 81 mg. q.d. for CAD.", "Metoprolol 25 mg p.o. b.i.d.", "She is well."}},
		{"Viral vs. bacterial. Temp 98.6. WBC 12.5 and .5 bands.", []string{"Viral vs. bacterial.", "Temp 98.6.", "WBC 12.5 and .5 bands."}},
		{"Hepatitis C. The patient is stable.", []string{"Hepatitis C.", "The patient is stable."}},
		{"Fever: no. Cough: yes.", []string{"Fever: | no.", "Cough: | yes."}},
		{"Bed No. 5 is free.", []string{"Bed No. 5 is free."}},
		{"no pain.No fever.", []string{"no pain.", "No fever."}},
		{"denies fever. has cough. no rash", []string{"denies fever.", "has cough.", "no rash"}},
		{"Is it worse? Yes! Always.", []string{"Is it worse? Yes!", "Always."}},
		{"(See above.) Next one.", []string{"(See above.)", "Next one."}},
		{"He said \"no pain.\" He left.", []string{"He said \"no pain.\"", "He left."}},
		{"The patient was seen in the clinic for a follow up of\nHypertension and diabetes.\nStable.",
			[]string{"The patient was seen in the clinic for a follow up of Hypertension and diabetes.", "Stable."}},
		{"no chest\npain", []string{"no chest pain"}},
		{"Alert\nOriented\nNo distress", []string{"Alert", "Oriented", "No distress"}},
		{"one\n\ntwo", []string{"one", "two"}},
		{"one\r\n\r\ntwo\rThree", []string{"one", "two", "Three"}},
		{"Plan:\n- MRI of the\nbrain\n- rest\n", []string{"# Plan: |", "* - | MRI of the brain", "* - | rest"}},
		{"1. Chest pain. 2. Anemia, stable. 3) Fever", []string{"* 1. | Chest pain.", "* 2. | Anemia, stable.", "* 3) | Fever"}},
		{"Problems: 1) pain, 2) fever (grade 3) with 2) none", []string{"# Problems: |", "* 1) | pain,", "* 2) | fever (grade 3) with 2) none"}},
		{"ASSESSMENT: 1. Gout. 2. Pain.", []string{"# ASSESSMENT: |", "* 1. | Gout.", "* 2. | Pain."}},
		{"1) Chest pain\n2) Anemia\n(3) Gout", []string{"* 1) | Chest pain", "* 2) | Anemia", "* (3) | Gout"}},
		{"-rest\n-left-sided pain\n-fever, +cough", []string{"* - | rest", "* - | left-sided pain", "-fever, +cough"}},
		{"• one\n• Two: three", []string{"* • | one", "* • Two: | three"}},
		{"Lungs: clear. Heart: no murmur.\nAbd: soft", []string{"Lungs: | clear.", "Heart: | no murmur.", "Abd: | soft"}},
		{"Seen at 10:30 with ratio 1:2.", []string{"Seen at 10:30 with ratio 1:2."}},
		{"- a rather long item that takes more than fifty bytes (procedure)\nThe next:\n- one more item that takes more than fifty bytes, as it\n  Goes on",
			[]string{"* - | a rather long item that takes more than fifty bytes (procedure)", "The next: |", "* - | one more item that takes more than fifty bytes, as it Goes on"}},
		{"# Allergies\nNo Known Allergies.\n\n## Plan\nrest", []string{"# # Allergies |", "No Known Allergies.", "# ## Plan |", "rest"}},
		{"**Assessment:** stable", []string{"**Assessment:** | stable"}},
		{"ASSESSMENT AND PLAN\nStable.", []string{"# ASSESSMENT AND PLAN |", "Stable."}},
		{"CLINICAL HISTORY:     Fever.   FINDINGS:    Clear lungs.", []string{"CLINICAL HISTORY: | Fever.", "FINDINGS: | Clear lungs."}},
		{"Dr. **NAME[ZZZ] saw Mt. Lebanon. X.", []string{"Dr. **NAME[ZZZ] saw Mt. Lebanon.", "X."}},
		{"Well... maybe. Etc.", []string{"Well... maybe.", "Etc."}},
		{"Take 1.\nThen rest.", []string{"Take 1.", "Then rest."}},
	} {
		require.Equal(t, c.want, sentences(c.text), c.text)
	}
}

func TestSections(t *testing.T) {
	for _, c := range []struct {
		text string
		want string
	}{
		{"x", "0[1]"},
		{"HPI: cough\nPMH:\n- HTN\nFH: none\nSocial History:\nSmoker\nROS: negative\nPE: normal\nA/P: rest",
			"2[1] 3[2] 5[1] 6[2] 7[1] 8[1] 20[1]"},
	} {
		n := note.Parse(c.text)
		var all []string
		for _, s := range n.Sections {
			all = append(all, fmt.Sprintf("%d[%d]", s.Kind, s.Last-s.First))
		}
		require.Equal(t, c.want, strings.Join(all, " "), c.text)
	}
	for text, want := range map[string]note.SectionKind{
		"Past Medical History:\nasthma":                  note.PastHistory,
		"PAST MEDICAL HISTORY\nasthma":                   note.PastHistory,
		"# Past Medical History\nasthma":                 note.PastHistory,
		"== Past Medical History ==\nasthma":             note.PastHistory,
		"**Past Medical History**\nasthma":               note.PastHistory,
		"PMHx: asthma":                                   note.PastHistory,
		"Past Medical History - asthma":                  note.PastHistory,
		"Past medical history is significant for asthma": note.Other,
		"Family history of asthma":                       note.Other,
		"Plan for discharge":                             note.Other,
		"A: asthma":                                      note.Assessment,
		"Discharge Medications:\naspirin":                note.Medications,
		"Brief Hospital Course:\nfine":                   note.HospitalCourse,
		"DISCHARGE INSTRUCTIONS: rest":                   note.Instructions,
		"Allergies: none":                                note.Allergies,
		"Laboratory Data:\nWBC 5":                        note.Labs,
		"PHYSICAL EXAMINATION:  GENERAL: well":           note.Exam,
		"# Something of its own\ntext":                   note.Other,
		"# History of Present Illness\nJane\n is well":   note.PresentIllness,
		"Return precautions: fever":                      note.ReturnPrecautions,
		"Past Medical History (PMH):\nasthma":            note.PastHistory,
		"S: cough for 3 days":                            note.PresentIllness,
		"P: 80":                                          note.Other,
		"T: 98.6 P: 80":                                  note.Other,
		"Family/Social History: smoker":                  note.SocialHistory,
		"INDICATION: cough":                              note.Indication,
	} {
		n := note.Parse(text)
		require.Equal(t, want, n.Sections[len(n.Sections)-1].Kind, text)
	}
}
