package engine

import (
	"context"
	"log/slog"
	"time"
)

// careful returns a logger for the engine, whose goroutines must survive any fault of
// the caller's handler.
func careful(l *slog.Logger) *slog.Logger {
	if _, ok := l.Handler().(carefulHandler); ok {
		return l
	}
	return slog.New(carefulHandler{l.Handler()})
}

// A carefulHandler calls the caller's handler in a goroutine of its own and waits for
// it, but for patience at most. So a handler that panics loses its message, and a
// handler that hangs or calls back into the store holds up no writer for long.
type carefulHandler struct{ slog.Handler }

func (h carefulHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h carefulHandler) Handle(ctx context.Context, r slog.Record) error {
	told := make(chan struct{})
	go func() {
		defer close(told)
		defer func() { _ = recover() }()
		if h.Handler.Enabled(ctx, r.Level) {
			_ = h.Handler.Handle(ctx, r.Clone())
		}
	}()
	lost := time.NewTimer(patience)
	defer lost.Stop()
	select {
	case <-told:
	case <-lost.C:
	}
	return nil
}
