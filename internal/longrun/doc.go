// Package longrun has the flag -long, with which tests of crashes, faults and damage run
// for minutes instead of seconds, and the form of the line with their counts.
//
// Only tests import this package.
package longrun
