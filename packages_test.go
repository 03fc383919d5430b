package fhirlake_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var rewrite = flag.Bool("rewrite", false, "write docs/packages.svg anew")

const picture = "docs/packages.svg"

// The picture of packages shows the floors and the imports of today. With -rewrite the
// test draws it anew.
func TestPictureOfPackages(t *testing.T) {
	imports := importsOf(t)
	drawn := drawPackages(imports)
	if *rewrite {
		require.NoError(t, os.WriteFile(picture, []byte(drawn), 0o644))
	}
	found, err := os.ReadFile(picture)
	require.NoError(t, err)
	require.True(t, drawn == string(found), "%s is old: go test . -run TestPictureOfPackages -rewrite", picture)
}

// importsOf returns the packages of the module that each package imports, by names
// below the module.
func importsOf(t *testing.T) map[string][]string {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	require.NoError(t, err)
	imports := map[string][]string{}
	for in := json.NewDecoder(strings.NewReader(string(out))); in.More(); {
		var p struct {
			ImportPath string
			Imports    []string
		}
		require.NoError(t, in.Decode(&p))
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		for _, i := range p.Imports {
			if below, ours := strings.CutPrefix(i, module+"/"); ours {
				imports[name] = append(imports[name], below)
			}
		}
	}
	return imports
}

// The measures of the picture, in pixels.
const (
	pictureWidth = 1180
	letter       = 7  // of a box's text
	boxHeight    = 24 // and a gap of the same height below a row of boxes
	leftMargin   = 90 // for the floor's number
)

// A box is a package in the picture.
type box struct{ x, y, width int }

// drawPackages draws a band for each floor, a box for each package, and a line for each
// import that does not follow from others.
func drawPackages(imports map[string][]string) string {
	boxes := map[string]box{}
	var bands, lines, names strings.Builder
	y := 2 * boxHeight
	for floor := len(floors) - 1; floor >= 0; floor-- {
		top := y
		x := leftMargin
		y += boxHeight / 2
		for _, name := range floors[floor] {
			width := len(name)*letter + 16
			if x+width > pictureWidth-10 {
				x, y = leftMargin, y+2*boxHeight
			}
			boxes[name] = box{x, y, width}
			public := "box"
			if strings.HasPrefix(name, "internal/") || strings.Contains(name, "/internal/") {
				public = "inner"
			}
			fmt.Fprintf(&names, `<rect class="%s" x="%d" y="%d" width="%d" height="%d" rx="4"/><text x="%d" y="%d">%s</text>`+"\n", public, x, y, width, boxHeight, x+8, y+16, name)
			x += width + 12
		}
		y += boxHeight + boxHeight/2
		fmt.Fprintf(&bands, `<rect class="band%d" x="0" y="%d" width="%d" height="%d"/><text x="10" y="%d">floor %d</text>`+"\n", floor%2, top, pictureWidth, y-top, top+boxHeight/2+16, floor)
		y += boxHeight
	}
	for _, floor := range floors {
		for _, from := range floor {
			for _, to := range imports[from] {
				if follows(imports, from, to) {
					continue
				}
				a, b := boxes[from], boxes[to]
				start, bend := a.y+boxHeight, (b.y-a.y)/3
				if b.y <= a.y { // on one floor: a bow above the boxes
					start, bend = a.y, -boxHeight
				}
				x1, x2 := a.x+a.width/2, b.x+b.width/2
				fmt.Fprintf(&lines, `<path d="M%d %dC%d %d %d %d %d %d"/>`+"\n", x1, start, x1, start+bend, x2, b.y-max(bend, boxHeight), x2, b.y)
			}
		}
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="monospace" font-size="11">
<!-- Made by TestPictureOfPackages. -->
<style>.band0{fill:#f4f6f8}.band1{fill:#e9eef3}.box{fill:#fff;stroke:#1f6feb}.inner{fill:#fff;stroke:#8b949e}path{fill:none;stroke:#57606a;stroke-opacity:.4}</style>
<rect width="100%%" height="100%%" fill="#fff"/>
%s%s%s</svg>
`, pictureWidth, y, bands.String(), lines.String(), names.String())
}

// follows reports whether an import of to by from follows from the other imports of from.
func follows(imports map[string][]string, from, to string) bool {
	for _, by := range imports[from] {
		if by != to && reaches(imports, by, to) {
			return true
		}
	}
	return false
}

func reaches(imports map[string][]string, from, to string) bool {
	return slices.ContainsFunc(imports[from], func(i string) bool { return i == to || reaches(imports, i, to) })
}
