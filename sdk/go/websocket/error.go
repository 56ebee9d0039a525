package websocket

import "github.com/squall-load/squall/sdk/go/internal/host"

// Error is the reason why there is no connection, or no message.
//
//	if errors.Is(err, websocket.ErrTimeout) { ... }
type Error struct {
	// Kind is the class.
	Kind ErrorKind
	// Detail is the host's text; empty for a timeout.
	Detail string
}

// ErrorKind is a class of errors, and is itself what errors.Is compares with.
type ErrorKind uint8

const (
	// ErrTimeout: it did not come in time. The connection is as it was, unless it was the handshake's own limit that passed.
	ErrTimeout ErrorKind = iota
	// ErrDNS: the name could not be looked up.
	ErrDNS
	// ErrConnect: no connection: refused, unreachable, or not in time.
	ErrConnect
	// ErrTLS: the TLS handshake failed.
	ErrTLS
	// ErrHandshake: the server has answered, but not with consent.
	ErrHandshake
	// ErrReset: the connection was lost without a closing handshake.
	ErrReset
	// ErrProtocol: what came breaks the protocol.
	ErrProtocol
	// ErrTooLarge: a message is larger than the host allows.
	ErrTooLarge
	// ErrClosed: nothing can be sent: the connection is closed, or closing.
	ErrClosed
	// ErrRefusedByPolicy: the run's policy does not allow this target. Nothing was sent.
	ErrRefusedByPolicy
	// ErrInvalidRequest: the URL, a header, a subprotocol, a code or a reason is invalid. Nothing was sent.
	ErrInvalidRequest
	// ErrOther: anything else.
	ErrOther
)

var classes = [...]string{
	"nothing came in time", "name look-up failed", "cannot connect", "TLS failed", "no WebSocket", "connection lost",
	"bad message", "message too large", "cannot send", "refused by policy", "invalid request", "WebSocket failed",
}

// Error names the class.
func (kind ErrorKind) Error() string { return classes[min(kind, ErrOther)] }

// Error names the class, with the host's message.
func (failure *Error) Error() string {
	switch {
	case failure.Detail == "":
		return failure.Kind.Error()
	case failure.Kind == ErrOther:
		return failure.Detail
	default:
		return failure.Kind.Error() + ": " + failure.Detail
	}
}

// Unwrap is the class.
func (failure *Error) Unwrap() error { return failure.Kind }

func lift(failure *host.Failure) error {
	if failure == nil {
		return nil
	}
	return &Error{Kind: min(ErrorKind(failure.Case), ErrOther), Detail: failure.Detail}
}
