package search_test

import (
	"fmt"
	"net/url"

	"github.com/fhirlake/fhirlake/search"
)

func ExampleEscape() {
	system, code := "http://example.org/a,b", "1|2"
	fmt.Println(search.Escape(system) + "|" + search.Escape(code))
	fmt.Println("code=" + url.QueryEscape(search.Escape(system)+"|"+search.Escape(code)))
	// Output:
	// http://example.org/a\,b|1\|2
	// code=http%3A%2F%2Fexample.org%2Fa%5C%2Cb%7C1%5C%7C2
}
