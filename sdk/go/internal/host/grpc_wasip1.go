package host

import "unsafe"

// grpcOpened reads a handle or an error.
func grpcOpened() (uint32, *Failure) {
	handle, failure := opened()
	return handle, grpcClass(failure)
}

// ParseSchema makes a schema of .proto files: names and texts.
func ParseSchema(files []Field) (Schema, *Failure) {
	fields = fields[:0]
	appendFields(files)
	begin()
	grpcParse(unsafe.Pointer(unsafe.SliceData(fields)), uint32(len(files)), result())
	handle, failure := grpcOpened()
	return Schema(handle), failure
}

// LoadSchema makes a schema of a FileDescriptorSet.
func LoadSchema(descriptors []byte) (Schema, *Failure) {
	begin()
	grpcLoad(unsafe.Pointer(unsafe.SliceData(descriptors)), uint32(len(descriptors)), result())
	handle, failure := grpcOpened()
	return Schema(handle), failure
}

// Reflect asks a server for its schema.
func (channel Channel) Reflect() (Schema, *Failure) {
	begin()
	grpcReflect(uint32(channel), false, 0, result())
	handle, failure := grpcOpened()
	return Schema(handle), failure
}

// Method is the method of that name.
func (schema Schema) Method(name string) (Method, *Failure) {
	begin()
	grpcMethod(uint32(schema), name, result())
	handle, failure := grpcOpened()
	return Method(handle), failure
}

// Methods are the names of all methods.
func (schema Schema) Methods() []string {
	begin()
	grpcMethods(uint32(schema), result())
	pairs := unsafe.Slice((*[2]uint32)(unsafe.Pointer(unsafe.SliceData(view(words[0], 8*words[1])))), words[1])
	names := make([]string, len(pairs))
	for i, each := range pairs {
		names[i] = text(each[0], each[1])
	}
	end()
	return names
}

// ClientStreams is whether the client may send several messages.
func (method Method) ClientStreams() bool { return grpcClientStreams(uint32(method)) }

// ServerStreams is whether the server may send several messages.
func (method Method) ServerStreams() bool { return grpcServerStreams(uint32(method)) }

// OpenChannel opens a channel.
func OpenChannel(settings *ChannelSettings) (Channel, *Failure) {
	options := grpcNewChannelOptions()
	defer grpcDropChannelOptions(options)
	grpcSetPlaintext(options, settings.Plaintext)
	if settings.Authority != "" {
		grpcSetAuthority(options, settings.Authority)
	}
	if settings.SendLimit > 0 {
		grpcSetSendLimit(options, settings.SendLimit)
	}
	if settings.ReceiveLimit > 0 {
		grpcSetReceiveLimit(options, settings.ReceiveLimit)
	}
	begin()
	grpcOpen(settings.HasTarget, settings.Target, true, options, result())
	handle, failure := grpcOpened()
	return Channel(handle), failure
}

// callOptions makes a handle of settings; the caller drops it.
func callOptions(settings *CallSettings) (uint32, *Failure) {
	options := grpcNewCallOptions()
	if settings.Name != "" {
		grpcSetName(options, settings.Name)
	}
	if settings.HasTimeout {
		grpcSetTimeout(options, settings.Timeout)
	}
	if len(settings.Expected) > 0 {
		grpcSetExpected(options, unsafe.Pointer(unsafe.SliceData(settings.Expected)), uint32(len(settings.Expected)))
	}
	grpcSetDiscard(options, settings.Discard)
	grpcSetGzip(options, settings.Gzip)
	for _, each := range settings.Metadata {
		begin()
		grpcAddMetadata(options, each.Name, each.Value, result())
		if failure := done(); failure != nil {
			return options, grpcClass(failure)
		}
	}
	for _, each := range settings.Binary {
		begin()
		grpcAddBinaryMetadata(options, each.Name, each.Value, result())
		if failure := done(); failure != nil {
			return options, grpcClass(failure)
		}
	}
	return options, nil
}

// lowered is a message as the contract lays it out: its case, address and length.
func (payload *Payload) lowered() (kind uint32, address unsafe.Pointer, size uint32) {
	if payload.IsBinary {
		return 1, unsafe.Pointer(unsafe.SliceData(payload.Binary)), uint32(len(payload.Binary))
	}
	return 0, unsafe.Pointer(unsafe.StringData(payload.JSON)), uint32(len(payload.JSON))
}

