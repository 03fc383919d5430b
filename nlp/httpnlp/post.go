package httpnlp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/fhirlake/fhirlake/nlp"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// An answer is the answer of a service for a piece.
type answer struct {
	Entities, ICD10CM, RxNorm []nlp.Entity
	ModelVersion              string
}

// icd10cm returns the list of ICD10CM: its own, or entities with such concepts.
func (a answer) icd10cm() []nlp.Entity {
	return listOf(a.ICD10CM, a.Entities, func(e nlp.Entity) bool { return len(e.ICD10CMConcepts) > 0 })
}

// rxnorm returns the list of RxNorm.
func (a answer) rxnorm() []nlp.Entity {
	return listOf(a.RxNorm, a.Entities, func(e nlp.Entity) bool { return len(e.RxNormConcepts) > 0 })
}

// listOf returns a list of an answer, or those of its entities that belong there.
func listOf(list, entities []nlp.Entity, belongs func(nlp.Entity) bool) []nlp.Entity {
	if list != nil {
		return list
	}
	for _, e := range entities {
		if belongs(e) {
			list = append(list, e)
		}
	}
	return list
}

// A statusError is a status that is no success.
type statusError struct {
	status int
	after  time.Duration // how long the service asks to be left alone
}

func (e *statusError) Error() string { return "HTTP status " + strconv.Itoa(e.status) }

// again says which errors are worth another attempt.
func again(err error) (bool, time.Duration) {
	var status *statusError
	switch {
	case errors.As(err, &status):
		return status.status == http.StatusRequestTimeout || status.status == http.StatusTooManyRequests || status.status >= 500, status.after
	case errors.Is(err, ErrAnswer), errors.Is(err, ErrTooLarge), errors.Is(err, ErrRefused):
		return false, 0
	}
	return true, 0 // the network
}

// post sends a text until it is answered.
func (d *Detector) post(ctx context.Context, url, text string) (answer, error) {
	body, err := json.Marshal(struct{ Text string }{text})
	if err != nil {
		return answer{}, fmt.Errorf("httpnlp: a text cannot be written as JSON (%T)", err)
	}
	var a answer
	err = d.policy.Do(ctx, again, func(ctx context.Context) (err error) {
		a, err = d.attempt(ctx, url, body)
		return err
	})
	var status *statusError
	switch {
	case err == nil || ctx.Err() != nil:
		return a, err
	case errors.Is(err, ErrAnswer), errors.Is(err, ErrTooLarge), errors.Is(err, ErrRefused):
		return a, err
	case errors.As(err, &status):
		if retry, _ := again(err); retry {
			return a, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		return a, fmt.Errorf("%w: %w", ErrRefused, err)
	default:
		return a, fmt.Errorf("%w (%T)", ErrUnavailable, err) // the error may have the URL with its secrets
	}
}

// attempt sends a text once.
func (d *Detector) attempt(ctx context.Context, url string, body []byte) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	for name, values := range d.options.Header {
		request.Header[http.CanonicalHeaderKey(name)] = values
	}
	if d.options.Authorize != nil {
		if err := d.options.Authorize(ctx, request); err != nil {
			return answer{}, fmt.Errorf("%w: Authorize failed: %w", ErrRefused, err)
		}
	}
	response, err := d.client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		_, _ = io.CopyN(io.Discard, response.Body, 64<<10) // so that the connection can be used again
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		return answer{}, &statusError{response.StatusCode, time.Duration(min(max(seconds, 0), 3600)) * time.Second}
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, d.options.MaxAnswer+1))
	if err != nil {
		return answer{}, err
	}
	if int64(len(data)) > d.options.MaxAnswer {
		return answer{}, ErrTooLarge
	}
	return parse(data)
}

// parse reads an answer.
func parse(data []byte) (answer, error) {
	var a answer
	if err := json.Unmarshal(data, &a, json.MatchCaseInsensitiveNames(true), jsontext.AllowDuplicateNames(false)); err != nil {
		var syntactic *jsontext.SyntacticError
		if errors.As(err, &syntactic) {
			return answer{}, fmt.Errorf("%w: no JSON, at byte %d", ErrAnswer, syntactic.ByteOffset)
		}
		return answer{}, fmt.Errorf("%w: values of other types", ErrAnswer)
	}
	if a.Entities == nil && a.ICD10CM == nil && a.RxNorm == nil {
		return answer{}, fmt.Errorf("%w: no list of entities", ErrAnswer)
	}
	return a, nil
}
