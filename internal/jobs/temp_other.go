//go:build !linux

package jobs

import (
	"errors"
	"os"
)

// createTemp makes a file with a temporary name.
func createTemp(folder string) (file *os.File, name string, err error) { return createNamed(folder) }

// nameTemp is not called: every file has a name.
func nameTemp(*os.File, string) error { return errors.ErrUnsupported }
