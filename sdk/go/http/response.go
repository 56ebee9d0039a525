package http

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/squall-load/squall/sdk/go/internal/host"
)

// Response is a complete response. The host holds it until the iteration ends, or [Response.Close]. Each
// method is one call of the host, and copies only its own value.
type Response struct{ held host.Held }

// HeaderField is one header field: name and value.
type HeaderField = host.Field

func hold(handle host.Response) *Response {
	response := &Response{host.Held{Response: handle}}
	response.held.Hold()
	return response
}

func (response *Response) handle() host.Response {
	if response.held.Closed() {
		panic("http: a response was used after it was closed, or after the iteration that it came in")
	}
	return response.held.Response
}

// Status is the status code.
func (response *Response) Status() int { return response.handle().Status() }

// Header is the value of the first header field of that name, in any case; empty if there is none.
func (response *Response) Header(name string) string {
	value, _ := response.handle().Header(name)
	return value
}

// LookupHeader is the value of the first header field of that name, in any case, and whether there is one.
func (response *Response) LookupHeader(name string) (string, bool) {
	return response.handle().Header(name)
}

// Headers are all header fields in the order of their arrival, names in lower case.
func (response *Response) Headers() []HeaderField { return response.handle().Headers() }

// Body is the body, decoded; empty if it was discarded. It is copied from the host at each call.
func (response *Response) Body() []byte { return response.handle().Body() }

// Size is the size of the body in bytes, decoded; 0 if it was discarded. The body stays with the host.
func (response *Response) Size() int64 { return int64(response.handle().Size()) }

// Text is the body as text; bytes that are not UTF-8 are replaced. It is copied from the host at each call.
func (response *Response) Text() string { return response.handle().Text() }

// JSON reads the body into a value, as package encoding/json does.
func (response *Response) JSON(value any) error {
	if err := json.Unmarshal(response.Body(), value); err != nil {
		return fmt.Errorf("the response is not the JSON that was expected: %w", err)
	}
	return nil
}

// URL is the URL that answered: after redirects, the last one.
func (response *Response) URL() string { return response.handle().URL() }

// Timings returns the time that the request spent in each phase.
func (response *Response) Timings() Timings {
	cost := response.handle().Timings()
	return Timings{
		Blocked:        time.Duration(cost.Blocked),
		Connecting:     time.Duration(cost.Connecting),
		TLSHandshaking: time.Duration(cost.TLSHandshaking),
		Sending:        time.Duration(cost.Sending),
		Waiting:        time.Duration(cost.Waiting),
		Receiving:      time.Duration(cost.Receiving),
	}
}

// Close lets go of the response before the iteration ends: for flows that make many requests with large bodies.
func (response *Response) Close() { response.held.Close() }

// Timings are the time that a request spent in each phase. After redirects: the last request of the chain.
type Timings struct {
	// Blocked is waiting for a free connection, name look-up included.
	Blocked time.Duration
	// Connecting is opening the TCP connection; zero on one that was already open.
	Connecting time.Duration
	// TLSHandshaking is the TLS handshake; zero without TLS or on an open connection.
	TLSHandshaking time.Duration
	// Sending is writing the request.
	Sending time.Duration
	// Waiting is from the last byte written to the first byte read.
	Waiting time.Duration
	// Receiving is from the first byte read to the last.
	Receiving time.Duration
}

// Duration is k6's http_req_duration: sending, waiting and receiving together.
func (timings Timings) Duration() time.Duration {
	return timings.Sending + timings.Waiting + timings.Receiving
}
