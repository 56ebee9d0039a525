package host

import "unsafe"

//go:wasmimport squall:scenario/streaming@0.1.0 [resource-drop]incoming
func streamingDropIncoming(incoming uint32)

//go:wasmimport squall:scenario/streaming@0.1.0 [resource-drop]event
func streamingDropEvent(event uint32)

//go:wasmimport squall:scenario/streaming@0.1.0 [resource-drop]outgoing
func streamingDropOutgoing(outgoing uint32)

//go:wasmimport squall:scenario/streaming@0.1.0 [static]incoming.open
func streamingOpen(
	method, url string, headers unsafe.Pointer, headerCount uint32,
	hasBody bool, body unsafe.Pointer, bodySize uint32, hasOptions bool, options uint32, result unsafe.Pointer,
)

//go:wasmimport squall:scenario/streaming@0.1.0 [static]incoming.reopen
func streamingReopen(
	previous uint32, method, url string, headers unsafe.Pointer, headerCount uint32,
	hasBody bool, body unsafe.Pointer, bodySize uint32, hasOptions bool, options uint32, result unsafe.Pointer,
)

//go:wasmimport squall:scenario/streaming@0.1.0 [method]incoming.head
func streamingHead(incoming uint32, ns uint64, result unsafe.Pointer)

//go:wasmimport squall:scenario/streaming@0.1.0 [method]incoming.read
func streamingRead(incoming, most uint32, ns uint64, result unsafe.Pointer)

//go:wasmimport squall:scenario/streaming@0.1.0 [method]incoming.next-event
func streamingNextEvent(incoming uint32, ns uint64, result unsafe.Pointer)

//go:wasmimport squall:scenario/streaming@0.1.0 [method]incoming.count-tokens
func streamingCountTokens(incoming uint32, text string, hasTotal bool, total string, result unsafe.Pointer)

//go:wasmimport squall:scenario/streaming@0.1.0 [method]incoming.last-event-id
func streamingLastEventID(incoming uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/streaming@0.1.0 [method]incoming.retry
func streamingRetry(incoming uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/streaming@0.1.0 [method]event.name
func streamingEventName(event uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/streaming@0.1.0 [method]event.id
func streamingEventID(event uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/streaming@0.1.0 [method]event.data
func streamingEventData(event uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/streaming@0.1.0 [method]event.get
func streamingEventGet(event uint32, pointer string, result unsafe.Pointer)

//go:wasmimport squall:scenario/streaming@0.1.0 [method]event.at
func streamingEventAt(event uint32) uint64

//go:wasmimport squall:scenario/streaming@0.1.0 [static]outgoing.start
func streamingStart(
	method, url string, headers unsafe.Pointer, headerCount uint32,
	hasBody bool, body unsafe.Pointer, bodySize uint32, hasOptions bool, options uint32,
	hasLength bool, length uint64, result unsafe.Pointer,
)

//go:wasmimport squall:scenario/streaming@0.1.0 [method]outgoing.write
func streamingWrite(outgoing uint32, piece unsafe.Pointer, size uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/streaming@0.1.0 [method]outgoing.write-from
func streamingWriteFrom(outgoing, blob uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/streaming@0.1.0 [method]outgoing.finish
func streamingFinish(outgoing uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/streaming@0.1.0 [method]outgoing.response
func streamingResponse(outgoing uint32) uint32
