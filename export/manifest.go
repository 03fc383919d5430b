package export

import (
	"errors"
	"fmt"
	"strings"

	"github.com/fhirlake/fhirlake/internal/jobs"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// manifestName is the file into which HealthLake puts Bulk Data's response.
const manifestName = "manifest.json"

// manifest is the manifest of Bulk Data Access IG 2.0.0. URLs are relative to it.
type manifest struct {
	TransactionTime     string         `json:"transactionTime"` // a FHIR instant
	Request             string         `json:"request"`
	RequiresAccessToken bool           `json:"requiresAccessToken"`
	OrganizedBy         string         `json:"outputOrganizedBy,omitempty"`
	Output              []manifestFile `json:"output"`
	Deleted             []manifestFile `json:"deleted"`
	Error               []manifestFile `json:"error"`
}

type manifestFile struct {
	Type  string `json:"type,omitempty"`
	URL   string `json:"url"`
	Count int64  `json:"count"`
}

// instant is the form of meta.lastUpdated, to the microsecond.
const instant = "2006-01-02T15:04:05.000000Z07:00"

// writeManifest writes the manifest of an export that is whole.
func (j *Job) writeManifest() error {
	r := &j.outcome.result
	folder := j.options.folder(j.id)
	list := func(files []File) (listed []manifestFile) {
		for _, f := range files {
			listed = append(listed, manifestFile{Type: f.Type, URL: strings.TrimPrefix(f.Name, folder), Count: f.Count})
		}
		return listed
	}
	m := manifest{
		TransactionTime: r.TransactionTime.Format(instant), Request: j.options.Request, OrganizedBy: j.options.OrganizeBy,
		Output: list(r.Files), Deleted: list(r.Deleted),
	}
	text, err := json.Marshal(m, jsontext.Multiline(true), json.FormatNilSliceAsNull(false))
	if err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	w, err := j.options.To.Create(folder + manifestName)
	if err != nil {
		return fmt.Errorf("creating %s: %w", manifestName, err)
	}
	if _, err := w.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("writing %s: %w", manifestName, errors.Join(err, jobs.Abort(w)))
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("writing %s: %w", manifestName, err)
	}
	return nil
}
