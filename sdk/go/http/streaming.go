package http

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/squall-load/squall/sdk/go/data"
	"github.com/squall-load/squall/sdk/go/internal/host"
)

// The places at which an OpenAI-compatible server has text, and its own count of tokens.
const (
	openAIText  = "/choices/0/delta/content"
	openAITotal = "/usage/completion_tokens"
)

// Stream is a response that is read piece by piece, as server-sent events or as bytes: it is an [io.Reader]. At the end
// of the iteration, or with [Stream.Close], the rest is given up, and the connection is closed.
//
//	feed, err := http.GetStream("/feed")
//	if err != nil {
//		return err
//	}
//	for event, err := range feed.Events() {
//		if err != nil {
//			return err
//		}
//		squall.Check("an event has data", event.Data() != "")
//	}
type Stream struct {
	incoming host.Incoming
	response *Response
	event    *Event
	closed   bool
}

// GetStream sends a GET request and waits for the head of the response, whose body is then read piece by piece. The time
// limit of the request ends with the head. The error is an [*Error], and means that there is no response.
func GetStream(url string, options ...Option) (*Stream, error) {
	return NewRequest("GET", url, options...).Stream()
}

// PostStream sends a POST request.
func PostStream(url string, options ...Option) (*Stream, error) {
	return NewRequest("POST", url, options...).Stream()
}

// Stream sends the request and waits for the head of the response.
func (request *Request) Stream() (*Stream, error) {
	if defect := request.prepare(); defect != nil {
		return nil, defect
	}
	incoming, failure := host.OpenIncoming(&request.lowered)
	if failure != nil {
		return nil, lift(failure)
	}
	return newStream(incoming)
}

func newStream(incoming host.Incoming) (*Stream, error) {
	stream := &Stream{incoming: incoming}
	host.CloseLater(stream)
	response, failure := incoming.Head(host.Forever)
	if failure != nil {
		return nil, lift(failure)
	}
	stream.response = hold(response)
	return stream, nil
}

func (stream *Stream) handle() host.Incoming {
	if stream.closed {
		panic("http: a stream was used after it was closed, or after the iteration that it came in")
	}
	return stream.incoming
}

// Status is the status code.
func (stream *Stream) Status() int { return stream.response.Status() }

// Header is the value of the first header field of that name, in any case; empty if there is none.
func (stream *Stream) Header(name string) string { return stream.response.Header(name) }

// Response is the response without a body: its header fields, its URL, and its timings up to the head.
func (stream *Stream) Response() *Response { return stream.response }

// Next returns the next event, when it has come; the error [io.EOF] at the end of the stream. An event is held until the
// next one is taken.
func (stream *Stream) Next() (*Event, error) { return stream.next(host.Forever) }

// NextWithin is Next for at most that long: after [ErrTimeout] nothing is lost, and it can be asked again. With 0 it only
// looks.
func (stream *Stream) NextWithin(length time.Duration) (*Event, error) {
	return stream.next(uint64(max(length, 0)))
}

func (stream *Stream) next(ns uint64) (*Event, error) {
	handle, found, failure := stream.handle().NextEvent(ns)
	switch {
	case failure != nil:
		return nil, lift(failure)
	case !found:
		return nil, io.EOF
	}
	if stream.event != nil {
		stream.event.handle.Drop()
	}
	stream.event = &Event{handle}
	return stream.event, nil
}

// Events are the events up to the end of the stream.
func (stream *Stream) Events() iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		for {
			event, err := stream.Next()
			if err == io.EOF || !yield(event, err) || err != nil {
				return
			}
		}
	}
}

// Read reads the next bytes as they came (not decoded); the error [io.EOF] at the end.
func (stream *Stream) Read(into []byte) (int, error) {
	piece, found, failure := stream.handle().Read(uint32(min(len(into), 1<<20)), host.Forever)
	switch {
	case failure != nil:
		return 0, lift(failure)
	case !found:
		return 0, io.EOF
	}
	return copy(into, piece), nil
}

// CountTokens counts tokens of a language model, as an OpenAI-compatible server sends them (llm_ metrics).
func (stream *Stream) CountTokens() error { return stream.CountTokensAt(openAIText, openAITotal) }

// CountTokensAt counts texts at a JSON pointer in the events' data, and takes the server's own count from another one, if
// that is not empty. It may be called again for texts in other places.
func (stream *Stream) CountTokensAt(text, total string) error {
	if failure := stream.handle().CountTokens(text, total, total != ""); failure != nil {
		return lift(failure)
	}
	return nil
}

