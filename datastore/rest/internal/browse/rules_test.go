package browse_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore/rest/internal/browse"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

// void are the elements of HTML that have no end.
var void = map[string]bool{"meta": true, "link": true, "input": true, "br": true, "hr": true, "option": true}

// plainName is the name of an attribute.
var plainName = regexp.MustCompile(`^[a-zA-Z-]+[0-9]?$`)

// known are the elements that pages have. Nothing that loads or embeds is among them.
var known = strings.Fields(`html head meta title link style body a header nav form label input button main ol ul li footer kbd datalist option script
	h1 h2 h3 p div table caption thead tbody tr th td code pre span strong dl dt dd details summary iframe section time bdi svg rect path circle text title mark ins del fieldset legend`)

// requirePage fails the test unless a page is well-formed, safe, and fit for everybody.
func requirePage(t testing.TB, page, policy string) {
	t.Helper()
	require.LessOrEqual(t, len(page), browse.MaxBytes)
	require.NotContains(t, page, "\x00")
	require.True(t, strings.HasPrefix(page, "<!DOCTYPE html>\n<html lang=\"en\">"))
	require.Contains(t, policy, "default-src 'none'")
	require.NotContains(t, policy, "unsafe")
	var (
		open      []string
		headings  int
		ids       = map[string]bool{}
		labels    = map[string]bool{}
		fields    = map[string]bool{} // by id
		anchors   []string
		landmarks []string
	)
	in := html.NewTokenizer(strings.NewReader(page))
	for {
		kind := in.Next()
		if kind == html.ErrorToken {
			break
		}
		token := in.Token()
		switch kind {
		case html.CommentToken:
			t.Fatalf("a comment: %s", token)
		case html.EndTagToken:
			if n := len(open); n == 0 || open[n-1] != token.Data {
				t.Fatalf("</%s> ends nothing", token.Data)
			}
			open = open[:len(open)-1]
		case html.TextToken:
			if n := len(open); n > 0 && (open[n-1] == "style" || open[n-1] == "script") {
				sum := sha256.Sum256([]byte(token.Data))
				require.Contains(t, policy, open[n-1]+"-src", "no policy")
				require.Contains(t, policy, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'", "the hash of %s", open[n-1])
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			if !slices.Contains(known, token.Data) {
				t.Fatalf("<%s>", token.Data)
			}
			at := map[string]string{}
			for _, a := range token.Attr {
				_, twice := at[a.Key]
				if twice || strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "formaction" || !plainName.MatchString(a.Key) {
					t.Fatalf("<%s %s>", token.Data, a.Key)
				}
				at[a.Key] = a.Val
			}
			if id := at["id"]; id != "" {
				require.False(t, ids[id], "id %s twice", id)
				ids[id] = true
			}
			switch token.Data {
			case "h1":
				headings++
			case "a":
				requireLink(t, at["href"])
				if id, ok := strings.CutPrefix(at["href"], "#"); ok {
					anchors = append(anchors, id)
				}
			case "form":
				requireLink(t, at["action"])
				require.NotEmpty(t, at["aria-label"])
			case "label":
				labels[at["for"]] = true
			case "input":
				require.NotEmpty(t, at["id"])
				fields[at["id"]] = true
			case "button":
				require.NotContains(t, at, "formaction")
			case "nav", "main", "header", "footer":
				landmarks = append(landmarks, token.Data)
				if token.Data == "nav" {
					require.NotEmpty(t, at["aria-label"])
				}
			case "section":
				require.True(t, at["aria-label"] != "" || at["class"] == "card")
			case "svg":
				if at["aria-hidden"] != "true" && (at["role"] != "img" || at["aria-label"] == "") {
					t.Fatal("a picture without a text")
				}
			case "th":
				if at["scope"] != "col" && at["scope"] != "row" {
					t.Fatal("a header without a scope")
				}
			case "iframe":
				require.NotEmpty(t, at["title"])
				require.Contains(t, at, "sandbox")
				require.Empty(t, at["sandbox"])
				require.NotContains(t, at, "src")
				requireHarmless(t, at["srcdoc"])
			}
			if at["role"] == "region" {
				require.NotEmpty(t, at["aria-label"])
			}
			if tab := at["tabindex"]; tab != "" && tab != "0" && tab != "-1" {
				t.Fatalf("tabindex %s", tab)
			}
			if kind == html.StartTagToken && !void[token.Data] {
				open = append(open, token.Data)
			}
		}
	}
	require.Empty(t, open)
	require.Equal(t, 1, headings, "h1")
	for id := range fields {
		require.True(t, labels[id], "no label for %s", id)
	}
	for _, id := range anchors {
		require.True(t, ids[id], "nothing has the id %s", id)
	}
	for _, landmark := range []string{"header", "main", "nav", "footer"} {
		require.Contains(t, landmarks, landmark)
	}
	require.Less(t, strings.Index(page, `class="skip"`), strings.Index(page, "<header"), "the skip link comes first")
	// The parser of browsers, which mends what it finds, must find nothing to mend.
	tree, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	require.Equal(t, 1, countOf(tree, "script"))
	require.Equal(t, 1, countOf(tree, "main"))
}

// countOf counts the elements of a name below a node.
func countOf(n *html.Node, name string) (count int) {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.Data == name {
			count++
		}
	}
	return count
}

// requireLink fails the test for a link that runs something or leaves the base in
// disguise.
func requireLink(t testing.TB, link string) {
	t.Helper()
	u, err := url.Parse(link)
	if err != nil || strings.ContainsAny(link, " \t\r\n\\<>\"'") {
		t.Fatalf("a link to %s", link)
	}
	switch {
	case strings.HasPrefix(link, "#"):
	case strings.HasPrefix(link, "http://"), strings.HasPrefix(link, "https://"):
		if u.Host == "" || u.User != nil {
			t.Fatalf("a link to %s", link)
		}
	default:
		if !strings.HasPrefix(link, "/fhir/") {
			t.Fatalf("a link to %s", link)
		}
	}
}

// requireHarmless fails the test for a narrative that has more than text and its shape.
func requireHarmless(t testing.TB, page string) {
	t.Helper()
	for in := html.NewTokenizer(strings.NewReader(page)); in.Next() != html.ErrorToken; {
		token := in.Token()
		if token.Type != html.StartTagToken && token.Type != html.SelfClosingTagToken {
			continue
		}
		for _, a := range token.Attr {
			require.Contains(t, []string{"lang", "charset", "dir"}, a.Key)
		}
		require.False(t, slices.Contains([]string{"script", "img", "svg", "iframe", "object", "embed", "form", "input", "a", "link", "base", "math", "video", "audio", "template"}, token.Data), token.Data)
	}
}
