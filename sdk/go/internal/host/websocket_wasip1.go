package host

import "unsafe"

// Addresses and lengths of subprotocols, while a handshake is prepared.
var offered []uint32

func makeConnectOptions(settings *ConnectOptions) uint32 {
	options := websocketNewOptions()
	if settings.Name != "" {
		websocketSetName(options, settings.Name)
	}
	if settings.Timeout > 0 {
		websocketSetTimeout(options, settings.Timeout)
	}
	for i := range settings.Headers {
		websocketAddHeader(options, settings.Headers[i].Name, settings.Headers[i].Value)
	}
	if len(settings.Subprotocols) > 0 {
		offered = offered[:0]
		for _, name := range settings.Subprotocols {
			offered = append(offered, AddressOfText(name), uint32(len(name)))
		}
		websocketSetSubprotocols(options, unsafe.Pointer(unsafe.SliceData(offered)), uint32(len(settings.Subprotocols)))
	}
	if settings.Compression {
		websocketSetCompression(options, true)
	}
	if settings.Inbox > 0 {
		websocketSetInbox(options, settings.Inbox)
	}
	return options
}

// OpenWebSocket connects, and waits for the handshake.
func OpenWebSocket(url string, settings *ConnectOptions) (WebSocket, *Failure) {
	options := makeConnectOptions(settings)
	begin()
	websocketOpen(url, true, options, result())
	handle, failure := opened()
	websocketDropOptions(options)
	return WebSocket(handle), failure
}

// Drop gives the connection up.
func (socket WebSocket) Drop() { websocketDrop(uint32(socket)) }

// Subprotocol is what the server has chosen.
func (socket WebSocket) Subprotocol() string {
	begin()
	websocketSubprotocol(uint32(socket), result())
	return answered()
}

// SendText sends a text message, and returns when it was handed over.
func (socket WebSocket) SendText(text string) (uint64, *Failure) {
	begin()
	websocketSendText(uint32(socket), text, unsafe.Pointer(&numbered))
	return sentAt()
}

// SendBytes sends a binary message.
func (socket WebSocket) SendBytes(bytes []byte) (uint64, *Failure) {
	begin()
	websocketSendBytes(uint32(socket), unsafe.Pointer(unsafe.SliceData(bytes)), uint32(len(bytes)), unsafe.Pointer(&numbered))
	return sentAt()
}

// SendFrom sends bytes that the host holds.
func (socket WebSocket) SendFrom(blob Blob) (uint64, *Failure) {
	begin()
	websocketSendFrom(uint32(socket), blob.Handle, unsafe.Pointer(&numbered))
	return sentAt()
}

// Ping sends a ping.
func (socket WebSocket) Ping() *Failure {
	begin()
	websocketPing(uint32(socket), result())
	return done()
}

// Buffered is the number of bytes that were not written.
func (socket WebSocket) Buffered() uint64 { return websocketBuffered(uint32(socket)) }

// Receive returns the next message; false at the end.
func (socket WebSocket) Receive(ns uint64) (SocketMessage, bool, *Failure) {
	begin()
	websocketReceive(uint32(socket), ns, result())
	if failure := broken(); failure != nil {
		return 0, false, failure
	}
	end()
	return SocketMessage(words[2]), discriminant(words[1]) != 0, nil
}

// ReceiveText returns the text of the next message; false at the end.
func (socket WebSocket) ReceiveText(ns uint64) (string, bool, *Failure) {
	begin()
	websocketReceiveText(uint32(socket), ns, result())
	if failure := broken(); failure != nil {
		return "", false, failure
	}
	if discriminant(words[1]) == 0 {
		end()
		return "", false, nil
	}
	message := text(words[2], words[3])
	end()
	return message, true, nil
}

// Close begins the closing handshake.
func (socket WebSocket) Close(code uint16, reason string) *Failure {
	begin()
	websocketClose(uint32(socket), true, uint32(code), reason, result())
	return done()
}

// Closed is the server's code and reason; false while it has not closed.
func (socket WebSocket) Closed() (uint16, string, bool) {
	begin()
	websocketClosed(uint32(socket), result())
	if discriminant(words[0]) == 0 {
		end()
		return 0, "", false
	}
	code, reason := uint16(words[1]), text(words[2], words[3])
	end()
	return code, reason, true
}

// Key is for NextOf.
func (socket WebSocket) Key() uint32 { return websocketKey(uint32(socket)) }

// Drop lets go of the message.
func (message SocketMessage) Drop() { websocketDropMessage(uint32(message)) }

// IsText returns whether it is a text message.
func (message SocketMessage) IsText() bool { return websocketKind(uint32(message)) == 0 }

// Size is its length in bytes.
func (message SocketMessage) Size() uint64 { return websocketSize(uint32(message)) }

// Text is its content.
func (message SocketMessage) Text() string {
	begin()
	websocketText(uint32(message), result())
	return answered()
}

// Bytes are its content.
func (message SocketMessage) Bytes() []byte {
	begin()
	websocketBytes(uint32(message), result())
	bytes := taken(words[0], words[1])
	end()
	return bytes
}

// At is the time of the read that completed it, in nanoseconds.
func (message SocketMessage) At() uint64 { return websocketAt(uint32(message)) }
