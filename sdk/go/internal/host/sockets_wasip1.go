package host

import "unsafe"

// A result of a number of 64 bits, or an error: the number and the error begin in the second of these.
var numbered [6]uint32

// sentAt reads a time, or an error.
func sentAt() (uint64, *Failure) {
	if discriminant(numbered[0]) == 0 {
		end()
		return uint64(numbered[2]) | uint64(numbered[3])<<32, nil
	}
	_, failure := received([4]uint32{numbered[0], numbered[2], numbered[3], numbered[4]})
	end()
	return 0, failure
}

// some reads bytes, or the end, or an error.
func some() ([]byte, bool, *Failure) {
	if failure := broken(); failure != nil {
		return nil, false, failure
	}
	if discriminant(words[1]) == 0 {
		end()
		return nil, false, nil
	}
	bytes := taken(words[2], words[3])
	end()
	return bytes, true, nil
}

// OpenTCP opens a connection; with a server's name it speaks TLS.
func OpenTCP(name, address, server string, hasServer bool, ns uint64) (TCP, *Failure) {
	begin()
	socketsOpenTCP(name, address, hasServer, server, ns, result())
	handle, failure := opened()
	return TCP(handle), failure
}

// Drop closes the connection.
func (tcp TCP) Drop() { socketsDropTCP(uint32(tcp)) }

// Send sends bytes, and returns when.
func (tcp TCP) Send(bytes []byte) (uint64, *Failure) {
	begin()
	socketsSendTCP(uint32(tcp), unsafe.Pointer(unsafe.SliceData(bytes)), uint32(len(bytes)), unsafe.Pointer(&numbered))
	return sentAt()
}

// Receive returns the bytes that have come; false at the end.
func (tcp TCP) Receive(most uint32, ns uint64) ([]byte, bool, *Failure) {
	begin()
	socketsReceive(uint32(tcp), most, ns, result())
	return some()
}

// ReceiveUntil returns the bytes up to a delimiter, and it; false at the end.
func (tcp TCP) ReceiveUntil(delimiter string, most uint32, ns uint64) ([]byte, bool, *Failure) {
	begin()
	socketsReceiveUntil(uint32(tcp), delimiter, most, ns, result())
	return some()
}

// ReceiveExactly returns that many bytes; false at the end.
func (tcp TCP) ReceiveExactly(count uint32, ns uint64) ([]byte, bool, *Failure) {
	begin()
	socketsReceiveExactly(uint32(tcp), count, ns, result())
	return some()
}

// At is the time of the read that brought the last byte received.
func (tcp TCP) At() uint64 { return socketsAtTCP(uint32(tcp)) }

// Finish ends sending.
func (tcp TCP) Finish() { socketsFinish(uint32(tcp)) }

// Key is for NextOf.
func (tcp TCP) Key() uint32 { return socketsKeyTCP(uint32(tcp)) }

// OpenUDP opens a UDP socket.
func OpenUDP(name, address string) (UDP, *Failure) {
	begin()
	socketsOpenUDP(name, address, result())
	handle, failure := opened()
	return UDP(handle), failure
}

// Drop closes the socket.
func (udp UDP) Drop() { socketsDropUDP(uint32(udp)) }

// Send sends a datagram, and returns when.
func (udp UDP) Send(datagram []byte) (uint64, *Failure) {
	begin()
	pointer := unsafe.Pointer(unsafe.SliceData(datagram))
	socketsSendUDP(uint32(udp), pointer, uint32(len(datagram)), unsafe.Pointer(&numbered))
	return sentAt()
}

// Receive returns the next datagram.
func (udp UDP) Receive(ns uint64) ([]byte, *Failure) {
	begin()
	socketsReceiveUDP(uint32(udp), ns, result())
	if failure := broken(); failure != nil {
		return nil, failure
	}
	datagram := taken(words[1], words[2])
	end()
	return datagram, nil
}

// At is the time at which the last datagram received had come.
func (udp UDP) At() uint64 { return socketsAtUDP(uint32(udp)) }

// Key is for NextOf.
func (udp UDP) Key() uint32 { return socketsKeyUDP(uint32(udp)) }

// Key is for NextOf.
func (incoming Incoming) Key() uint32 { return streamingKey(uint32(incoming)) }

// NextOf waits until one of the streams with these keys is ready, and returns its key; false if none is in time.
func NextOf(keys []uint32, ns uint64) (uint32, bool) {
	waitingNextOf(unsafe.Pointer(unsafe.SliceData(keys)), uint32(len(keys)), ns, result())
	return words[1], discriminant(words[0]) != 0
}
