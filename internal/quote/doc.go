// Package quote writes any bytes as JSON strings, with no escapes but those that RFC 8259
// demands.
package quote
