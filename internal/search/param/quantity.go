package param

// UCUM is the system of UCUM's codes.
const UCUM = "http://unitsofmeasure.org"
