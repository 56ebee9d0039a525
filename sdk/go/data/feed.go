// Package data is the data that the run was given: tables whose rows a scenario takes (--data users=users.csv), and
// files that are sent unchanged (--data video=file:video.mp4).
//
//	var users = data.NewFeed("users", data.Shuffle)
//
//	func login() error {
//		user, err := users.Next()
//		if err != nil {
//			return err
//		}
//		name, err := user.Get("name")
//		...
//	}
//
// The host holds all of it once, for all virtual users: a scenario has only the fields that it asks for.
package data

import "github.com/squall-load/squall/sdk/go/internal/host"

// Choice is a setting of a feed: a [Policy] or an [End].
type Choice interface{ choose(feed *Feed) }

// Policy is the order of rows.
type Policy uint8

const (
	// Sequential: one after the other; all virtual users take from the same order.
	Sequential Policy = iota + 1
	// Random: any, drawn for each virtual user; the same ones again with the same --seed.
	Random
	// Shuffle: all in a random order, each once before any comes again; all virtual users take from it.
	Shuffle
	// UniquePerVU: each virtual user has its own rows.
	UniquePerVU
	// OnceEach: each row at most once in the whole run.
	OnceEach
)

// End is the behaviour after the last row.
type End uint8

const (
	// Recycle: the first one again.
	Recycle End = iota + 1
	// Stop: the end of the run, as planned.
	Stop
	// Fail: an error, for the scenario to deal with.
	Fail
)

func (policy Policy) choose(feed *Feed) { feed.policy = policy }
func (end End) choose(feed *Feed)       { feed.end = end }

// Feed is a table that the run was given. Make it once, for the package; the host is asked for it once per virtual
// user, when it is first used.
type Feed struct {
	name   string
	policy Policy
	end    End
	handle host.Feed
	known  bool
}

// NewFeed returns the feed of that name. Rows come one after the other, and the first follows the last, unless this or
// the user of the scenario chooses otherwise; the user's choice comes first.
func NewFeed(name string, choices ...Choice) *Feed {
	feed := &Feed{name: name}
	for _, choice := range choices {
		choice.choose(feed)
	}
	return feed
}

// Name is the name by which the run is given it.
func (feed *Feed) Name() string { return feed.name }

// Policy is which row comes next, in the words of a plan; empty if that is left open.
func (feed *Feed) Policy() string {
	return [...]string{"", "sequential", "random", "shuffle", "unique-per-vu", "once-each"}[feed.policy]
}

// AtEnd is what follows the last row, in the words of a plan; empty if that is left open.
func (feed *Feed) AtEnd() string { return [...]string{"", "recycle", "stop", "error"}[feed.end] }

// Next takes the next row. If no row is left the error is [ErrExhausted]. Where that is to end the run, the run is
// ending, and an iteration that returns the error does not count as failed.
func (feed *Feed) Next() (*Row, error) {
	if err := feed.open(); err != nil {
		return nil, err
	}
	row, there, failure := feed.handle.Next()
	if failure != nil {
		return nil, lift(failure)
	}
	if !there {
		return nil, &Error{ErrExhausted, "data \"" + feed.name + "\" is exhausted, and the run ends"}
	}
	return hold(row), nil
}

// At returns the row at that index, from 0, whatever the policy; nil beyond the last.
func (feed *Feed) At(index uint64) (*Row, error) {
	if err := feed.open(); err != nil {
		return nil, err
	}
	row, there := feed.handle.At(index)
	if !there {
		return nil, nil
	}
	return hold(row), nil
}

// Length returns the number of rows: at least one.
func (feed *Feed) Length() (uint64, error) {
	if err := feed.open(); err != nil {
		return 0, err
	}
	return feed.handle.Length(), nil
}

// Columns are the names of the columns, in their order.
func (feed *Feed) Columns() ([]string, error) {
	if err := feed.open(); err != nil {
		return nil, err
	}
	return feed.handle.Columns(), nil
}

func (feed *Feed) open() error {
	if feed.known {
		return nil
	}
	handle, failure := host.OpenFeed(feed.name, uint8(feed.policy), uint8(feed.end))
	if failure != nil {
		return lift(failure)
	}
	feed.handle, feed.known = handle, true
	return nil
}
