package txlog_test

import "github.com/fhirlake/fhirlake/internal/txlog/txlogtest"

// The disk that the tests of this package break.
type disk = txlogtest.Disk

var (
	newDisk  = txlogtest.NewDisk
	diskOf   = txlogtest.DiskOf
	errFault = txlogtest.ErrFault
)
