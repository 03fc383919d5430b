package ingest

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// deletions returns what a line deletes: a Bundle of type transaction or batch whose
// entries are DELETEs, as the deleted files of Bulk Data have. It returns nil for any
// other line.
func deletions(line []byte) ([]datastore.Ref, error) {
	if !bytes.Contains(line, []byte(`"DELETE"`)) || !bytes.Contains(line, []byte(`"Bundle"`)) {
		return nil, nil
	}
	var b struct {
		ResourceType string `json:"resourceType"`
		Type         string `json:"type"`
		Entry        []struct {
			Resource jsontext.Value `json:"resource"`
			Request  struct {
				Method string `json:"method"`
				URL    string `json:"url"`
			} `json:"request"`
		} `json:"entry"`
	}
	if json.Unmarshal(line, &b) != nil || b.ResourceType != "Bundle" || b.Type != "transaction" && b.Type != "batch" {
		return nil, nil // what is wrong with it, an update reports
	}
	for i := range b.Entry {
		if b.Entry[i].Request.Method != "DELETE" || b.Entry[i].Resource != nil {
			return nil, nil
		}
	}
	refs := make([]datastore.Ref, len(b.Entry))
	for i := range b.Entry {
		name, id, _ := strings.Cut(b.Entry[i].Request.URL, "/")
		if _, ok := schema.ResourceType(name); !ok || !engine.ValidID(id) {
			return nil, engine.At(fmt.Sprintf("/entry/%d/request/url", i),
				engine.Failf(engine.ErrInvalid, issue.Value, "an import deletes by Type/id alone"))
		}
		refs[i] = datastore.Ref{Type: name, ID: id}
	}
	return refs, nil
}

// remove adds the deletions of a line to the transaction.
func (c *chunk) remove(number int64, line []byte, refs []datastore.Ref) error {
	for _, ref := range refs {
		if err := c.tx.Delete(ref, datastore.IfPresent()); err != nil {
			return err
		}
		c.stored = append(c.stored, storedLine{number: number, ref: ref, op: c.tx.Len() - 1})
	}
	c.counts.Scanned++
	c.counts.Imported++
	c.counts.BytesImported += int64(len(line))
	return nil
}

// retellDeletions tells of a line that an earlier run or pass did.
func (c *chunk) retellDeletions(number int64, refs []datastore.Ref) {
	for _, ref := range refs {
		c.stored = append(c.stored, storedLine{number: number, ref: ref, op: retold, effect: datastore.EffectDeleted})
	}
}
