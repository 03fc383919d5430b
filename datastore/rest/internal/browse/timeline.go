package browse

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// perKind is how many resources of a type a timeline asks for at once.
const perKind = 100

// kinds are what a timeline shows, with the search parameter of their date.
var kinds = []struct {
	typ, date, elements string
	name, one, class    literal
}{
	{"Encounter", "date", "type,class,status,period,reasonCode", "Encounters", "Encounter", "encounter"},
	{"Condition", "onset-date", "code,clinicalStatus,verificationStatus,onset,abatement,recordedDate", "Conditions", "Condition", "problem"},
	{"AllergyIntolerance", "date", "code,clinicalStatus,recordedDate,onset", "Allergies", "Allergy", "allergy"},
	{"Procedure", "date", "code,status,performed", "Procedures", "Procedure", "procedure"},
	{"MedicationRequest", "authoredon", "medication,status,authoredOn,dosageInstruction", "Prescriptions", "Prescription", "drug"},
	{"MedicationStatement", "effective", "medication,status,effective,dateAsserted", "Medications", "Medication", "drug"},
	{"Immunization", "date", "vaccineCode,status,occurrence", "Immunizations", "Immunization", "vaccine"},
	{"DiagnosticReport", "date", "code,status,effective,issued", "Reports", "Report", "report"},
	{"DocumentReference", "date", "type,status,date,description", "Notes", "Note", "document"},
}

// An event is a line of a timeline.
type event struct {
	kind                   int // in kinds
	id, date, what, detail string
}

// timeline answers with the page of a patient's encounters, conditions, notes and so on,
// the newest first.
func (v *visit) timeline(patient object) {
	p := v.ofPatient(patient, "Timeline")
	m := &p.body
	var events, undated []event
	var last string // the day at which a type has more than was asked for
	var hidden []string
	m.add(`<ul class="legend">`)
	for i, k := range kinds {
		query := "_sort=-" + k.date + "&_count=" + strconv.Itoa(perKind) + "&_elements=" + k.elements
		if v.own.before != "" {
			query += "&" + k.date + "=lt" + url.QueryEscape(v.own.before)
		}
		path := "Patient/" + v.id + "/" + k.typ
		a := v.ask(path, query)
		if a.status != http.StatusOK {
			hidden = append(hidden, k.typ+" ("+strconv.Itoa(a.status)+")")
			continue
		}
		o := a.resource()
		oldest := ""
		for _, e := range list(o["entry"]) {
			r, _ := get(e, "resource").(object)
			if text(r, "resourceType") != k.typ {
				continue
			}
			e := event{i, text(r, "id"), dateOf(r), eventText(r), eventDetail(r)}
			if dayAfter(day(e.date)) == "" {
				undated = append(undated, e)
				continue
			}
			if oldest == "" || e.date < oldest {
				oldest = e.date
			}
			events = append(events, e)
		}
		if linkOf(o, "next") != "" {
			last = max(last, day(oldest))
		}
		m.add(`<li><span class="kind `+k.class+`"></span><a href="%">`+k.name+`</a> %</li>`, v.to(path, "_sort=-"+k.date), grouped(text(o, "total")))
	}
	m.add("</ul>\n")
	if len(hidden) > 0 {
		m.add("<p class=\"muted\">Not shown: %.</p>\n", strings.Join(hidden, ", "))
	}
	// Dates are compared as they stand, so that each stands under its own year.
	slices.SortStableFunc(events, func(a, b event) int { return strings.Compare(b.date, a.date) })
	// That day is for the next page, unless this page would have nothing.
	before := dayAfter(last)
	if len(events) > 0 && day(events[0].date) <= last {
		before = last
	}
	year := ""
	for i, e := range events {
		if day(e.date) < last || day(e.date) == last && before != last {
			break
		}
		if m.full() {
			if before = dayAfter(day(e.date)); day(events[0].date) == day(events[i].date) {
				before = day(e.date)
			}
			break
		}
		if y := e.date[:min(4, len(e.date))]; y != year {
			if year != "" {
				m.add("</ol>\n")
			}
			m.add("<h2>%</h2>\n<ol class=\"times\">\n", y)
			year = y
		}
		v.event(m, &e)
	}
	if year != "" {
		m.add("</ol>\n")
	}
	if len(events) == 0 && len(undated) == 0 {
		m.add("<p>There is nothing to show.</p>\n")
	}
	if before != "" {
		m.add(`<p><a href="%" rel="next">What was before %</a></p>`+"\n", v.to("Patient/"+v.id, ":view=timeline&:before="+url.QueryEscape(before)), before)
	}
	if v.own.before != "" {
		m.add(`<p><a href="%">The newest</a></p>`+"\n", v.to("Patient/"+v.id, ":view=timeline"))
	}
	if len(undated) > 0 && !m.full() {
		m.add("<h2>Without a date</h2>\n<ol class=\"times\">\n")
		for _, e := range undated {
			v.event(m, &e)
		}
		m.add("</ol>\n")
	}
	v.send(http.StatusOK, p)
}

// day returns the day of a dateTime, or its month or year if it has no more.
func day(date string) string { return date[:min(10, len(date))] }

// dayAfter returns the day, month or year after another, "" for what is none.
func dayAfter(day string) string {
	for _, step := range []struct {
		layout              string
		years, months, days int
	}{{time.DateOnly, 0, 0, 1}, {"2006-01", 0, 1, 0}, {"2006", 1, 0, 0}} {
		if t, err := time.Parse(step.layout, day); err == nil {
			return t.AddDate(step.years, step.months, step.days).Format(step.layout)
		}
	}
	return ""
}

// ofPatient begins a page of a patient.
func (v *visit) ofPatient(patient object, name string) *page {
	who := titleOf(patient)
	p := &page{title: joined(": ", name, who), crumbs: v.crumbs()}
	p.crumbs[len(p.crumbs)-1].link = v.to("Patient/"+v.id, "")
	p.crumbs = append(p.crumbs, crumb{name, ""})
	p.body.add("<h1>% <bdi>%</bdi></h1>\n", joined("", name, ":"), who)
	v.facts(&p.body, patient)
	v.tabs(&p.body, "")
	return p
}

// event writes a line of a timeline.
func (v *visit) event(m *markup, e *event) {
	k := &kinds[e.kind]
	m.add(`<li><time class="stamp" datetime="%">%</time><span class="kind `+k.class+`">`+k.one+`</span>`, short(e.date, 40), e.date[:min(10, len(e.date))])
	what := e.what
	if what == "" {
		what = e.id
	}
	m.add(`<span><a href="%">%</a> <span class="muted">%</span></span></li>`+"\n", v.reference(k.typ+"/"+e.id), short(what, 200), short(e.detail, 200))
}

func eventText(o object) string {
	if s := say(choice(o, "medication")); s != "" {
		return s
	}
	for _, name := range []string{"code", "vaccineCode", "type", "description", "class"} {
		if s := say(first(o[name])); s != "" {
			return s
		}
	}
	return ""
}

func eventDetail(o object) string {
	status := say(firstOf(o, "clinicalStatus", "status"))
	end := when(text(o, "period", "end"))
	if a := choice(o, "abatement"); a != nil {
		end = when(say(a))
	}
	if end != "" {
		end = "until " + end
	}
	var why []string
	for _, reason := range list(o["reasonCode"]) {
		why = append(why, say(reason))
	}
	return joined("; ", status, end, strings.Join(why, ", "), text(o, "dosageInstruction", "text"), joined(" ", say(o["verificationStatus"])))
}
