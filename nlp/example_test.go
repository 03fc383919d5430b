package nlp_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/fhirlake/fhirlake/nlp"
)

// fevers is a detector: it knows one word.
type fevers struct{}

func (fevers) Detect(_ context.Context, text string) (*nlp.Findings, error) {
	at := strings.Index(text, "fever")
	if at < 0 {
		return &nlp.Findings{}, nil
	}
	begin := len([]rune(text[:at]))
	return &nlp.Findings{Entities: []nlp.Entity{{
		Text: "fever", Category: nlp.Condition, Type: "DX_NAME", Score: 0.9, BeginOffset: begin, EndOffset: begin + 5,
	}}}, nil
}

// offline is a detector that cannot reach its service.
type offline struct{}

func (offline) Detect(context.Context, string) (*nlp.Findings, error) {
	return nil, errors.New("offline")
}

func ExampleChain() {
	found, err := nlp.Chain(offline{}, fevers{}).Detect(context.Background(), "Née 1950. Has fever.")
	fmt.Println(err)
	fmt.Println(found.Entities[0].Text, found.Entities[0].BeginOffset)
	// Output:
	// nlp: detector 1 of 2: offline
	// fever 14
}
