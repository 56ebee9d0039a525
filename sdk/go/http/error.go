package http

import "github.com/squall-load/squall/sdk/go/internal/host"

// Error is the reason why there is no response. The request is still measured, and counted under its class. A status
// code such as 404 or 500 is not an error: it is a response.
//
//	if errors.Is(err, http.ErrTimeout) { ... }
type Error struct {
	// Kind is the class.
	Kind ErrorKind
	// Detail is the host's text; empty for a timeout.
	Detail string
}

// ErrorKind is a class of errors, and is itself what errors.Is compares with.
type ErrorKind uint8

const (
	// ErrTimeout: the time allowed for the request was over.
	ErrTimeout ErrorKind = iota
	// ErrDNS: the name could not be looked up.
	ErrDNS
	// ErrConnect: no connection: refused, unreachable, or not in time.
	ErrConnect
	// ErrTLS: the TLS handshake failed.
	ErrTLS
	// ErrReset: the connection was closed or reset before the response was complete.
	ErrReset
	// ErrProtocol: the response is not HTTP/1.1, or breaks its rules.
	ErrProtocol
	// ErrTooLarge: the response is larger than the host allows.
	ErrTooLarge
	// ErrTooManyRedirects: more redirects than allowed.
	ErrTooManyRedirects
	// ErrRefusedByPolicy: the run's policy does not allow this target. Nothing was sent.
	ErrRefusedByPolicy
	// ErrInvalidRequest: the request is invalid (bad URL, header or method). Nothing was sent.
	ErrInvalidRequest
	// ErrOther: anything else.
	ErrOther
)

var classes = [...]string{
	"request timed out", "name look-up failed", "cannot connect", "TLS failed", "connection lost", "bad response",
	"response too large", "too many redirects", "refused by policy", "invalid request", "request failed",
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

func lift(failure *host.Failure) *Error {
	return &Error{Kind: min(ErrorKind(failure.Case), ErrOther), Detail: failure.Detail}
}

// ErrorOf is for the packages of this SDK.
func ErrorOf(failure *host.Failure) *Error { return lift(failure) }
