package rest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// observe stores an observation of patient a.
func (c *client) observe(id, when, code, value string) {
	if value != "" {
		value = `,` + value
	}
	if when != "" {
		value += `,"effectiveDateTime":"` + when + `"`
	}
	c.must(201, "PUT", "/Observation/"+id, `{"resourceType":"Observation","id":"`+id+`","status":"final","category":[{"coding":[{"code":"lab"}]}],"code":`+code+`,"subject":{"reference":"Patient/a"}`+value+`}`)
}

func codes(list ...string) string {
	var coding []string
	for _, code := range list {
		coding = append(coding, `{"system":"http://loinc.org","code":"`+code+`"}`)
	}
	return `{"coding":[` + strings.Join(coding, ",") + `]}`
}

func TestLastN(t *testing.T) {
	c := newClient(t, nil)
	c.must(201, "PUT", "/Patient/a", `{"resourceType":"Patient","id":"a"}`)
	for i := range 4 {
		c.observe(fmt.Sprint("x", i), fmt.Sprint("2020-01-0", i+1), codes("x"), "")
	}
	c.observe("y1", "2020-02-01", codes("y"), "")
	c.observe("z1", "2020-03-01", codes("z"), "")
	c.observe("t1", "2020-01-01", `{"text":"some text"}`, "")
	c.observe("t2", "2020-01-02", `{"text":"Some text"}`, "")
	c.observe("tie1", "2020-04-01", codes("tie"), "")
	c.observe("tie2", "2020-04-01", codes("tie"), "")
	c.observe("tie3", "2020-03-01", codes("tie"), "")
	c.observe("none", "", codes("none"), "")
	for query, want := range map[string][]string{
		"patient=a&category=lab":                           {"none", "t1", "t2", "tie1", "tie2", "x3", "y1", "z1"},
		"subject=Patient/a&category=lab&max=2":             {"none", "t1", "t2", "tie1", "tie2", "x2", "x3", "y1", "z1"},
		"patient=a&category=lab&max=3":                     {"none", "t1", "t2", "tie1", "tie2", "tie3", "x1", "x2", "x3", "y1", "z1"},
		"patient=a&code=http://loinc.org|x&max=2":          {"x2", "x3"},
		"patient=a&category=lab&date=lt2020-01-03&max=9":   {"t1", "t2", "x0", "x1"},
		"patient:Patient=a&code:text=some":                 {"t1", "t2"},
		"patient=a&code=http://loinc.org|x,nonsense&max=1": {"x3"},
		"patient=b&category=lab":                           {},
	} {
		b := c.must(200, "GET", "/Observation/$lastn?"+query, "").bundle(t)
		var ids []string
		for _, ref := range refs(b) {
			ids = append(ids, strings.TrimPrefix(ref, "Observation/"))
		}
		require.ElementsMatch(t, want, ids, query)
		require.Equal(t, len(want), *b.Total)
	}
	// A translation joins two codes into one group.
	c.observe("xy", "2019-01-01", codes("x", "y"), "")
	require.Equal(t, []string{"Observation/y1"}, refs(c.must(200, "GET", "/Observation/$lastn?patient=a&code=x,y", "").bundle(t)))
	body := `{"resourceType":"Parameters","parameter":[{"name":"max","valuePositiveInt":2},{"name":"patient","valueString":"a"},{"name":"code","valueString":"http://loinc.org|z"}]}`
	require.Equal(t, []string{"Observation/z1"}, refs(c.must(200, "POST", "/Observation/$lastn", body).bundle(t)))
	for _, bad := range []string{"category=lab", "patient=a", "", "patient=a&category=lab&max=0", "patient=a&category=lab&_count=3", "patient=a&category=lab&nonsense=1", "patient=a&category=lab&_sort=date", "patient=a&category=lab&_include=*"} {
		c.must(400, "GET", "/Observation/$lastn?"+bad, "")
	}
	c.must(200, "GET", "/Observation/$lastn?patient=a&category=lab&nonsense=1", "", "Prefer: handling=lenient")
	c.must(404, "GET", "/Patient/$lastn?patient=a&category=lab", "")
}

