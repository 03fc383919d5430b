package export

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/fhirlake/fhirlake/internal/jobs"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A Sink makes the files of an export by name. Names are paths with slashes, as
// io/fs has them.
//
// A file is complete when its Close has returned nil. If a writer also has a method
// Abort() error, it is called instead of Close for a file that is given up.
type Sink interface {
	Create(name string) (io.WriteCloser, error)
}

// DirSink returns a Sink that puts files into a folder, which is made when it is
// first needed. Files are readable by their owner alone, and appear under their
// names once they are complete and durable.
func DirSink(folder string) Sink { return jobs.Folder(folder) }

// A Layout selects the names of files.
type Layout string

// The layouts.
const (
	// Flat is Patient.ndjson, Patient-2.ndjson and so on.
	Flat Layout = ""
	// HealthLake is the layout of AWS HealthLake's exports: all files in a folder
	// <DatastoreID>-FHIR_EXPORT-<job's id>, named <Type>/<Type>-1-<n>-0.ndjson with n
	// from 1.
	HealthLake Layout = "HealthLake"
)

// A Compression says how files are compressed.
type Compression string

// The compressions. Names of files get a suffix: .gz or .zst.
const (
	None Compression = ""
	Gzip Compression = "gzip"
	Zstd Compression = "zstd"
)

// An Associated is a value of Bulk Data's includeAssociatedData.
type Associated string

// The associated data.
const (
	// LatestProvenance is the last recorded Provenance of each exported resource.
	LatestProvenance Associated = "LatestProvenanceResources"
	// RelevantProvenance is every Provenance of an exported resource.
	RelevantProvenance Associated = "RelevantProvenanceResources"
)

// Options say what is exported and where to. A job needs To; the zero value of each
// other field is its default. All conditions must hold.
type Options struct {
	// To takes the files and the manifest.
	To Sink `json:"-"`
	// Scope is "" for the whole store; "Patient" for all patients and their
	// compartments (FHIR R4 §3.3); or "Group/<id>" for the patients that are active
	// members of that Group, or of Groups that are members, and their compartments.
	Scope string `json:"scope,omitempty"`
	// Types are the resource types to export: all of the scope by default.
	Types []string `json:"types,omitempty"`
	// Since leaves out versions written at this time or before, Until versions written
	// at this time or later.
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// TypeFilters are searches, as in "Observation?status=final". A resource of a type
	// with filters is exported if any of them matches. Filters only select: see
	// datastore.Snapshot.Select.
	TypeFilters []string `json:"typeFilters,omitempty"`
	// Elements cut resources to these elements, the mandatory elements, id and meta:
	// "name" of all types, "Patient.name" of one. Cut resources are tagged SUBSETTED.
	Elements []string `json:"elements,omitempty"`
	// Tags and Securities are values of the search parameters _tag and _security, as in
	// "http://example.org|secret". A resource has one of each list that is not empty.
	Tags       []string `json:"tags,omitempty"`
	Securities []string `json:"securities,omitempty"`
	// Patients narrow a scope to some patients, as in "Patient/ann". With the whole
	// store, the scope is Patient. Each must be there, and in the Group.
	Patients []string `json:"patients,omitempty"`
	// Associated adds data that belongs to the exported resources.
	Associated []Associated `json:"associated,omitempty"`
	// OrganizeBy is "" for files of one resource type each, or "Patient": then files
	// named Patients hold, one patient after the other, a Parameters resource that
	// names the patient, the patient, and the exported resources of the compartment, in
	// the order of the log. Resources in no compartment follow in files of their types.
	// A block is in one file.
	OrganizeBy string `json:"organizeBy,omitempty"`
	// History exports all versions instead of the current ones. Deletions that are in
	// force are listed as deleted, with their versions; undone deletions stand among the
	// versions of their type, each a line with a Bundle without an id. It goes with
	// Types, Since and Until only. Imported with ingest.Options.KeepVersions, versions and
	// deletions have the same numbers and times again.
	History bool `json:"history,omitzero"`

	// FileSize is how many bytes of lines a file has at most, unless a single line or
	// block has more: without bound by default.
	FileSize int64 `json:"fileSize,omitzero"`
	// Layout selects the names of files; DatastoreID is a part of HealthLake's.
	Layout      Layout `json:"layout,omitempty"`
	DatastoreID string `json:"datastoreId,omitempty"`
	// Compression says how files are compressed.
	Compression Compression `json:"compression,omitempty"`
	// Request is the request in the manifest, as a URL.
	Request string `json:"request,omitempty"`

	// ClientToken makes Start idempotent: with the token of an earlier job, Start
	// returns that job, which goes on if it is not complete.
	ClientToken string `json:"-"`
	// JobName and Output are the caller's names, in the register, for the job and for
	// the place of its files. Like ClientToken they are refused where no job is registered.
	JobName string `json:"-"`
	Output  string `json:"-"`
	// Progress is called while the job runs, about ten times a second at most, and
	// once at the end, before Wait returns. Calls come from one goroutine. One
	// that blocks does not hold the export up, but its end.
	Progress func(Progress) `json:"-"`
	// Workers is how many goroutines open and decompress resources: as many as Go
	// uses processors (GOMAXPROCS) by default.
	Workers int `json:"-"`
}

