package index

import (
	"strings"
	"sync"

	"github.com/klauspost/compress/s2"
)

// dictionary is the texts that packed payloads may refer back to. It is part of the
// format packS2: a change needs a new format number. What is most common stands last,
// where references to it are shortest.
var dictionary = sync.OnceValue(func() *s2.Dict {
	return s2.MakeDict([]byte(commonWords+"\x00"+commonTexts()), nil)
})

// commonTexts are systems and codes.
func commonTexts() string {
	return strings.Join([]string{
		"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus",
		"http://terminology.hl7.org/CodeSystem/v3-ParticipationType",
		"http://terminology.hl7.org/CodeSystem/v3-RoleCode",
		"http://terminology.hl7.org/CodeSystem/organization-type",
		"http://terminology.hl7.org/CodeSystem/adjudication",
		"http://terminology.hl7.org/CodeSystem/claim-type",
		"http://terminology.hl7.org/CodeSystem/processpriority",
		"http://terminology.hl7.org/CodeSystem/diagnosis-role",
		"http://terminology.hl7.org/CodeSystem/condition-category",
		"http://terminology.hl7.org/CodeSystem/condition-ver-status",
		"http://terminology.hl7.org/CodeSystem/condition-clinical",
		"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
		"http://terminology.hl7.org/CodeSystem/v2-0074",
		"http://terminology.hl7.org/CodeSystem/v2-0203",
		"http://hl7.org/fhir/administrative-gender",
		"http://hl7.org/fhir/address-use",
		"http://hl7.org/fhir/contact-point-system",
		"http://hl7.org/fhir/diagnostic-report-status",
		"http://hl7.org/fhir/explanationofbenefit-status",
		"http://hl7.org/fhir/CodeSystem/medicationrequest-intent",
		"http://hl7.org/fhir/CodeSystem/medicationrequest-status",
		"http://hl7.org/fhir/document-reference-status",
		"http://hl7.org/fhir/event-status",
		"http://hl7.org/fhir/request-status",
		"http://hl7.org/fhir/encounter-status",
		"http://hl7.org/fhir/observation-status",
		"http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient",
		"http://hl7.org/fhir/sid/us-npi",
		"http://hl7.org/fhir/sid/us-ssn",
		"http://hl7.org/fhir/sid/cvx",
		"http://hl7.org/fhir/sid/icd-10-cm",
		"http://www.ama-assn.org/go/cpt",
		"http://www.nlm.nih.gov/research/umls/rxnorm",
		"https://github.com/synthetichealth/synthea",
		"urn:oid:2.16.840.1.113883.6.",
		"urn:ietf:bcp:47",
		"urn:ietf:rfc:3986",
		"urn:uuid:",
		"activeamendedcancelledcompletedcurrentfinishedunknown",
		"in-progresspreliminaryregisteredoutpatientinpatientemergency",
		"mm[Hg]kg/m2mmol/L/min{score}10*3/uL",
		"http://terminology.hl7.org/CodeSystem/v3-ActCode",
		"http://terminology.hl7.org/CodeSystem/observation-category",
		"vital-signslaboratorysocial-historysurveyfinalAMB",
		"http://snomed.info/sct",
		"http://unitsofmeasure.org",
		"http://loinc.org",
	}, "\x00")
}

// commonWords are words of clinical texts, as resources have them for full-text
// search.
const commonWords = "saturation create fundal record prescribed affected standard about minutes present time cancer " +
	"wellness discharge humulin protein without take based viral enzymatic number moles source initial " +
	"every left routine basic smoker intervention pneumococcal service hydrochlorothiazide benefit " +
	"resolved regular security carbon support control dose tablets isophane line population contact " +
	"calculation fraction density from referral uterine application systems insulin date immunization " +
	"acute survey item function mmol method unknown using pharyngitis system administrative platelets " +
	"visit states release sinusitis part metformin index high other requested america author activities " +
	"dioxide needed aminotransferase specific following cell title combined temperature leukocytes " +
	"triglycerides days progress consultation cisplatin bronchitis services lung administration " +
	"erythrocyte rate tobacco group pain management pharmacy symptom prenatal calcium smoking specimen " +
	"anemia prevention hematocrit nitrogen radiation daily situation sodium paclitaxel charge total " +
	"individual platelet metabolic physician united extended glucose erythrocytes social lisinopril renal " +
	"rating billing verbal this urgent hyperlipidemia human address insurance intravenous auscultation " +
	"small solution serum suspension product chloride plasma admission recommendation confirmed payment " +
	"route employment version diagnostic essential summary patients free environment score activity " +
	"acetaminophen heart subcutaneous dialysis optional numeric follow rehabilitation entitic clinic " +
	"medicaid children creatinine structure mellitus network condition hemoglobin height distribution " +
	"campus weight questionnaire kidney mass allowed oral check potassium diabetes chemotherapy " +
	"respiratory administering current amount treatment panel interpretation indicator substance " +
	"deductible body count department plan hypertension range reported therapy systolic processing data " +
	"note regional intramuscular depression hydrochloride severity complete cholesterol healthcare " +
	"diastolic beneficiary test pressure type internal ambulatory screening pregnancy chronic medicare " +
	"private emergency stage carcinoma medicine inpatient submitted information reconciliation care " +
	"family finding center value active tablet medications ordered seasonal diagnosis qualifier problem " +
	"assessment disease general influenza physical automated documentation history blood volume practice " +
	"outpatient county code provider examination medical with vital signs example injectable professional " +
	"injection preservative normal sufficient clinical evaluation medication status primary health " +
	"practitioner performer identifier patient community disorder hospital generated laboratory encounter " +
	"procedure"
