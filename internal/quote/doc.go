// Package quote writes texts as JSON strings, whatever bytes they are made of, with
// no escapes beyond what RFC 8259 demands.
package quote
