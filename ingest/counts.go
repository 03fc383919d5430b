package ingest

import (
	"time"

	register "github.com/fhirlake/fhirlake/jobs"
)

// Counts are the results so far of a job, or of one file of it. The names are
// HealthLake's, shortened.
type Counts struct {
	Scanned        int64 `json:"scanned"`        // lines that are not blank
	Imported       int64 `json:"imported"`       // of these, stored and durable
	Unchanged      int64 `json:"unchanged"`      // imported resources that the store held as they are
	WithIssues     int64 `json:"withIssues"`     // imported resources that only level Minimal lets in
	CustomerErrors int64 `json:"customerErrors"` // refused for what they hold
	ServerErrors   int64 `json:"serverErrors"`   // refused for what went wrong here
	Bytes          int64 `json:"bytes"`          // scanned, decompressed
	BytesImported  int64 `json:"bytesImported"`
}

// Failed returns how many lines were not imported.
func (c Counts) Failed() int64 { return c.CustomerErrors + c.ServerErrors }

func (c *Counts) add(d Counts) {
	c.Scanned += d.Scanned
	c.Imported += d.Imported
	c.Unchanged += d.Unchanged
	c.WithIssues += d.WithIssues
	c.CustomerErrors += d.CustomerErrors
	c.ServerErrors += d.ServerErrors
	c.Bytes += d.Bytes
	c.BytesImported += d.BytesImported
}

// Progress is how far a job is. It counts durable work only.
type Progress struct {
	Counts
	File      string // the file under way, "" before the first and after the last
	Files     int    // to import
	FilesDone int
	// Size is the size of all files as they lie in their folder, and Read how much
	// of it was read; Read is a few chunks ahead of the counts. Size is 0 for a
	// Reader.
	Read, Size int64
	Elapsed    time.Duration
	// Rate is how many resources a second this run has imported, and Left about how
	// long the rest of the input takes, 0 if that is unknown.
	Rate float64
	Left time.Duration
}

// estimate sets rate and time left. before is what earlier runs have imported.
func (p *Progress) estimate(before int64) {
	if seconds := p.Elapsed.Seconds(); seconds > 0 {
		p.Rate = float64(p.Imported-before) / seconds
	}
	if p.Read > 0 && p.Read < p.Size {
		p.Left = time.Duration(float64(p.Elapsed) * float64(p.Size-p.Read) / float64(p.Read))
	}
}

// A Result is the result of a job. The counts of a resumed job are those of all its
// runs.
type Result struct {
	Counts
	Status  Status
	Files   []FileResult // files begun since the job was started or resumed, in order
	Elapsed time.Duration
}

// A FileResult is the result of one file.
type FileResult struct {
	Counts
	Name string
	// Err is why the file could not be read to its end. The lines before are imported.
	Err error
}

// A Status is the final status of a job, in HealthLake's words.
type Status = register.Status

// The statuses.
const (
	Completed           = register.Completed
	CompletedWithErrors = register.CompletedWithErrors // some lines or files were not imported
	Failed              = register.Failed              // stopped by an error of the store or of the report
	Cancelled           = register.Cancelled
)
