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

// An answer is the output of annotate for one line.
type answer struct {
	entities, icd10cm, rxNorm []nlp.Entity
	fault                     string // "" if there is nothing to say
}

// write writes the answer as a line of JSON, entity by entity: that of a long text is long.
func (a answer) write(w *bufio.Writer) error {
	var one bytes.Buffer
	enc := json.NewEncoder(&one)
	enc.SetEscapeHTML(false)
	value := func(v any) error {
		one.Reset()
		if err := enc.Encode(v); err != nil {
			return err
		}
		_, err := w.Write(bytes.TrimSuffix(one.Bytes(), []byte("\n")))
		return err
	}
	for i, list := range [][]nlp.Entity{a.entities, a.icd10cm, a.rxNorm} {
		w.WriteString([]string{`{"Entities":[`, `],"ICD10CM":[`, `],"RxNorm":[`}[i])
		for k := range list {
			if k > 0 {
				w.WriteByte(',')
			}
			if err := value(&list[k]); err != nil {
				return err
			}
		}
	}
	w.WriteByte(']')
	if a.fault != "" {
		w.WriteString(`,"Error":`)
		if err := value(a.fault); err != nil {
			return err
		}
	}
	_, err := w.WriteString("}\n") // reports what any write before reported
	return err
}

// annotate reads JSON strings, one a line, each the text of a document, and writes the
// findings in each as one line of JSON.
func annotate(_ []string, in io.Reader, out io.Writer) error {
	detector, err := clinical.New(nil)
	if err != nil {
		return err
	}
	return eachLine(in, out, func(line []byte, w *bufio.Writer) error { return read(detector, line).write(w) })
}

// read annotates the text in a line.
func read(detector nlp.Detector, line []byte) answer {
	text, err := decode(line)
	if err != nil {
		return answer{fault: err.Error()}
	}
	found, err := detector.Detect(context.Background(), text)
	if err != nil {
		return answer{fault: err.Error()}
	}
	return answer{entities: found.Entities, icd10cm: found.ICD10CM, rxNorm: found.RxNorm}
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
