package attachment_test

import (
	"context"
	"fmt"

	"github.com/fhirlake/fhirlake/nlp/attachment"
)

func ExampleText() {
	text, err := attachment.Text(context.Background(), "text/html; charset=iso-8859-1",
		[]byte("<h1>Plan</h1><ul><li>caf\xe9 au lait spots: <b>observe</b><li>BP &lt; 140</ul>"), nil)
	if err != nil {
		panic(err)
	}
	fmt.Println(text)
	// Output:
	// Plan
	// - café au lait spots: observe
	// - BP < 140
}
