// Package quote writes any bytes as JSON strings.
package quote
