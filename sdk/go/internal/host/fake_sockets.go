//go:build !wasip1

package host

import "bytes"

// Sockets of a test: its host answers what is sent at once. Handles are indices into these; 0 is none.
var sockets = []*fakeSocket{nil}

type fakeSocket struct {
	peer      func([]byte) []byte
	inbox     []byte
	datagrams [][]byte
	finished  bool
}

const (
	keyNotReady = iota
	keyReady
)

const (
	caseTimeout = 0
	caseConnect = 2
	caseReset   = 4
)

func openSocket(address string) (uint32, *Failure) {
	peer := fake().Peer(address)
	if peer == nil {
		return 0, &Failure{Case: caseConnect, Detail: address + ": this test has no such server (Host.Serve)"}
	}
	sockets = append(sockets, &fakeSocket{peer: peer})
	return uint32(len(sockets) - 1), nil
}

func timeOut(ns uint64) *Failure {
	fake().Sleep(ns)
	return &Failure{Case: caseTimeout}
}

// OpenTCP opens a connection.
func OpenTCP(_, address, _ string, _ bool, _ uint64) (TCP, *Failure) {
	handle, failure := openSocket(address)
	return TCP(handle), failure
}

// Drop closes the connection.
func (tcp TCP) Drop() { sockets[tcp] = nil }

// Send sends bytes, and returns when.
func (tcp TCP) Send(bytes []byte) (uint64, *Failure) {
	socket := sockets[tcp]
	socket.inbox = append(socket.inbox, socket.peer(bytes)...)
	return fake().Now(), nil
}

func (tcp TCP) take(count int, ns uint64) ([]byte, bool, *Failure) {
	socket := sockets[tcp]
	switch {
	case count >= 0:
		taken := socket.inbox[:count:count]
		socket.inbox = socket.inbox[count:]
		return taken, true, nil
	case !socket.finished:
		return nil, false, timeOut(ns)
	case len(socket.inbox) > 0:
		return nil, false, &Failure{Case: caseReset, Detail: "the connection ended too early"}
	}
	return nil, false, nil
}

// Receive returns the bytes that have come; false at the end.
func (tcp TCP) Receive(most uint32, ns uint64) ([]byte, bool, *Failure) {
	count := min(len(sockets[tcp].inbox), int(most))
	if count == 0 {
		count = -1
	}
	return tcp.take(count, ns)
}

// ReceiveUntil returns the bytes up to a delimiter, and it; false at the end.
func (tcp TCP) ReceiveUntil(delimiter string, _ uint32, ns uint64) ([]byte, bool, *Failure) {
	place := bytes.Index(sockets[tcp].inbox, []byte(delimiter))
	if place >= 0 {
		place += len(delimiter)
	}
	return tcp.take(place, ns)
}

// ReceiveExactly returns that many bytes; false at the end.
func (tcp TCP) ReceiveExactly(count uint32, ns uint64) ([]byte, bool, *Failure) {
	if len(sockets[tcp].inbox) < int(count) {
		return tcp.take(-1, ns)
	}
	return tcp.take(int(count), ns)
}

// At is the time of the test.
func (tcp TCP) At() uint64 { return fake().Now() }

// Finish ends sending.
func (tcp TCP) Finish() { sockets[tcp].finished = true }

// Key is for NextOf.
func (tcp TCP) Key() uint32 {
	if sockets[tcp].finished || len(sockets[tcp].inbox) > 0 {
		return keyReady
	}
	return keyNotReady
}

// OpenUDP opens a UDP socket.
func OpenUDP(_, address string) (UDP, *Failure) {
	handle, failure := openSocket(address)
	return UDP(handle), failure
}

// Drop closes the socket.
func (udp UDP) Drop() { sockets[udp] = nil }

// Send sends a datagram, and returns when. An empty answer is none.
func (udp UDP) Send(datagram []byte) (uint64, *Failure) {
	socket := sockets[udp]
	if answer := socket.peer(datagram); len(answer) > 0 {
		socket.datagrams = append(socket.datagrams, answer)
	}
	return fake().Now(), nil
}

// Receive returns the next datagram.
func (udp UDP) Receive(ns uint64) ([]byte, *Failure) {
	socket := sockets[udp]
	if len(socket.datagrams) == 0 {
		return nil, timeOut(ns)
	}
	datagram := socket.datagrams[0]
	socket.datagrams = socket.datagrams[1:]
	return datagram, nil
}

// At is the time of the test.
func (udp UDP) At() uint64 { return fake().Now() }

// Key is for NextOf.
func (udp UDP) Key() uint32 {
	if len(sockets[udp].datagrams) > 0 {
		return keyReady
	}
	return keyNotReady
}

// Key is for NextOf: all that will come is there.
func (incoming Incoming) Key() uint32 { return keyReady }

// NextOf returns the key of a ready stream; without one the time passes.
func NextOf(keys []uint32, ns uint64) (uint32, bool) {
	for _, key := range keys {
		if key == keyReady {
			return key, true
		}
	}
	fake().Sleep(ns)
	return 0, false
}
