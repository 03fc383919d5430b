// Package quote writes texts as JSON strings, whatever bytes they are made of.
package quote