// LastEventID is the id of the last event that came; empty if there was none.
func (stream *Stream) LastEventID() string { return stream.handle().LastEventID() }

// Retry is how long the stream asks its clients to wait before they reconnect; false if it has not asked.
func (stream *Stream) Retry() (time.Duration, bool) {
	ns, found := stream.handle().Retry()
	return time.Duration(ns), found
}

// Reopen sends a request that continues this stream: the id of its last event goes along as last-event-id, and it counts
// as a reconnect. Sleep before, as browsers do: for as long as Retry says, or for some seconds.
func (stream *Stream) Reopen(request *Request) (*Stream, error) {
	if defect := request.prepare(); defect != nil {
		return nil, defect
	}
	incoming, failure := stream.handle().Reopen(&request.lowered)
	if failure != nil {
		return nil, lift(failure)
	}
	return newStream(incoming)
}

// WaitKey is for squall.WaitAny.
func (stream *Stream) WaitKey() uint32 { return stream.handle().Key() }

// Close gives up the rest, and closes the connection.
func (stream *Stream) Close() {
	if stream.closed {
		return
	}
	stream.closed = true
	if stream.event != nil {
		stream.event.handle.Drop()
	}
	stream.incoming.Drop()
}

// Event is a server-sent event. The host holds it until the next one is taken; each method copies its own value.
type Event struct{ handle host.Event }

// Name is its type: "message" if it has none.
func (event *Event) Name() string { return event.handle.Name() }

// ID is the id of the last event that had one, which may be this one; empty if there was none.
func (event *Event) ID() string { return event.handle.ID() }

// Data is its data.
func (event *Event) Data() string { return event.handle.Data() }

// Get is the value at a JSON pointer in its data ("/choices/0/delta/content"): text unchanged, other values as JSON. False
// if there is none. The host finds it, which costs less than JSON.
func (event *Event) Get(pointer string) (string, bool) { return event.handle.Get(pointer) }

// JSON reads its data into a value, as package encoding/json does.
func (event *Event) JSON(value any) error {
	if err := json.Unmarshal([]byte(event.Data()), value); err != nil {
		return fmt.Errorf("the event is not the JSON that was expected: %w", err)
	}
	return nil
}

// At is the time of the read that completed it, since the run began.
func (event *Event) At() time.Duration { return time.Duration(event.handle.At()) }

// Upload is a request whose body is written while it is sent: it is an [io.Writer].
type Upload struct {
	outgoing host.Outgoing
	response *Stream
	closed   bool
}

// Upload begins to send the request, which must have no body. With a length in bytes, that much must be written; with a
// negative one, the body goes in chunks. Redirects are not followed.
func (request *Request) Upload(length int64) (*Upload, error) {
	if defect := request.prepare(); defect != nil {
		return nil, defect
	}
	outgoing, failure := host.StartOutgoing(&request.lowered, uint64(max(length, 0)), length >= 0)
	if failure != nil {
		return nil, lift(failure)
	}
	upload := &Upload{outgoing: outgoing}
	host.CloseLater(upload)
	return upload, nil
}

// Write sends a piece. It waits while more than 64 KiB are unsent.
func (upload *Upload) Write(piece []byte) (int, error) {
	if failure := upload.handle().Write(piece); failure != nil {
		return 0, lift(failure)
	}
	return len(piece), nil
}

// WriteFrom sends bytes that the host holds.
func (upload *Upload) WriteFrom(blob *data.Blob) error {
	held, err := blob.Held()
	if err != nil {
		return &Error{Kind: ErrInvalidRequest, Detail: err.Error()}
	}
	if failure := upload.handle().WriteFrom(held); failure != nil {
		return lift(failure)
	}
	return nil
}

// Response waits for the head of the response, which may come before the end of the body.
func (upload *Upload) Response() (*Stream, error) {
	if upload.response != nil {
		return upload.response, nil
	}
	response, err := newStream(upload.handle().Response())
	upload.response = response
	return response, err
}

// Finish ends the body, and waits for the head of the response.
func (upload *Upload) Finish() (*Stream, error) {
	if failure := upload.handle().Finish(); failure != nil {
		return nil, lift(failure)
	}
	return upload.Response()
}

// Close gives up the body, unless it is finished.
func (upload *Upload) Close() {
	if !upload.closed {
		upload.closed = true
		upload.outgoing.Drop()
	}
}

func (upload *Upload) handle() host.Outgoing {
	if upload.closed {
		panic("http: an upload was used after it was closed, or after the iteration that it began in")
	}
	return upload.outgoing
}
