package jobs

// A Report is how far an import is, in the names of HealthLake's JobProgressReport. What
// it counts is durable. Of what is not HealthLake's, the names are made in its manner.
type Report struct {
	ScannedFiles    int64   `json:"TotalNumberOfScannedFiles"`
	ScannedMB       float64 `json:"TotalSizeOfScannedFilesInMB"` // decompressed
	ImportedFiles   int64   `json:"TotalNumberOfImportedFiles"`  // to their end
	Scanned         int64   `json:"TotalNumberOfResourcesScanned"`
	Imported        int64   `json:"TotalNumberOfResourcesImported"`
	CustomerErrors  int64   `json:"TotalNumberOfResourcesWithCustomerError"`
	UnreadableFiles int64   `json:"TotalNumberOfFilesReadWithCustomerError"`
	Throughput      float64 `json:"Throughput"` // resources a second, scanned by the last run

	// Unchanged is how many of the imported resources the store held as they are. Of a
	// job that was interrupted, it lags behind by a commit until the job is resumed.
	Unchanged int64 `json:"TotalNumberOfResourcesUnchanged"`
	// ServerErrors is how many resources were refused for what went wrong here.
	ServerErrors int64 `json:"TotalNumberOfResourcesWithServerError"`
}

// Written is how far an export is: what is in complete files.
type Written struct {
	Files     int64 `json:"files"`
	Resources int64 `json:"resources"`
	Bytes     int64 `json:"bytes"`
	Total     int64 `json:"total,omitzero"` // resources to write, where that is known
}
