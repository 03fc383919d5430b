package txlogtest

import (
	"testing"

	"go.uber.org/goleak"
)

// Main runs the tests of a package that opens logs, and exits. The run fails if a
// goroutine outlives the tests.
func Main(m *testing.M) {
	// buntdb's own goroutine sleeps for up to a second after its Close.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/tidwall/buntdb.(*DB).backgroundManager"))
}
