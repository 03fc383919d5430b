package comprehend

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/comprehendmedical"
)

// newClient returns a client of the service.
func newClient(ctx context.Context, o Options) (*comprehendmedical.Client, error) {
	var load []func(*config.LoadOptions) error
	if o.Region != "" {
		load = append(load, config.WithRegion(o.Region))
	}
	if o.Profile != "" {
		load = append(load, config.WithSharedConfigProfile(o.Profile))
	}
	if o.Credentials != nil {
		load = append(load, config.WithCredentialsProvider(provider(o.Credentials)))
	}
	settings, err := config.LoadDefaultConfig(ctx, load...)
	var profile config.SharedConfigProfileNotExistError
	switch {
	case errors.As(err, &profile):
		return nil, fmt.Errorf("comprehend: the configuration of AWS has no profile %q", profile.Profile)
	case err != nil:
		return nil, fmt.Errorf("comprehend: the configuration of AWS cannot be read (%T)", err)
	}
	if settings.Region == "" {
		return nil, errors.New("comprehend: no region; set Options.Region or AWS_REGION")
	}
	return comprehendmedical.NewFromConfig(settings, func(c *comprehendmedical.Options) {
		if o.Endpoint != "" {
			c.BaseEndpoint = aws.String(o.Endpoint)
		}
		c.HTTPClient = newBounded(o)
		c.Retryer = retry.NewStandard(func(r *retry.StandardOptions) {
			r.MaxAttempts = o.Attempts
			r.MaxBackoff = o.MaxPause
		})
	}), nil
}

// provider gives credentials to the SDK.
func provider(credentials func(context.Context) (Credentials, error)) aws.CredentialsProvider {
	return aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		c, err := credentials(ctx)
		return aws.Credentials{
			AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken,
			CanExpire: !c.Expires.IsZero(), Expires: c.Expires,
		}, err
	}))
}

// bounded sends requests whose attempts are bounded in time and whose answers are bounded
// in size. It follows no redirect, which could take a patient's text elsewhere.
type bounded struct {
	client http.Client
	most   int64
}

func newBounded(o Options) *bounded {
	b := &bounded{most: o.MaxAnswer}
	if o.Client != nil {
		b.client = *o.Client
	}
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if b.client.Timeout == 0 || b.client.Timeout > o.Patience {
		b.client.Timeout = o.Patience
	}
	return b
}

// Do implements the SDK's HTTPClient.
func (b *bounded) Do(r *http.Request) (*http.Response, error) {
	answer, err := b.client.Do(r)
	if err == nil {
		answer.Body = &boundedBody{answer.Body, b.most}
	}
	return answer, err
}

// boundedBody is a body that fails if it is too large.
type boundedBody struct {
	io.ReadCloser
	left int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, ErrTooLarge
	}
	return n, err
}
