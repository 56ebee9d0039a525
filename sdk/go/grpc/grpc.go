// Package grpc makes calls by gRPC, with streams and without.
//
//	schema, err := grpc.ParseSchema(map[string]string{"greeter.proto": greeter})
//	channel, err := grpc.Connect("127.0.0.1:50051", grpc.Plaintext())
//	hello, err := schema.Method("greeter.v1.Greeter/Hello")
//	reply, err := channel.Invoke(hello, `{"name": "Ada"}`, grpc.Metadata("x-id", "7"))
//
// Messages are JSON (protobuf's own mapping) or bytes; the host has the types, and times calls at the socket. Schemas, methods
// and channels may be kept in variables of the package: they last over iterations. Messages, replies and calls are dropped at
// the end of the iteration.
package grpc

import (
	"encoding/json"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/squall-load/squall/sdk/go/http"
	"github.com/squall-load/squall/sdk/go/internal/host"
)

// Schema is services and their messages.
type Schema struct{ handle host.Schema }

// Method is a method of a service.
type Method struct{ handle host.Method }

// Channel is a server, and how it is spoken to. The first call opens the connection.
type Channel struct{ handle host.Channel }

func lift(failure *host.Failure) error {
	return &http.Error{Kind: min(http.ErrorKind(failure.Case), http.ErrOther), Detail: failure.Detail}
}

// ParseSchema makes a schema of .proto files: their texts, by the names under which they are imported. The well-known types
// and gRPC's health service need not be given. The host compiles the same files once for all virtual users.
func ParseSchema(files map[string]string) (*Schema, error) {
	var fields []host.Field
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fields = append(fields, host.Field{Name: name, Value: files[name]})
	}
	return schemaOf(host.ParseSchema(fields))
}

// LoadSchema makes a schema of a serialised FileDescriptorSet.
func LoadSchema(descriptors []byte) (*Schema, error) { return schemaOf(host.LoadSchema(descriptors)) }

// Reflect asks the server for its schema, by its reflection service. It is asked once for all virtual users.
func (channel *Channel) Reflect() (*Schema, error) { return schemaOf(channel.handle.Reflect()) }

func schemaOf(handle host.Schema, failure *host.Failure) (*Schema, error) {
	if failure != nil {
		return nil, lift(failure)
	}
	return &Schema{handle}, nil
}

// Method is the method of that full name: "package.Service/Method".
func (schema *Schema) Method(name string) (*Method, error) {
	handle, failure := schema.handle.Method(name)
	if failure != nil {
		return nil, lift(failure)
	}
	return &Method{handle}, nil
}

// Methods are the full names of all methods, sorted.
func (schema *Schema) Methods() []string { return schema.handle.Methods() }

// ClientStreams is whether the client may send several messages.
func (method *Method) ClientStreams() bool { return method.handle.ClientStreams() }

// ServerStreams is whether the server may send several messages.
func (method *Method) ServerStreams() bool { return method.handle.ServerStreams() }

// ChannelOption is a setting of a channel.
type ChannelOption func(*host.ChannelSettings)

// Plaintext leaves out TLS, where the target does not say so itself.
func Plaintext() ChannelOption {
	return func(settings *host.ChannelSettings) { settings.Plaintext = true }
}

// Authority is what is sent as :authority, in place of host and port of the target.
func Authority(authority string) ChannelOption {
	return func(settings *host.ChannelSettings) { settings.Authority = authority }
}

// ReceiveLimit is the largest message that is received, in bytes; 4 MiB otherwise.
func ReceiveLimit(bytes uint64) ChannelOption {
	return func(settings *host.ChannelSettings) { settings.ReceiveLimit = bytes }
}

// SendLimit is the largest message that is sent, in bytes; 2 GiB otherwise.
func SendLimit(bytes uint64) ChannelOption {
	return func(settings *host.ChannelSettings) { settings.SendLimit = bytes }
}

