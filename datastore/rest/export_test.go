package rest

// BuiltinOperations returns the operations that every handler has.
var BuiltinOperations = builtin
