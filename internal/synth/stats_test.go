package synth_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/synth"
)

// record is what a test knows of one patient.
type record struct {
	woman, dead bool
	born, last  time.Time
	conditions  []finding
	values      map[string][]reading // by LOINC code, in order
	orders      []medicationOrder
	encounters  []*node
	deaths      int // causes of death
}

type finding struct {
	code       string
	onset, end time.Time // end is zero while it lasts
}

type reading struct {
	at    time.Time
	value float64
}

type medicationOrder struct {
	drug, status, reason string
	at, until            time.Time
}

func (r *record) age() int { return int(r.last.Sub(r.born).Hours() / 24 / 365.25) }

// has reports whether the patient has something at the end.
func (r *record) has(code string) bool {
	return slices.ContainsFunc(r.conditions, func(f finding) bool { return f.code == code && f.end.IsZero() })
}

// records reads what concerns a test of the first patients of a data set: lines of some
// types, of Observations those that have one of some codes.
func records(t *testing.T, g *synth.Generator, patients int, kinds, codes []string) []*record {
	t.Helper()
	var all []*record
	var buffer []byte
	for i := range patients {
		r := &record{values: map[string][]reading{}}
		buffer = g.AppendPatient(buffer[:0], i)
		for line := range strings.Lines(string(buffer)) {
			kind, _, _ := strings.Cut(line[len(`{"resourceType":"`):], `"`)
			if slices.Contains(kinds, kind) && (kind != "Observation" || slices.ContainsFunc(codes, func(code string) bool {
				return strings.Contains(line, `"code":"`+code+`"`)
			})) {
				r.read(t, kind, line)
			}
		}
		all = append(all, r)
	}
	return all
}

func (r *record) read(t *testing.T, kind, line string) {
	n, err := parseNode([]byte(strings.TrimSuffix(line, "\n")))
	require.NoError(t, err)
	switch kind {
	case "Patient":
		r.woman, r.born, r.last = n.str("gender") == "female", parseTime(n.str("birthDate")), synth.Now
		if died := n.str("deceasedDateTime"); died != "" {
			r.dead, r.last = true, parseTime(died)
		}
	case "Condition":
		r.conditions = append(r.conditions, finding{n.str("code.coding.code"), parseTime(n.str("onsetDateTime")), parseTime(n.str("abatementDateTime"))})
	case "Observation":
		code := n.str("code.coding.code")
		if code == "69453-9" {
			r.deaths++
		}
		if n.get("valueQuantity") != nil {
			r.values[code] = append(r.values[code], reading{parseTime(n.str("effectiveDateTime")), number(t, n.str("valueQuantity.value"))})
		}
		if code == "85354-9" {
			r.values["systolic"] = append(r.values["systolic"], reading{parseTime(n.str("effectiveDateTime")), number(t, n.str("component.valueQuantity.value"))})
		}
	case "MedicationRequest":
		r.orders = append(r.orders, medicationOrder{
			n.str("medicationCodeableConcept.coding.code"), n.str("status"), n.str("statusReason.coding.code") + n.str("statusReason.text"),
			parseTime(n.str("authoredOn")), parseTime(n.str("dispenseRequest.validityPeriod.end")),
		})
	case "Encounter":
		r.encounters = append(r.encounters, n)
	}
}

func share(all []*record, of, has func(r *record) bool) (permille, people float64) {
	total, some := 0.0, 0.0
	for _, r := range all {
		if of(r) {
			total++
			if has(r) {
				some++
			}
		}
	}
	return 1000 * some / total, total
}

