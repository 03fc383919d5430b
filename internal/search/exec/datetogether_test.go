package exec_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/index"
)

// Conditions on one date parameter find what each of them finds, whether a resource has
// one date or several, and as periods or as instants.
func TestDatesTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		day := func(label string) string {
			return fmt.Sprintf("20%02d-%02d-%02d", rapid.IntRange(10, 13).Draw(t, label), rapid.IntRange(1, 3).Draw(t, label), rapid.IntRange(1, 3).Draw(t, label))
		}
		s := newStore(t)
		var items []index.Item
		for i := range rapid.IntRange(1, 30).Draw(t, "resources") {
			var source string
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				source = fmt.Sprintf(`{"resourceType":"Observation","id":"%d","status":"final","code":{"text":"x"},"effectiveDateTime":%q}`, i, day("date"))
			case 1:
				source = fmt.Sprintf(`{"resourceType":"Observation","id":"%d","status":"final","code":{"text":"x"},"effectivePeriod":{"start":%q}}`, i, day("start"))
			case 2:
				source = fmt.Sprintf(`{"resourceType":"Observation","id":"%d","status":"final","code":{"text":"x"},"effectiveTiming":{"event":[%q,%q]}}`, i, day("event"), day("event"))
			default:
				var periods []string
				for range rapid.IntRange(1, 3).Draw(t, "periods") {
					periods = append(periods, fmt.Sprintf(`{"period":{"start":%q,"end":%q}}`, day("from"), day("to")))
				}
				source = fmt.Sprintf(`{"resourceType":"Composition","id":"%d","status":"final","type":{"text":"x"},"date":"2010","title":"x","author":[{"display":"x"}],"event":[%s]}`, i, strings.Join(periods, ","))
			}
			items = append(items, s.item([]byte(source)))
		}
		s.apply(items)
		for range 5 {
			var conditions []string
			for range rapid.IntRange(2, 4).Draw(t, "conditions") {
				var values []string
				for range rapid.IntRange(1, 2).Draw(t, "values") {
					values = append(values, choose(t, comparisons, "prefix")+day("value")[:choose(t, []int{4, 7, 10}, "precision")])
				}
				conditions = append(conditions, strings.Join(values, ","))
			}
			for typ, code := range map[string]string{"Observation": "date", "Composition": "period"} {
				find := func(query string) *roaring.Bitmap {
					q, err := s.engine.Parse(typeOf(t, typ), query, false)
					require.NoError(t, err)
					set, err := s.engine.Ordinals(context.Background(), s.index.View(), q)
					require.NoError(t, err)
					return set
				}
				var want *roaring.Bitmap
				var all []string
				for _, c := range conditions {
					one := find(code + "=" + c)
					if want == nil {
						want = one
					}
					want.And(one)
					all = append(all, code+"="+c)
				}
				require.Equal(t, want.ToArray(), find(strings.Join(all, "&")).ToArray(), "%s?%s", typ, strings.Join(all, "&"))
				var and []string
				for _, c := range conditions {
					if !strings.Contains(c, ",") {
						and = append(and, code+" "+filterOf(c))
					}
				}
				if len(and) == len(conditions) {
					require.Equal(t, want.ToArray(), find("_filter="+strings.ReplaceAll(strings.Join(and, " and "), " ", "%20")).ToArray())
				}
			}
		}
	})
}

// filterOf writes a value with its prefix as an operation of a filter.
func filterOf(value string) string {
	if value[0] >= '0' && value[0] <= '9' {
		return "eq " + value
	}
	return value[:2] + " " + value[2:]
}
