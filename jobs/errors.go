package jobs

import "errors"

var (
	// ErrNotFound is returned for an id that no job of the store has.
	ErrNotFound = errors.New("jobs: no such job")
	// ErrEnded is returned when a job that has ended is to be cancelled or resumed.
	ErrEnded = errors.New("jobs: the job has ended")
	// ErrRunning is returned when a job that runs is to be resumed or forgotten.
	ErrRunning = errors.New("jobs: the job is running")
	// ErrToken is returned when a ClientToken comes again with other options.
	ErrToken = errors.New("jobs: the client token was used for another job")
	// ErrPage is returned for a page token that List did not give.
	ErrPage = errors.New("jobs: not a page of this list")
)
