package http

import (
	"encoding/json"
	"time"

	"github.com/squall-load/squall/sdk/go/data"
	"github.com/squall-load/squall/sdk/go/internal/host"
)

// Option is something about a request that is not as usual.
type Option func(*Request)

// Header adds a header field. The host adds host, content-length and user-agent where they are missing.
func Header(name, value string) Option {
	return func(request *Request) {
		request.lowered.Headers = append(request.lowered.Headers, host.Field{Name: name, Value: value})
	}
}

// Query adds name=value to the URL's query, both percent-encoded.
func Query(name, value string) Option {
	return func(request *Request) {
		url := []byte(request.lowered.URL)
		mark := byte('?')
		for _, letter := range url {
			if letter == '?' {
				mark = '&'
			}
		}
		url = appendEscaped(append(url, mark), name, "%20")
		url = appendEscaped(append(url, '='), value, "%20")
		request.lowered.URL = string(url)
	}
}

// Form sets the body to a form's fields, in the order name, value, name, value, and the content type that goes with it.
func Form(namesAndValues ...string) Option {
	return func(request *Request) {
		if len(namesAndValues)%2 != 0 {
			request.defect = &Error{Kind: ErrInvalidRequest, Detail: "http.Form needs a value for each name"}
			return
		}
		var body []byte
		for i := 0; i < len(namesAndValues); i += 2 {
			if i > 0 {
				body = append(body, '&')
			}
			body = appendEscaped(body, namesAndValues[i], "+")
			body = appendEscaped(append(body, '='), namesAndValues[i+1], "+")
		}
		request.setBody("application/x-www-form-urlencoded", body)
	}
}

// Body sets the body.
func Body[T string | []byte](body T) Option {
	return func(request *Request) { request.setBody("", []byte(body)) }
}

// BodyFrom sets a body in the host's memory: it never enters the scenario, however large it is.
func BodyFrom(blob *data.Blob) Option {
	return func(request *Request) {
		request.lowered.Body, request.lowered.HasBody = nil, false
		request.bodyFrom = blob
	}
}

// JSON sets the body to a value, as package encoding/json writes it, and the content type unless there is one.
func JSON(value any) Option {
	return func(request *Request) {
		body, err := json.Marshal(value)
		if err != nil {
			request.defect = &Error{Kind: ErrInvalidRequest, Detail: "the body: " + err.Error()}
			return
		}
		request.setBody("application/json", body)
	}
}

// Name sets the name under which the request is counted, instead of its URL. Give one to every request whose URL holds
// an id: http.Get("/products/"+id, http.Name("/products/{id}")).
func Name(name string) Option {
	return func(request *Request) {
		request.lowered.Settings.Name, request.lowered.Settings.HasName = name, true
	}
}

// Timeout sets the time limit of the request, redirects included. The default is the plan's, or 60 s.
func Timeout(length time.Duration) Option {
	return func(request *Request) {
		settings := &request.lowered.Settings
		settings.Timeout, settings.HasTimeout = uint64(max(length, 0)), true
	}
}

// Redirects sets the most redirects that are followed; with 0 a 3xx response is returned unchanged. The default is the
// plan's, or 10.
func Redirects(most uint32) Option {
	return func(request *Request) {
		request.lowered.Settings.Redirects, request.lowered.Settings.HasRedirects = most, true
	}
}

// DiscardBody has the body read and measured, but discarded: the cheapest way for scenarios that need only the status.
func DiscardBody() Option {
	return func(request *Request) { request.lowered.Settings.Body = host.BodyDiscarded }
}

// KeepBody keeps the body even where the plan discards bodies.
func KeepBody() Option {
	return func(request *Request) { request.lowered.Settings.Body = host.BodyKept }
}

// ExpectStatus adds status codes that count as expected. Others count as http_req_failed. The default is 200 to 399.
func ExpectStatus(codes ...uint16) Option {
	return func(request *Request) {
		for _, code := range codes {
			request.expect(code, code)
		}
	}
}

// ExpectStatusRange adds the status codes from first to last, both included, to those that count as expected.
func ExpectStatusRange(first, last uint16) Option {
	return func(request *Request) { request.expect(first, last) }
}

func (request *Request) expect(first, last uint16) {
	request.lowered.Settings.Expected += string([]byte{byte(first), byte(first >> 8), byte(last), byte(last >> 8)})
}

func (request *Request) setBody(contentType string, body []byte) {
	request.lowered.Body, request.lowered.HasBody = body, true
	request.bodyFrom, request.lowered.Settings.BodyFrom = nil, host.Blob{}
	if contentType != "" && !request.hasHeader("content-type") {
		Header("content-type", contentType)(request)
	}
}

func (request *Request) hasHeader(name string) bool {
	for _, field := range request.lowered.Headers {
		if equalFold(field.Name, name) {
			return true
		}
	}
	return false
}

// equalFold compares a header field's name with one in lower case; both are ASCII.
func equalFold(name, lower string) bool {
	if len(name) != len(lower) {
		return false
	}
	for i := range len(name) {
		letter := name[i]
		if 'A' <= letter && letter <= 'Z' {
			letter += 'a' - 'A'
		}
		if letter != lower[i] {
			return false
		}
	}
	return true
}

// appendEscaped appends a text, with everything but RFC 3986's unreserved characters percent-encoded, and a space as
// `space` says: a form has `+` for it.
func appendEscaped(text []byte, value, space string) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(value) {
		switch letter := value[i]; {
		case 'a' <= letter && letter <= 'z', 'A' <= letter && letter <= 'Z', '0' <= letter && letter <= '9',
			letter == '-', letter == '.', letter == '_', letter == '~':
			text = append(text, letter)
		case letter == ' ':
			text = append(text, space...)
		default:
			text = append(text, '%', digits[letter>>4], digits[letter&15])
		}
	}
	return text
}
