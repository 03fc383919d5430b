// Package virtual has the parts of a file system that has no disk, such as that of a
// bucket or of an archive: what is told of a file ([Info]), and an open folder ([Folder]).
// Nothing can be written.
package virtual
