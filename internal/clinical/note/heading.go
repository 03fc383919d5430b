package note

import (
	"strings"
	"sync"
)

// headings are the headings of notes by kind, words as Word returns them.
var headings = map[SectionKind]string{
	ChiefComplaint: `chief complaint|chief complaints|cc|presenting complaint|reason for visit|reason for admission|
		reason for consultation|presenting complaints|pc|p / c|reason for consult|reason for referral|presenting problem|chief concern`,
	PresentIllness: `history of present illness|history of the present illness|hpi|present illness|interval history|subjective|
		history of presenting illness|history of presenting complaint|brief history|interim history|interval events|
		history of current illness|brief hpi|history|s`,
	PastHistory: `past medical history|pmh|pmhx|past history|p / m / h|medical history|past medical and surgical history|
		past medical / surgical history|past medical history / past surgical history|pmh / psh|previous medical history|
		significant past medical history|prior medical history|past psychiatric history|psychiatric history|
		past ocular history|past cardiac history|past oncologic history|oncologic history|oncology history|
		past obstetric history|obstetric history|obstetrical history|birth history|past gynecologic history|
		gynecologic history|past medical hx|past med hx`,
	SurgicalHistory: `past surgical history|psh|pshx|surgical history|past surgeries|prior surgeries|previous surgeries|
		past surgical hx`,
	FamilyHistory: `family history|fh|f / h|f hx|fhx|family medical history|family hx|family psychiatric history|famhx|fam hx`,
	SocialHistory: `social history|sh|shx|soc hx|social hx|personal and social history|habits|psychosocial history|substance use history|
		substance use|family / social history|social / family history|family and social history|social and family history`,
	ReviewOfSystems: `review of systems|ros|review of symptoms|systems review|systemic review|pertinent review of systems`,
	Exam: `physical examination|physical exam|pe|o / e|examination|exam|on examination|objective|physical findings|
		physical examination on admission|physical exam on admission|admission physical examination|admission physical exam|
		discharge physical examination|discharge physical exam|physical examination on discharge|physical exam on discharge|
		mental status examination|mental status exam|mse|neurological examination|neurologic examination|o`,
	Vitals:    `vital signs|vitals|vs`,
	Allergies: `allergies|allergy|drug allergies|medication allergies|allergies and adverse reactions|adverse reactions|allergies / intolerances`,
	Medications: `drug history|dh|dhx|d / h|medications|medication|meds|current medications|home medications|home meds|outpatient medications|current meds|medications prior to admission|
		medications on admission|admission medications|discharge medications|medications on discharge|medications at discharge|
		medication list|active medications|current outpatient medications|prescriptions|medications at home|discharge meds|
		preadmission medications|current outpatient prescriptions`,
	Immunizations: `immunizations|immunization|vaccinations|immunization history|vaccines`,
	Labs: `labs|laboratory data|laboratory|laboratories|laboratory studies|laboratory results|laboratory values|lab results|lab data|lab values|
		pertinent results|results|data|diagnostic studies|diagnostic data|pertinent labs|laboratory findings|diagnostics|microbiology|
		pertinent laboratory data|pertinent laboratory studies|pathology`,
	Imaging: `imaging|radiology|radiographic studies|imaging studies|x - ray|ekg|ecg|echocardiogram|chest x - ray|radiologic studies|
		radiology results|studies|imaging results`,
	Indication: `indication|indications|clinical history|clinical information|reason for exam|reason for examination|reason for study|reason for this examination|
		clinical indication|indication for study|indications for procedure|indication for procedure`,
	Findings: `findings|finding|comparison|technique|examination performed|procedure findings`,
	Impression: `impression|impressions|diagnosis|diagnoses|final diagnosis|final diagnoses|admitting diagnosis|admission diagnosis|discharge diagnosis|
		discharge diagnoses|admission diagnoses|admitting diagnoses|principal diagnosis|primary diagnosis|secondary diagnoses|secondary diagnosis|
		clinical impression|imp|final impression|conclusion|conclusions|interpretation|preoperative diagnosis|postoperative diagnosis|
		principal diagnoses|other diagnoses|emergency department diagnosis|ed diagnosis|final ed diagnosis|working diagnosis`,
	Assessment: `assessment|assessment of this patient|a|medical decision making|mdm|summary|formulation|clinical assessment`,
	Plan:       `plan|plan of care|recommendations|recommendation|treatment plan|p|disposition and plan|plan / recommendations`,
	AssessmentPlan: `assessment and plan|assessment / plan|a / p|a & p|assessment & plan|impression and plan|impression / plan|
		impression & plan|impression and recommendations|assessment and recommendations|assessment plan|ap`,
	HospitalCourse: `hospital course|brief hospital course|course in hospital|emergency department course|ed course|course|clinical course|
		hospital course by problem|summary of hospital course|hospital course and treatment|ed course and treatment|emergency department course and treatment`,
	Procedures: `procedures|procedure|procedures performed|procedure performed|operations|operation|operations and procedures|
		major surgical or invasive procedure|principal procedure|operative procedure|description of procedure|operative findings|
		procedures and operations`,
	Problems: `problem list|problems|active problems|active problem list|active issues|issues|past problems|chronic issues|active diagnoses`,
	Instructions: `discharge instructions|instructions|patient instructions|follow up|follow - up|followup|follow up instructions|
		follow - up instructions|followup instructions|discharge plan|discharge followup|patient education|discharge follow - up|plan / follow - up|plan / followup|activity|diet`,
	ReturnPrecautions: `return precautions|return instructions|when to call|when to seek care|precautions|reasons to return|
		when to return|warning signs|when to call your doctor`,
	Other: `disposition|condition|condition at discharge|discharge condition|discharge disposition|condition on discharge|patient name|account #|
		date of service|admission date|discharge date|date of admission|date of discharge|attending physician|attending|primary care physician|
		referring physician|code status|consultations|consults|consultants|addendum|attestation|service|date of birth|sex|report type|
		general information|demographics|functional history|functional status|prognosis|goals|specimen|anesthesia|estimated blood loss|
		complications|drains|provider|author|name|mrn|dob|insurance|occupation|pcp`,
}

// A heading is a node of the trie of headings.
type heading struct {
	next map[string]*heading
	kind SectionKind
	ends bool
}

var headingTrie = sync.OnceValue(func() *heading {
	root := &heading{}
	for kind, list := range headings {
		for phrase := range strings.SplitSeq(list, "|") {
			h := root
			for _, word := range strings.Fields(phrase) {
				if h.next[word] == nil {
					if h.next == nil {
						h.next = map[string]*heading{}
					}
					h.next[word] = &heading{}
				}
				h = h.next[word]
			}
			h.kind, h.ends = kind, true
		}
	}
	return root
})

// headingAt returns the longest heading whose words begin at a token, and the token
// after them.
func (n *Note) headingAt(first, last int) (kind SectionKind, end int) {
	h := headingTrie()
	for i := first; i < last; i++ {
		if h = h.next[n.Word(i)]; h == nil {
			break
		}
		if h.ends {
			kind, end = h.kind, i+1
		}
	}
	return kind, end
}
