package host

import "unsafe"

// An optional number is the only result with eight bytes in it.
var wide [2]uint64

// lower prepares a request for the host, and returns the handle for its settings.
func lower(request *Request) (options uint32, hasOptions bool) {
	sending.one = request
	makeRoomForOptions(1)
	options, hasOptions = optionsFor(&request.Settings)
	fields = fields[:0]
	appendFields(request.Headers)
	return options, hasOptions
}

// opened reads a handle or an error.
func opened() (uint32, *Failure) {
	handle, failure := received(words)
	end()
	return uint32(handle), failure
}

// OpenIncoming sends a request and waits for the head of the response.
func OpenIncoming(request *Request) (Incoming, *Failure) {
	options, hasOptions := lower(request)
	begin()
	streamingOpen(request.Method, request.URL, unsafe.Pointer(unsafe.SliceData(fields)), uint32(len(request.Headers)),
		request.HasBody, unsafe.Pointer(unsafe.SliceData(request.Body)), uint32(len(request.Body)),
		hasOptions, options, result())
	handle, failure := opened()
	return Incoming(handle), failure
}

// Reopen does the same for a stream that continues this one.
func (incoming Incoming) Reopen(request *Request) (Incoming, *Failure) {
	options, hasOptions := lower(request)
	begin()
	streamingReopen(uint32(incoming), request.Method, request.URL, unsafe.Pointer(unsafe.SliceData(fields)),
		uint32(len(request.Headers)), request.HasBody, unsafe.Pointer(unsafe.SliceData(request.Body)),
		uint32(len(request.Body)), hasOptions, options, result())
	handle, failure := opened()
	return Incoming(handle), failure
}

// Drop gives up the rest of the response.
func (incoming Incoming) Drop() { streamingDropIncoming(uint32(incoming)) }

// Head waits for the head.
func (incoming Incoming) Head(ns uint64) (Response, *Failure) {
	begin()
	streamingHead(uint32(incoming), ns, result())
	handle, failure := opened()
	return Response(handle), failure
}

// Read returns the next bytes; false at the end.
func (incoming Incoming) Read(most uint32, ns uint64) ([]byte, bool, *Failure) {
	begin()
	streamingRead(uint32(incoming), most, ns, result())
	if failure := broken(); failure != nil {
		return nil, false, failure
	}
	if discriminant(words[1]) == 0 {
		end()
		return nil, false, nil
	}
	piece := taken(words[2], words[3])
	end()
	return piece, true, nil
}

// NextEvent returns the next event; false at the end.
func (incoming Incoming) NextEvent(ns uint64) (Event, bool, *Failure) {
	begin()
	streamingNextEvent(uint32(incoming), ns, result())
	if failure := broken(); failure != nil {
		return 0, false, failure
	}
	end()
	return Event(words[2]), discriminant(words[1]) != 0, nil
}

// broken reads the reason for missing data, if the host has answered with one.
func broken() *Failure {
	if discriminant(words[0]) == 0 {
		return nil
	}
	_, failure := received(words)
	end()
	return failure
}

// done reads an error, if there is one.
func done() *Failure {
	failure := broken()
	if failure == nil {
		end()
	}
	return failure
}

// CountTokens counts tokens.
func (incoming Incoming) CountTokens(text, total string, hasTotal bool) *Failure {
	begin()
	streamingCountTokens(uint32(incoming), text, hasTotal, total, result())
	return done()
}

// LastEventID is the id of the last event that came.
func (incoming Incoming) LastEventID() string {
	begin()
	streamingLastEventID(uint32(incoming), result())
	return answered()
}

// Retry is the time to wait before reconnecting, in nanoseconds.
func (incoming Incoming) Retry() (uint64, bool) {
	streamingRetry(uint32(incoming), unsafe.Pointer(&wide))
	return wide[1], uint8(wide[0]) != 0
}

// Drop lets go of the event.
func (event Event) Drop() { streamingDropEvent(uint32(event)) }

// Name is the event's type.
func (event Event) Name() string {
	begin()
	streamingEventName(uint32(event), result())
	return answered()
}

// ID is the id of the last event that had one.
func (event Event) ID() string {
	begin()
	streamingEventID(uint32(event), result())
	return answered()
}

// Data is the event's data.
func (event Event) Data() string {
	begin()
	streamingEventData(uint32(event), result())
	return answered()
}

// Get is the value at a JSON pointer in the data.
func (event Event) Get(pointer string) (string, bool) {
	begin()
	streamingEventGet(uint32(event), pointer, result())
	return optional()
}

// At is the time of the read that completed it, in nanoseconds.
func (event Event) At() uint64 { return streamingEventAt(uint32(event)) }

// StartOutgoing begins a request whose body is written while it is sent.
func StartOutgoing(request *Request, length uint64, hasLength bool) (Outgoing, *Failure) {
	options, hasOptions := lower(request)
	begin()
	streamingStart(request.Method, request.URL, unsafe.Pointer(unsafe.SliceData(fields)), uint32(len(request.Headers)),
		request.HasBody, unsafe.Pointer(unsafe.SliceData(request.Body)), uint32(len(request.Body)),
		hasOptions, options, hasLength, length, result())
	handle, failure := opened()
	return Outgoing(handle), failure
}

// Drop gives up the body, unless it is finished.
func (outgoing Outgoing) Drop() { streamingDropOutgoing(uint32(outgoing)) }

// Write sends a piece.
func (outgoing Outgoing) Write(piece []byte) *Failure {
	begin()
	streamingWrite(uint32(outgoing), unsafe.Pointer(unsafe.SliceData(piece)), uint32(len(piece)), result())
	return done()
}

// WriteFrom sends bytes that the host holds.
func (outgoing Outgoing) WriteFrom(blob Blob) *Failure {
	begin()
	streamingWriteFrom(uint32(outgoing), blob.Handle, result())
	return done()
}

// Finish ends the body.
func (outgoing Outgoing) Finish() *Failure {
	begin()
	streamingFinish(uint32(outgoing), result())
	return done()
}

// Response is the response.
func (outgoing Outgoing) Response() Incoming { return Incoming(streamingResponse(uint32(outgoing))) }
