package jobs

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"time"
)

// A Kind says what a job does.
type Kind string

// The kinds.
const (
	Import Kind = "IMPORT"
	Export Kind = "EXPORT"
)

// A Status is how far a job is, in HealthLake's words.
type Status string

// The statuses. The last five are final.
const (
	Submitted           Status = "SUBMITTED"
	Queued              Status = "QUEUED"
	InProgress          Status = "IN_PROGRESS"
	CancelInProgress    Status = "CANCEL_IN_PROGRESS"
	Completed           Status = "COMPLETED"
	CompletedWithErrors Status = "COMPLETED_WITH_ERRORS" // some lines or files were not imported
	Failed              Status = "FAILED"                // stopped by an error of the store, the input or the output
	Cancelled           Status = "CANCEL_COMPLETED"
	CancelFailed        Status = "CANCEL_FAILED"
)

// known reports whether a status is one of these.
func (s Status) known() bool {
	return s == Submitted || s == Queued || s == InProgress || s == CancelInProgress || s.Ended()
}

// Ended reports whether a status is final.
func (s Status) Ended() bool {
	switch s {
	case Completed, CompletedWithErrors, Failed, Cancelled, CancelFailed:
		return true
	}
	return false
}

// A Record is a job's entry in the register.
type Record struct {
	ID     string `json:"id"` // 32 hexadecimal digits
	Kind   Kind   `json:"kind"`
	Name   string `json:"name,omitempty"` // as the caller called it
	Status Status `json:"status"`
	// Message says why a job failed, without data of patients.
	Message string `json:"message,omitempty"`
	// Input and Output name the source and the destination, as the caller did.
	Input  string `json:"input,omitempty"`
	Output string `json:"output,omitempty"`
	// Properties are further options of the job.
	Properties json.RawMessage `json:"properties,omitempty"`
	// Submitted, Began and Ended are UTC. The zero time stands for a moment that has
	// not come yet.
	Submitted time.Time `json:"submitted"`
	Began     time.Time `json:"began,omitzero"`
	Ended     time.Time `json:"ended,omitzero"`
	// Report is how far an import is, and Written how far an export is.
	Report  *Report  `json:"report,omitempty"`
	Written *Written `json:"written,omitempty"`
	// Position is where the job goes on. Only the package of the job reads it.
	Position json.RawMessage `json:"position,omitempty"`
	// Token is the hash of the ClientToken and of the options with which the job was
	// submitted.
	Token string `json:"token,omitempty"`
}

// newID returns the id of a new job.
func newID() string {
	var id [16]byte
	rand.Read(id[:])
	return hex.EncodeToString(id[:])
}
