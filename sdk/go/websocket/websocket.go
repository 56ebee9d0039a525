// Package websocket has WebSockets, carried and measured by the host.
//
//	socket, err := websocket.Connect("/chat")
//	if err != nil {
//		return err
//	}
//	defer socket.Drop()
//	socket.Send("hello")
//	message, err := socket.ReceiveWithin(5 * time.Second)
//	squall.Check("the server repeats what was said", err == nil && message.Text() == "hello")
//
// The host answers pings, and takes all times at the socket (ws_response, ws_msg_gap, ws_ping). A WebSocket may be kept over
// iterations; one that is not dropped stays open.
package websocket

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/squall-load/squall/sdk/go/data"
	"github.com/squall-load/squall/sdk/go/internal/host"
)

// Option is a setting of a connection.
type Option func(*host.ConnectOptions)

// Name is the name under which the connection is counted, instead of its URL.
func Name(name string) Option { return func(options *host.ConnectOptions) { options.Name = name } }

// Timeout is how long the handshake may take.
func Timeout(length time.Duration) Option {
	return func(options *host.ConnectOptions) { options.Timeout = uint64(max(length, 0)) }
}

// Header adds a header field to the handshake.
func Header(name, value string) Option {
	return func(options *host.ConnectOptions) {
		options.Headers = append(options.Headers, host.Field{Name: name, Value: value})
	}
}

// Subprotocols are offered, the preferred one first.
func Subprotocols(names ...string) Option {
	return func(options *host.ConnectOptions) { options.Subprotocols = append(options.Subprotocols, names...) }
}

// Compression offers to compress messages (permessage-deflate).
func Compression() Option { return func(options *host.ConnectOptions) { options.Compression = true } }

// Inbox is how many bytes of messages may wait to be received before the host stops reading: 1 MiB unless said otherwise.
func Inbox(bytes uint64) Option { return func(options *host.ConnectOptions) { options.Inbox = bytes } }

// WebSocket is a connection. The errors of its methods are [*Error]s; [io.EOF] means that it is closed.
type WebSocket struct {
	handle  host.WebSocket
	message *Message
	dropped bool
}

// Connect opens a connection to a URL that begins with ws:// or wss://, or to a path below the run's --target, and waits for
// the handshake.
func Connect(url string, options ...Option) (*WebSocket, error) {
	var settings host.ConnectOptions
	for _, option := range options {
		option(&settings)
	}
	handle, failure := host.OpenWebSocket(url, &settings)
	if failure != nil {
		return nil, lift(failure)
	}
	return &WebSocket{handle: handle}, nil
}

func (socket *WebSocket) open() host.WebSocket {
	if socket.dropped {
		panic("websocket: a connection was used after it was dropped")
	}
	return socket.handle
}

// Subprotocol is what the server has chosen; empty if it has chosen none.
func (socket *WebSocket) Subprotocol() string { return socket.open().Subprotocol() }

// Send sends a text message. It waits while more than 1 MiB are unsent. It returns the time since the run began at which the
// message was handed over.
func (socket *WebSocket) Send(text string) (time.Duration, error) {
	at, failure := socket.open().SendText(text)
	return time.Duration(at), lift(failure)
}

// SendBytes sends a binary message.
func (socket *WebSocket) SendBytes(bytes []byte) (time.Duration, error) {
	at, failure := socket.open().SendBytes(bytes)
	return time.Duration(at), lift(failure)
}

// SendFrom sends a file that the host holds, as a binary message.
func (socket *WebSocket) SendFrom(blob *data.Blob) (time.Duration, error) {
	held, err := blob.Held()
	if err != nil {
		return 0, &Error{Kind: ErrInvalidRequest, Detail: err.Error()}
	}
	at, failure := socket.open().SendFrom(held)
	return time.Duration(at), lift(failure)
}

// Ping sends a ping. The host records the time until its pong (ws_ping).
func (socket *WebSocket) Ping() error { return lift(socket.open().Ping()) }

// Buffered is the number of bytes that were handed over and have not been written to the socket.
func (socket *WebSocket) Buffered() uint64 { return socket.open().Buffered() }

// Receive returns the next text or binary message, when it has come; the error [io.EOF] once the connection is closed. A
// message is held until the next one is taken.
func (socket *WebSocket) Receive() (*Message, error) { return socket.receive(host.Forever) }

// ReceiveWithin is Receive for at most that long: after [ErrTimeout] nothing is lost, and it can be asked again. With 0 it
// only looks.
func (socket *WebSocket) ReceiveWithin(length time.Duration) (*Message, error) {
	return socket.receive(uint64(max(length, 0)))
}

func (socket *WebSocket) receive(ns uint64) (*Message, error) {
	handle, found, failure := socket.open().Receive(ns)
	switch {
	case failure != nil:
		return nil, lift(failure)
	case !found:
		return nil, io.EOF
	}
	socket.forget()
	socket.message = &Message{handle}
	return socket.message, nil
}

func (socket *WebSocket) forget() {
	if socket.message != nil {
		socket.message.handle.Drop()
		socket.message = nil
	}
}

// ReceiveText returns the text of the next message: cheaper than Receive for who wants no more.
func (socket *WebSocket) ReceiveText() (string, error) {
	text, found, failure := socket.open().ReceiveText(host.Forever)
	switch {
	case failure != nil:
		return "", lift(failure)
	case !found:
		return "", io.EOF
	}
	return text, nil
}

// Messages are the messages up to the end of the connection.
func (socket *WebSocket) Messages() iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		for {
			message, err := socket.Receive()
			if err == io.EOF || !yield(message, err) || err != nil {
				return
			}
		}
	}
}

// Close begins the closing handshake. What the server sends until its own close can be received.
func (socket *WebSocket) Close(code uint16, reason string) error {
	return lift(socket.open().Close(code, reason))
}

// Closed is the server's code and reason, once it has closed: 1005 for a close without a code, 1006 for an end without a close.
func (socket *WebSocket) Closed() (code uint16, reason string, closed bool) {
	return socket.open().Closed()
}

// WaitKey is for squall.WaitAny.
func (socket *WebSocket) WaitKey() uint32 { return socket.open().Key() }

// Drop gives the connection up: an open one is closed with 1001 (going away). A second call does nothing.
func (socket *WebSocket) Drop() {
	if socket.dropped {
		return
	}
	socket.forget()
	socket.dropped = true
	socket.handle.Drop()
}

// Message is a text or binary message. The host holds it until the next one is taken; each method copies its own value.
type Message struct{ handle host.SocketMessage }

// IsText returns whether it is a text message.
func (message *Message) IsText() bool { return message.handle.IsText() }

// Size is its length in bytes.
func (message *Message) Size() uint64 { return message.handle.Size() }

// Text is its content as text; bytes that are not UTF-8 are replaced.
func (message *Message) Text() string { return message.handle.Text() }

// Bytes are its content.
func (message *Message) Bytes() []byte { return message.handle.Bytes() }

// JSON reads it into a value, as package encoding/json does.
func (message *Message) JSON(value any) error {
	if err := json.Unmarshal(message.Bytes(), value); err != nil {
		return fmt.Errorf("the message is not the JSON that was expected: %w", err)
	}
	return nil
}

// At is the time of the read that completed it, since the run began.
func (message *Message) At() time.Duration { return time.Duration(message.handle.At()) }
