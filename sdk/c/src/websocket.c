// WebSockets.
#include "options.h"

#define IMPORT(name) __attribute__((__import_module__("squall:scenario/websocket@0.1.0"), __import_name__(name)))

// The contract's functions, as the canonical ABI flattens them.
IMPORT("[constructor]connect-options") extern uint32_t new_options(void);
IMPORT("[resource-drop]connect-options") extern void drop_options(uint32_t);
IMPORT("[method]connect-options.set-name") extern void set_name(uint32_t, const char *, size_t);
IMPORT("[method]connect-options.set-timeout") extern void set_timeout(uint32_t, uint64_t);
IMPORT("[method]connect-options.add-header")
extern void add_header(uint32_t, const char *, size_t, const char *, size_t);
IMPORT("[method]connect-options.set-subprotocols") extern void set_subprotocols(uint32_t, const void *, size_t);
IMPORT("[method]connect-options.set-compression") extern void set_compression(uint32_t, int32_t);
IMPORT("[method]connect-options.set-inbox") extern void set_inbox(uint32_t, uint64_t);
IMPORT("[static]connection.open") extern void open_connection(const char *, size_t, int32_t, uint32_t, uint32_t *);
IMPORT("[resource-drop]connection") extern void drop_connection(uint32_t);
IMPORT("[method]connection.subprotocol") extern void subprotocol(uint32_t, uint32_t *);
IMPORT("[method]connection.send-text") extern void send_text(uint32_t, const char *, size_t, uint64_t *);
IMPORT("[method]connection.send-bytes") extern void send_bytes(uint32_t, const void *, size_t, uint64_t *);
IMPORT("[method]connection.ping") extern void ping(uint32_t, uint32_t *);
IMPORT("[method]connection.receive") extern void receive(uint32_t, uint64_t, uint32_t *);
IMPORT("[method]connection.close")
extern void close_connection(uint32_t, int32_t, uint32_t, const char *, size_t, uint32_t *);
IMPORT("[method]connection.closed") extern void closed(uint32_t, uint32_t *);
IMPORT("[method]connection.key") extern uint32_t connection_key(uint32_t);
IMPORT("[resource-drop]message") extern void drop_message(uint32_t);
IMPORT("[method]message.kind") extern uint32_t message_kind(uint32_t);
IMPORT("[method]message.bytes") extern void message_bytes(uint32_t, uint32_t *);
IMPORT("[method]message.at") extern uint64_t message_at(uint32_t);

// The world with these functions. Without calls of them the component imports none.
SQUALL_SECTION("component-type:squall-websocket", SQUALL_WORLD_WEBSOCKET);

// A result of at most four words, whose first byte marks an error.
static uint32_t words[4];

// Notes the error in a result, whose case and text begin at its second word.
static squall_error note(squall_websocket *socket, const uint32_t *answer) {
    static const squall_error errors[] = {
        SQUALL_TIMEOUT,  SQUALL_DNS,       SQUALL_CONNECT, SQUALL_TLS,
        SQUALL_PROTOCOL, SQUALL_RESET,     SQUALL_PROTOCOL, SQUALL_TOO_LARGE,
        SQUALL_RESET,    SQUALL_REFUSED_BY_POLICY, SQUALL_INVALID_REQUEST, SQUALL_OTHER,
    };
    socket->error = SQUALL_OK;
    socket->detail = "";
    if ((uint8_t)answer[0]) {
        uint8_t kind = (uint8_t)answer[1];
        socket->error = kind < sizeof errors / sizeof *errors ? errors[kind] : SQUALL_OTHER;
        // The timeout has no text. cabi_realloc has put a zero at the end of others.
        if (kind != 0 && answer[3])
            socket->detail = (const char *)(uintptr_t)answer[2];
    }
    return socket->error;
}

static uint32_t options_for(const squall_websocket_options *given) {
    uint32_t options = new_options();
    if (given->name)
        set_name(options, given->name, __builtin_strlen(given->name));
    if (given->timeout > 0)
        set_timeout(options, squall_nanoseconds(given->timeout));
    for (const squall_pair *field = given->headers; field < given->headers + 16 && field->name; field++)
        add_header(options, field->name, __builtin_strlen(field->name), field->value, __builtin_strlen(field->value));
    if (given->subprotocol) {
        scenario_string_t name = lend(given->subprotocol);
        set_subprotocols(options, &name, 1);
    }
    if (given->compression)
        set_compression(options, true);
    if (given->inbox)
        set_inbox(options, given->inbox);
    return options;
}

squall_websocket squall_open_websocket_with(const squall_websocket_options *given) {
    uint32_t options = options_for(given);
    RECEIVE(open_connection(given->url, __builtin_strlen(given->url), true, options, words));
    drop_options(options);
    squall_websocket socket = {0};
    if (note(&socket, words) == SQUALL_OK)
        socket.handle = words[1];
    return socket;
}

const char *squall_websocket_subprotocol(const squall_websocket *socket) {
    RECEIVE(subprotocol(socket->handle, words));
    return words[1] ? (const char *)(uintptr_t)words[0] : "";
}

// Reads the answer to a call that sends. It has a number of 64 bits, which begins in its third word, as an error does.
static squall_error sent(squall_websocket *socket, const uint64_t *answer) {
    const uint32_t *halves = (const uint32_t *)answer;
    return note(socket, (const uint32_t[4]){halves[0], halves[2], halves[3], halves[4]});
}

squall_error squall_send_text(squall_websocket *socket, const char *text) {
    uint64_t answer[3];
    RECEIVE(send_text(socket->handle, text, __builtin_strlen(text), answer));
    return sent(socket, answer);
}

squall_error squall_send_bytes(squall_websocket *socket, squall_bytes bytes) {
    uint64_t answer[3];
    RECEIVE(send_bytes(socket->handle, bytes.data, bytes.size, answer));
    return sent(socket, answer);
}

squall_error squall_ping(squall_websocket *socket) {
    RECEIVE(ping(socket->handle, words));
    return note(socket, words);
}

squall_error squall_receive(squall_websocket *socket, double within, squall_message *message) {
    *message = (squall_message){0};
    RECEIVE(receive(socket->handle, squall_limit(within), words));
    squall_error error = note(socket, words);
    socket->has_ended = error == SQUALL_OK && !(uint8_t)words[1];
    if (error != SQUALL_OK || socket->has_ended)
        return error;
    uint32_t handle = words[2];
    RECEIVE(message_bytes(handle, words));
    message->content = (squall_bytes){(const uint8_t *)(uintptr_t)words[0], words[1]};
    message->is_text = message_kind(handle) == 0;
    message->at = (double)message_at(handle) / 1e9;
    drop_message(handle);
    return error;
}

squall_error squall_close_websocket(squall_websocket *socket, uint16_t code, const char *reason) {
    RECEIVE(close_connection(socket->handle, true, code, reason, __builtin_strlen(reason), words));
    return note(socket, words);
}

int squall_websocket_closed(const squall_websocket *socket) {
    RECEIVE(closed(socket->handle, words));
    return (uint8_t)words[0] ? (int)(uint16_t)words[1] : 0;
}

uint32_t squall_websocket_key(const squall_websocket *socket) { return connection_key(socket->handle); }

void squall_drop_websocket(squall_websocket *socket) { drop_connection(socket->handle); }
