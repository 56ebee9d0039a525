package host

import "unsafe"

// The interface `data`, flattened by the canonical ABI. The linker leaves out functions that a scenario does not use.

//go:wasmimport squall:scenario/data@0.1.0 [static]feed.open
func dataOpenFeed(name string, hasPolicy bool, policy uint32, hasAtEnd bool, atEnd uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/data@0.1.0 [method]feed.length
func dataLength(feed uint32) uint64

//go:wasmimport squall:scenario/data@0.1.0 [method]feed.columns
func dataColumns(feed uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/data@0.1.0 [method]feed.next
func dataNext(feed uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/data@0.1.0 [method]feed.at
func dataAt(feed uint32, index uint64, result unsafe.Pointer)

//go:wasmimport squall:scenario/data@0.1.0 [resource-drop]row
func dataDropRow(row uint32)

//go:wasmimport squall:scenario/data@0.1.0 [method]row.index
func dataRowIndex(row uint32) uint64

//go:wasmimport squall:scenario/data@0.1.0 [method]row.get
func dataRowGet(row uint32, column string, result unsafe.Pointer)

//go:wasmimport squall:scenario/data@0.1.0 [method]row.fields
func dataRowFields(row uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/data@0.1.0 [method]row.json
func dataRowJSON(row uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/data@0.1.0 [method]row.blob
func dataRowBlob(row uint32, column string, result unsafe.Pointer)

//go:wasmimport squall:scenario/data@0.1.0 [static]blob.open
func dataOpenBlob(name string, result unsafe.Pointer)

//go:wasmimport squall:scenario/data@0.1.0 [resource-drop]blob
func dataDropBlob(blob uint32)

//go:wasmimport squall:scenario/data@0.1.0 [method]blob.length
func dataBlobLength(blob uint32) uint64

//go:wasmimport squall:scenario/data@0.1.0 [method]blob.read
func dataBlobRead(blob uint32, offset uint64, length uint32, result unsafe.Pointer)
