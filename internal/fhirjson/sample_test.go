package fhirjson_test

// sample has every kind of element once, out of order, and white space.
const sample = `{"resourceType" : "Patient",
	"meta": {"tag":[{"system":"urn:x","code":"t"}],"versionId":"1","id":"m","lastUpdated":"2020-02-29T23:59:60.5+14:00"},
	"id": "p-1.A",
	"_birthDate": {"extension":[{"url":"urn:time","valueDateTime":"1956-05-27T11:00:00Z"}]},
	"birthDate": "1956-05-27",
	"text": {"div":"<div xmlns=\"http:\/\/www.w3.org/1999/xhtml\"><p class='a>b'>x &amp; y<br/></p><!-- > --></div>","status":"generated"},
	"multipleBirthInteger": -0, "active": true,
	"name": [
		{"given":["A\u00e9\ud83d\ude00", null, "J\n\/"], "_given":[null, {"extension":[{"url":"urn:a","valueDecimal":1.50e-3}]}, {"id":"g"}]},
		{"family":"ö \"q\" \\", "_text":{"id":"t"}}
	],
	"contained": [ {"id":"o","name":"Org","resourceType":"Organization"} ],
	"photo": [{"data":"AAAA\nBBB=","size":0}], "managingOrganization":{"reference":"#o"}
}`

// canonicalSample is the canonical form of sample.
const canonicalSample = `{"resourceType":"Patient","id":"p-1.A",` +
	`"meta":{"id":"m","versionId":"1","lastUpdated":"2020-02-29T23:59:60.5+14:00","tag":[{"system":"urn:x","code":"t"}]},` +
	`"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p class='a>b'>x &amp; y<br/></p><!-- > --></div>"},` +
	`"contained":[{"resourceType":"Organization","id":"o","name":"Org"}],"active":true,` +
	`"name":[{"given":["Aé😀",null,"J\n/"],"_given":[null,{"extension":[{"url":"urn:a","valueDecimal":1.50e-3}]},{"id":"g"}]},` +
	`{"_text":{"id":"t"},"family":"ö \"q\" \\"}],` +
	`"birthDate":"1956-05-27","_birthDate":{"extension":[{"url":"urn:time","valueDateTime":"1956-05-27T11:00:00Z"}]},` +
	`"multipleBirthInteger":-0,"photo":[{"data":"AAAA\nBBB=","size":0}],"managingOrganization":{"reference":"#o"}}`
