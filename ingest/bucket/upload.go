package bucket

import (
	"context"
	"io"
	"time"
)

// An upload writes an object in parts: a goroutine hands what is written to the driver.
//
// Drivers give an upload up in different ways. If a body fails, S3 and Azure end the
// upload and remove its parts, for which their context must live; others take the body
// for the whole and keep it, unless their context has ended.
type upload struct {
	ctx      context.Context // the caller's
	body     *io.PipeWriter
	cancel   context.CancelCauseFunc // of the driver's context
	failBody bool                    // Options.FailBody
	patience time.Duration           // for giving up; a write has some times as long
	done     chan struct{}           // closed once err is what the driver says
	err      error
	unwatch  func() bool // ends the watch over ctx
}

// begin begins to write an object.
func (b *Bucket) begin(ctx context.Context, key string) *upload {
	body, w := io.Pipe()
	u := &upload{ctx: ctx, body: w, failBody: b.failBody, patience: b.policy.Patience, done: make(chan struct{})}
	driver, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	u.cancel = cancel
	go func() {
		defer close(u.done)
		err := b.blobs.Upload(driver, key, body, b.options())
		if cause := context.Cause(driver); err != nil && cause != nil {
			err = cause // why the driver failed
		}
		u.err = err
		if err == nil {
			err = io.ErrClosedPipe
		}
		body.CloseWithError(err)
	}()
	u.unwatch = context.AfterFunc(ctx, func() { u.fail(context.Cause(ctx)) })
	return u
}

// fail makes the driver fail.
func (u *upload) fail(cause error) {
	if !u.failBody {
		u.cancel(cause)
	}
	u.body.CloseWithError(cause)
}

// write hands text to the driver.
func (u *upload) write(p []byte) error {
	watch := time.AfterFunc(patienceToWrite*u.patience, func() { u.cancel(ErrSlow) })
	defer watch.Stop()
	_, err := u.body.Write(p)
	if err != nil && u.ctx.Err() != nil {
		err = context.Cause(u.ctx)
	}
	return err
}

// complete waits until the object is there. From here on the caller's context ends it
// only through the watch, since only the acknowledgement is missing.
func (u *upload) complete() error {
	if u.ctx.Err() != nil {
		u.giveUp(context.Cause(u.ctx))
		return context.Cause(u.ctx)
	}
	watch := time.AfterFunc(patienceToWrite*u.patience, func() { u.cancel(ErrSlow) })
	defer watch.Stop()
	u.body.Close()
	<-u.done
	u.unwatch()
	u.cancel(nil)
	return u.err
}

// giveUp waits until the driver has given the object up.
func (u *upload) giveUp(cause error) {
	u.fail(cause)
	watch := time.AfterFunc(u.patience, func() { u.cancel(ErrSlow) })
	defer watch.Stop()
	<-u.done
	u.unwatch()
	u.cancel(nil)
}
