//go:build !wasip1

package host

import (
	"fmt"
	"slices"
	"strings"
)

// FakeTable is a test's table, and the position in it.
type FakeTable struct {
	Name    string
	Columns []string
	Rows    [][]string
	taken   uint64
}

// The contract's cases of errors, policies and ends that matter here.
const (
	caseNotGiven      = 0
	caseUnknownColumn = 1
	caseExhausted     = 2
	policyOnceEach    = 5
	atEndStop         = 2
	atEndError        = 3
)

type fakeFeed struct {
	table *FakeTable
	atEnd uint8
}

type fakeRow struct {
	table *FakeTable
	index uint64
}

// Handles are indices into these; 0 is none.
var (
	feeds = []fakeFeed{{}}
	rows  = []fakeRow{{}}
	blobs = [][]byte{nil}
)

// OpenFeed opens a feed. Policy and end are counted from 1, in the contract's order; 0 leaves them open.
func OpenFeed(name string, policy, atEnd uint8) (Feed, *Failure) {
	table := fake().Table(name)
	if table == nil {
		return 0, &Failure{caseNotGiven, fmt.Sprintf("the test host has no data %q: add Host.Feed", name)}
	}
	if atEnd == 0 && policy == policyOnceEach {
		atEnd = atEndStop
	}
	feeds = append(feeds, fakeFeed{table, atEnd})
	return Feed(len(feeds) - 1), nil
}

// Length is the number of rows.
func (feed Feed) Length() uint64 { return uint64(len(feeds[feed].table.Rows)) }

// Columns are the columns' names.
func (feed Feed) Columns() []string { return slices.Clone(feeds[feed].table.Columns) }

// Next takes a row; false if none is left.
func (feed Feed) Next() (Row, bool, *Failure) {
	opened, length := feeds[feed], feed.Length()
	index := opened.table.taken
	opened.table.taken++
	switch {
	case index >= length && opened.atEnd == atEndStop:
		return 0, false, nil
	case index >= length && opened.atEnd == atEndError:
		return 0, false, &Failure{caseExhausted, fmt.Sprintf("data %q is exhausted", opened.table.Name)}
	}
	row, there := feed.At(index % max(length, 1))
	return row, there, nil
}

// At is the row at that place; false beyond the last.
func (feed Feed) At(index uint64) (Row, bool) {
	if index >= feed.Length() {
		return 0, false
	}
	rows = append(rows, fakeRow{feeds[feed].table, index})
	return Row(len(rows) - 1), true
}

// Drop lets go of the row.
func (row Row) Drop() { rows[row] = fakeRow{} }

// Index is the row's place in the file.
func (row Row) Index() uint64 { return rows[row].index }

// Get is the value in a column; false if this row has none.
func (row Row) Get(column string) (string, bool, *Failure) {
	table, values := rows[row].table, rows[row].table.Rows[rows[row].index]
	place := slices.Index(table.Columns, column)
	if place < 0 {
		return "", false, &Failure{caseUnknownColumn, fmt.Sprintf("data %q: there is no column %q: the columns are %s",
			table.Name, column, strings.Join(table.Columns, ", "))}
	}
	if place >= len(values) {
		return "", false, nil
	}
	return values[place], true, nil
}

// Fields are all names and values.
func (row Row) Fields() []Field {
	table, values := rows[row].table, rows[row].table.Rows[rows[row].index]
	var fields []Field
	for i, value := range values {
		fields = append(fields, Field{Name: table.Columns[i], Value: value})
	}
	return fields
}

// JSON is the row as a JSON object.
func (row Row) JSON() string {
	var members []string
	for _, field := range row.Fields() {
		members = append(members, fmt.Sprintf("%q:%q", field.Name, field.Value))
	}
	return "{" + strings.Join(members, ",") + "}"
}

// Blob is the value in a column, left with the host.
func (row Row) Blob(column string) (Blob, *Failure) {
	value, _, failure := row.Get(column)
	if failure != nil {
		return Blob{}, failure
	}
	return keepBlob([]byte(value)), nil
}

// OpenBlob opens a file.
func OpenBlob(name string) (Blob, *Failure) {
	bytes, given := fake().File(name)
	if !given {
		return Blob{}, &Failure{caseNotGiven, fmt.Sprintf("the test host has no file %q: add Host.File", name)}
	}
	return keepBlob(bytes), nil
}

func keepBlob(bytes []byte) Blob {
	blobs = append(blobs, bytes)
	return newBlob(uint32(len(blobs) - 1))
}

// Drop lets go of the bytes.
func (blob Blob) Drop() { blobs[blob.Handle] = nil }

// Length returns the number of bytes.
func (blob Blob) Length() uint64 { return uint64(len(blobs[blob.Handle])) }

// Read copies at most that many bytes from there on.
func (blob Blob) Read(offset uint64, length uint32) []byte {
	bytes := blobs[blob.Handle]
	rest := bytes[min(offset, uint64(len(bytes))):]
	return slices.Clone(rest[:min(uint64(length), uint64(len(rest)))])
}
