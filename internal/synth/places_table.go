package synth

// place is a city. Latitude and longitude are in millionths of a degree.
type place struct {
	city, state, zip    string
	latitude, longitude int
}

// The places lie in the east of the United States, whose clock all data sets
// use.
var places = []place{
	{"Boston", "MA", "02108", 42357000, -71063700},
	{"Worcester", "MA", "01608", 42262600, -71802300},
	{"Springfield", "MA", "01103", 42101500, -72589800},
	{"Lowell", "MA", "01852", 42633400, -71316200},
	{"Quincy", "MA", "02169", 42252900, -71002300},
	{"New Bedford", "MA", "02740", 41636200, -70934200},
	{"Provincetown", "MA", "02657", 42058400, -70178600},
	{"Hartford", "CT", "06103", 41765800, -72673400},
	{"New Haven", "CT", "06510", 41308300, -72927900},
	{"Bridgeport", "CT", "06604", 41179200, -73189400},
	{"Providence", "RI", "02903", 41824000, -71412800},
	{"Newport", "RI", "02840", 41490100, -71312800},
	{"Manchester", "NH", "03101", 42995600, -71454800},
	{"Concord", "NH", "03301", 43208100, -71537600},
	{"Portland", "ME", "04101", 43659100, -70256800},
	{"Bangor", "ME", "04401", 44801600, -68771200},
	{"Burlington", "VT", "05401", 44475900, -73212100},
	{"New York", "NY", "10001", 40750600, -73997200},
	{"Buffalo", "NY", "14202", 42886400, -78878400},
	{"Rochester", "NY", "14604", 43156600, -77608800},
	{"Albany", "NY", "12207", 42652600, -73756200},
	{"Coeymans' Hollow", "NY", "12046", 42474000, -73893000},
	{"Newark", "NJ", "07102", 40735700, -74172400},
	{"Trenton", "NJ", "08608", 40217100, -74742900},
	{"Philadelphia", "PA", "19103", 39952600, -75165200},
	{"Pittsburgh", "PA", "15222", 40440600, -79995900},
	{"Wilkes-Barre", "PA", "18701", 41245900, -75881300},
	{"Wilmington", "DE", "19801", 39744700, -75548400},
	{"Baltimore", "MD", "21202", 39290400, -76612200},
	{"Richmond", "VA", "23219", 37540700, -77436000},
	{"Winston-Salem", "NC", "27101", 36099900, -80244200},
	{"Raleigh", "NC", "27601", 35779600, -78638200},
	{"Charleston", "SC", "29401", 32776500, -79931100},
	{"Atlanta", "GA", "30303", 33749000, -84388000},
	{"Jacksonville", "FL", "32202", 30332200, -81655700},
	{"Miami", "FL", "33130", 25761700, -80191800},
}

// payers are the insurers, written as Organizations. The last is for patients who pay
// themselves.
var payers = []string{
	"Medicare", "Medicaid", "Commonwealth Mutual Health", "Harbor Blue Plan",
	"Evergreen Health Insurance", "United Guild Benefit", "NO_INSURANCE",
}

const noInsurance = 6

// facility is a type of provider organization. Each group of the directory has one of each,
// the hospital first.
type facility struct {
	suffix   string
	hospital bool
}

var facilities = []facility{
	{"General Hospital", true},
	{"Family Practice", false},
	{"Internal Medicine Associates", false},
	{"Community Health Center", false},
}

const (
	hospitalFacility = 0
	staffPerFacility = 4
)

// specialty is a practitioner's role and field.
type specialty struct {
	taxonomy concept
	role     concept
	suffix   string
}

func nucc(code, display string) concept {
	return concept{"http://nucc.org/provider-taxonomy", code, display}
}

// specialties are those of a facility's staff in order, by facility.
var specialties = [][staffPerFacility]specialty{
	{
		{nucc("207P00000X", "Emergency Medicine Physician"), doctor, "MD"},
		{nucc("208600000X", "Surgery Physician"), doctor, "MD"},
		{nucc("207V00000X", "Obstetrics & Gynecology Physician"), doctor, "MD"},
		{nucc("207RC0000X", "Cardiovascular Disease Physician"), doctor, "MD"},
	},
	{
		{nucc("207Q00000X", "Family Medicine Physician"), doctor, "MD"},
		{nucc("208000000X", "Pediatrics Physician"), doctor, "MD"},
		{nucc("363LF0000X", "Family Nurse Practitioner"), nurse, "NP"},
		{nucc("363A00000X", "Physician Assistant"), doctor, "PA"},
	},
	{
		{nucc("207R00000X", "Internal Medicine Physician"), doctor, "MD"},
		{nucc("207RE0101X", "Endocrinology, Diabetes & Metabolism Physician"), doctor, "MD"},
		{nucc("207RP1001X", "Pulmonary Disease Physician"), doctor, "DO"},
		{nucc("363LA2200X", "Adult Health Nurse Practitioner"), nurse, "NP"},
	},
	{
		{nucc("208D00000X", "General Practice Physician"), doctor, "MD"},
		{nucc("207Q00000X", "Family Medicine Physician"), doctor, "DO"},
		{nucc("2084P0800X", "Psychiatry Physician"), doctor, "MD"},
		{nucc("163W00000X", "Registered Nurse"), nurse, "RN"},
	},
}

var (
	doctor = hl7("practitioner-role", "doctor", "Doctor")
	nurse  = hl7("practitioner-role", "nurse", "Nurse")
)

// saints name every second hospital group.
var saints = []string{"St. Mary's", "Mercy", "Saint Luke's", "Good Samaritan", "Notre-Dame", "Mount Sinai", "Beth Israel", "Sacré-Cœur"}
