package repair

import (
	"context"
	"fmt"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// A CutResult says what Cut did.
type CutResult struct {
	Sequence uint64 // of the last commit that is left
	Kept     string // path of the file that has what was cut
	Bytes    int64  // of records that were cut
}

// Cut cuts the log of a store after a commit, so that a store with damage behind it
// opens again. Writes after that commit are gone from the store, acknowledged ones too.
// A record with commits on both sides is cut as a whole. The cut bytes are kept in a
// new tar file in the folder keepIn, which must lie outside the store's folder: nothing
// is lost for good.
//
// [Inspection.LastGood] is the last commit that can be kept. Cut reports ErrCorrupt where
// a record up to the commit is damaged, or the store cannot be told from its small files:
// then nothing was changed. Otherwise it reports ErrNoStore, ErrForeign, ErrWrongKey,
// ErrLocked, or an error of the file system. A Cut that was interrupted is done again.
func Cut(ctx context.Context, path string, key datastore.KeyWrapper, after uint64, keepIn string) (CutResult, error) {
	r, err := txlog.Cut(ctx, path, &txlog.Options{Wrapper: key}, after, keepIn)
	if err != nil {
		return CutResult{}, fmt.Errorf("repair: cutting: %w", err)
	}
	return CutResult(r), nil
}
