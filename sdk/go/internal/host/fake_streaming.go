//go:build !wasip1

package host

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Streams of a test: the answers of its host, all of which are there at once. Handles are indices into these; 0 is none.
var (
	incomings = []*fakeIncoming{nil}
	events    = []*fakeEvent{nil}
	outgoings = []*fakeOutgoing{nil}
)

type fakeIncoming struct {
	response *FakeResponse
	failure  *Failure
	body     []byte
	id       string
	retry    uint64
	hasRetry bool
}

type fakeEvent struct {
	name, id, data string
	at             uint64
}

type fakeOutgoing struct {
	request Request
	body    []byte
}

func newIncoming(request *Request, id string) *fakeIncoming {
	response, failure := fake().Send(request)
	incoming := &fakeIncoming{response: response, failure: failure, id: id}
	if failure == nil {
		incoming.body = response.Body
	}
	return incoming
}

func keepIncoming(incoming *fakeIncoming) Incoming {
	incomings = append(incomings, incoming)
	return Incoming(len(incomings) - 1)
}

// OpenIncoming sends a request and waits for the head of the response.
func OpenIncoming(request *Request) (Incoming, *Failure) {
	incoming := newIncoming(request, "")
	return keepIncoming(incoming), incoming.failure
}

// Reopen does the same for a stream that continues this one.
func (incoming Incoming) Reopen(request *Request) (Incoming, *Failure) {
	id := incoming.LastEventID()
	again := *request
	if id != "" {
		again.Headers = append(slices.Clone(request.Headers), Field{Name: "last-event-id", Value: id})
	}
	next := newIncoming(&again, id)
	return keepIncoming(next), next.failure
}

// Drop gives up the rest of the response.
func (incoming Incoming) Drop() { incomings[incoming] = nil }

// Head waits for the head.
func (incoming Incoming) Head(uint64) (Response, *Failure) {
	one := incomings[incoming]
	if one.failure != nil {
		return 0, one.failure
	}
	head := *one.response
	head.Body = nil
	return received(&head, nil)
}

// Read returns the next bytes; false at the end.
func (incoming Incoming) Read(most uint32, _ uint64) ([]byte, bool, *Failure) {
	one := incomings[incoming]
	piece := one.body[:min(len(one.body), int(max(most, 1)))]
	one.body = one.body[len(piece):]
	return piece, len(piece) > 0, nil
}

// NextEvent returns the next event; false at the end. Lines end with a line feed.
func (incoming Incoming) NextEvent(uint64) (Event, bool, *Failure) {
	one := incomings[incoming]
	name, data := "message", []string(nil)
	for {
		line, rest, found := bytes.Cut(one.body, []byte("\n"))
		if !found {
			return 0, false, nil
		}
		one.body = rest
		if len(line) == 0 && data != nil {
			events = append(events, &fakeEvent{name, one.id, strings.Join(data, "\n"), fake().Now()})
			return Event(len(events) - 1), true, nil
		}
		field, value, _ := strings.Cut(string(line), ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "data":
			data = append(data, value)
		case "event":
			name = value
		case "id":
			one.id = value
		case "retry":
			if milliseconds, err := strconv.ParseUint(value, 10, 32); err == nil {
				one.retry, one.hasRetry = milliseconds*1_000_000, true
			}
		}
	}
}

// CountTokens counts tokens.
func (incoming Incoming) CountTokens(string, string, bool) *Failure { return nil }

// LastEventID is the id of the last event that came.
func (incoming Incoming) LastEventID() string { return incomings[incoming].id }

// Retry is the time to wait before reconnecting, in nanoseconds.
func (incoming Incoming) Retry() (uint64, bool) {
	return incomings[incoming].retry, incomings[incoming].hasRetry
}

// Drop lets go of the event.
func (event Event) Drop() { events[event] = nil }

// Name is the event's type.
func (event Event) Name() string { return events[event].name }

// ID is the id of the last event that had one.
func (event Event) ID() string { return events[event].id }

// Data is the event's data.
func (event Event) Data() string { return events[event].data }

// Get is the value at a JSON pointer in the data.
func (event Event) Get(pointer string) (string, bool) {
	var value any
	if json.Unmarshal([]byte(events[event].data), &value) != nil {
		return "", false
	}
	for _, step := range strings.Split(pointer, "/")[1:] {
		step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		switch parent := value.(type) {
		case map[string]any:
			child, found := parent[step]
			if !found {
				return "", false
			}
			value = child
		case []any:
			index, err := strconv.Atoi(step)
			if err != nil || index < 0 || index >= len(parent) {
				return "", false
			}
			value = parent[index]
		default:
			return "", false
		}
	}
	if text, isText := value.(string); isText {
		return text, true
	}
	text, _ := json.Marshal(value)
	return string(text), true
}

// At is the time of the read that completed it, in nanoseconds.
func (event Event) At() uint64 { return events[event].at }

// StartOutgoing begins a request whose body is written while it is sent.
func StartOutgoing(request *Request, _ uint64, _ bool) (Outgoing, *Failure) {
	outgoings = append(outgoings, &fakeOutgoing{request: *request})
	return Outgoing(len(outgoings) - 1), nil
}

// Drop gives up the body, unless it is finished.
func (outgoing Outgoing) Drop() { outgoings[outgoing] = nil }

// Write sends a piece.
func (outgoing Outgoing) Write(piece []byte) *Failure {
	outgoings[outgoing].body = append(outgoings[outgoing].body, piece...)
	return nil
}

// WriteFrom sends bytes that the host holds.
func (outgoing Outgoing) WriteFrom(blob Blob) *Failure { return outgoing.Write(blobs[blob.Handle]) }

// Finish ends the body.
func (outgoing Outgoing) Finish() *Failure { return nil }

// Response is the response. The request is made now, with what was written.
func (outgoing Outgoing) Response() Incoming {
	one := outgoings[outgoing]
	one.request.Body, one.request.HasBody = one.body, true
	return keepIncoming(newIncoming(&one.request, ""))
}
