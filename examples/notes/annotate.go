package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/fhirlake/fhirlake/nlp"
	"github.com/fhirlake/fhirlake/nlp/clinical"
)

// An answer is what annotate writes for one line.
type answer struct {
	Entities []nlp.Entity
	ICD10CM  []nlp.Entity
	RxNorm   []nlp.Entity
	Error    string `json:",omitempty"`
}

// annotate reads JSON strings, one a line, each the text of a document, and writes
// for each line what the text speaks of as one JSON object.
func annotate(_ []string, in io.Reader, out io.Writer) error {
	detector, err := clinical.New(nil)
	if err != nil {
		return err
	}
	r, w := bufio.NewReaderSize(in, 64<<10), bufio.NewWriterSize(out, 64<<10)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for {
		line, err := r.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if len(line) > 0 {
			if err := enc.Encode(read(detector, line)); err != nil {
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

// read annotates the text in a line.
func read(detector nlp.Detector, line []byte) answer {
	none := answer{Entities: []nlp.Entity{}, ICD10CM: []nlp.Entity{}, RxNorm: []nlp.Entity{}}
	text, err := decode(line)
	if err != nil {
		none.Error = err.Error()
		return none
	}
	found, err := detector.Detect(context.Background(), text)
	if err != nil {
		none.Error = err.Error()
		return none
	}
	return answer{Entities: found.Entities, ICD10CM: found.ICD10CM, RxNorm: found.RxNorm}
}

// decode returns the string that a line of JSON holds. Lone surrogates and bytes that are
// not UTF-8 become U+FFFD.
func decode(line []byte) (string, error) {
	line = bytes.TrimSpace(line)
	if len(line) == 0 {
		return "", errors.New("the line is empty; want a JSON string")
	}
	if line[0] != '"' {
		return "", errors.New("the line is no JSON string")
	}
	var text string
	if err := json.Unmarshal(line, &text); err != nil {
		return "", errors.New("the line is no JSON string: " + err.Error())
	}
	return text, nil
}
