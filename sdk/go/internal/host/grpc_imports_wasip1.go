package host

import "unsafe"

//go:wasmimport squall:scenario/grpc@0.1.0 [resource-drop]schema
func grpcDropSchema(schema uint32)

//go:wasmimport squall:scenario/grpc@0.1.0 [resource-drop]channel-options
func grpcDropChannelOptions(options uint32)

//go:wasmimport squall:scenario/grpc@0.1.0 [resource-drop]call-options
func grpcDropCallOptions(options uint32)

//go:wasmimport squall:scenario/grpc@0.1.0 [resource-drop]message
func grpcDropMessage(message uint32)

//go:wasmimport squall:scenario/grpc@0.1.0 [resource-drop]reply
func grpcDropReply(reply uint32)

//go:wasmimport squall:scenario/grpc@0.1.0 [resource-drop]call
func grpcDropCall(call uint32)

//go:wasmimport squall:scenario/grpc@0.1.0 [static]schema.parse
func grpcParse(files unsafe.Pointer, count uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/grpc@0.1.0 [static]schema.load
func grpcLoad(descriptors unsafe.Pointer, size uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/grpc@0.1.0 [static]schema.reflect
func grpcReflect(channel uint32, hasOptions bool, options uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/grpc@0.1.0 [method]schema.method
func grpcMethod(schema uint32, name string, result unsafe.Pointer)

//go:wasmimport squall:scenario/grpc@0.1.0 [method]schema.methods
func grpcMethods(schema uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/grpc@0.1.0 [method]method.client-streams
func grpcClientStreams(method uint32) bool

//go:wasmimport squall:scenario/grpc@0.1.0 [method]method.server-streams
func grpcServerStreams(method uint32) bool

//go:wasmimport squall:scenario/grpc@0.1.0 [constructor]channel-options
func grpcNewChannelOptions() uint32

//go:wasmimport squall:scenario/grpc@0.1.0 [method]channel-options.set-plaintext
func grpcSetPlaintext(options uint32, plaintext bool)

//go:wasmimport squall:scenario/grpc@0.1.0 [method]channel-options.set-authority
func grpcSetAuthority(options uint32, authority string)

//go:wasmimport squall:scenario/grpc@0.1.0 [method]channel-options.set-send-limit
func grpcSetSendLimit(options uint32, bytes uint64)

//go:wasmimport squall:scenario/grpc@0.1.0 [method]channel-options.set-receive-limit
func grpcSetReceiveLimit(options uint32, bytes uint64)

//go:wasmimport squall:scenario/grpc@0.1.0 [static]channel.open
func grpcOpen(hasTarget bool, target string, hasOptions bool, options uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/grpc@0.1.0 [constructor]call-options
func grpcNewCallOptions() uint32

//go:wasmimport squall:scenario/grpc@0.1.0 [method]call-options.set-name
func grpcSetName(options uint32, name string)

//go:wasmimport squall:scenario/grpc@0.1.0 [method]call-options.set-timeout
func grpcSetTimeout(options uint32, ns uint64)

//go:wasmimport squall:scenario/grpc@0.1.0 [method]call-options.add-metadata
func grpcAddMetadata(options uint32, key, value string, result unsafe.Pointer)

//go:wasmimport squall:scenario/grpc@0.1.0 [method]call-options.add-binary-metadata
func grpcAddBinaryMetadata(options uint32, key, value string, result unsafe.Pointer)

//go:wasmimport squall:scenario/grpc@0.1.0 [method]call-options.set-expected-statuses
func grpcSetExpected(options uint32, codes unsafe.Pointer, count uint32)

//go:wasmimport squall:scenario/grpc@0.1.0 [method]call-options.set-discard
func grpcSetDiscard(options uint32, discard bool)

//go:wasmimport squall:scenario/grpc@0.1.0 [method]call-options.set-gzip
func grpcSetGzip(options uint32, gzip bool)

//go:wasmimport squall:scenario/grpc@0.1.0 [method]message.json
func grpcMessageJSON(message uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/grpc@0.1.0 [method]message.bytes
func grpcMessageBytes(message uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/grpc@0.1.0 [method]message.at
func grpcMessageAt(message uint32) uint64

//go:wasmimport squall:scenario/grpc@0.1.0 [method]reply.status
func grpcStatus(reply uint32) uint32

//go:wasmimport squall:scenario/grpc@0.1.0 [method]reply.status-message
func grpcStatusMessage(reply uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/grpc@0.1.0 [method]reply.details
func grpcDetails(reply uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/grpc@0.1.0 [method]reply.message
func grpcReplyMessage(reply uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/grpc@0.1.0 [method]reply.headers
func grpcHeaders(reply uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/grpc@0.1.0 [method]reply.trailers
func grpcTrailers(reply uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/grpc@0.1.0 [method]reply.timings
func grpcTimings(reply uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/grpc@0.1.0 invoke
func grpcInvoke(
	channel, method, kind uint32, message unsafe.Pointer, size uint32, hasOptions bool, options uint32, result unsafe.Pointer,
)

//go:wasmimport squall:scenario/grpc@0.1.0 [static]call.start
func grpcStart(channel, method uint32, hasOptions bool, options uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/grpc@0.1.0 [method]call.send
func grpcSend(call, kind uint32, message unsafe.Pointer, size uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/grpc@0.1.0 [method]call.finish
func grpcFinish(call uint32, result unsafe.Pointer)

//go:wasmimport squall:scenario/grpc@0.1.0 [method]call.receive
func grpcReceive(call uint32, ns uint64, result unsafe.Pointer)

//go:wasmimport squall:scenario/grpc@0.1.0 [method]call.reply
func grpcReply(call uint32, result unsafe.Pointer)
