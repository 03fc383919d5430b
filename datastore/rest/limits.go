package rest

import (
	"cmp"
	"fmt"
	"runtime"
	"time"
)

// Limits bound what a request may take. The zero value of each field is its default, and a
// negative one is refused. [datastore.Options] bound the work of a search, the entries of a
// Bundle and the sizes of resources and answers.
type Limits struct {
	// HeaderBytes is the size of the path, the query and the headers of a request, 256 KiB
	// by default; each header counts 32 bytes more than it has. Beyond it the answer is 414
	// or 431. A server of package net/http has a limit of its own, 1 MiB by default, beyond
	// which its answer is in plain text.
	HeaderBytes int
	// Patience is how long a request may wait for its client altogether, 30 s by default,
	// beside a second for each 8 KiB that the client sends or takes. A body that is slower
	// is answered with 408, and an answer that is taken more slowly is cut off. The read and
	// write timeouts of an [http.Server] do not hold while a handler waits so.
	Patience time.Duration
	// Load is how much the handler does at a time: 512 for each core by default. A read
	// counts 1, a search, a history or an operation 8, a write 2 and a Bundle 16, and each
	// 128 KiB of a body 1 more. Nothing counts while its body is read.
	Load int
	// CallerLoad is the part of Load that one caller may have, all of it by default. Callers
	// are told apart by [Authorization], else by their addresses: do not set it behind a
	// proxy that makes all callers one. Beyond it the answer is 429.
	CallerLoad int
	// Wait is how long a request waits for others to end, 5 s by default. After that the
	// answer is 503.
	Wait time.Duration
}

// The defaults.
const (
	defaultHeaderBytes = 256 << 10
	defaultPatience    = 30 * time.Second
	defaultLoad        = 512
	defaultWait        = 5 * time.Second
)

// withDefaults fills l and reports everything that is wrong with it.
func (l Limits) withDefaults() (Limits, []error) {
	var wrong []error
	for name, value := range map[string]int64{
		"HeaderBytes": int64(l.HeaderBytes), "Patience": int64(l.Patience), "Load": int64(l.Load), "CallerLoad": int64(l.CallerLoad), "Wait": int64(l.Wait),
	} {
		if value < 0 {
			wrong = append(wrong, fmt.Errorf("rest: Limits.%s is negative: leave it 0 for the default", name))
		}
	}
	l.HeaderBytes = cmp.Or(l.HeaderBytes, defaultHeaderBytes)
	l.Patience = cmp.Or(l.Patience, defaultPatience)
	l.Load = cmp.Or(l.Load, defaultLoad*runtime.GOMAXPROCS(0))
	if l.CallerLoad > l.Load {
		wrong = append(wrong, fmt.Errorf("rest: Limits.CallerLoad %d is more than Limits.Load %d", l.CallerLoad, l.Load))
	}
	l.CallerLoad = cmp.Or(l.CallerLoad, l.Load)
	l.Wait = cmp.Or(l.Wait, defaultWait)
	return l, wrong
}
