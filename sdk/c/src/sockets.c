// Bytes over TCP and datagrams over UDP; waiting for several streams.
#include "options.h"

#define IMPORT(name) __attribute__((__import_module__("squall:scenario/sockets@0.1.0"), __import_name__(name)))

// The contract's functions, as the canonical ABI flattens them.
IMPORT("[static]tcp.open")
extern void open_tcp(const char *, size_t, const char *, size_t, int32_t, const char *, size_t, uint64_t, uint32_t *);
IMPORT("[resource-drop]tcp") extern void drop_tcp(uint32_t);
IMPORT("[method]tcp.send") extern void tcp_send(uint32_t, const void *, size_t, uint64_t *);
IMPORT("[method]tcp.receive") extern void tcp_receive(uint32_t, uint32_t, uint64_t, uint32_t *);
IMPORT("[method]tcp.receive-until")
extern void tcp_receive_until(uint32_t, const void *, size_t, uint32_t, uint64_t, uint32_t *);
IMPORT("[method]tcp.receive-exactly") extern void tcp_receive_exactly(uint32_t, uint32_t, uint64_t, uint32_t *);
IMPORT("[method]tcp.at") extern uint64_t tcp_at(uint32_t);
IMPORT("[method]tcp.finish") extern void tcp_finish(uint32_t);
IMPORT("[method]tcp.key") extern uint32_t tcp_key(uint32_t);
IMPORT("[static]udp.open") extern void open_udp(const char *, size_t, const char *, size_t, uint32_t *);
IMPORT("[resource-drop]udp") extern void drop_udp(uint32_t);
IMPORT("[method]udp.send") extern void udp_send(uint32_t, const void *, size_t, uint64_t *);
IMPORT("[method]udp.receive") extern void udp_receive(uint32_t, uint64_t, uint32_t *);
IMPORT("[method]udp.at") extern uint64_t udp_at(uint32_t);
IMPORT("[method]udp.key") extern uint32_t udp_key(uint32_t);

// The world with these functions. Without calls of them the component imports none.
SQUALL_SECTION("component-type:squall-sockets", SQUALL_WORLD_SOCKETS);

#define LONGEST_LINE (1 << 20)

// A result of at most four words, whose first byte marks an error.
static uint32_t words[4];

static double timeout_of(const squall_socket_options *options) { return options->timeout ? options->timeout : 60.0; }

static const char *or_empty(const char *text) { return text ? text : ""; }

// What the host has answered to opening a socket.
static squall_socket opened(const squall_socket_options *options) {
    squall_response outcome = squall_broken(words);
    uint32_t handle = outcome.error == SQUALL_OK ? words[1] : 0;
    return (squall_socket){outcome.error, outcome.detail, timeout_of(options), handle};
}

static squall_error note(squall_socket *socket, squall_response outcome) {
    socket->detail = outcome.detail;
    return socket->error = outcome.error;
}

// Reads the answer to a call that sends. It has a number of 64 bits, which begins in its third word, as an error does.
static squall_error sent(squall_socket *socket, const uint64_t *answer) {
    const uint32_t *halves = (const uint32_t *)answer;
    return note(socket, squall_broken((const uint32_t[4]){halves[0], halves[2], halves[3], halves[4]}));
}

static squall_error received(squall_socket *socket, squall_bytes *bytes) {
    *bytes = (squall_bytes){0};
    squall_error error = note(socket, squall_broken(words));
    if (error == SQUALL_OK && (uint8_t)words[1])
        *bytes = (squall_bytes){(const uint8_t *)(uintptr_t)words[2], words[3]};
    socket->has_ended = error == SQUALL_OK && !(uint8_t)words[1];
    return error;
}

squall_socket squall_open_tcp(const squall_socket_options *options) {
    const char *name = or_empty(options->name), *address = or_empty(options->address), *tls = options->tls;
    RECEIVE(open_tcp(name, __builtin_strlen(name), address, __builtin_strlen(address), tls != NULL, or_empty(tls),
                     tls ? __builtin_strlen(tls) : 0, squall_nanoseconds(timeout_of(options)), words));
    return opened(options);
}

squall_error squall_tcp_send(squall_socket *socket, squall_bytes bytes) {
    uint64_t answer[3];
    RECEIVE(tcp_send(socket->handle, bytes.data, bytes.size, answer));
    return sent(socket, answer);
}

squall_error squall_tcp_send_text(squall_socket *socket, const char *text) {
    return squall_tcp_send(socket, (squall_bytes){(const uint8_t *)text, __builtin_strlen(text)});
}

static uint64_t limit(const squall_socket *socket) { return squall_nanoseconds(socket->timeout); }

squall_error squall_tcp_receive(squall_socket *socket, uint32_t most, squall_bytes *bytes) {
    RECEIVE(tcp_receive(socket->handle, most, limit(socket), words));
    return received(socket, bytes);
}

squall_error squall_tcp_receive_until(squall_socket *socket, const char *delimiter, uint32_t most, squall_bytes *bytes) {
    RECEIVE(tcp_receive_until(socket->handle, delimiter, __builtin_strlen(delimiter), most, limit(socket), words));
    return received(socket, bytes);
}

squall_error squall_tcp_receive_line(squall_socket *socket, squall_bytes *line) {
    return squall_tcp_receive_until(socket, "\n", LONGEST_LINE, line);
}

squall_error squall_tcp_receive_exactly(squall_socket *socket, uint32_t count, squall_bytes *bytes) {
    RECEIVE(tcp_receive_exactly(socket->handle, count, limit(socket), words));
    return received(socket, bytes);
}

double squall_tcp_at(const squall_socket *socket) { return (double)tcp_at(socket->handle) / 1e9; }

void squall_tcp_finish(squall_socket *socket) { tcp_finish(socket->handle); }

void squall_tcp_close(squall_socket *socket) { drop_tcp(socket->handle); }

uint32_t squall_tcp_key(const squall_socket *socket) { return tcp_key(socket->handle); }

squall_socket squall_open_udp(const squall_socket_options *options) {
    const char *name = or_empty(options->name), *address = or_empty(options->address);
    RECEIVE(open_udp(name, __builtin_strlen(name), address, __builtin_strlen(address), words));
    return opened(options);
}

squall_error squall_udp_send(squall_socket *socket, squall_bytes datagram) {
    uint64_t answer[3];
    RECEIVE(udp_send(socket->handle, datagram.data, datagram.size, answer));
    return sent(socket, answer);
}

squall_error squall_udp_receive(squall_socket *socket, squall_bytes *datagram) {
    *datagram = (squall_bytes){0};
    RECEIVE(udp_receive(socket->handle, limit(socket), words));
    squall_error error = note(socket, squall_broken(words));
    if (error == SQUALL_OK)
        *datagram = (squall_bytes){(const uint8_t *)(uintptr_t)words[1], words[2]};
    return error;
}

double squall_udp_at(const squall_socket *socket) { return (double)udp_at(socket->handle) / 1e9; }

void squall_udp_close(squall_socket *socket) { drop_udp(socket->handle); }

uint32_t squall_udp_key(const squall_socket *socket) { return udp_key(socket->handle); }
