package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/etag"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A deletion is a resource to delete, with the number and time of the deletion at its
// source.
type deletion struct {
	datastore.Ref
	versionID   string    // "" where that is not said
	lastUpdated time.Time // zero where that is not said
	past        bool      // it is of a history, which says by itself what else was deleted
}

// deletions returns the deletions of a line: a Bundle of type transaction, batch or
// history with DELETE entries alone, as in the deleted files of Bulk Data and of
// exports with history. In other files only a Bundle of type history without an id
// counts, as exports with history have among the versions; a Bundle with an id is a
// resource to import. It returns nil for any other line.
func deletions(line []byte, deletes bool) ([]deletion, error) {
	if !deletes && !mayBe(line, `"Bundle"`) {
		return nil, nil
	}
	if !bytes.Contains(line, []byte(`"DELETE"`)) || !bytes.Contains(line, []byte(`"Bundle"`)) {
		return nil, nil
	}
	var b struct {
		ResourceType string `json:"resourceType"`
		Type         string `json:"type"`
		ID           string `json:"id"`
		Entry        []struct {
			Resource jsontext.Value `json:"resource"`
			Request  struct {
				Method string `json:"method"`
				URL    string `json:"url"`
			} `json:"request"`
			Response struct {
				ETag         string    `json:"etag"`
				LastModified time.Time `json:"lastModified"`
			} `json:"response"`
		} `json:"entry"`
	}
	if json.Unmarshal(line, &b) != nil || b.ResourceType != "Bundle" || b.Type != "transaction" && b.Type != "batch" && b.Type != "history" {
		return nil, nil // what is wrong with it, an update reports
	}
	if !deletes && (b.Type != "history" || b.ID != "") {
		return nil, nil
	}
	for i := range b.Entry {
		if b.Entry[i].Request.Method != "DELETE" || b.Entry[i].Resource != nil {
			return nil, nil
		}
	}
	all := make([]deletion, len(b.Entry))
	for i := range b.Entry {
		name, id, _ := strings.Cut(b.Entry[i].Request.URL, "/")
		if _, ok := schema.ResourceType(name); !ok || !fhirjson.ValidID(id) {
			return nil, engine.At(fmt.Sprintf("/entry/%d/request/url", i),
				engine.Failf(engine.ErrInvalid, issue.Value, "an import deletes by Type/id alone"))
		}
		version, _ := etag.Version(b.Entry[i].Response.ETag) // "" if the response has none
		all[i] = deletion{datastore.Ref{Type: name, ID: id}, version, b.Entry[i].Response.LastModified, b.Type == "history"}
	}
	return all, nil
}

// nearStart is within how many bytes the type stands of a line that is no resource to
// import.
const nearStart = 64

// mayBe reports whether a line may be of a type.
func mayBe(line []byte, quoted string) bool {
	return bytes.Contains(line[:min(len(line), nearStart)], []byte(quoted))
}

// isBlockHead reports whether a line is the heading of a patient's block (Bulk Data
// Access IG 3.0.0): Parameters without an id, which are not imported.
func isBlockHead(line []byte) bool {
	if !mayBe(line, `"Parameters"`) {
		return false
	}
	var p struct {
		ResourceType string `json:"resourceType"`
		ID           string `json:"id"`
		Parameter    []struct {
			Name string `json:"name"`
		} `json:"parameter"`
	}
	return json.Unmarshal(line, &p) == nil && p.ResourceType == "Parameters" && p.ID == "" && len(p.Parameter) > 0 && p.Parameter[0].Name == "header"
}

// remove adds the deletions of a line to the transaction.
func (c *chunk) remove(number int64, line []byte, all []deletion) error {
	for _, d := range all {
		var how []datastore.WriteOption
		if d.past {
			how = append(how, datastore.Imported())
		}
		if !c.job.options.KeepVersions {
			d.versionID, d.lastUpdated = "", time.Time{}
		}
		switch err := c.tx.DeleteAs(d.Ref, d.versionID, d.lastUpdated, how...); {
		case errors.Is(err, datastore.ErrInvalid): // of a version that cannot be kept
			c.fail(number, err)
			return nil
		case err != nil:
			return err
		}
		c.stored = append(c.stored, storedLine{number: number, ref: d.Ref, op: c.tx.Len() - 1, size: len(line)})
	}
	c.counts.Scanned++
	c.counts.Imported++
	c.counts.BytesImported += int64(len(line))
	return nil
}

// retellDeletions reports a line that an earlier run or pass did.
func (c *chunk) retellDeletions(number int64, all []deletion) {
	for _, d := range all {
		c.stored = append(c.stored, storedLine{number: number, ref: d.Ref, op: retold, effect: engine.Deleted})
	}
}
