package main

import (
	"bufio"
	"errors"
	"io"
)

// eachLine calls answer with each line, of any length, with its end. The output is flushed
// as soon as no further line is there to be read.
func eachLine(in io.Reader, out io.Writer, answer func(line []byte, w *bufio.Writer) error) error {
	r, w := bufio.NewReaderSize(in, 64<<10), bufio.NewWriterSize(out, 64<<10)
	for {
		line, err := r.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if len(line) > 0 {
			if err := answer(line, w); err != nil {
				return err
			}
		}
		if err != nil {
			return w.Flush()
		}
		if r.Buffered() == 0 {
			if err := w.Flush(); err != nil {
				return err
			}
		}
	}
}
