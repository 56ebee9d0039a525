package host

// Schema is the host's handle for services and their messages.
type Schema uint32

// Method is the host's handle for a method.
type Method uint32

// Channel is the host's handle for a server.
type Channel uint32

// Message is the host's handle for a message that has come.
type Message uint32

// Reply is the host's handle for the end of a call.
type Reply uint32

// Call is the host's handle for a call with streams.
type Call uint32

// ChannelSettings are those of a channel.
type ChannelSettings struct {
	Target       string
	HasTarget    bool
	Plaintext    bool
	Authority    string
	SendLimit    uint64
	ReceiveLimit uint64
}

// CallSettings are those of a call.
type CallSettings struct {
	Name       string
	Timeout    uint64
	HasTimeout bool
	Metadata   []Field
	Binary     []Field
	Expected   []uint32
	Discard    bool
	Gzip       bool
}

// Payload is a message to send: JSON, or bytes.
type Payload struct {
	JSON     string
	Binary   []byte
	IsBinary bool
}

// grpcClass is the case of an http.Error that a case of a grpc.Error is: one of those has no counterpart.
func grpcClass(failure *Failure) *Failure {
	const tooManyRedirects = 7
	if failure != nil && failure.Case >= tooManyRedirects {
		failure.Case++
	}
	return failure
}
