package host

import "unsafe"

//go:wasmimport squall:scenario/sockets@0.1.0 [resource-drop]tcp
func socketsDropTCP(tcp uint32)

//go:wasmimport squall:scenario/sockets@0.1.0 [static]tcp.open
func socketsOpenTCP(name, address string, hasServer bool, server string, ns uint64, result unsafe.Pointer)

//go:wasmimport squall:scenario/sockets@0.1.0 [method]tcp.send
func socketsSendTCP(tcp uint32, bytes unsafe.Pointer, size uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/sockets@0.1.0 [method]tcp.receive
func socketsReceive(tcp, most uint32, ns uint64, result unsafe.Pointer)

//go:wasmimport squall:scenario/sockets@0.1.0 [method]tcp.receive-until
func socketsReceiveUntil(tcp uint32, delimiter string, most uint32, ns uint64, result unsafe.Pointer)

//go:wasmimport squall:scenario/sockets@0.1.0 [method]tcp.receive-exactly
func socketsReceiveExactly(tcp, count uint32, ns uint64, result unsafe.Pointer)

//go:wasmimport squall:scenario/sockets@0.1.0 [method]tcp.at
func socketsAtTCP(tcp uint32) uint64

//go:wasmimport squall:scenario/sockets@0.1.0 [method]tcp.finish
func socketsFinish(tcp uint32)

//go:wasmimport squall:scenario/sockets@0.1.0 [method]tcp.key
func socketsKeyTCP(tcp uint32) uint32

//go:wasmimport squall:scenario/sockets@0.1.0 [resource-drop]udp
func socketsDropUDP(udp uint32)

//go:wasmimport squall:scenario/sockets@0.1.0 [static]udp.open
func socketsOpenUDP(name, address string, result unsafe.Pointer)

//go:wasmimport squall:scenario/sockets@0.1.0 [method]udp.send
func socketsSendUDP(udp uint32, datagram unsafe.Pointer, size uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/sockets@0.1.0 [method]udp.receive
func socketsReceiveUDP(udp uint32, ns uint64, result unsafe.Pointer)

//go:wasmimport squall:scenario/sockets@0.1.0 [method]udp.at
func socketsAtUDP(udp uint32) uint64

//go:wasmimport squall:scenario/sockets@0.1.0 [method]udp.key
func socketsKeyUDP(udp uint32) uint32

//go:wasmimport squall:scenario/waiting@0.1.0 next-of
func waitingNextOf(keys unsafe.Pointer, count uint32, ns uint64, result unsafe.Pointer)

//go:wasmimport squall:scenario/streaming@0.1.0 [method]incoming.key
func streamingKey(incoming uint32) uint32
