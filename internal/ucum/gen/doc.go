// Command gen makes the tables of package ucum.
//
// It reads the UCUM essence, the machine-readable list of units and prefixes,
// from the file that -essence names and writes units_gen.go in the folder that
// -out names. With -check it writes nothing and fails where the file would
// change. Where the essence is absent it says so and fails.
package main
