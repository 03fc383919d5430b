package rest

import (
	"context"
	"net"
	"net/http"
	"strings"
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

// leave makes the room free again.
func (p place) leave() {
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
const perBody = 64 << 10

// unknownBody is what a body of an unknown length counts as.
const unknownBody = 1 << 20

// weight returns how much the interaction of a route counts.
func (x *exchange) weight(found *route) int64 {
	of := int64(8)
	switch interaction := interactionOf(found); {
	case interaction == "read", interaction == "vread", interaction == "capabilities":
		return 1
	case interaction == "batch":
		of = 16
	case interaction == "create", interaction == "update", interaction == "patch", interaction == "delete":
		of = 2
	case strings.HasPrefix(interaction, "search"), strings.HasPrefix(interaction, "history"):
		return of
	}
	length := x.r.ContentLength
	if length < 0 {
		length = unknownBody
	}
	return of + min(length, x.options.MaxBodySize)/perBody
}

// admit waits for room in the handler's load.
func (x *exchange) admit(found *route) (place, error) {
	caller := x.caller
	if caller == "" && x.load.perCaller != nil {
		caller = x.r.RemoteAddr
		if host, _, err := net.SplitHostPort(caller); err == nil {
			caller = host
		}
	}
	return x.load.admit(x.r.Context(), caller, x.weight(found))
}
