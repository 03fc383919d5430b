package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/fhirlake/fhirlake/internal/storetest"
)

// The client without a socket does what one with a socket does.
func TestClientInProcess(t *testing.T) {
	store := storetest.Open(t, nil)
	before := goleak.IgnoreCurrent()
	client := rest.Client(store)
	const base = "http://localhost/fhir"
	put := func(id string, body string) *http.Response {
		r, err := http.NewRequest(http.MethodPut, base+"/Patient/"+id, strings.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/fhir+json")
		a, err := client.Do(r)
		require.NoError(t, err)
		return a
	}
	a := put("a", `{"resourceType":"Patient","id":"a"}`)
	require.Equal(t, http.StatusCreated, a.StatusCode)
	require.Equal(t, base+"/Patient/a/_history/1", a.Header.Get("Location"))
	got, err := io.ReadAll(a.Body)
	require.NoError(t, err)
	require.True(t, json.Valid(got))
	a.Body.Close()

	a, err = client.Get(base + "/Patient/none")
	require.NoError(t, err)
	require.Equal(t, http.StatusNotFound, a.StatusCode)
	a.Body.Close() // unread

	a, err = client.Head(base + "/Patient/a")
	require.NoError(t, err)
	require.Equal(t, `W/"1"`, a.Header.Get("ETag"))
	got, err = io.ReadAll(a.Body)
	require.NoError(t, err)
	require.Empty(t, got)

	var bundle bytes.Buffer
	bundle.WriteString(`{"resourceType":"Bundle","type":"batch","entry":[`)
	for i := range 1000 {
		if i > 0 {
			bundle.WriteByte(',')
		}
		bundle.WriteString(`{"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}}`)
	}
	bundle.WriteString(`]}`)
	a, err = client.Post(base, "application/fhir+json", &bundle)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, a.StatusCode)
	a.Body.Close()

	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/Patient?_count=1000", nil)
	require.NoError(t, err)
	a, err = client.Do(r)
	require.NoError(t, err)
	_, err = io.ReadFull(a.Body, make([]byte, 100))
	require.NoError(t, err)
	cancel()
	_, err = io.ReadAll(a.Body)
	require.ErrorIs(t, err, context.Canceled)
	_, err = client.Do(r)
	require.ErrorIs(t, err, context.Canceled)
	goleak.VerifyNone(t, before)
}

func ExampleClient() {
	store, err := datastore.Open(context.Background(), "mem:", nil)
	if err != nil {
		panic(err)
	}
	defer store.Close()
	answer, err := rest.Client(store).Get("http://localhost/fhir/Patient/ann")
	if err != nil {
		panic(err)
	}
	defer answer.Body.Close()
	io.WriteString(os.Stdout, answer.Status)
	// Output: 404 Not Found
}
