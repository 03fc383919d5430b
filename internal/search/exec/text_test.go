package exec_test

import "strings"

func lines(s string) []string { return strings.Split(strings.TrimSpace(s), "\n") }

func words(list []string) string { return strings.Join(list, " ") }
