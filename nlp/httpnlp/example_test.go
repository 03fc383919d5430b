package httpnlp_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/fhirlake/fhirlake/nlp/httpnlp"
)

func Example() {
	service := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"Entities":[{"Id":0,"Text":"fever","BeginOffset":4,"EndOffset":9,
			"Category":"MEDICAL_CONDITION","Type":"DX_NAME","Score":0.9}],"ModelVersion":"own 1"}`)
	}))
	defer service.Close()
	detector, err := httpnlp.New(httpnlp.Options{URL: service.URL, Client: service.Client()})
	if err != nil {
		panic(err)
	}
	found, err := detector.Detect(context.Background(), "Has fever.")
	if err != nil {
		panic(err)
	}
	fmt.Println(found.Entities[0].Text, found.Entities[0].Score, found.ModelVersion)
	// Output: fever 0.9 own 1
}
