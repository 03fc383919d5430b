package export

import "fmt"

// A series is files that follow each other: of one resource type, of patients' blocks, or
// of deletions.
type series struct {
	Name    string `json:"name"`
	Deleted bool   `json:"deleted,omitzero"`
}

// blocks reports whether the series is of patients' blocks.
func (s series) blocks() bool { return s.Name == blocksName && !s.Deleted }

// typ is the resource type of the lines, "" if they have several.
func (s series) typ() string {
	if s.blocks() {
		return ""
	}
	return s.Name
}

// folder is the folder of a job's files, with a slash, or "".
func (o *Options) folder(job string) string {
	if o.Layout == HealthLake {
		return o.DatastoreID + "-FHIR_EXPORT-" + job + "/"
	}
	return ""
}

// fileName returns the name of a file of a series, from 1, below the job's folder.
func (o *Options) fileName(s series, number int) string {
	suffix := ".ndjson" + map[Compression]string{Gzip: ".gz", Zstd: ".zst"}[o.Compression]
	switch {
	case o.Layout == HealthLake && s.Deleted:
		return fmt.Sprintf("deleted/%s-1-%d-0%s", s.Name, number, suffix)
	case o.Layout == HealthLake:
		return fmt.Sprintf("%s/%s-1-%d-0%s", s.Name, s.Name, number, suffix)
	}
	name := s.Name
	if s.Deleted {
		name = "deleted/" + name
	}
	if number > 1 {
		name = fmt.Sprintf("%s-%d", name, number)
	}
	return name + suffix
}
