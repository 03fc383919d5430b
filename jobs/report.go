package jobs

// A Report is the progress of an import. It counts durable work only. The names are those
// of HealthLake's JobProgressReport; further counts have names of the same form.
type Report struct {
	ScannedFiles    int64   `json:"TotalNumberOfScannedFiles"`
	ScannedMB       float64 `json:"TotalSizeOfScannedFilesInMB"` // decompressed
	ImportedFiles   int64   `json:"TotalNumberOfImportedFiles"`  // to their end
	Scanned         int64   `json:"TotalNumberOfResourcesScanned"`
	Imported        int64   `json:"TotalNumberOfResourcesImported"`
	CustomerErrors  int64   `json:"TotalNumberOfResourcesWithCustomerError"`
	UnreadableFiles int64   `json:"TotalNumberOfFilesReadWithCustomerError"`
	Throughput      float64 `json:"Throughput"` // resources a second, scanned by the last run

	// Unchanged is how many of the imported resources the store had already with the
	// same content. For an interrupted job it lags behind by a commit until the job is
	// resumed.
	Unchanged int64 `json:"TotalNumberOfResourcesUnchanged"`
	// ServerErrors is how many resources were refused by an error of the store.
	ServerErrors int64 `json:"TotalNumberOfResourcesWithServerError"`
}

// Written is the progress of an export. It counts complete files only.
type Written struct {
	Files     int64 `json:"files"`
	Resources int64 `json:"resources"`
	Bytes     int64 `json:"bytes"`
	Total     int64 `json:"total,omitzero"` // resources to write, where that is known
}
