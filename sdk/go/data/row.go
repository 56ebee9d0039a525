package data

import "github.com/squall-load/squall/sdk/go/internal/host"

// Field is the name of a column, and the value in it.
type Field = host.Field

// Row is a row of a feed. The host holds it until the iteration ends; only requested values are copied.
type Row struct {
	handle host.Row
	closed bool
}

func hold(handle host.Row) *Row {
	row := &Row{handle: handle}
	host.CloseLater(row)
	return row
}

// Close drops the row before the iteration ends, for scenarios that take thousands of them.
func (row *Row) Close() {
	if !row.closed {
		row.closed = true
		row.handle.Drop()
	}
}

// Index is its place in the file, from 0.
func (row *Row) Index() uint64 { return row.handle.Index() }

// Get returns the value in the column of that name. Other values of JSON are returned as JSON: 42, true, null, [1,2].
// There is an error if there is no such column, or the row is a JSON object without that field: see [Row.Find].
func (row *Row) Get(column string) (string, error) {
	value, there, err := row.Find(column)
	if err == nil && !there {
		return "", &Error{ErrOther, "a row has no \"" + column + "\", which others have"}
	}
	return value, err
}

// Find is as [Row.Get]; it returns false if the row is a JSON object without that field.
func (row *Row) Find(column string) (string, bool, error) {
	value, there, failure := row.handle.Get(column)
	if failure != nil {
		return "", false, lift(failure)
	}
	return value, there, nil
}

// Fields are all names and values, in the order of the columns.
func (row *Row) Fields() []Field { return row.handle.Fields() }

// JSON is the whole row as a JSON object: a body to send, or something for package encoding/json to read.
func (row *Row) JSON() string { return row.handle.JSON() }

// Blob is the value in the column of that name, to be sent as a body without entering the scenario.
func (row *Row) Blob(column string) (*Blob, error) {
	handle, failure := row.handle.Blob(column)
	if failure != nil {
		return nil, lift(failure)
	}
	blob := &Blob{handle: handle, known: true}
	host.CloseLater(blob)
	return blob, nil
}
