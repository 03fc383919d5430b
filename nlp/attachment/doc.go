// Package attachment gets the text out of attachments: plain text and Markdown, HTML and
// XHTML, XML narratives and CDA documents, RTF, and PDF.
//
// # How a document is read
//
//   - Plain text and Markdown stay as they are; bytes become UTF-8 by the byte order mark,
//     else by the charset parameter, else as UTF-8 already. A byte that the charset does not
//     have becomes U+FFFD.
//   - Markup loses its tags, comments, scripts and styles. A block starts a line, a list
//     item starts with "- ", cells of a table are divided by tabs, white space is one space
//     unless it is preformatted. No entity is expanded but the characters that HTML names,
//     and nothing outside of the document is read.
//   - A CDA document gives its titles, the narratives of its sections, and a body that is
//     not XML.
//   - RTF loses its formatting, pictures, headers, footers, and text that is hidden or
//     deleted.
//   - PDF gives its text in the order in which pages show it, by package internal/pdf.
//
// # Invariants
//
//   - Text is valid UTF-8 for any data.
//   - Time and memory are linear in the data and in [Options]; ctx ends a reading soon. No
//     reader starts a goroutine. A panic would be an error.
//   - Errors say what is wrong with the document, without its content.
//
// Pictures are not read: a scan has no text.
package attachment
