package host

import "unsafe"

//go:wasmimport squall:scenario/websocket@0.1.0 [resource-drop]connect-options
func websocketDropOptions(options uint32)

//go:wasmimport squall:scenario/websocket@0.1.0 [resource-drop]connection
func websocketDrop(connection uint32)

//go:wasmimport squall:scenario/websocket@0.1.0 [resource-drop]message
func websocketDropMessage(message uint32)

//go:wasmimport squall:scenario/websocket@0.1.0 [constructor]connect-options
func websocketNewOptions() uint32

//go:wasmimport squall:scenario/websocket@0.1.0 [method]connect-options.set-name
func websocketSetName(options uint32, name string)

//go:wasmimport squall:scenario/websocket@0.1.0 [method]connect-options.set-timeout
func websocketSetTimeout(options uint32, ns uint64)

//go:wasmimport squall:scenario/websocket@0.1.0 [method]connect-options.add-header
func websocketAddHeader(options uint32, name, value string)

//go:wasmimport squall:scenario/websocket@0.1.0 [method]connect-options.set-subprotocols
func websocketSetSubprotocols(options uint32, names unsafe.Pointer, count uint32)

//go:wasmimport squall:scenario/websocket@0.1.0 [method]connect-options.set-compression
func websocketSetCompression(options uint32, offer bool)

//go:wasmimport squall:scenario/websocket@0.1.0 [method]connect-options.set-inbox
func websocketSetInbox(options uint32, bytes uint64)

//go:wasmimport squall:scenario/websocket@0.1.0 [static]connection.open
func websocketOpen(url string, hasOptions bool, options uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/websocket@0.1.0 [method]connection.subprotocol
func websocketSubprotocol(connection uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/websocket@0.1.0 [method]connection.send-text
func websocketSendText(connection uint32, text string, result unsafe.Pointer)

//go:wasmimport squall:scenario/websocket@0.1.0 [method]connection.send-bytes
func websocketSendBytes(connection uint32, bytes unsafe.Pointer, size uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/websocket@0.1.0 [method]connection.send-from
func websocketSendFrom(connection, blob uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/websocket@0.1.0 [method]connection.ping
func websocketPing(connection uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/websocket@0.1.0 [method]connection.buffered
func websocketBuffered(connection uint32) uint64

//go:wasmimport squall:scenario/websocket@0.1.0 [method]connection.receive
func websocketReceive(connection uint32, ns uint64, result unsafe.Pointer)

//go:wasmimport squall:scenario/websocket@0.1.0 [method]connection.receive-text
func websocketReceiveText(connection uint32, ns uint64, result unsafe.Pointer)

//go:wasmimport squall:scenario/websocket@0.1.0 [method]connection.close
func websocketClose(connection uint32, hasCode bool, code uint32, reason string, result unsafe.Pointer)

//go:wasmimport squall:scenario/websocket@0.1.0 [method]connection.closed
func websocketClosed(connection uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/websocket@0.1.0 [method]connection.key
func websocketKey(connection uint32) uint32

//go:wasmimport squall:scenario/websocket@0.1.0 [method]message.kind
func websocketKind(message uint32) uint32

//go:wasmimport squall:scenario/websocket@0.1.0 [method]message.size
func websocketSize(message uint32) uint64

//go:wasmimport squall:scenario/websocket@0.1.0 [method]message.text
func websocketText(message uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/websocket@0.1.0 [method]message.bytes
func websocketBytes(message uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/websocket@0.1.0 [method]message.at
func websocketAt(message uint32) uint64
