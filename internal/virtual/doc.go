// Package virtual has the parts of a read-only file system without a disk, such as a
// bucket or an archive: a file's description ([Info]), and an open folder ([Folder]).
package virtual
