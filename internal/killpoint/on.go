//go:build killpoints

package killpoint

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
)

// Enabled reports whether this build has kill points.
const Enabled = true

// Env is the environment variable that names the point.
const Env = "FHIRLAKE_KILL"

// point is the name of the point, and wanted the number of the passing that ends the
// process.
var point, wanted = parse(os.Getenv(Env))

var passed atomic.Int64

func parse(text string) (name string, n int64) {
	name, count, ok := strings.Cut(text, ":")
	if !ok {
		return name, 1
	}
	n, err := strconv.ParseInt(count, 10, 64)
	if err != nil {
		panic("killpoint: " + Env + " is not name:n")
	}
	return name, n
}

// Here ends the process where FHIRLAKE_KILL names this point.
func Here(name string) {
	if name != point || passed.Add(1) != wanted {
		return
	}
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	if err != nil {
		panic("killpoint: " + err.Error())
	}
	select {} // the signal is on its way
}
