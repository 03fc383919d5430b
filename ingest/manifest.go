package ingest

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/fhirlake/fhirlake/internal/jobs"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// manifestName is HealthLake's.
const manifestName = "manifest.json"

// manifest is HealthLake's manifest of an import job. URIs are relative to it.
// HealthLake has jobName and jobStatus elsewhere, and no numberOfResourcesUnchanged,
// which counts some of the imported resources.
type manifest struct {
	JobName   string `json:"jobName,omitempty"`
	JobStatus Status `json:"jobStatus"`
	Input     struct {
		URI string `json:"s3Uri"`
	} `json:"inputDataConfig"`
	Output struct {
		URI string `json:"s3Uri"`
		Key string `json:"encryptionKeyID"`
	} `json:"outputDataConfig"`
	Success struct {
		URI string `json:"successOutputS3Uri"`
	} `json:"successOutput"`
	Failure struct {
		URI string `json:"failureOutputS3Uri"`
	} `json:"failureOutput"`
	FilesScanned       int       `json:"numberOfScannedFiles"`
	FilesImported      int       `json:"numberOfFilesImported"`
	ScannedMB          megabytes `json:"sizeOfScannedFilesInMB"`
	ImportedMB         megabytes `json:"sizeOfDataImportedSuccessfullyInMB"`
	Scanned            int64     `json:"numberOfResourcesScanned"`
	Imported           int64     `json:"numberOfResourcesImportedSuccessfully"`
	Unchanged          int64     `json:"numberOfResourcesUnchanged"`
	WithCustomerErrors int64     `json:"numberOfResourcesWithCustomerError"`
	WithServerErrors   int64     `json:"numberOfResourcesWithServerError"`
}

// megabytes is a number of bytes. It is written in millions, exactly.
type megabytes int64

func (m megabytes) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(m)/1e6, 'f', 6, 64), nil
}

// writeManifest writes the manifest of a job that has ended.
func (j *Job) writeManifest(r *Result) error {
	at := j.position()
	m := manifest{
		JobName: j.options.JobName, JobStatus: r.Status,
		FilesScanned: at.filesBegun(len(j.sources)), FilesImported: at.Whole,
		ScannedMB: megabytes(r.Bytes), ImportedMB: megabytes(r.BytesImported),
		Scanned: r.Scanned, Imported: r.Imported, Unchanged: r.Unchanged,
		WithCustomerErrors: r.CustomerErrors, WithServerErrors: r.ServerErrors,
	}
	m.Input.URI, m.Output.URI, m.Success.URI, m.Failure.URI = j.options.Name, "./", successFolder, failureFolder
	text, err := json.Marshal(m, jsontext.Multiline(true))
	if err != nil {
		return fmt.Errorf("ingest: report: %w", err)
	}
	w, err := j.options.Report.Create(manifestName)
	if err != nil {
		return fmt.Errorf("ingest: report: %w", err)
	}
	if _, err := w.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("ingest: report: %w", errors.Join(err, jobs.Abort(w)))
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("ingest: report: %w", err)
	}
	return nil
}
