package browse_test

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestContrast has the colours of texts be readable on each ground that they stand on, in
// the light and in the dark (WCAG 2.1, 1.4.3: 4.5 to 1; 1.4.11: 3 to 1 for lines).
func TestContrast(t *testing.T) {
	style, err := os.ReadFile("page.css")
	require.NoError(t, err)
	light, rest, found := strings.Cut(string(style), "@media (prefers-color-scheme: dark)")
	require.True(t, found)
	dark, _, _ := strings.Cut(rest, "* {")
	colour := regexp.MustCompile(`--([a-z]+): (#[0-9a-f]{3,6})[; ]`)
	for name, part := range map[string]string{"light": light, "dark": dark} {
		colours := map[string]string{}
		for _, m := range colour.FindAllStringSubmatch(part, -1) {
			colours[m[1]] = m[2]
		}
		for _, ground := range []string{"paper", "soft"} {
			for _, text := range []string{"ink", "muted", "link", "bad", "warn", "good", "string", "num", "key"} {
				require.GreaterOrEqual(t, contrast(t, colours[text], colours[ground]), 4.5, "%s: %s on %s", name, text, ground)
			}
		}
		for _, ground := range []string{"added", "removed", "condition", "medication", "test", "anatomy", "time", "phi", "behavior"} {
			require.GreaterOrEqual(t, contrast(t, colours["ink"], colours[ground]), 4.5, "%s: text on %s", name, ground)
		}
		for _, line := range []string{colours["accent"], "#c9730d", "#8a5fc7"} {
			require.GreaterOrEqual(t, contrast(t, line, colours["paper"]), 3.0, "%s: line %s", name, line)
		}
	}
}

// contrast returns the contrast ratio of two colours.
func contrast(t *testing.T, a, b string) float64 {
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t *testing.T, colour string) (sum float64) {
	digits := strings.TrimPrefix(colour, "#")
	if len(digits) == 3 {
		digits = string([]byte{digits[0], digits[0], digits[1], digits[1], digits[2], digits[2]})
	}
	require.Len(t, digits, 6, "a colour")
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(digits[2*i:2*i+2], 16, 8)
		require.NoError(t, err)
		c := float64(n) / 255
		if c <= 0.03928 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
