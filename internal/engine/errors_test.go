package engine

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTextsOfErrors says nothing of floors and files to the world.
func TestTextsOfErrors(t *testing.T) {
	for err, want := range map[error]string{
		ErrCorrupt:               "datastore: store is damaged",
		ErrLocked:                "datastore: internal error",
		context.DeadlineExceeded: "datastore: context deadline exceeded",
		ErrClosed:                "datastore: store is closed",
	} {
		issues := Issues(fmt.Errorf("txlog: /secret/path: %w", err))
		require.Len(t, issues, 1)
		require.Equal(t, want, issues[0].Diagnostics)
	}
}
