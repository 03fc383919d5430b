// Package bucket reads and writes the objects of a bucket: a place for the input of
// an import, for the output of an export, and for reports.
//
//	b, err := bucket.Open(ctx, "s3://hospital?region=eu-west-1&prefix=2026/", nil)
//	defer b.Close()
//	job, err := ingest.Start(ctx, store, ingest.Options{From: b.FS(ctx, "in"), Report: b.Sink(ctx, "report")})
//	job, err := export.Start(ctx, store, export.Options{To: b.Sink(ctx, "out")})
//
// # URLs
//
// A bucket is named by a URL of gocloud.dev/blob. A program links the drivers that it
// wants by importing them: gocloud.dev/blob/s3blob, gcsblob, azureblob, memblob. A
// folder, file:///path, needs no driver: this package has its own, which syncs what it
// acknowledges, makes files that their owner alone may read, and follows no links.
// gocloud's fileblob, passed to [New], is synced as well.
//
// # Names
//
// A file's name in [Bucket.FS] and [Bucket.Sink] is the object's key below the folder
// that was asked for. Keys whose names io/fs does not allow, such as "a//b", have a
// percent sign before each element that is empty, ".", "..", or begins with one:
// "a/%/b". Empty objects whose keys end in a slash, which consoles make to show
// folders, are no files.
//
// # Failures
//
// Throttling, errors of the server, broken connections and bodies cut short are tried
// again after growing pauses ([Options.Attempts]); reading goes on behind the last
// byte. An object that is another one when reading goes on is [ErrChanged]. A
// connection that gives next to nothing is left after [Options.Patience]. Files of up
// to [Options.PartSize] are written in one request, which is repeated as a whole; of
// larger ones each part is repeated by the driver, as often as the driver is set to.
//
// Errors are an [Error], for which errors.Is knows fs.ErrNotExist and fs.ErrPermission.
// Their text names files and never a bucket, a host or a path of this machine.
//
// # Invariants
//
//   - An object appears under its name when its file is closed, whole, or never.
//   - A Close that returned nil speaks of an object that the service has acknowledged
//     or that lies on this machine's disk.
//   - Memory does not depend on the size of an object: one buffer for each that is
//     read, [Options.PartSize] times the parts under way for each that is written.
package bucket
