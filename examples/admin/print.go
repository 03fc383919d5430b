package main

import (
	"fmt"
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
)

// size writes a number of bytes for people.
func size(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	value, units := float64(n)/1024, "KMGTPE"
	for value >= 1023.95 && len(units) > 1 {
		value, units = value/1024, units[1:]
	}
	return fmt.Sprintf("%.1f %ciB", value, units[0])
}

// A bar shows how far something is, on a terminal alone. The nil bar shows nothing.
type bar struct{ shown *progressbar.ProgressBar }

func newBar(w io.Writer, total int64, what string, bytes bool) *bar {
	if file, ok := w.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			return &bar{progressbar.NewOptions64(total, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what),
				progressbar.OptionShowBytes(bytes), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())}
		}
	}
	return nil
}

// set says how much is done.
func (b *bar) set(done int64) {
	if b != nil {
		_ = b.shown.Set64(done) // a bar that cannot be shown harms nobody
	}
}

// setOf says how much is done, and of how much.
func (b *bar) setOf(done, total int64) {
	if b != nil && total > 0 {
		b.shown.ChangeMax64(total)
		b.set(done)
	}
}

// end removes the bar. Ending again does nothing.
func (b *bar) end() {
	if b != nil && !b.shown.IsFinished() {
		_ = b.shown.Finish()
	}
}
