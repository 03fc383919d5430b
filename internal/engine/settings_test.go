package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The checksum of a zone's rules ends, in zones too whose rules have no last change.
func TestOffsetsOfZones(t *testing.T) {
	sums := map[uint32]string{}
	for _, name := range []string{"UTC", "Europe/Berlin", "Europe/London", "America/New_York", "America/Sao_Paulo", "Australia/Sydney", "Africa/Casablanca", "Asia/Tokyo"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Skip("the system has no time zones:", err)
		}
		sum := offsetsOf(zone)
		require.Empty(t, sums[sum], name)
		sums[sum] = name
	}
	require.Equal(t, offsetsOf(time.UTC), offsetsOf(time.FixedZone("", 0)))
	require.NotEqual(t, offsetsOf(time.UTC), offsetsOf(time.FixedZone("", 3600)))
}
