package ucum_test

import (
	"testing"

	"github.com/cockroachdb/apd/v3"

	"github.com/fhirlake/fhirlake/internal/ucum"
)

func BenchmarkParse(b *testing.B) {
	for _, code := range []string{"kg", "mg/dL", "mmol/L", "mm[Hg]", "mL/min/{1.73_m2}", "[PRU]", "not-a-unit"} {
		b.Run(code, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ucum.Valid(code)
			}
		})
	}
}

func BenchmarkCanonicalize(b *testing.B) {
	for _, q := range []struct{ value, code string }{
		{"5400", "mg"}, {"182.35", "mg/dL"}, {"4.5", "mmol/L"}, {"121", "mm[Hg]"}, {"37.2", "Cel"},
		{"98.6", "[degF]"}, {"45", "deg"}, {"7.4", "[pH]"},
	} {
		b.Run(q.code, func(b *testing.B) {
			cache := ucum.NewCache(256)
			b.ReportAllocs()
			for b.Loop() {
				u, err := cache.Parse(q.code)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := u.BaseValue(q.value); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkConvert(b *testing.B) {
	from, to := parse(b, "mg/dL"), parse(b, "kg/m3")
	x, dst := number(b, "182.35"), new(apd.Decimal)
	b.ReportAllocs()
	for b.Loop() {
		if err := ucum.Convert(dst, x, from, to); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompare(b *testing.B) {
	u, v := parse(b, "g"), parse(b, "mg")
	x, y := number(b, "4.0000"), number(b, "4000.0")
	b.ReportAllocs()
	for b.Loop() {
		if order, err := ucum.Compare(x, u, y, v); err != nil || order != 0 {
			b.Fatal(order, err)
		}
	}
}
