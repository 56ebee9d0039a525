// Bodies that come, or go, piece by piece.
#include "options.h"

#define IMPORT(name) __attribute__((__import_module__("squall:scenario/streaming@0.1.0"), __import_name__(name)))

// A request, as the canonical ABI flattens it.
#define REQUEST                                                                                                        \
    const uint8_t *, size_t, const uint8_t *, size_t, const void *, size_t, int32_t, const uint8_t *, size_t, int32_t, int32_t

// The contract's functions, as the canonical ABI flattens them.
IMPORT("[static]incoming.open") extern void open_incoming(REQUEST, uint32_t *);
IMPORT("[static]incoming.reopen") extern void reopen_incoming(uint32_t, REQUEST, uint32_t *);
IMPORT("[resource-drop]incoming") extern void drop_incoming(uint32_t);
IMPORT("[method]incoming.head") extern void incoming_head(uint32_t, uint64_t, uint32_t *);
IMPORT("[method]incoming.read") extern void incoming_read(uint32_t, uint32_t, uint64_t, uint32_t *);
IMPORT("[method]incoming.next-event") extern void incoming_next_event(uint32_t, uint64_t, uint32_t *);
IMPORT("[method]incoming.count-tokens")
extern void incoming_count_tokens(uint32_t, const char *, size_t, int32_t, const char *, size_t, uint32_t *);
IMPORT("[method]incoming.last-event-id") extern void incoming_last_event_id(uint32_t, uint32_t *);
IMPORT("[method]incoming.retry") extern void incoming_retry(uint32_t, uint64_t *);
IMPORT("[method]incoming.key") extern uint32_t incoming_key(uint32_t);
IMPORT("[resource-drop]event") extern void drop_event(uint32_t);
IMPORT("[method]event.name") extern void event_name(uint32_t, uint32_t *);
IMPORT("[method]event.id") extern void event_id(uint32_t, uint32_t *);
IMPORT("[method]event.data") extern void event_data(uint32_t, uint32_t *);
IMPORT("[method]event.get") extern void event_get(uint32_t, const char *, size_t, uint32_t *);
IMPORT("[method]event.at") extern uint64_t event_at(uint32_t);
IMPORT("[static]outgoing.start") extern void start_outgoing(REQUEST, int32_t, uint64_t, uint32_t *);
IMPORT("[resource-drop]outgoing") extern void drop_outgoing(uint32_t);
IMPORT("[method]outgoing.write") extern void outgoing_write(uint32_t, const uint8_t *, size_t, uint32_t *);
IMPORT("[method]outgoing.write-from") extern void outgoing_write_from(uint32_t, uint32_t, uint32_t *);
IMPORT("[method]outgoing.finish") extern void outgoing_finish(uint32_t, uint32_t *);
IMPORT("[method]outgoing.response") extern uint32_t outgoing_response(uint32_t);

// The world with these functions. Without calls of them the component imports none.
SQUALL_SECTION("component-type:squall-streaming", SQUALL_WORLD_STREAMING);

// A response of the host: a result of at most four words, whose first byte marks an error.
static uint32_t words[4];

static bool case_of(uint32_t word) { return (uint8_t)word; }

// A text of the host's: cabi_realloc has put a zero at its end.
static const char *text_at(uint32_t address, uint32_t size) { return size ? (const char *)(uintptr_t)address : ""; }

static squall_response broken(void) { return squall_broken(words); }

// Calls a function of the host with a request, before which `first` and after which `last` go.
#define SEND(function, first, last)                                                                                    \
    do {                                                                                                               \
        squall_scenario_http_request_t sent;                                                                           \
        scenario_tuple2_string_string_t fields[MOST_FIELDS];                                                           \
        squall_make_room_for_options(1);                                                                               \
        squall_lower(request, fields, &sent);                                                                          \
        RECEIVE(function(first sent.method.ptr, sent.method.len, sent.url.ptr, sent.url.len, sent.headers.ptr,         \
                         sent.headers.len, sent.body.is_some, sent.body.is_some ? sent.body.val.ptr : NULL,            \
                         sent.body.is_some ? sent.body.val.len : 0, sent.options.is_some,                              \
                         sent.options.is_some ? sent.options.val.__handle : 0, last words));                           \
    } while (0)
#define NOTHING
#define AND(...) __VA_ARGS__,

// Waits for the head of a response that is coming.
static squall_stream head_of(uint32_t incoming) {
    squall_hold(incoming, drop_incoming);
    RECEIVE(incoming_head(incoming, UINT64_MAX, words));
    squall_response response = broken();
    if (response.error == SQUALL_OK)
        response = squall_responded((squall_scenario_http_own_response_t){(int32_t)words[1]});
    return (squall_stream){.response = response, .handle = incoming};
}

static squall_stream opened(void) {
    squall_response response = broken();
    return response.error == SQUALL_OK ? head_of(words[1]) : (squall_stream){.response = response};
}

// Why the request cannot be sent.
static const char *missing(const squall_request *request) {
    return request->body_from ? squall_open_blob(request->body_from) : NULL;
}

