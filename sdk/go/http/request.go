package http

import "github.com/squall-load/squall/sdk/go/internal/host"

// Request is a request that can be sent many times: one that never changes can be made once, for the package.
type Request struct {
	lowered host.Request
	// What went wrong while making it; told when it is sent, so that a request is one expression.
	defect *Error
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
	if request.defect != nil {
		return nil, request.defect
	}
	response, failure := host.Send(&request.lowered)
	if failure != nil {
		return nil, lift(failure)
	}
	return hold(response), nil
}

// Result is what became of one request of several.
type Result struct {
	// Response is the response; nil if there is none.
	Response *Response
	// Err says why there is none: an [*Error].
	Err error
}

// SendAll sends several requests at once, as a browser does, and waits for all of them. Results are in the order of the
// requests. The host limits how many are under way together.
func SendAll(requests ...*Request) []Result {
	lowered := make([]*host.Request, len(requests))
	results := make([]Result, len(requests))
	for i, request := range requests {
		if request.defect != nil {
			// Rare, and not worth a partial send: one broken request breaks the batch, and each result says so.
			for i := range results {
				results[i].Err = request.defect
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
