package clinical

import "github.com/fhirlake/fhirlake/internal/clinical/note"

// dosages finds the attributes of the medications of a sentence.
func (r *reading) dosages(mentions []*mention, s *note.Sentence) {}
