package ucum_test

import (
	"fmt"

	"github.com/cockroachdb/apd/v3"

	"github.com/fhirlake/fhirlake/internal/ucum"
)

func Example() {
	cache := ucum.NewCache(256)
	concentration, _ := cache.Parse("mg/dL")
	value, err := concentration.BaseValue("5400")
	fmt.Println(value, concentration.Canonical(), err)

	fahrenheit, _ := cache.Parse("[degF]")
	celsius, _ := cache.Parse("Cel")
	var d apd.Decimal
	err = ucum.Convert(&d, apd.New(986, -1), fahrenheit, celsius)
	fmt.Println(&d, err)

	gram, _ := cache.Parse("g")
	metre, _ := cache.Parse("m")
	density, err := ucum.Divide(gram, metre)
	fmt.Println(density.Code(), err)
	// Output:
	// 54000 g.m-3 <nil>
	// 37 <nil>
	// g/m <nil>
}
