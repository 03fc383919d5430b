// Package golden compares bytes of formats with those that files of testdata have kept.
// A test that uses it has the flag -rewrite, which writes its file anew.
package golden
