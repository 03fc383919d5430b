// Package search is what a user sees of FHIR R4 search: named queries, the search
// parameters and the memory that each takes, limits, and how a search was answered.
// Searches themselves are asked of package datastore.
//
//   - A [NamedQuery] is what _query=name stands for.
//   - A [Parameter] is what a query for a resource type may name; [ParameterMemory] says
//     what the index holds for it.
//   - A [Plan] says how a search was answered; a query asks for it with _explain=true.
//
// # Choices
//
// Where the specification leaves a choice it is made so:
//
//   - A code is compared by case only where R4 defines its system and says that
//     case counts; ids, booleans and uris always are.
//   - A string of which folding leaves nothing (name=-, name:contains=&) finds the values
//     that contain it as it is written; :text refuses it, since the index has the texts of
//     codes in folded form alone. The words of a family name are found by starts-with and
//     :contains; they neither equal nor sort it.
//   - Letters that Unicode does not take apart are spelt out: ß is ss, ø is o.
//   - A Period that ends before it starts is all between its ends.
//   - A uri that is no canonical has no version: url=http://…|1 is an error.
//   - A slash at the end of a uri makes no difference to :above.
//   - In a parameter's expression as keeps the type alone: ConceptMap's source-uri is
//     no canonical, although a canonical specialises a uri.
//   - _count, _summary and _total are given once; a larger _count is shown in the
//     self link as the one that was used.
//   - The page of a sorted or unsorted search is an offset into the answer as of
//     one sequence, so that writes in between move nothing.
//   - The identifiers of references and the texts of tokens count as values for
//     :missing.
//   - Included resources are those that the matches of the page lead to or that
//     lead to them, and no match of that page.
//   - A search of several types takes parameters that each of them has; what sorts
//     it has values of one kind in all, and is no chain. _type stands once, and in
//     a search of all types only.
//   - :above and :below on references follow what a type's resources are part of
//     (Location.partof) and take the value itself for both above and below it. On
//     canonicals they compare versions: 1.2 is above 1.2.3.
//   - A canonical leads to every resource of a target's type that has its url: to that
//     of one version if it names one, compared as the parameter version does, and
//     otherwise to those of all. If it is below the store's own address, it leads to
//     what stands there as well.
//   - :in takes the expansion of a ValueSet where it has one, without its abstract
//     codes, and otherwise its definition. The newest of several with one url counts.
//   - In _filter, and and or are evaluated from left to right without precedence. ne
//     on texts, tokens, references and uris holds where there is a value and none is
//     equal; ss is :below and sb is :above. gt, lt, ge and le order whole strings in
//     folded form. A stored decimal co only its own value. A filter in brackets stands
//     after a reference, and the path goes on in the same target. _has stands before
//     a name, as R5 has it. Of R4's additional names those work whose parameters R4
//     still has (Group.characteristic, DocumentReference.relatesTo), with a test of
//     one part in the brackets.
//   - near reads the positions of the Locations that the other conditions leave: no
//     index holds them. Without a distance it means 50 km, without a unit km.
//   - _list is what the entries of the current version of a List lead to, those
//     flagged as deleted included. Functional lists ($current-problems) are errors.
//   - _summary cuts what is included as well, _elements the matches alone. Both
//     keep what is mandatory; given together an element needs both.
//   - A named query is rewritten before anything else, and the self link shows what it
//     became. Names that nobody registered are errors in lenient handling as well.
//   - Two decimals that are equal as float64 sort as equal.
//   - All conditions of a search with _contained hold in one contained resource. It is
//     found by the id that it has in its container, it has no time of its own, and
//     nothing but its container refers to it (_has, _list). "#" is its container.
//   - With _contained, containers are sorted by parameters that all types have, and
//     contained resources (_containedType=contained) newest container first, in its
//     order. These take no _sort and no _include. _contained=both with containers
//     gives one that also matches by itself once.
//   - _containedType without _contained=true or both is an error.
//   - A word is a run of letters and digits, folded as strings are; an apostrophe joins
//     (O'Hara is ohara), a hyphen separates, and a UUID is one word. Han, Hiragana and
//     Katakana are words of one character.
//   - _text is the narrative of the resource itself. _content is that and every
//     string, markdown and XHTML in it, in extensions, contained resources and entries
//     too; ids of elements, literal references, codes, uris and what XHTML has in its
//     attributes are not. A type without narrative has _text and is never found by it.
//   - In _text and _content words are joined by AND, written or not, OR and NOT in upper
//     case, and parentheses; "and" is AND too, as in R4's example. NOT binds more than
//     AND, and AND more than OR. A phrase, and a word that punctuation cuts (x-ray),
//     stand within one text. Words are found whole: * is an error, as is a modifier.
//     A comma separates alternatives in a phrase as well.
//   - n|http://unitsofmeasure.org|code finds what is stored in any unit of UCUM
//     that measures the same, by exact conversion of what the query means in its
//     own unit: 5.4 g is from 5350 mg to under 5450 mg. A code that is no unit, as
//     KG, is compared as it is written, as are other systems, and n||code always.
//     Units that are a function of their base compare among themselves alone:
//     [pH] is not mol/L, whose order is the other way round.
//   - Quantities are sorted by their numbers, whatever the unit.
//   - A custom parameter has any FHIRPath expression that looks at the resource alone.
//     An extension stands for its value; what an expression computes is indexed like
//     the FHIR type of that kind, strings of tokens in any case. A resource on which it
//     fails has no values. Its modifiers, comparators, chains and multipleOr are not
//     restricted to those that the resource names. It has no values of meta.versionId and
//     meta.lastUpdated, which are not stored in the resource.
//   - A custom parameter may not have the code of one of R4's on the same type, nor of
//     another active one: the second is refused when written. A SearchParameter that
//     is one of R4's own, or derived from one under its code, is that one.
//   - A custom parameter that is being indexed is an error in any handling; * in
//     _include leaves it out. Views older than its completion refuse it.
//
// # What it does not do
//
// _text and _content in _filter, custom parameters of type special, composites of
// composites, and custom parameters of contained resources, which have no values of
// them, are reported as not supported: those with _contained always, and a chain where
// a reference may lead to a contained resource of a type that has the parameter.
// What "<5" measures ends with 5 and not before it, so that eb5 does not find it.
// Terminology that is not in the store, and ValueSets with filters on other
// properties than the hierarchy, are errors. Chains and _include lead to the current
// version of what a versioned reference names: the index keeps no version of a
// reference. Keys of _sort do not step into contained resources, and _contained is an
// error in a compartment.
//
// # Invariants
//
//   - Every expression of R4's search parameters compiles.
//   - An answer is exact: totals count, and no match is left out.
//   - No error holds a value of a query or of a resource.
package search
