// Package synth makes synthetic FHIR R4 (4.0.1) patients: linked, plausible
// resources of the 21 types that AWS HealthLake preloads from Synthea, and
// DocumentReferences with written clinical notes, as ldjson (one resource a
// line).
//
// It exists so that demos, benchmarks and tests have data of a realistic shape
// and any size without a download. The people are invented; any likeness to a
// real person is chance. Patients and documents carry the security label HTEST
// (test health data).
//
// # Terms
//
// The directory has the resources that all patients share: payers, provider organizations,
// their locations, practitioners and roles. A life is the plan of one patient: the person,
// the disorders, the visits, the drugs and the cause of death. An affliction is a disorder
// that a patient has, a course a drug that they take for it, from its first order to its
// end. Severity is how much an affliction changes measurements. A visit becomes an
// Encounter and the resources that were recorded at it. A line is one resource and the
// newline after it.
//
// # Time
//
// The last ten years are recorded, and of the time before them the onset of lasting
// disorders. Values are people's own: they wander over the years and move with severity,
// which builds up until a disorder is found, falls with each step of its treatment and
// grows again. Drugs are raised if severity stays high, exchanged if they are not
// tolerated, and end as planned, with the disorder or with the patient. One in twelve
// patients died within the ten years, of a disorder of theirs or of a common cause.
//
// Ages, sexes, deaths, lasting disorders, stature and smoking follow statistics of the
// United States that the tables name. Lasting disorders come together more often than
// by chance.
//
// # Invariants
//
//   - The same seed and number of patients give the same bytes, on every
//     platform and in every later version; the golden test holds the hash. All
//     arithmetic is on integers that fit 32 bits or have a size of their own, because
//     fused floating point differs between processors. A change of tables or order is a
//     change of data: make it knowingly.
//   - Patient i depends on seed and i alone. The directory of n patients begins
//     with that of any smaller number, so a data set is contained in every
//     larger one of its seed.
//   - Every reference resolves within the data set or the resource's own contained
//     resources. Coverage, which is not preloaded, is contained, or a reference has its
//     display only.
//   - No visit is before birth, after death or after [Now]. Bills may be settled
//     after death, and due and expiry dates lie in the future.
//   - Elements stand in the order of the specification, names are unique, and
//     every resource is valid against the StructureDefinitions of R4.
//   - A note agrees with the record: drugs, values and the values before them, present and
//     past disorders. The patient has nothing that a note denies.
//
// # What it does not do
//
// It does not simulate disease: courses are simple curves, and rates without a source in
// the tables are made up, so nothing clinical or epidemiological may be concluded from it.
// Drugs and codes are today's in old records too. Resources that claim a US Core profile
// have its required elements; conformance to profiles is not checked. Codes are real
// where they are public knowledge, displays follow Synthea's wording, and money is made
// up.
package synth
