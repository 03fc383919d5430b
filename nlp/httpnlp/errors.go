package httpnlp

import "errors"

var (
	// ErrRefused is returned for a request that the service does not take, by a status of
	// 3xx or 4xx.
	ErrRefused = errors.New("httpnlp: the service refused a request")
	// ErrUnavailable is returned when the service could not be reached, was overloaded or
	// failed at every attempt. Later it may answer.
	ErrUnavailable = errors.New("httpnlp: the service did not answer")
	// ErrAnswer is returned for an answer that is not the JSON that doc.go describes.
	ErrAnswer = errors.New("httpnlp: the service answered something else")
	// ErrTooLarge is returned for an answer that is larger than [Options] allow.
	ErrTooLarge = errors.New("httpnlp: an answer is larger than MaxAnswer")
)