// TestSharesByAgeAndSex compares what patients have with the sources that the tables name:
// a share may be off by what chance allows and by a fifth.
func TestSharesByAgeAndSex(t *testing.T) {
	all := records(t, synth.New(1, 2500), 2500, []string{"Patient", "Condition"}, nil)
	anyone := func(*record) bool { return true }
	within := func(low, high, women int) func(r *record) bool {
		return func(r *record) bool {
			return !r.dead && r.age() >= low && r.age() < high && (women < 0 || r.woman == (women == 1))
		}
	}
	for _, test := range []struct {
		name    string
		of, has func(r *record) bool
		want    float64 // of a thousand
	}{
		{"women among the living", within(0, 200, -1), func(r *record) bool { return r.woman }, 503},
		{"under 20", within(0, 200, -1), within(0, 20, -1), 242},
		{"65 and older", within(0, 200, -1), within(65, 200, -1), 177},
		{"dead in ten years", anyone, func(r *record) bool { return r.dead }, 82},
		{"65 and older among the dead", func(r *record) bool { return r.dead }, func(r *record) bool { return r.age() >= 65 }, 750},
		{"hypertension, men of 40 to 59", within(40, 60, 0), func(r *record) bool { return r.has("59621000") }, 310},
		{"hypertension, women of 60 and older", within(60, 200, 1), func(r *record) bool { return r.has("59621000") }, 530},
		{"diabetes, 45 to 64", within(45, 65, -1), func(r *record) bool { return r.has("44054006") }, 145},
		{"diabetes, 65 and older", within(65, 200, -1), func(r *record) bool { return r.has("44054006") }, 244},
		{"obesity, 40 to 59", within(40, 60, -1), func(r *record) bool { return r.has("162864005") }, 440},
		{"osteoporosis, women of 65 and older", within(65, 200, 1), func(r *record) bool { return r.has("64859006") }, 271},
		{"osteoporosis, men of 65 and older", within(65, 200, 0), func(r *record) bool { return r.has("64859006") }, 57},
		{"coronary disease, men of 65 and older", within(65, 200, 0), func(r *record) bool { return r.has("53741008") }, 175},
		{"coronary disease, women of 65 and older", within(65, 200, 1), func(r *record) bool { return r.has("53741008") }, 93},
		{"migraine, women of 18 to 44", within(18, 45, 1), func(r *record) bool { return r.has("124171000119105") }, 140},
		{"migraine, men of 18 to 44", within(18, 45, 0), func(r *record) bool { return r.has("124171000119105") }, 50},
	} {
		got, people := share(all, test.of, test.has)
		chance := 3 * math.Sqrt(test.want*(1000-test.want)/people)
		assert.InDelta(t, test.want, got, chance+test.want/5, "%s (%v people)", test.name, people)
		t.Logf("%-42s %4.0f of a thousand, %4.0f expected", test.name, got, test.want)
	}
	diabetic := func(r *record) bool { return r.age() > 50 && r.has("44054006") }
	healthy := func(r *record) bool { return r.age() > 50 && !r.has("44054006") }
	obese := func(r *record) bool { return r.has("162864005") }
	with, _ := share(all, diabetic, obese)
	without, _ := share(all, healthy, obese)
	assert.Greater(t, with, without*1.2, "obesity goes with diabetes")
}

// mean returns the mean of what values gives of all patients.
func mean(all []*record, values func(r *record) []float64) float64 {
	sum, n := 0.0, 0.0
	for _, r := range all {
		for _, v := range values(r) {
			sum += v
			n++
		}
	}
	return sum / n
}

