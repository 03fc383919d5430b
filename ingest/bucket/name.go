package bucket

import "strings"

// nameOf returns the name of a file for a key: the same, except for elements that io/fs
// does not allow.
func nameOf(key string) string {
	if !strings.HasPrefix(key, "/") && !strings.Contains(key, "//") && !strings.HasSuffix(key, "/") &&
		!strings.Contains(key, "%") && !strings.Contains(key, ".") && key != "" {
		return key
	}
	elements := strings.Split(key, "/")
	for i, e := range elements {
		if e == "" || e == "." || e == ".." || e[0] == '%' {
			elements[i] = "%" + e
		}
	}
	return strings.Join(elements, "/")
}

// keyOf returns the key that has a name. It is the inverse of nameOf.
func keyOf(name string) string {
	if !strings.Contains(name, "%") {
		return name
	}
	elements := strings.Split(name, "/")
	for i, e := range elements {
		elements[i] = strings.TrimPrefix(e, "%")
	}
	return strings.Join(elements, "/")
}
