package export

import (
	"errors"
	"fmt"
	"runtime"
	"slices"

	"github.com/fhirlake/fhirlake/internal/jobs"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A Sink makes the files of an export by name. Names are paths with slashes, as
// io/fs has them.
//
// It has one method, Create(name string) (io.WriteCloser, error). A file is
// complete when its Close has returned nil. If a writer also has a method
// Abort() error, it is called instead of Close for a file that is given up.
type Sink = jobs.Sink

// DirSink returns a Sink that puts files into a folder, which is made when it is
// first needed. Files are readable by their owner alone, and appear under their
// names once they are complete and durable.
func DirSink(folder string) Sink { return jobs.Folder(folder) }

// Options say what is exported and where to. To is needed; of everything else the
// zero value is the default.
type Options struct {
	// To takes the files and the manifest.
	To Sink
	// Types are the resource types to export: all by default.
	Types []string
	// Request is what the manifest says was asked for, as a URL.
	Request string
	// Progress is called while the job runs, about ten times a second at most, and
	// once at the end, before Wait returns. Calls come from one goroutine. One
	// that blocks does not hold the export up, but its end.
	Progress func(Progress)
	// Workers is how many goroutines open and decompress resources: as many as Go
	// uses processors (GOMAXPROCS) by default.
	Workers int
}

// withDefaults fills o and reports everything that is wrong with it.
func (o Options) withDefaults() (Options, error) {
	var wrong []error
	if o.To == nil {
		wrong = append(wrong, errors.New("export: To is not set"))
	}
	o.Types = slices.Clone(o.Types)
	slices.Sort(o.Types)
	o.Types = slices.Compact(o.Types)
	for _, name := range o.Types {
		if _, ok := schema.ResourceType(name); !ok {
			wrong = append(wrong, fmt.Errorf("export: Types: %q is no resource type of FHIR R4", name))
		}
	}
	if o.Workers < 0 {
		wrong = append(wrong, fmt.Errorf("export: Workers %d is negative", o.Workers))
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	return o, errors.Join(wrong...)
}
