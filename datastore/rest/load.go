package rest

import (
	"context"
	"net"
	"net/http"
	"sync"

	"github.com/fhirlake/fhirlake/issue"
	"golang.org/x/sync/semaphore"
)

// A load is the work that a handler does at a time.
type load struct {
	total     *semaphore.Weighted
	limits    Limits
	mu        sync.Mutex
	perCaller map[string]int64 // of requests under way; nil if callers are not told apart
}

func newLoad(limits Limits) *load {
	l := &load{total: semaphore.NewWeighted(int64(limits.Load)), limits: limits}
	if limits.CallerLoad < limits.Load {
		l.perCaller = map[string]int64{}
	}
	return l
}

// A place is the room of one request in a load.
type place struct {
	load         *load
	caller       string
	weight, mine int64 // of the total, and of the caller's part
}

// leave makes the room free again, if there is any.
func (p place) leave() {
	if p.load == nil {
		return
	}
	p.load.total.Release(p.weight)
	p.load.give(p.caller, p.mine)
}

// admit waits until there is room for work of a weight. It reports 429 if the caller has its part already, and 503 if no room becomes free
// in time.
func (l *load) admit(ctx context.Context, caller string, weight int64) (place, error) {
	mine := min(weight, int64(l.limits.CallerLoad))
	if !l.take(caller, mine) {
		return place{}, refuse(http.StatusTooManyRequests, issue.Throttled, "the caller has as many requests under way as one caller may have: wait for some of them")
	}
	weight = min(weight, int64(l.limits.Load))
	if !l.total.TryAcquire(weight) {
		waiting, cancel := context.WithTimeout(ctx, l.limits.Wait)
		defer cancel()
		if err := l.total.Acquire(waiting, weight); err != nil {
			l.give(caller, mine)
			if ctx.Err() != nil {
				return place{}, ctx.Err()
			}
			return place{}, refuse(http.StatusServiceUnavailable, issue.Throttled, "too many requests are under way: try again soon")
		}
	}
	return place{l, caller, weight, mine}, nil
}

func (l *load) take(caller string, weight int64) bool {
	if l.perCaller == nil {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.perCaller[caller]+weight > int64(l.limits.CallerLoad) {
		return false
	}
	l.perCaller[caller] += weight
	return true
}

func (l *load) give(caller string, weight int64) {
	if l.perCaller == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.perCaller[caller] -= weight; l.perCaller[caller] == 0 {
		delete(l.perCaller, caller)
	}
}

// perBody is how many bytes of a body count as much as a read.
const perBody = 128 << 10

// weight returns how much the interaction of a route counts without its body.
func (found *route) weight() int64 {
	switch interaction := interactionOf(found); interaction {
	case "read", "vread", "capabilities":
		return 1
	case "batch":
		return 16
	case "create", "update", "patch", "delete":
		return 2
	}
	return 8
}

// hasBody reports whether the interaction reads a body.
func (found *route) hasBody() bool {
	return found.method == http.MethodPost || found.method == http.MethodPut || found.method == http.MethodPatch
}

// admit waits for room in the handler's load: for a request with a body once that has been
// read, so that nothing is held for a client that sends slowly.
func (x *exchange) admit(length int) error {
	if x.room.load != nil {
		return nil
	}
	caller := x.caller
	if caller == "" && x.load.perCaller != nil {
		caller = x.r.RemoteAddr
		if host, _, err := net.SplitHostPort(caller); err == nil {
			caller = host
		}
	}
	room, err := x.load.admit(x.r.Context(), caller, x.found.weight()+int64(length)/perBody)
	x.room = room
	return err
}
