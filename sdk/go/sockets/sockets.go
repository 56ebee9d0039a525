// Package sockets has bytes over TCP, with TLS if asked for, and datagrams over UDP: for protocols that a scenario speaks
// itself.
//
//	redis, err := sockets.Dial("127.0.0.1:6379")
//	if err != nil {
//		return err
//	}
//	defer redis.Close()
//	redis.SendText("PING\r\n")
//	answer, err := redis.ReceiveLine()
//	squall.Check("Redis answers", string(answer) == "+PONG\r\n")
//
// The host times reads and writes at the socket (tcp_response, udp_response). Sockets may be kept over iterations; one that
// is not closed stays open. Errors are those of package http: errors.Is(err, http.ErrTimeout).
package sockets

import (
	"io"
	"time"

	"github.com/squall-load/squall/sdk/go/http"
	"github.com/squall-load/squall/sdk/go/internal/host"
)

const (
	// defaultTimeout is how long a call waits, unless it is told otherwise.
	defaultTimeout = 60 * time.Second
	// longestLine is in bytes.
	longestLine = 1 << 20
)

// Option is a setting of a socket.
type Option func(*settings)

type settings struct {
	name, server string
	isSecure     bool
	timeout      time.Duration
}

// Name is what the socket's samples are counted under, instead of its address.
func Name(name string) Option { return func(settings *settings) { settings.name = name } }

// TLS speaks TLS with the server of that name; with an empty one, of the name in the address.
func TLS(server string) Option {
	return func(settings *settings) { settings.isSecure, settings.server = true, server }
}

// Timeout is how long opening may take, and each call that receives: 60 seconds unless said otherwise.
func Timeout(length time.Duration) Option {
	return func(settings *settings) { settings.timeout = length }
}

func apply(options []Option) settings {
	settings := settings{timeout: defaultTimeout}
	for _, option := range options {
		option(&settings)
	}
	return settings
}

func nanoseconds(length time.Duration) uint64 { return uint64(max(length, 0)) }

// TCP is a TCP connection. It is an [io.ReadWriteCloser].
//
// Methods that receive return [io.EOF] when the connection has ended. After [http.ErrTimeout] nothing is lost: ask again.
type TCP struct {
	handle  host.TCP
	timeout uint64
	closed  bool
}

// Dial connects to "host:port"; an empty address stands for host and port of the run's target. The error is an [*http.Error].
func Dial(address string, options ...Option) (*TCP, error) {
	settings := apply(options)
	timeout := nanoseconds(settings.timeout)
	handle, failure := host.OpenTCP(settings.name, address, settings.server, settings.isSecure, timeout)
	if failure != nil {
		return nil, http.ErrorOf(failure)
	}
	return &TCP{handle: handle, timeout: timeout}, nil
}

func (tcp *TCP) open() host.TCP {
	if tcp.closed {
		panic("sockets: a connection was used after it was closed")
	}
	return tcp.handle
}

// SetTimeout sets how long each call that receives waits. With 0 it only looks.
func (tcp *TCP) SetTimeout(length time.Duration) { tcp.timeout = nanoseconds(length) }

// Send sends bytes. It waits only while more than 64 KiB are unsent. It returns the time since the run began at which the
// last of them was written, or was handed over, if the socket does not take them now.
func (tcp *TCP) Send(bytes []byte) (time.Duration, error) {
	at, failure := tcp.open().Send(bytes)
	if failure != nil {
		return 0, http.ErrorOf(failure)
	}
	return time.Duration(at), nil
}

// SendText is Send for text.
func (tcp *TCP) SendText(text string) (time.Duration, error) { return tcp.Send([]byte(text)) }

// Write is Send, for [io.Writer].
func (tcp *TCP) Write(bytes []byte) (int, error) {
	if _, err := tcp.Send(bytes); err != nil {
		return 0, err
	}
	return len(bytes), nil
}

