package rest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBulkDelete(t *testing.T) {
	c := newClient(t, nil)
	for i := range 6 {
		status := []string{"final", "cancelled"}[i%2]
		c.must(201, "PUT", fmt.Sprint("/Observation/o", i), fmt.Sprintf(`{"resourceType":"Observation","id":"o%d","status":"%s","code":{"text":"x"}}`, i, status))
	}
	c.must(201, "PUT", "/Patient/bob", bob)
	criteria := func(list ...string) string {
		var parts []string
		for _, text := range list {
			parts = append(parts, `{"name":"criteria","valueString":"`+text+`"}`)
		}
		return `{"resourceType":"Parameters","parameter":[` + strings.Join(parts, ",") + `]}`
	}
	left := func(typ string) int { return *c.must(200, "GET", "/"+typ+"?_summary=count", "").bundle(t).Total }
	deleted := func(n int) string {
		return fmt.Sprintf(`{"resourceType":"Parameters","parameter":[{"name":"deleted","valueInteger":%d}]}`, n)
	}
	require.Equal(t, deleted(3), c.must(200, "POST", "/Observation/$bulk-delete", criteria("status=cancelled")).body)
	require.Equal(t, 3, left("Observation"))
	require.Equal(t, deleted(0), c.must(200, "POST", "/Observation/$bulk-delete", criteria("Observation?status=cancelled")).body)
	require.Equal(t, deleted(2), c.must(200, "POST", "/$bulk-delete", criteria("Observation?_id=o0,o1", "Patient?family=Bob")).body)
	require.Equal(t, 2, left("Observation"))
	require.Zero(t, left("Patient"))
	c.must(200, "GET", "/Observation/o1/_history/1", "")
	for path, body := range map[string]string{
		"/$bulk-delete": criteria("status=final"), "/Observation/$bulk-delete": criteria("Patient?family=Bob"), "/Patient/$bulk-delete": "",
	} {
		c.must(400, "POST", path, body)
	}
	c.must(400, "POST", "/Observation/$bulk-delete", criteria("Observation?"))
	c.must(400, "POST", "/Observation/$bulk-delete", criteria("nonsense=1"))
	c.must(405, "GET", "/Observation/$bulk-delete?criteria=status=final", "")
	a := c.must(400, "POST", "/$bulk-delete", criteria("Observation?status=final", "Observation?nonsense=1"))
	require.Contains(t, a.body, "2 resources had been deleted before")
	require.Zero(t, left("Observation"))
}

func TestPurgeAndErase(t *testing.T) {
	c := newClient(t, nil)
	c.must(201, "PUT", "/Patient/bob", bob)
	c.must(200, "PUT", "/Patient/bob", bob)
	c.must(201, "PUT", "/Observation/o", `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/bob"}}`)
	c.must(201, "PUT", "/Group/g", `{"resourceType":"Group","id":"g","type":"person","actual":true,"member":[{"entity":{"reference":"Patient/bob"}},{"entity":{"reference":"Patient/other"}}]}`)
	c.must(405, "GET", "/Patient/bob/$purge", "")
	require.Contains(t, c.must(200, "POST", "/Patient/bob/$purge", "").body, "OperationOutcome")
	c.must(404, "GET", "/Patient/bob/_history/1", "")
	c.must(200, "GET", "/Patient/bob/_history/2", "")
	c.must(404, "POST", "/Patient/nobody/$purge", "")
	c.must(204, "DELETE", "/Observation/o", "")
	c.must(410, "GET", "/Observation/o", "")
	c.must(200, "POST", "/Observation/o/$purge", "")
	c.must(404, "GET", "/Observation/o", "")

	c.must(404, "POST", "/Observation/o/$erase", "")
	c.must(404, "POST", "/Patient/nobody/$erase", "")
	a := c.must(200, "POST", "/Patient/bob/$erase", "")
	require.Equal(t, `{"resourceType":"Parameters","parameter":[{"name":"reference","valueReference":{"reference":"Group/g"}}]}`, a.body)
	c.must(410, "GET", "/Patient/bob", "")
	c.must(410, "POST", "/Patient/bob/$erase", "")
}

func TestReindex(t *testing.T) {
	c := newClient(t, nil)
	require.Equal(t, `{"resourceType":"Parameters","parameter":[{"name":"complete","valueBoolean":true}]}`, c.must(200, "GET", "/$reindex", "").body)
	c.must(201, "PUT", "/SearchParameter/sp", `{"resourceType":"SearchParameter","id":"sp","url":"http://example.org/maker","name":"maker","status":"active","description":"d",
		"code":"maker","base":["Device"],"type":"string","expression":"Device.extension('http://example.org/maker').value"}`)
	require.NoError(t, c.store.WaitIndexed(t.Context()))
	require.Equal(t, `{"resourceType":"Parameters","parameter":[{"name":"complete","valueBoolean":true},{"name":"parameter","part":[{"name":"url","valueUri":"http://example.org/maker"},`+
		`{"name":"code","valueCode":"maker"},{"name":"base","valueCode":"Device"},{"name":"status","valueCode":"complete"}]}]}`, c.must(200, "GET", "/$reindex", "").body)
}
