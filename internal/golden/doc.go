// Package golden compares bytes of formats, and texts, with what files of testdata keep.
// A test that uses it has the flag -rewrite, which writes its file anew.
package golden