// Connect opens a channel to "host:port", "grpc://host:port" (without TLS) or "grpcs://host:port"; with an empty target, to
// that of the run.
func Connect(target string, options ...ChannelOption) (*Channel, error) {
	settings := host.ChannelSettings{Target: target, HasTarget: target != ""}
	for _, option := range options {
		option(&settings)
	}
	handle, failure := host.OpenChannel(&settings)
	if failure != nil {
		return nil, lift(failure)
	}
	return &Channel{handle}, nil
}

// Option is a setting of a call.
type Option func(*host.CallSettings)

// Name is what the call is counted under, in place of "package.Service/Method".
func Name(name string) Option { return func(settings *host.CallSettings) { settings.Name = name } }

// Timeout is how long the call may take in all. It is sent to the server, too.
func Timeout(length time.Duration) Option {
	return func(settings *host.CallSettings) {
		settings.Timeout, settings.HasTimeout = uint64(max(length, 0)), true
	}
}

// Metadata adds metadata. The value of a key that ends in "-bin" is its bytes.
func Metadata(key, value string) Option {
	return func(settings *host.CallSettings) {
		field := host.Field{Name: key, Value: value}
		if strings.HasSuffix(strings.ToLower(key), "-bin") {
			settings.Binary = append(settings.Binary, field)
		} else {
			settings.Metadata = append(settings.Metadata, field)
		}
	}
}

// ExpectStatus sets the status codes that count as expected; 0 otherwise.
func ExpectStatus(codes ...uint32) Option {
	return func(settings *host.CallSettings) { settings.Expected = codes }
}

// Discard has messages that come measured and thrown away.
func Discard() Option { return func(settings *host.CallSettings) { settings.Discard = true } }

// Gzip has messages sent compressed.
func Gzip() Option { return func(settings *host.CallSettings) { settings.Gzip = true } }

func settingsOf(options []Option) *host.CallSettings {
	settings := &host.CallSettings{}
	for _, option := range options {
		option(settings)
	}
	return settings
}

// payloadOf is a message as the host takes it: text is JSON already, bytes are sent as they are, all else is marshalled.
func payloadOf(message any) (*host.Payload, error) {
	switch message := message.(type) {
	case string:
		return &host.Payload{JSON: message}, nil
	case []byte:
		return &host.Payload{Binary: message, IsBinary: true}, nil
	}
	text, err := json.Marshal(message)
	if err != nil {
		return nil, err
	}
	return &host.Payload{JSON: string(text)}, nil
}

// Invoke makes a unary call, and waits for its end. The message is JSON (a string), bytes as they are sent, or a value that is
// marshalled as JSON. The error is an [*http.Error], and means that there is no status: a status is no error.
func (channel *Channel) Invoke(method *Method, message any, options ...Option) (*Reply, error) {
	payload, err := payloadOf(message)
	if err != nil {
		return nil, err
	}
	handle, failure := channel.handle.Invoke(method.handle, payload, settingsOf(options))
	if failure != nil {
		return nil, lift(failure)
	}
	return replyOf(handle), nil
}

// Reply is how a call ended.
type Reply struct {
	handle host.Reply
	closed bool
	// Status is the status code; 0 is OK.
	Status uint32
}

func replyOf(handle host.Reply) *Reply {
	reply := &Reply{handle: handle, Status: handle.Status()}
	host.CloseLater(reply)
	return reply
}

// OK is whether the status is OK.
func (reply *Reply) OK() bool { return reply.Status == 0 }

// StatusMessage is the server's text about the status.
func (reply *Reply) StatusMessage() string { return reply.handle.StatusMessage() }

// Details are the details of the status, as a JSON array.
func (reply *Reply) Details() string { return reply.handle.Details() }

// Message is the message of a unary call; nil without one.
func (reply *Reply) Message() *Message {
	handle, found := reply.handle.Message()
	if !found {
		return nil
	}
	return messageOf(handle)
}

// JSON unmarshals the message of a unary call.
func (reply *Reply) JSON(into any) error {
	message := reply.Message()
	if message == nil {
		return io.EOF
	}
	return message.JSON(into)
}

