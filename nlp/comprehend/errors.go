package comprehend

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

var (
	// ErrRefused is returned for a request that the service does not take: the keys, the
	// right to call it, or the text.
	ErrRefused = errors.New("comprehend: the service refused a request")
	// ErrUnavailable is returned when the service could not be reached, was overloaded or
	// failed at every attempt. Later it may answer.
	ErrUnavailable = errors.New("comprehend: the service did not answer")
	// ErrTooLarge is returned for an answer that is larger than [Options] allow.
	ErrTooLarge = errors.New("comprehend: an answer is larger than MaxAnswer")
)

// failure returns the error of a request, without the service's message, which may speak
// of the text.
func failure(ctx context.Context, operation string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if errors.Is(err, ErrTooLarge) {
		return fmt.Errorf("%w: %s", ErrTooLarge, operation)
	}
	class := ErrUnavailable
	detail := ""
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		detail = fmt.Sprintf(", HTTP status %d", response.HTTPStatusCode())
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		detail += ", " + codeOf(api)
		if retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == 0 && response != nil &&
			response.HTTPStatusCode() < http.StatusInternalServerError {
			class = ErrRefused
		}
	}
	return fmt.Errorf("%w: %s%s", class, operation, detail)
}

// codeOf returns the code of an error if it looks like one.
func codeOf(err smithy.APIError) string {
	code := err.ErrorCode()
	for _, c := range code {
		if len(code) > 64 || !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z') {
			return "an error without a code"
		}
	}
	return code
}
