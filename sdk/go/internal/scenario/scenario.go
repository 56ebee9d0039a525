// Package scenario is the author's scenario: the component exports it, and tests run it.
package scenario

import (
	"errors"

	"github.com/squall-load/squall/sdk/go/internal/host"
)

// Flow is one journey through the target.
type Flow struct {
	Name   string
	Weight uint32
	Run    func() error
}

// The author's registered functions. They may be nil.
var (
	Flows    []Flow
	Plan     string
	Setup    func() ([]byte, error)
	Start    func() error
	Teardown func()
)

// Shared returns the result of setup.
var Shared []byte

// Run runs one iteration of the flow of that index.
func Run(flow uint32) error {
	if int(flow) >= len(Flows) {
		return errors.New("no flow of that index")
	}
	return Guard(Flows[flow].Run)
}

// RunSetup runs setup, if there is one, and returns the data that it shares.
func RunSetup() (shared []byte, err error) {
	if Setup == nil {
		return nil, nil
	}
	err = Guard(func() (err error) {
		shared, err = Setup()
		return err
	})
	return shared, err
}

// RunStart takes the shared data and runs start, if there is one.
func RunStart(shared []byte) error {
	Shared = shared
	if Start == nil {
		return nil
	}
	return Guard(Start)
}

// RunTeardown takes the shared data and runs teardown, if there is one.
func RunTeardown(shared []byte) error {
	Shared = shared
	if Teardown == nil {
		return nil
	}
	return Guard(func() error {
		Teardown()
		return nil
	})
}

// Guard calls an author's function, turns a panic into an error with its place, and cleans up after it.
func Guard(call func() error) (err error) {
	defer host.CloseAll()
	defer func() {
		if reason := recover(); reason != nil {
			err = errors.New(describe(reason))
		}
	}()
	return call()
}
