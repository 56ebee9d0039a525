package http

import (
	"github.com/squall-load/squall/sdk/go/data"
	"github.com/squall-load/squall/sdk/go/internal/host"
)

// Request is a request that can be sent many times: one that never changes can be made once, for the package.
type Request struct {
	lowered host.Request
	// The error of making it, returned by Send, so that a request is one expression.
	defect *Error
	// The source of the body, if it is not the request's own; used by Send.
	bodyFrom *data.Blob
}

// NewRequest is a request of that method, in capitals, for an absolute URL, or a path below the run's --target.
func NewRequest(method, url string, options ...Option) *Request {
	request := &Request{lowered: host.Request{Method: method, URL: url}}
	for _, option := range options {
		option(request)
	}
	return request
}

// Send sends the request and waits for the whole response. The error is an [*Error], and means that there is none; a
// status code is never an error.
func (request *Request) Send() (*Response, error) {
	if defect := request.prepare(); defect != nil {
		return nil, defect
	}
	response, failure := host.Send(&request.lowered)
	if failure != nil {
		return nil, lift(failure)
	}
	return hold(response), nil
}

// prepare checks the request, and finds its body.
func (request *Request) prepare() *Error {
	if request.defect != nil || request.bodyFrom == nil {
		return request.defect
	}
	body, err := request.bodyFrom.Held()
	if err != nil {
		return &Error{Kind: ErrInvalidRequest, Detail: err.Error()}
	}
	request.lowered.Settings.BodyFrom = body
	return nil
}

// Result is the result of one request of several.
type Result struct {
	// Response is the response; nil without one.
	Response *Response
	// Err is the reason for a missing response: an [*Error].
	Err error
}

// SendAll sends several requests at once, as a browser does, and waits for all of them. Results are in the order of the
// requests. The host limits how many are under way together.
func SendAll(requests ...*Request) []Result {
	lowered := make([]*host.Request, len(requests))
	results := make([]Result, len(requests))
	for i, request := range requests {
		if defect := request.prepare(); defect != nil {
			// Rare, and not worth a partial send: one invalid request fails the batch, and each result has the error.
			for i := range results {
				results[i].Err = defect
			}
			return results
		}
		lowered[i] = &request.lowered
	}
	for i, result := range host.SendAll(lowered) {
		if result.Failure != nil {
			results[i].Err = lift(result.Failure)
		} else {
			results[i].Response = hold(result.Response)
		}
	}
	return results
}