// Headers are what came before the messages: names in lower case, and values.
func (reply *Reply) Headers() [][2]string { return pairsOf(reply.handle.Headers()) }

// Trailers are what came after them.
func (reply *Reply) Trailers() [][2]string { return pairsOf(reply.handle.Trailers()) }

func pairsOf(fields []host.Field) [][2]string {
	pairs := make([][2]string, len(fields))
	for i, field := range fields {
		pairs[i] = [2]string{field.Name, field.Value}
	}
	return pairs
}

// Close drops the reply before the iteration ends.
func (reply *Reply) Close() {
	if !reply.closed {
		reply.closed = true
		reply.handle.Drop()
	}
}

// Message is a message that has come.
type Message struct {
	handle host.Message
	closed bool
}

func messageOf(handle host.Message) *Message {
	message := &Message{handle: handle}
	host.CloseLater(message)
	return message
}

// Text is its JSON. Fields that are not set have their defaults.
func (message *Message) Text() (string, error) {
	text, failure := message.handle.JSON()
	if failure != nil {
		return "", lift(failure)
	}
	return text, nil
}

// JSON unmarshals it.
func (message *Message) JSON(into any) error {
	text, err := message.Text()
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), into)
}

// Bytes is the message as it came.
func (message *Message) Bytes() []byte { return message.handle.Bytes() }

// At is the time of the read that completed it, since the run began.
func (message *Message) At() time.Duration { return time.Duration(message.handle.At()) }

// Close drops the message before the iteration ends.
func (message *Message) Close() {
	if !message.closed {
		message.closed = true
		message.handle.Drop()
	}
}

// Call is a call with a stream in either direction, or both. At the end of the iteration, or with [Call.Close], it is
// cancelled if it has not ended.
type Call struct {
	handle host.Call
	closed bool
}

// Start begins a call with streams.
func (channel *Channel) Start(method *Method, options ...Option) (*Call, error) {
	handle, failure := channel.handle.Start(method.handle, settingsOf(options))
	if failure != nil {
		return nil, lift(failure)
	}
	call := &Call{handle: handle}
	host.CloseLater(call)
	return call, nil
}

// Send sends a message, as [Channel.Invoke] takes it. It waits while more than 64 KiB are unsent.
func (call *Call) Send(message any) error {
	payload, err := payloadOf(message)
	if err != nil {
		return err
	}
	if failure := call.handle.Send(payload); failure != nil {
		return lift(failure)
	}
	return nil
}

// Finish ends the messages of the client. The server's may go on.
func (call *Call) Finish() error {
	if failure := call.handle.Finish(); failure != nil {
		return lift(failure)
	}
	return nil
}

// Receive returns the next message, when it has come; the error [io.EOF] when the server has ended the call: see
// [Call.Reply].
func (call *Call) Receive() (*Message, error) { return call.receive(host.Forever) }

// ReceiveWithin is Receive for at most that long: after [http.ErrTimeout] nothing is lost, and it can be asked again. With 0 it
// only looks.
func (call *Call) ReceiveWithin(length time.Duration) (*Message, error) {
	return call.receive(uint64(max(length, 0)))
}

func (call *Call) receive(ns uint64) (*Message, error) {
	handle, found, failure := call.handle.Receive(ns)
	switch {
	case failure != nil:
		return nil, lift(failure)
	case !found:
		return nil, io.EOF
	}
	return messageOf(handle), nil
}

// Messages are the messages up to the end of the call.
func (call *Call) Messages() iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		for {
			message, err := call.Receive()
			if err == io.EOF || !yield(message, err) || err != nil {
				return
			}
		}
	}
}

// Reply is how the call ended; nil before its end.
func (call *Call) Reply() *Reply {
	handle, found := call.handle.Reply()
	if !found {
		return nil
	}
	return replyOf(handle)
}

// Close cancels the call, if it has not ended.
func (call *Call) Close() {
	if !call.closed {
		call.closed = true
		call.handle.Drop()
	}
}
