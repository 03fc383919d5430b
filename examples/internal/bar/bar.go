package bar

import (
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
)

// A Bar is for one goroutine. It is gone once it has ended.
type Bar struct {
	what  string
	shown *progressbar.ProgressBar // nil where nobody looks, and after the end
	of    int64                    // the whole, 0 if it is unknown
}

// New returns a bar that counts in a unit, such as "resources"; "bytes" are shown as KB, MB
// and so on. Its time begins now.
func New(w io.Writer, what, unit string) *Bar {
	file, ok := w.(*os.File)
	if !ok {
		return &Bar{}
	}
	if info, err := file.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return &Bar{}
	}
	options := []progressbar.Option{
		progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what), progressbar.OptionSetWidth(25),
		progressbar.OptionShowCount(), progressbar.OptionClearOnFinish(),
	}
	if unit == "bytes" {
		options = append(options, progressbar.OptionShowBytes(true))
	} else {
		options = append(options, progressbar.OptionShowIts(), progressbar.OptionSetItsString(unit))
	}
	b := &Bar{what: what, shown: progressbar.NewOptions64(1, options...)}
	b.shown.StartWithoutRender()
	return b
}

// Set sets how much is done, and of how much. As long as the whole is 0, nothing is shown.
func (b *Bar) Set(done, total int64) {
	if b.shown == nil || total <= 0 {
		return
	}
	if b.of != total {
		b.of = total
		b.shown.ChangeMax64(total)
	}
	_ = b.shown.Set64(min(done, total-1)) // the whole is for End; an error of showing is ignored
}

// Describe adds a text to the name of the bar.
func (b *Bar) Describe(more string) {
	if b.shown != nil && b.of > 0 {
		b.shown.Describe(b.what + " " + more)
	}
}

// End removes the bar. Ending again does nothing.
func (b *Bar) End() {
	if b.shown != nil {
		_ = b.shown.Finish()
		b.shown = nil
	}
}
