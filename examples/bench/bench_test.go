package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTables(t *testing.T) {
	for _, mem := range []bool{true, false} {
		var out bytes.Buffer
		require.NoError(t, run(t.Context(), &out, 5, mem))
		for _, line := range []string{
			`^5 synthetic patients, \d+\.\d MB of ldjson, a store in (memory|a folder); `,
			`\n +resources +time +resources +ldjson +Import\n +\d+ +\S+ +\d+/s +\d+ MB/s  into a new store\n`,
			`\n +\d+ +\S+s +\S+s  a Patient as a proto\n`, `a small resource, written\n`, `\n +\d+ +\d+ +\S+s +\S+s  Condition\?code:text=diabetes\n`,
			`zstd\n`, `\n +\d+\.\d MB  index in memory\n`,
		} {
			require.Regexp(t, line, out.String())
		}
		if !mem {
			require.Contains(t, out.String(), "time to open it")
		}
	}
}

func TestBrief(t *testing.T) {
	for d, text := range map[time.Duration]string{
		999: "999ns", 1234: "1.23µs", 123456: "123µs", 1234567: "1.23ms", 1234567890: "1.23s", 75 * time.Second: "1m15s", 2 * time.Hour: "2h0m0s",
	} {
		require.Equal(t, text, brief(d))
	}
}