// Invoke makes a unary call.
func (channel Channel) Invoke(method Method, message *Payload, settings *CallSettings) (Reply, *Failure) {
	options, failure := callOptions(settings)
	defer grpcDropCallOptions(options)
	if failure != nil {
		return 0, failure
	}
	kind, address, size := message.lowered()
	begin()
	grpcInvoke(uint32(channel), uint32(method), kind, address, size, true, options, result())
	handle, failure := grpcOpened()
	return Reply(handle), failure
}

// Start begins a call with streams.
func (channel Channel) Start(method Method, settings *CallSettings) (Call, *Failure) {
	options, failure := callOptions(settings)
	defer grpcDropCallOptions(options)
	if failure != nil {
		return 0, failure
	}
	begin()
	grpcStart(uint32(channel), uint32(method), true, options, result())
	handle, failure := grpcOpened()
	return Call(handle), failure
}

// Send sends a message.
func (call Call) Send(message *Payload) *Failure {
	kind, address, size := message.lowered()
	begin()
	grpcSend(uint32(call), kind, address, size, result())
	return grpcClass(done())
}

// Finish ends the messages of the client.
func (call Call) Finish() *Failure {
	begin()
	grpcFinish(uint32(call), result())
	return grpcClass(done())
}

// Receive returns the next message; false at the end.
func (call Call) Receive(ns uint64) (Message, bool, *Failure) {
	begin()
	grpcReceive(uint32(call), ns, result())
	if failure := broken(); failure != nil {
		return 0, false, grpcClass(failure)
	}
	end()
	return Message(words[2]), discriminant(words[1]) != 0, nil
}

// Reply is how the call ended; false before its end.
func (call Call) Reply() (Reply, bool) {
	begin()
	grpcReply(uint32(call), result())
	end()
	return Reply(words[1]), discriminant(words[0]) != 0
}

// Drop cancels the call, if it has not ended.
func (call Call) Drop() { grpcDropCall(uint32(call)) }

// JSON is the message by protobuf's mapping.
func (message Message) JSON() (string, *Failure) {
	begin()
	grpcMessageJSON(uint32(message), result())
	if failure := broken(); failure != nil {
		return "", grpcClass(failure)
	}
	json := text(words[1], words[2])
	end()
	return json, nil
}

// Bytes is the message as it came.
func (message Message) Bytes() []byte {
	begin()
	grpcMessageBytes(uint32(message), result())
	bytes := taken(words[0], words[1])
	end()
	return bytes
}

// At is the time of the read that completed it, in nanoseconds.
func (message Message) At() uint64 { return grpcMessageAt(uint32(message)) }

// Drop lets go of the message.
func (message Message) Drop() { grpcDropMessage(uint32(message)) }

// Status is the status code.
func (reply Reply) Status() uint32 { return grpcStatus(uint32(reply)) }

// StatusMessage is the text about it.
func (reply Reply) StatusMessage() string {
	begin()
	grpcStatusMessage(uint32(reply), result())
	return answered()
}

// Details are the details of the status, as JSON.
func (reply Reply) Details() string {
	begin()
	grpcDetails(uint32(reply), result())
	return answered()
}

// Message is the message of a unary call; false without one.
func (reply Reply) Message() (Message, bool) {
	begin()
	grpcReplyMessage(uint32(reply), result())
	end()
	return Message(words[1]), discriminant(words[0]) != 0
}

// Headers are what came before the messages.
func (reply Reply) Headers() []Field {
	begin()
	grpcHeaders(uint32(reply), result())
	return pairsAnswered()
}

// Trailers are what came after them.
func (reply Reply) Trailers() []Field {
	begin()
	grpcTrailers(uint32(reply), result())
	return pairsAnswered()
}

func pairsAnswered() []Field {
	pairs := unsafe.Slice((*[4]uint32)(unsafe.Pointer(unsafe.SliceData(view(words[0], 16*words[1])))), words[1])
	found := make([]Field, len(pairs))
	for i, each := range pairs {
		found[i] = Field{Name: text(each[0], each[1]), Value: text(each[2], each[3])}
	}
	end()
	return found
}

// Timings are the time that each phase took.
func (reply Reply) Timings() Timings {
	grpcTimings(uint32(reply), unsafe.Pointer(&timings))
	return timings
}

// Drop lets go of the reply.
func (reply Reply) Drop() { grpcDropReply(uint32(reply)) }
