package data

import "github.com/squall-load/squall/sdk/go/internal/host"

// Error is the reason for missing data.
//
//	if errors.Is(err, data.ErrExhausted) { ... }
type Error struct {
	// Kind is the class.
	Kind ErrorKind
	// Detail is a sentence with the remedy.
	Detail string
}

// ErrorKind is a class of errors, and is itself what errors.Is compares with.
type ErrorKind uint8

const (
	// ErrNotGiven: the run was not given the data.
	ErrNotGiven ErrorKind = iota
	// ErrUnknownColumn: there is no such column.
	ErrUnknownColumn
	// ErrExhausted: no row is left.
	ErrExhausted
	// ErrOther: anything else.
	ErrOther
)

// Error names the class.
func (kind ErrorKind) Error() string {
	return [...]string{"data not given", "unknown column", "data exhausted", "data not usable"}[min(kind, ErrOther)]
}

// Error returns the problem, and the remedy.
func (failure *Error) Error() string { return failure.Detail }

// Unwrap is the class.
func (failure *Error) Unwrap() error { return failure.Kind }

func lift(failure *host.Failure) *Error {
	return &Error{Kind: min(ErrorKind(failure.Case), ErrOther), Detail: failure.Detail}
}
