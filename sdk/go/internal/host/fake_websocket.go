//go:build !wasip1

package host

// WebSockets of a test: its server answers what is sent at once. Handles are indices into these; 0 is none.
var (
	websockets = []*fakeWebSocket{nil}
	messages   = []*fakeMessage{nil}
)

type fakeWebSocket struct {
	answer func(message string) []string
	inbox  []fakeMessage
	closed bool
}

type fakeMessage struct {
	content string
	isText  bool
}

const caseClosed = 8

// OpenWebSocket connects.
func OpenWebSocket(url string, _ *ConnectOptions) (WebSocket, *Failure) {
	answer := fake().WebSocket(url)
	if answer == nil {
		return 0, &Failure{Case: caseConnect, Detail: url + ": this test has no such server (Host.WebSocket)"}
	}
	websockets = append(websockets, &fakeWebSocket{answer: answer})
	return WebSocket(len(websockets) - 1), nil
}

// Drop gives the connection up.
func (socket WebSocket) Drop() { websockets[socket] = nil }

// Subprotocol is none.
func (socket WebSocket) Subprotocol() string { return "" }

func (socket WebSocket) send(content string, isText bool) (uint64, *Failure) {
	one := websockets[socket]
	if one.closed {
		return 0, &Failure{Case: caseClosed, Detail: "the connection is closed, or closing"}
	}
	for _, answer := range one.answer(content) {
		one.inbox = append(one.inbox, fakeMessage{answer, isText})
	}
	return fake().Now(), nil
}

// SendText sends a text message.
func (socket WebSocket) SendText(text string) (uint64, *Failure) { return socket.send(text, true) }

// SendBytes sends a binary message.
func (socket WebSocket) SendBytes(bytes []byte) (uint64, *Failure) {
	return socket.send(string(bytes), false)
}

// SendFrom sends bytes that the host holds.
func (socket WebSocket) SendFrom(blob Blob) (uint64, *Failure) {
	return socket.SendBytes(blobs[blob.Handle])
}

// Ping sends a ping.
func (socket WebSocket) Ping() *Failure { return nil }

// Buffered is the number of bytes that were not written.
func (socket WebSocket) Buffered() uint64 { return 0 }

// Receive returns the next message; false at the end.
func (socket WebSocket) Receive(ns uint64) (SocketMessage, bool, *Failure) {
	one := websockets[socket]
	switch {
	case len(one.inbox) > 0:
		messages = append(messages, &one.inbox[0])
		one.inbox = one.inbox[1:]
		return SocketMessage(len(messages) - 1), true, nil
	case one.closed:
		return 0, false, nil
	}
	if ns == Forever {
		ns = 0
	}
	return 0, false, timeOut(ns)
}

// ReceiveText returns the text of the next message; false at the end.
func (socket WebSocket) ReceiveText(ns uint64) (string, bool, *Failure) {
	message, found, failure := socket.Receive(ns)
	if !found {
		return "", false, failure
	}
	return message.Text(), true, nil
}

// Close closes.
func (socket WebSocket) Close(uint16, string) *Failure {
	websockets[socket].closed = true
	return nil
}

// Closed is how the server has answered.
func (socket WebSocket) Closed() (uint16, string, bool) {
	if !websockets[socket].closed {
		return 0, "", false
	}
	return 1000, "", true
}

// Key is for NextOf.
func (socket WebSocket) Key() uint32 {
	if websockets[socket].closed || len(websockets[socket].inbox) > 0 {
		return keyReady
	}
	return keyNotReady
}

// Drop lets go of the message.
func (message SocketMessage) Drop() { messages[message] = nil }

// IsText returns whether it is a text message.
func (message SocketMessage) IsText() bool { return messages[message].isText }

// Size is its length in bytes.
func (message SocketMessage) Size() uint64 { return uint64(len(messages[message].content)) }

// Text is its content.
func (message SocketMessage) Text() string { return messages[message].content }

// Bytes are its content.
func (message SocketMessage) Bytes() []byte { return []byte(messages[message].content) }

// At is the time of the test.
func (message SocketMessage) At() uint64 { return fake().Now() }
