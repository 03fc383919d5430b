package seal_test

import (
	"context"
	"errors"
	"testing"

	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/stretchr/testify/require"
)

type brokenWrapper struct {
	encrypted, decrypted []byte
	err                  error
}

func (w brokenWrapper) Encrypt(context.Context, []byte) ([]byte, error) { return w.encrypted, w.err }
func (w brokenWrapper) Decrypt(context.Context, []byte) ([]byte, error) { return w.decrypted, w.err }

// TestWrapperThatDoesNotWrap makes no keyset that nobody can open again.
func TestWrapperThatDoesNotWrap(t *testing.T) {
	for name, w := range map[string]seal.KeyWrapper{
		"nothing":  brokenWrapper{},
		"constant": brokenWrapper{encrypted: []byte("a"), decrypted: []byte("b")},
		"failing":  brokenWrapper{err: errors.New("no network")},
	} {
		_, err := seal.NewKeyset(t.Context(), w)
		require.ErrorIs(t, err, seal.ErrKey, name)
	}
}