const patient = "Patient"

// withDefaults fills o and reports all its faults.
func (o Options) withDefaults() (Options, error) {
	var wrong []error
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf("export: "+format, args...)) }
	o.Types = slices.Clone(o.Types)
	slices.Sort(o.Types)
	o.Types = slices.Compact(o.Types)
	for _, name := range o.Types {
		if _, ok := schema.ResourceType(name); !ok {
			complain("Types: %q is no resource type of FHIR R4", name)
		}
	}
	if len(o.Patients) > 0 && o.Scope == "" {
		o.Scope = patient
	}
	group, isGroup := strings.CutPrefix(o.Scope, "Group/")
	if o.Scope != "" && o.Scope != patient && (!isGroup || group == "" || strings.Contains(group, "/")) {
		complain(`Scope is %q: give "", "Patient" or "Group/<id>"`, o.Scope)
	}
	if o.Scope != "" {
		for _, name := range o.Types {
			if !inCompartment(name) {
				complain("Types: %s is in no patient's compartment: export it without Scope and Patients", name)
			}
		}
	}
	for _, ref := range o.Patients {
		if id, ok := strings.CutPrefix(ref, patient+"/"); !ok || id == "" || strings.Contains(id, "/") {
			complain(`Patients: a reference is no "Patient/<id>"`)
		}
	}
	if !o.Since.IsZero() && !o.Until.IsZero() && !o.Since.Before(o.Until) {
		complain("Since is not before Until: nothing would be exported")
	}
	for _, a := range o.Associated {
		if a != LatestProvenance && a != RelevantProvenance {
			complain("Associated: %q is neither %s nor %s", a, LatestProvenance, RelevantProvenance)
		}
	}
	if o.OrganizeBy != "" && o.OrganizeBy != patient {
		complain(`OrganizeBy is %q: give "" or "Patient"`, o.OrganizeBy)
	}
	if o.OrganizeBy != "" && o.Layout == HealthLake {
		complain("OrganizeBy: files of HealthLake's layout have one resource type each: leave out OrganizeBy or Layout")
	}
	if o.Layout != Flat && o.Layout != HealthLake {
		complain("Layout %q is unknown", o.Layout)
	}
	if (o.Layout == HealthLake) != (o.DatastoreID != "") {
		complain("Layout HealthLake and DatastoreID need each other")
	}
	if strings.Trim(o.DatastoreID, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "" {
		complain("DatastoreID has other characters than letters, digits and -")
	}
	if o.Compression != None && o.Compression != Gzip && o.Compression != Zstd {
		complain("Compression %q is unknown: give gzip or zstd", o.Compression)
	}
	if o.History && (o.Scope != "" || len(o.TypeFilters)+len(o.Elements)+len(o.Tags)+len(o.Securities)+len(o.Associated) > 0 || o.OrganizeBy != "") {
		complain("History goes with Types, Since and Until only, since searches find no versions that were superseded")
	}
	if o.FileSize < 0 {
		complain("FileSize %d is negative", o.FileSize)
	}
	if o.Workers < 0 {
		complain("Workers %d is negative", o.Workers)
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	return o, errors.Join(wrong...)
}

// withSink is withDefaults for a job.
func (o Options) withSink() (Options, error) {
	filled, err := o.withDefaults()
	if o.To == nil {
		err = errors.Join(errors.New("export: To is not set"), err)
	}
	return filled, err
}

// wrongWithoutRegister reports the options that do nothing for an export that is in no
// register.
func (o *Options) wrongWithoutRegister() error {
	if o.ClientToken != "" || o.JobName != "" || o.Output != "" {
		return errors.New("export: ClientToken, JobName and Output are for the register, which has jobs on a Store alone: leave them out")
	}
	return nil
}

// inCompartment reports whether resources of a type can be in a patient's compartment.
func inCompartment(typ string) bool { return compartmentMember(typ) != nil }