func result(bytes []byte, found bool, failure *host.Failure) ([]byte, error) {
	switch {
	case failure != nil:
		return nil, http.ErrorOf(failure)
	case !found:
		return nil, io.EOF
	}
	return bytes, nil
}

// Receive returns the bytes that have come, at most that many.
func (tcp *TCP) Receive(most int) ([]byte, error) {
	return result(tcp.open().Receive(uint32(most), tcp.timeout))
}

// ReceiveUntil returns the bytes up to a delimiter, and the delimiter, which must be within that many bytes.
func (tcp *TCP) ReceiveUntil(delimiter string, most int) ([]byte, error) {
	return result(tcp.open().ReceiveUntil(delimiter, uint32(most), tcp.timeout))
}

// ReceiveLine returns the bytes up to a line feed, and it; at most 1 MiB.
func (tcp *TCP) ReceiveLine() ([]byte, error) { return tcp.ReceiveUntil("\n", longestLine) }

// ReceiveExactly returns that many bytes.
func (tcp *TCP) ReceiveExactly(count int) ([]byte, error) {
	return result(tcp.open().ReceiveExactly(uint32(count), tcp.timeout))
}

// Read is Receive, for [io.Reader].
func (tcp *TCP) Read(into []byte) (int, error) {
	if len(into) == 0 {
		return 0, nil
	}
	bytes, err := tcp.Receive(len(into))
	return copy(into, bytes), err
}

// At is when the last byte received had come, since the run began.
func (tcp *TCP) At() time.Duration { return time.Duration(tcp.open().At()) }

// Finish ends sending, as soon as all is written. The server can still send.
func (tcp *TCP) Finish() { tcp.open().Finish() }

// Close closes the connection. A second call does nothing.
func (tcp *TCP) Close() error {
	if !tcp.closed {
		tcp.closed = true
		tcp.handle.Drop()
	}
	return nil
}

// WaitKey is for squall.WaitAny.
func (tcp *TCP) WaitKey() uint32 { return tcp.open().Key() }

// UDP is a UDP socket, connected to one address.
type UDP struct {
	handle  host.UDP
	timeout uint64
	closed  bool
}

// DialUDP opens a UDP socket for "host:port"; an empty address stands for those of the run's target. Nothing is sent.
func DialUDP(address string, options ...Option) (*UDP, error) {
	settings := apply(options)
	handle, failure := host.OpenUDP(settings.name, address)
	if failure != nil {
		return nil, http.ErrorOf(failure)
	}
	return &UDP{handle: handle, timeout: nanoseconds(settings.timeout)}, nil
}

func (udp *UDP) open() host.UDP {
	if udp.closed {
		panic("sockets: a UDP socket was used after it was closed")
	}
	return udp.handle
}

// SetTimeout sets how long Receive waits. With 0 it only looks.
func (udp *UDP) SetTimeout(length time.Duration) { udp.timeout = nanoseconds(length) }

// Send sends a datagram of at most 65,507 bytes. It returns when, since the run began.
func (udp *UDP) Send(datagram []byte) (time.Duration, error) {
	at, failure := udp.open().Send(datagram)
	if failure != nil {
		return 0, http.ErrorOf(failure)
	}
	return time.Duration(at), nil
}

// Receive returns the next datagram.
func (udp *UDP) Receive() ([]byte, error) {
	datagram, failure := udp.open().Receive(udp.timeout)
	return result(datagram, true, failure)
}

// At is when the last datagram received had come, since the run began.
func (udp *UDP) At() time.Duration { return time.Duration(udp.open().At()) }

// Close closes the socket. A second call does nothing.
func (udp *UDP) Close() error {
	if !udp.closed {
		udp.closed = true
		udp.handle.Drop()
	}
	return nil
}

// WaitKey is for squall.WaitAny.
func (udp *UDP) WaitKey() uint32 { return udp.open().Key() }