squall_stream squall_open_stream(const squall_request *request) {
    const char *why = missing(request);
    if (why)
        return (squall_stream){.response = {.error = SQUALL_INVALID_REQUEST, .detail = why}};
    SEND(open_incoming, NOTHING, NOTHING);
    return opened();
}

squall_stream squall_reopen_stream(const squall_stream *previous, const squall_request *request) {
    const char *why = missing(request);
    if (why)
        return (squall_stream){.response = {.error = SQUALL_INVALID_REQUEST, .detail = why}};
    SEND(reopen_incoming, AND(previous->handle), NOTHING);
    return opened();
}

// Notes the error of a call in the stream's response.
static squall_error note(squall_stream *stream) {
    squall_response now = broken();
    stream->response.error = now.error;
    stream->response.detail = now.detail;
    return now.error;
}

static void forget_event(squall_stream *stream) {
    if (stream->event)
        squall_let_go(stream->event, drop_event);
    stream->event = 0;
}

squall_error squall_next_event(squall_stream *stream, double within, squall_event *event) {
    event->handle = 0;
    RECEIVE(incoming_next_event(stream->handle, squall_limit(within), words));
    squall_error error = note(stream);
    if (error == SQUALL_OK && case_of(words[1])) {
        uint32_t taken = words[2];
        forget_event(stream);
        squall_hold(taken, drop_event);
        event->handle = stream->event = taken;
    }
    return error;
}

squall_error squall_read(squall_stream *stream, uint32_t most, double within, squall_bytes *piece) {
    *piece = (squall_bytes){0};
    RECEIVE(incoming_read(stream->handle, most, squall_limit(within), words));
    squall_error error = note(stream);
    if (error == SQUALL_OK && case_of(words[1]))
        *piece = (squall_bytes){(const uint8_t *)(uintptr_t)words[2], words[3]};
    return error;
}

squall_error squall_count_tokens(squall_stream *stream, const char *text, const char *total) {
    size_t length = total ? __builtin_strlen(total) : 0;
    RECEIVE(incoming_count_tokens(stream->handle, text, __builtin_strlen(text), total != NULL, total, length, words));
    return note(stream);
}

const char *squall_last_event_id(const squall_stream *stream) {
    RECEIVE(incoming_last_event_id(stream->handle, words));
    return text_at(words[0], words[1]);
}

double squall_retry(const squall_stream *stream) {
    uint64_t retry[2];
    incoming_retry(stream->handle, retry);
    return (uint8_t)retry[0] ? (double)retry[1] / 1e9 : -1.0;
}

uint32_t squall_stream_key(const squall_stream *stream) { return incoming_key(stream->handle); }

void squall_close_stream(squall_stream *stream) {
    forget_event(stream);
    squall_let_go(stream->handle, drop_incoming);
}

const char *squall_event_name(squall_event event) {
    RECEIVE(event_name(event.handle, words));
    return text_at(words[0], words[1]);
}

const char *squall_event_id(squall_event event) {
    RECEIVE(event_id(event.handle, words));
    return text_at(words[0], words[1]);
}

const char *squall_event_data(squall_event event) {
    RECEIVE(event_data(event.handle, words));
    return text_at(words[0], words[1]);
}

const char *squall_event_get(squall_event event, const char *pointer) {
    RECEIVE(event_get(event.handle, pointer, __builtin_strlen(pointer), words));
    return case_of(words[0]) ? text_at(words[1], words[2]) : NULL;
}

double squall_event_at(squall_event event) { return (double)event_at(event.handle) / 1e9; }

squall_upload squall_start_upload(const squall_request *request, int64_t length) {
    SEND(start_outgoing, NOTHING, AND(length >= 0, length >= 0 ? (uint64_t)length : 0));
    squall_response outcome = broken();
    uint32_t handle = outcome.error == SQUALL_OK ? words[1] : 0;
    if (handle)
        squall_hold(handle, drop_outgoing);
    return (squall_upload){.error = outcome.error, .detail = outcome.detail, .handle = handle};
}

static squall_error written(squall_upload *upload) {
    squall_response outcome = broken();
    upload->error = outcome.error;
    upload->detail = outcome.detail;
    return outcome.error;
}

squall_error squall_write(squall_upload *upload, squall_bytes piece) {
    RECEIVE(outgoing_write(upload->handle, piece.data, piece.size, words));
    return written(upload);
}

squall_error squall_write_text(squall_upload *upload, const char *text) {
    return squall_write(upload, (squall_bytes){(const uint8_t *)text, __builtin_strlen(text)});
}

squall_error squall_write_from(squall_upload *upload, squall_blob *blob) {
    const char *why = squall_open_blob(blob);
    if (why) {
        upload->detail = why;
        return upload->error = SQUALL_INVALID_REQUEST;
    }
    RECEIVE(outgoing_write_from(upload->handle, blob->handle, words));
    return written(upload);
}

squall_error squall_finish_upload(squall_upload *upload) {
    RECEIVE(outgoing_finish(upload->handle, words));
    return written(upload);
}

squall_stream squall_upload_response(squall_upload *upload) { return head_of(outgoing_response(upload->handle)); }
