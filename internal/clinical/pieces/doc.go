// Package pieces cuts long texts for services that take short ones, and moves the entities
// of the pieces to their places in the text.
//
// # Invariants
//
//   - The pieces of a text, one after the other, are the text.
//   - No piece has more code points than the bound, and none is empty.
//   - A cut is behind the end of a paragraph, else of a line or sentence, else behind white
//     space, if there is one in the second half of a piece. So an entity is cut only in a
//     text without white space.
package pieces
