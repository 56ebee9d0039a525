package host

import "unsafe"

// handOver sets the body of requests. The constructors of blobs set it: a scenario without any does not import it.
var handOver func(options, blob uint32)

// refused reads the reason for missing data, if the host has answered with one.
func refused() *Failure {
	if discriminant(words[0]) == 0 {
		return nil
	}
	failure := &Failure{Case: discriminant(words[1]), Detail: text(words[2], words[3])}
	end()
	return failure
}

// OpenFeed opens a feed. Policy and end are counted from 1, in the contract's order; 0 leaves them open.
func OpenFeed(name string, policy, atEnd uint8) (Feed, *Failure) {
	begin()
	dataOpenFeed(name, policy > 0, uint32(max(policy, 1)-1), atEnd > 0, uint32(max(atEnd, 1)-1), result())
	if failure := refused(); failure != nil {
		return 0, failure
	}
	end()
	return Feed(words[1]), nil
}

// Length is the number of rows.
func (feed Feed) Length() uint64 { return dataLength(uint32(feed)) }

// Columns are the columns' names.
func (feed Feed) Columns() []string {
	begin()
	dataColumns(uint32(feed), result())
	pairs := unsafe.Slice((*[2]uint32)(unsafe.Pointer(unsafe.SliceData(view(words[0], 8*words[1])))), words[1])
	columns := make([]string, len(pairs))
	for i, each := range pairs {
		columns[i] = text(each[0], each[1])
	}
	end()
	return columns
}

// Next takes a row; false if none is left.
func (feed Feed) Next() (Row, bool, *Failure) {
	begin()
	dataNext(uint32(feed), result())
	if failure := refused(); failure != nil {
		return 0, false, failure
	}
	end()
	return Row(words[2]), discriminant(words[1]) != 0, nil
}

// At is the row at that place; false beyond the last.
func (feed Feed) At(index uint64) (Row, bool) {
	dataAt(uint32(feed), index, result())
	return Row(words[1]), discriminant(words[0]) != 0
}

// Drop lets go of the row.
func (row Row) Drop() { dataDropRow(uint32(row)) }

// Index is the row's place in the file.
func (row Row) Index() uint64 { return dataRowIndex(uint32(row)) }

// Get is the value in a column; false if this row has none.
func (row Row) Get(column string) (string, bool, *Failure) {
	begin()
	dataRowGet(uint32(row), column, result())
	if failure := refused(); failure != nil {
		return "", false, failure
	}
	if discriminant(words[1]) == 0 {
		end()
		return "", false, nil
	}
	value := text(words[2], words[3])
	end()
	return value, true, nil
}

// Fields are all names and values.
func (row Row) Fields() []Field {
	begin()
	dataRowFields(uint32(row), result())
	fields := make([]Field, words[1])
	for i, each := range records(words[0], words[1]) {
		fields[i] = Field{Name: text(each[0], each[1]), Value: text(each[2], each[3])}
	}
	end()
	return fields
}

// JSON is the row as a JSON object.
func (row Row) JSON() string {
	begin()
	dataRowJSON(uint32(row), result())
	return answered()
}

// Blob is the value in a column, left with the host.
func (row Row) Blob(column string) (Blob, *Failure) {
	begin()
	dataRowBlob(uint32(row), column, result())
	return receivedBlob()
}

// OpenBlob opens a file.
func OpenBlob(name string) (Blob, *Failure) {
	begin()
	dataOpenBlob(name, result())
	return receivedBlob()
}

func receivedBlob() (Blob, *Failure) {
	handOver = func(options, blob uint32) { httpSetBodyFrom(options, blob) }
	if failure := refused(); failure != nil {
		return Blob{}, failure
	}
	end()
	return newBlob(words[1]), nil
}

// Drop lets go of the bytes.
func (blob Blob) Drop() { dataDropBlob(blob.Handle) }

// Length returns the number of bytes.
func (blob Blob) Length() uint64 { return dataBlobLength(blob.Handle) }

// Read copies at most that many bytes from there on.
func (blob Blob) Read(offset uint64, length uint32) []byte {
	begin()
	dataBlobRead(blob.Handle, offset, length, result())
	bytes := taken(words[0], words[1])
	end()
	return bytes
}
