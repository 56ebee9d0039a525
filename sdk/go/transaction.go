package squall

import "github.com/squall-load/squall/sdk/go/internal/host"

// Transaction measures what work does as one business operation, under a name (transaction_duration). It counts as
// failed when work returns an error, which is handed on, or panics.
func Transaction(name string, work func() error) error {
	operation := Begin(name)
	worked := false
	defer func() {
		if !worked {
			operation.Fail()
		}
		operation.End()
	}()
	err := work()
	worked = err == nil
	return err
}

// Operation is a business operation that is under way, measured until its end. Where a function fits, [Transaction] is
// simpler: it cannot forget to fail or to end.
type Operation struct {
	handle host.Transaction
	ended  bool
}

// Begin begins one.
func Begin(name string) *Operation { return &Operation{handle: host.BeginTransaction(name)} }

// Fail marks it as failed (transaction_failed).
func (operation *Operation) Fail() {
	if !operation.ended {
		operation.handle.Fail()
	}
}

// End ends it. A second call does nothing.
func (operation *Operation) End() {
	if !operation.ended {
		operation.ended = true
		operation.handle.End()
	}
}
