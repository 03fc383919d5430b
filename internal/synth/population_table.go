package synth

// band is five years of age: how many people there are in it, in tens of thousands, and
// how many of a hundred thousand die in a year, men first.
//
// Sources: U.S. Census Bureau, National Population by Characteristics, Vintage 2023
// (NC-EST2023-AGESEX), rounded; Social Security Administration, Period Life Table 2019 as
// used in the 2021 Trustees Report, the middle year of each band.
type band struct{ people, deaths [2]int }

var bands = [...]band{
	{[2]int{937, 896}, [2]int{140, 116}}, // from birth on; most in the first year
	{[2]int{1010, 967}, [2]int{13, 10}},
	{[2]int{1069, 1021}, [2]int{15, 12}},
	{[2]int{1121, 1072}, [2]int{68, 28}},
	{[2]int{1126, 1083}, [2]int{133, 49}},
	{[2]int{1114, 1075}, [2]int{161, 63}},
	{[2]int{1189, 1154}, [2]int{187, 85}},
	{[2]int{1129, 1113}, [2]int{216, 111}},
	{[2]int{1087, 1079}, [2]int{264, 149}},
	{[2]int{981, 982}, [2]int{363, 220}},
	{[2]int{1030, 1043}, [2]int{554, 342}},
	{[2]int{1023, 1053}, [2]int{857, 526}},
	{[2]int{1031, 1080}, [2]int{1262, 764}},
	{[2]int{893, 985}, [2]int{1761, 1095}},
	{[2]int{716, 822}, [2]int{2601, 1740}},
	{[2]int{519, 628}, [2]int{4087, 2862}},
	{[2]int{300, 398}, [2]int{6718, 4916}},
	{[2]int{154, 239}, [2]int{11350, 8650}},
	{[2]int{62, 130}, [2]int{19300, 15500}},
	{[2]int{14, 42}, [2]int{30000, 26200}},
}

// smokingBand is how many of a thousand adults smoke and how many did, from an age on, men
// first.
//
// Source: National Health Interview Survey 2022 (CDC, Cigarette Smoking Among Adults),
// rounded.
type smokingBand struct {
	from            int
	current, former [2]int
}

var smokingBands = [...]smokingBand{
	{18, [2]int{60, 48}, [2]int{50, 45}},
	{25, [2]int{145, 110}, [2]int{160, 140}},
	{45, [2]int{160, 140}, [2]int{240, 210}},
	{65, [2]int{90, 78}, [2]int{450, 310}},
}

// stature is how tall men and women are, in millimeters, and half of the range in which
// nearly all of them are.
//
// Source: National Health and Nutrition Examination Survey 2015-2018 (NCHS, Vital and
// Health Statistics 3/46), rounded.
var stature = [2]struct{ middle, spread int }{{1755, 260}, {1615, 240}}

// growth holds the median height in centimeters and weight in hundreds of grams at each
// year of age, boys first.
//
// Source: CDC growth charts of 2000, 50th percentile, rounded.
var growth = [2][19]struct{ height, weight int }{
	{
		{50, 35}, {76, 103}, {87, 127}, {95, 143}, {102, 163}, {109, 184}, {115, 207}, {122, 230},
		{128, 256}, {133, 286}, {139, 320}, {144, 360}, {149, 405}, {156, 458}, {164, 512}, {170, 565},
		{173, 610}, {175, 645}, {176, 672},
	},
	{
		{49, 34}, {74, 95}, {86, 121}, {94, 139}, {101, 159}, {108, 179}, {115, 202}, {121, 228},
		{128, 258}, {133, 290}, {138, 330}, {144, 370}, {151, 415}, {157, 460}, {160, 495}, {162, 521},
		{163, 541}, {163, 556}, {163, 567},
	},
}
