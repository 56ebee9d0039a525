//go:build !wasip1

package host

import "slices"

// gRPC of a test: methods have the answers that the test gives, and messages are JSON. Handles are indices into these; 0
// is none.
var (
	fakeMethods  = []string{""}
	fakeMessages = []string{""}
	fakeReplies  = []*FakeReply{nil}
	fakeCalls    = []*fakeCall{nil}
)

// FakeReply is the end of a call as a test makes it.
type FakeReply struct {
	Status   uint32
	Text     string
	Messages []string
}

type fakeCall struct {
	method string
	sent   []string
	reply  *FakeReply
	left   []string
}

func keep[T any](list *[]T, value T) uint32 {
	*list = append(*list, value)
	return uint32(len(*list) - 1)
}

func (payload *Payload) text() string {
	if payload.IsBinary {
		return string(payload.Binary)
	}
	return payload.JSON
}

func noAnswer(method string) *Failure {
	return &Failure{Case: 10, Detail: "the test host has no answer to " + method}
}

// ParseSchema makes a schema that has all methods.
func ParseSchema([]Field) (Schema, *Failure) { return 1, nil }

// LoadSchema makes a schema that has all methods.
func LoadSchema([]byte) (Schema, *Failure) { return 1, nil }

// Reflect makes a schema that has all methods.
func (channel Channel) Reflect() (Schema, *Failure) { return 1, nil }

// Method is the method of that name.
func (schema Schema) Method(name string) (Method, *Failure) {
	return Method(keep(&fakeMethods, name)), nil
}

// Methods are none: a test's schema knows no names.
func (schema Schema) Methods() []string { return nil }

// ClientStreams is not known in a test.
func (method Method) ClientStreams() bool { return false }

// ServerStreams is not known in a test.
func (method Method) ServerStreams() bool { return false }

// OpenChannel opens a channel.
func OpenChannel(*ChannelSettings) (Channel, *Failure) { return 1, nil }

// Invoke makes a unary call.
func (channel Channel) Invoke(method Method, message *Payload, _ *CallSettings) (Reply, *Failure) {
	reply := fake().Call(fakeMethods[method], []string{message.text()})
	if reply == nil {
		return 0, noAnswer(fakeMethods[method])
	}
	return Reply(keep(&fakeReplies, reply)), nil
}

// Start begins a call with streams.
func (channel Channel) Start(method Method, _ *CallSettings) (Call, *Failure) {
	return Call(keep(&fakeCalls, &fakeCall{method: fakeMethods[method]})), nil
}

// Send sends a message.
func (call Call) Send(message *Payload) *Failure {
	of := fakeCalls[call]
	of.sent = append(of.sent, message.text())
	return nil
}

// Finish ends the messages of the client.
func (call Call) Finish() *Failure { return nil }

// Receive returns the next message. The answers come when the first of them is asked for.
func (call Call) Receive(uint64) (Message, bool, *Failure) {
	of := fakeCalls[call]
	if of.reply == nil {
		if of.reply = fake().Call(of.method, of.sent); of.reply == nil {
			return 0, false, noAnswer(of.method)
		}
		of.left = slices.Clone(of.reply.Messages)
	}
	if len(of.left) == 0 {
		return 0, false, nil
	}
	next := of.left[0]
	of.left = of.left[1:]
	return Message(keep(&fakeMessages, next)), true, nil
}

// Reply is how the call ended.
func (call Call) Reply() (Reply, bool) {
	if fakeCalls[call].reply == nil {
		return 0, false
	}
	return Reply(keep(&fakeReplies, fakeCalls[call].reply)), true
}

// Drop does nothing.
func (call Call) Drop() {}

// JSON is the message.
func (message Message) JSON() (string, *Failure) { return fakeMessages[message], nil }

// Bytes is the message.
func (message Message) Bytes() []byte { return []byte(fakeMessages[message]) }

// At is now.
func (message Message) At() uint64 { return fake().Now() }

// Drop does nothing.
func (message Message) Drop() {}

// Status is the status code.
func (reply Reply) Status() uint32 { return fakeReplies[reply].Status }

// StatusMessage is the text about it.
func (reply Reply) StatusMessage() string { return fakeReplies[reply].Text }

// Details are none.
func (reply Reply) Details() string { return "[]" }

// Message is the first message; false without one.
func (reply Reply) Message() (Message, bool) {
	messages := fakeReplies[reply].Messages
	if len(messages) == 0 {
		return 0, false
	}
	return Message(keep(&fakeMessages, messages[0])), true
}

// Headers are none.
func (reply Reply) Headers() []Field { return nil }

// Trailers are none.
func (reply Reply) Trailers() []Field { return nil }

// Timings are 0.
func (reply Reply) Timings() Timings { return Timings{} }

// Drop does nothing.
func (reply Reply) Drop() {}