// TestCourses checks that values move: up before a disorder is treated, down after, and
// that those of one person keep together.
func TestCourses(t *testing.T) {
	all := records(t, synth.New(2, 1000), 1000, []string{"Patient", "Condition", "Observation"},
		[]string{"85354-9", "4548-4", "18262-6", "33914-3", "718-7"})
	within := func(code, disorder string, from, to time.Duration) func(r *record) []float64 {
		return func(r *record) (values []float64) {
			for _, f := range r.conditions {
				for _, v := range r.values[code] {
					if f.code == disorder && !f.onset.IsZero() && v.at.Sub(f.onset) >= from && v.at.Sub(f.onset) < to {
						values = append(values, v.value)
					}
				}
			}
			return values
		}
	}
	const years = 365 * 24 * time.Hour
	for _, test := range []struct{ name, code, disorder string }{
		{"blood pressure", "systolic", "59621000"}, {"hemoglobin A1c", "4548-4", "44054006"}, {"LDL", "18262-6", "55822004"},
	} {
		before := mean(all, within(test.code, test.disorder, -30*years, -2*years))
		found := mean(all, within(test.code, test.disorder, -years/4, years/4))
		treated := mean(all, within(test.code, test.disorder, years, 20*years))
		t.Logf("%s: %.1f before, %.1f when found, %.1f treated", test.name, before, found, treated)
		if !math.IsNaN(found) {
			assert.Greater(t, found, before*1.1, test.name)
			assert.Less(t, treated, found*0.97, test.name)
		}
		assert.Greater(t, treated, before, test.name)
	}
	renal := mean(all, within("33914-3", "433144002", 0, 2*years))
	later := mean(all, within("33914-3", "433144002", 5*years, 30*years))
	t.Logf("filtration rate: %.1f at first, %.1f later", renal, later)
	assert.Less(t, later, renal)

	// Hemoglobin of one person varies less than that of all.
	var own, every []float64
	for _, r := range all {
		values := r.values["718-7"]
		for i := range values {
			every = append(every, values[i].value)
			if i > 0 {
				own = append(own, values[i].value-values[i-1].value)
			}
		}
	}
	assert.Less(t, spread(own), spread(every), "differences of two in a row against all")
}

func spread(values []float64) float64 {
	sum, squares := 0.0, 0.0
	for _, v := range values {
		sum += v
		squares += v * v
	}
	n := float64(len(values))
	return math.Sqrt(squares/n - sum/n*sum/n)
}

// TestMedications checks that drugs start and stop: an order says why it was stopped, no
// drug goes on after death, and all statuses occur.
func TestMedications(t *testing.T) {
	statuses, reasons := map[string]int{}, map[string]int{}
	for i, r := range records(t, synth.New(4, 400), 400, []string{"Patient", "MedicationRequest"}, nil) {
		for _, o := range r.orders {
			statuses[o.status]++
			reasons[o.reason]++
			require.Equal(t, o.status == "stopped", o.reason != "", "patient %d", i)
			require.False(t, o.until.Before(o.at), "patient %d", i)
			require.False(t, o.status == "active" && r.dead, "patient %d", i)
			require.False(t, r.dead && o.until.After(r.last), "patient %d", i)
			if o.status != "active" {
				continue
			}
			for _, other := range r.orders {
				require.False(t, other.drug == o.drug && other.status == "active" && other.at.After(o.at) && other.at.Sub(o.at) > 3*365*24*time.Hour, "patient %d: an order was renewed and is still active", i)
			}
		}
	}
	t.Log(statuses, reasons)
	for _, status := range []string{"active", "completed", "stopped"} {
		assert.Greater(t, statuses[status], 100, status)
	}
	for _, reason := range []string{"sintol", "Dose was too low", "Patient has died"} {
		assert.Greater(t, reasons[reason], 20, reason)
	}
}

// TestDeaths checks that who died has one last visit, which says so and why.
func TestDeaths(t *testing.T) {
	dead := 0
	for i, r := range records(t, synth.New(6, 400), 400, []string{"Patient", "Encounter", "Observation"}, []string{"69453-9"}) {
		expired := 0
		for _, e := range r.encounters {
			if e.str("hospitalization.dischargeDisposition.coding.code") == "exp" {
				expired++
				require.True(t, parseTime(e.str("period.end")).Equal(r.last), "patient %d", i)
			} else if r.dead {
				require.False(t, parseTime(e.str("period.end")).After(r.last), "patient %d", i)
			}
		}
		want := 0
		if r.dead {
			want, dead = 1, dead+1
		}
		require.Equal(t, want, expired, "patient %d", i)
		require.Equal(t, want, r.deaths, "patient %d", i)
	}
	assert.Greater(t, dead, 20)
}
