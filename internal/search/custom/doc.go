// Package custom has the search parameters that a store defines beside R4's, from their
// definition until they are dropped: see [Parameters].
//
// What a parameter is made of stands in package param, how an expression becomes values in
// package extract, and how the index takes values in and out again in package index. Which
// definitions there are the caller says.
package custom