func TestStats(t *testing.T) {
	c := newClient(t, nil)
	c.must(201, "PUT", "/Patient/a", `{"resourceType":"Patient","id":"a"}`)
	quantity := func(value, code string) string {
		return `"valueQuantity":{"value":` + value + `,"unit":"` + code + `","system":"http://unitsofmeasure.org","code":"` + code + `"}`
	}
	for i, value := range []string{"2", "4", "4", "4", "5", "5", "7"} {
		c.observe(fmt.Sprint("w", i), fmt.Sprintf("2020-01-%02d", i+1), codes("w"), quantity(value, "g"))
	}
	c.observe("kilo", "2020-01-08", codes("w"), quantity("0.009", "kg"))
	c.observe("other", "2020-01-09", codes("w"), quantity("3", "m"))
	c.observe("nothing", "2020-01-10", codes("w"), "")
	c.must(201, "PUT", "/Observation/wrong", `{"resourceType":"Observation","id":"wrong","status":"entered-in-error","code":`+codes("w")+`,"subject":{"reference":"Patient/a"},`+quantity("900", "g")+`}`)
	c.must(201, "PUT", "/Observation/bp", `{"resourceType":"Observation","id":"bp","status":"final","code":`+codes("bp")+`,"subject":{"reference":"Patient/a"},"component":[{"code":`+codes("sys")+`,`+quantity("120", "mm[Hg]")+`},{"code":`+codes("dia")+`,`+quantity("80", "mm[Hg]")+`}],"hasMember":[{"reference":"Observation/w0"}]}`)

	value := func(query, statistic string) string {
		body := c.must(200, "GET", "/Observation/$stats?subject=Patient/a&"+query+"&statistic="+statistic, "").body
		_, value, ok := strings.Cut(body, `"value":`)
		if !ok {
			_, value, ok = strings.Cut(body, `"valueInteger":`)
		}
		if !ok {
			return "none"
		}
		return value[:strings.IndexAny(value, ",}")]
	}
	w := "code=w&system=http://loinc.org"
	for statistic, want := range map[string]string{
		"average": "5", "maximum": "9", "minimum": "2", "count": "8", "total-count": "10", "median": "4.5", "sum": "40", "variance": "4.5714285714", "std-dev": "2.1380899353",
		"20-percent": "4", "80-percent": "6.2", "4-lower": "4", "4-upper": "5.5", "4-dev": "0.75", "5-1": "4", "5-2": "4", "5-3": "5", "5-4": "6.2", "skew": "0.65625", "kurtosis": "2.78125", "regression": "0.8095238095",
	} {
		require.Equal(t, want, value(w, statistic), statistic)
	}
	require.Equal(t, "none", value("code=w&system=http://elsewhere.org", "average"))
	require.Equal(t, "0", value("code=nobody&system=http://loinc.org", "count"))
	a := c.must(200, "GET", "/Observation/$stats?subject=Patient/a&code=bp&system=http://loinc.org&statistic=average", "")
	require.Equal(t, 3, strings.Count(a.body, `"name":"statistics"`), "the parts of a panel")
	require.Contains(t, a.body, `"valueQuantity":{"value":120,"unit":"mm[Hg]","system":"http://unitsofmeasure.org","code":"mm[Hg]"}`)
	require.Equal(t, "120", value("code=sys&system=http://loinc.org", "average"))
	period := c.must(200, "POST", "/Observation/$stats", `{"resourceType":"Parameters","parameter":[{"name":"subject","valueUri":"Patient/a"},{"name":"coding","valueCoding":{"system":"http://loinc.org","code":"w"}},`+
		`{"name":"period","valuePeriod":{"start":"2020-01-02","end":"2020-01-03"}},{"name":"statistic","valueCode":"sum"},{"name":"statistic","valueCode":"count"},{"name":"include","valueBoolean":true},{"name":"limit","valuePositiveInt":1}]}`)
	require.Contains(t, period.body, `"effectivePeriod":{"start":"2020-01-02","end":"2020-01-03"}`)
	require.Contains(t, period.body, `"valueInteger":2`)
	require.Equal(t, 1, strings.Count(period.body, `"name":"source"`))
	require.Equal(t, "0", value(w+"&duration=1", "count"))
	require.Equal(t, "8", value(w+"&duration=999999", "count"))
	for _, bad := range []string{
		"code=w&statistic=average", "subject=Patient/a&statistic=average", "subject=Patient/a&code=w", "subject=Patient/a&code=w&statistic=nonsense", "subject=x&code=w&statistic=average",
		"subject=Patient/a&code=w&statistic=average&duration=-1", "subject=Patient/a&code=w&statistic=average&duration=x",
	} {
		c.must(400, "GET", "/Observation/$stats?"+bad, "")
	}
}
