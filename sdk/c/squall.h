// Write Squall load-test scenarios in C. A scenario is one file (or several) that ends in SQUALL_SCENARIO:
//
//     #include <squall.h>
//
//     static squall_outcome browse(void) {
//         squall_response page = squall_get("/products", .name = "/products");
//         SQUALL_TRY(page);
//         squall_check("products are listed", page.status == 200);
//         squall_think(1, 3);
//         return SQUALL_DONE;
//     }
//
//     SQUALL_SCENARIO(.flows = {{"browse", 1, browse}}, .vus = 10, .duration = "30s")
//
// Memory: results of these functions (texts, bodies, responses) live until the iteration ends, and are never freed by
// hand. Texts end in a zero byte. Times are seconds, unless a name says otherwise.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bindings/component_type.h"

// The version of this SDK, and of the contract that it speaks.
#define SQUALL_VERSION "0.1.0"

#ifdef __cplusplus
#error "squall.h is for C: compile the scenario as C"
#endif

// ---------------------------------------------------------------------------------------------------- the scenario

// The outcome of an iteration: SQUALL_DONE, or the error that ended it. An error ends the iteration, and is counted and
// shown with its text. Keep that free of ids and counts: equal texts are counted together.
typedef const char *squall_outcome;

// The iteration was successful.
#define SQUALL_DONE ((squall_outcome)0)

// An error of that text, with file and line: `return SQUALL_FAIL("the shop did not take the order");`.
#define SQUALL_FAIL(text) squall_fail((text), __FILE_NAME__, __LINE__)

// Ends the function with an error, if there is no response.
#define SQUALL_TRY(response)                                                                                           \
    do {                                                                                                               \
        if ((response).error != SQUALL_OK)                                                                             \
            return SQUALL_FAIL(squall_error_text(response));                                                           \
    } while (0)

squall_outcome squall_fail(const char *text, const char *file, int line);

// A journey through the target. The name is made of letters, digits, `-`, `_` and `.`, and unique. The weight is its
// share of the traffic, relative to the other flows'; with 0 it runs only when the user asks for it by name.
typedef struct {
    const char *name;
    uint32_t weight;
    squall_outcome (*run)(void);
} squall_flow;

// A ramp: how long it takes ("30s"), and the number of virtual users, or of iterations a second, at its end.
typedef struct {
    const char *duration;
    uint32_t target;
} squall_stage;

// A condition for the run to pass: {"http_req_duration", "p(95)<500"}. A metric may have several.
typedef struct {
    const char *metric, *expression;
} squall_threshold;

// A flow's share of the traffic in a plan: {"browse", 60}.
typedef struct {
    const char *flow;
    uint32_t weight;
} squall_weight;

// Name and value of an option, a tag, a header field, a part of a query, or a form's field.
typedef struct {
    const char *name, *value;
} squall_pair;

// A load of its own: `static const squall_load buying = {"buying", .vus = 5, .duration = "1m", .flow = "buy"};`. What
// is not set is left open.
typedef struct {
    const char *name;
    // When it begins, from the beginning of the load.
    const char *start_time;
    // Run only this flow.
    const char *flow;
    // Virtual users; with stages, the number to start with; with a rate, as pre_allocated_vus.
    uint32_t vus;
    // How long virtual users iterate; with iterations, how long these may take: "30s", "1m30s", "500ms".
    const char *duration;
    // The number of iterations: in all, or for each virtual user with "per-vu-iterations".
    uint32_t iterations;
    // The stages of a ramp: {{"30s", 100}}.
    squall_stage stages[32];
    // How the load is shaped, where the other options leave a choice: "constant-vus", "ramping-vus",
    // "constant-arrival-rate", ...
    const char *executor;
    // How long a number of iterations may take.
    const char *max_duration;
    // How long iterations may go on once the load has ended.
    const char *graceful_stop;
    // How long a virtual user that the ramp no longer needs may go on with its iteration.
    const char *graceful_ramp_down;
    // Virtual users at the start of the first stage.
    uint32_t start_vus;
    // Iterations started in a second, or in each time_unit, however long they take: "1000/s".
    const char *rate;
    // The time that rates without a unit of their own are for.
    const char *time_unit;
    // The rate at the start of the first stage.
    const char *start_rate;
    // Virtual users that are made before an open load begins.
    uint32_t pre_allocated_vus;
    // Virtual users at most, where their number is not fixed.
    uint32_t max_vus;
    // Whether the iterations of an open load start evenly or at random: "constant", "poisson".
    const char *arrival;
    // How long an iteration of an open load may wait for a virtual user before it is dropped.
    const char *max_backlog;
    // Weights of flows, in place of those that the component describes: {{"browse", 60}}.
    squall_weight weights[32];
    // How long a virtual user thinks after an iteration, by flow: {{"browse", "1s..3s"}}.
    squall_pair think_time[32];
    // Thresholds by metric, as k6 writes them: {{"http_req_duration", "p(95)<500"}}.
    squall_threshold thresholds[32];
    // Options of the scenario, by name.
    squall_pair env[16];
    // Tags of the whole run, or of a scenario.
    squall_pair tags[16];
    // The least time from the start of an iteration to the start of the next one of the same virtual user.
    const char *min_iteration_duration;
} squall_load;

// A scenario: its flows, and the plan that it suggests. The user may override all of the plan. Fields without a value
// are left open.
typedef struct {
    squall_flow flows[32];
    // Virtual users; with stages, the number to start with; with a rate, as pre_allocated_vus.
    uint32_t vus;
    // How long virtual users iterate; with iterations, how long these may take: "30s", "1m30s", "500ms".
    const char *duration;
    // The number of iterations: in all, or for each virtual user with "per-vu-iterations".
    uint32_t iterations;
    // The stages of a ramp: {{"30s", 100}}.
    squall_stage stages[32];
    // How the load is shaped, where the other options leave a choice: "constant-vus", "ramping-vus",
    // "constant-arrival-rate", ...
    const char *executor;
    // How long a number of iterations may take.
    const char *max_duration;
    // How long iterations may go on once the load has ended.
    const char *graceful_stop;
    // How long a virtual user that the ramp no longer needs may go on with its iteration.
    const char *graceful_ramp_down;
    // Virtual users at the start of the first stage.
    uint32_t start_vus;
    // Iterations started in a second, or in each time_unit, however long they take: "1000/s".
    const char *rate;
    // The time that rates without a unit of their own are for.
    const char *time_unit;
    // The rate at the start of the first stage.
    const char *start_rate;
    // Virtual users that are made before an open load begins.
    uint32_t pre_allocated_vus;
    // Virtual users at most, where their number is not fixed.
    uint32_t max_vus;
    // Whether the iterations of an open load start evenly or at random: "constant", "poisson".
    const char *arrival;
    // How long an iteration of an open load may wait for a virtual user before it is dropped.
    const char *max_backlog;
    // How long the load warms up before its measurements count: "30s"; "auto" finds it out.
    const char *warmup;
    // How worker threads wait for the next start: "timer", "spin".
    const char *pacing;
    // Run only this flow.
    const char *flow;
    // Weights of flows, in place of those that the component describes: {{"browse", 60}}.
    squall_weight weights[32];
    // How long a virtual user thinks after an iteration, by flow: {{"browse", "1s..3s"}}.
    squall_pair think_time[32];
    // Loads of their own, by name, in place of the one above: {&browsing, &buying}.
    const squall_load *scenarios[16];
    // Thresholds by metric, as k6 writes them: {{"http_req_duration", "p(95)<500"}}.
    squall_threshold thresholds[32];
    // The base URL of requests that name only a path. Refused unless the user says it, too.
    const char *target;
    // Options of the scenario, by name.
    squall_pair env[16];
    // Data for the scenario, by name: {"users"}. Without one of these feeds a run does not begin.
    const char *data[16];
    // Tags of the whole run, or of a scenario.
    squall_pair tags[16];
    // The origin of all randomness: the same seed, the same choices.
    uint64_t seed;
    // Worker threads; one for each core unless said otherwise.
    uint32_t threads;
    // How long setup may take.
    const char *setup_timeout;
    // How long teardown may take.
    const char *teardown_timeout;
    // The least time from the start of an iteration to the start of the next one of the same virtual user.
    const char *min_iteration_duration;
    // Series that are kept apart; further ones are counted together.
    uint32_t max_series;
    // Accept any TLS certificate. Refused unless the user says it, too.
    bool insecure;
    // How long a request may take in all.
    const char *request_timeout;
    // How long opening a connection may take, TLS included.
    const char *connect_timeout;
    // Redirects that are followed.
    uint32_t max_redirects;
    // No redirect is followed.
    bool no_redirects;
    // Open a connection for every request.
    bool no_connection_reuse;
    // Read the bodies of responses off the connection and throw them away.
    bool discard_response_bodies;
    // The User-Agent header of requests that bring none.
    const char *user_agent;
    // Connections to one origin that all virtual users share; each has its own unless said otherwise.
    uint32_t shared_connections;
    // The version of HTTP: auto, 1.1, 2, 2-prior-knowledge or 3.
    const char *http_version;
    // Requests that are under way at once on one connection of HTTP/2, if its server allows as many.
    uint32_t max_streams;
    // Requests of one batch that go to the same origin at once.
    uint32_t batch_per_origin;
    // Close a virtual user's connections at the end of each iteration, as if another user came.
    bool no_vu_connection_reuse;
    // The lowest version of TLS: 1.2 or 1.3.
    const char *tls_min;
    // The highest version of TLS: 1.2 or 1.3.
    const char *tls_max;
    // The cipher suites to offer, by IANA's names, with commas between them; all that are safe unless said otherwise.
    const char *tls_ciphers;
    // Make a full TLS handshake for each connection, instead of resuming sessions.
    bool no_tls_resumption;
    // How names are looked up, in k6's words: ttl=30s, select=random, policy=onlyIPv4.
    const char *dns;
    // The most connections that are opened a second, over the whole run: 500, or 90/m.
    const char *connect_rate;
    // Let small packets wait for others (Nagle's algorithm).
    bool no_tcp_nodelay;
} squall_scenario;

extern const squall_scenario squall_this_scenario;

#define SQUALL_SECTION(name, content)                                                                                  \
    __asm__(".section \".custom_section." name "\",\"\",@\n.ascii \"" content "\"\n.text\n")

// Declares the scenario: once in a program, outside of all functions.
#define SQUALL_SCENARIO(...)                                                                                           \
    const squall_scenario squall_this_scenario = {__VA_ARGS__};                                                        \
    SQUALL_SECTION("component-type:squall", SQUALL_WORLD_SCENARIO);                                                    \
    SQUALL_SECTION("squall:sdk", "c " SQUALL_VERSION);

// Has a function called once for the whole run, before the first virtual user starts. What it gives to squall_share
// reaches every virtual user. An error ends the run.
#define SQUALL_SETUP(prepare)                                                                                          \
    squall_outcome (*const squall_this_setup)(void) = (prepare);                                                       \
    SQUALL_SECTION("component-type:squall-setup", SQUALL_WORLD_SETUP);                                                 \
    SQUALL_SECTION("component-type:squall-setup-start", SQUALL_WORLD_START);

// Has a function called once by each virtual user, before its first iteration (and again after a trap).
#define SQUALL_START(arrive)                                                                                           \
    squall_outcome (*const squall_this_start)(void) = (arrive);                                                        \
    SQUALL_SECTION("component-type:squall-start", SQUALL_WORLD_START);

// Has a function called once for the whole run, after the last iteration, whatever its result.
#define SQUALL_TEARDOWN(clean_up)                                                                                      \
    void (*const squall_this_teardown)(void) = (clean_up);                                                             \
    SQUALL_SECTION("component-type:squall-teardown", SQUALL_WORLD_TEARDOWN);

// In setup: bytes for every virtual user, and for teardown. Copied.
void squall_share(const char *text);
void squall_share_bytes(const void *bytes, size_t size);

// The bytes that setup shared; empty without any.
const char *squall_shared(void);
// ... and its size in bytes, without the zero at the end.
size_t squall_shared_size(void);

// ------------------------------------------------------------------------------------------------------------ HTTP

// Status codes from first to last; {404} is 404 alone.
typedef struct {
    uint16_t first, last;
} squall_range;

// A number of bytes.
typedef struct {
    const uint8_t *data;
    size_t size;
} squall_bytes;

// The order of rows; see docs/data.md. 0 leaves it open.
typedef enum { SQUALL_SEQUENTIAL = 1, SQUALL_RANDOM, SQUALL_SHUFFLE, SQUALL_UNIQUE_PER_VU, SQUALL_ONCE_EACH } squall_policy;

// The behaviour after the last row: the first row again, the end of the run, an error. 0 leaves it open.
typedef enum { SQUALL_RECYCLE = 1, SQUALL_STOP, SQUALL_FAIL_AT_END } squall_at_end;

// A table that the run was given (--data users=users.csv): `static squall_feed users = {"users", SQUALL_SHUFFLE};`.
typedef struct {
    const char *name;
    squall_policy policy;
    squall_at_end at_end;
    uint32_t handle;
} squall_feed;

// A row. The host holds it until the iteration ends; only requested values are copied.
typedef struct {
    uint32_t handle;
} squall_row;

// Bytes that the host holds: a file (--data video=file:video.mp4; `static squall_blob video = {"video"};`), or a field
// of a row, until the iteration ends.
typedef struct {
    const char *name;
    uint32_t handle;
    uint32_t serial;
} squall_blob;

// Ends the function with an error, if the call returned one: `SQUALL_DO(squall_next(&users, &user));`.
#define SQUALL_DO(call)                                                                                                \
    do {                                                                                                               \
        squall_outcome squall_done = (call);                                                                           \
        if (squall_done)                                                                                               \
            return SQUALL_FAIL(squall_done);                                                                           \
    } while (0)

// Takes the next row. If no row is left, and that is to end the run, the run is ending, and an iteration that returns
// the error does not count as failed.
squall_outcome squall_next(squall_feed *feed, squall_row *row);
// Takes the row at that index, from 0, whatever the policy. Beyond the last row it is an error.
squall_outcome squall_row_at(squall_feed *feed, uint64_t index, squall_row *row);
// The number of rows: at least one.
squall_outcome squall_feed_length(squall_feed *feed, uint64_t *length);
// The names of the columns, in their order; the last one is followed by NULL.
squall_outcome squall_feed_columns(squall_feed *feed, const char *const **columns);
// The row's place in the file, from 0.
uint64_t squall_row_index(squall_row row);
// The value in the column of that name; NULL if the row is a JSON object without that field.
squall_outcome squall_field(squall_row row, const char *column, const char **value);
// All names and values, in the order of the columns; the last one is followed by one whose name is NULL.
const squall_pair *squall_fields(squall_row row);
// The whole row as a JSON object.
const char *squall_row_json(squall_row row);
// The value in the column of that name, to be sent as a body without entering the scenario.
squall_outcome squall_field_blob(squall_row row, const char *column, squall_blob *blob);
// How many bytes the host holds.
squall_outcome squall_blob_length(squall_blob *blob, uint64_t *length);
// Copies as many bytes from that place on; fewer where the blob ends sooner.
squall_outcome squall_blob_read(squall_blob *blob, uint64_t offset, uint32_t length, squall_bytes *bytes);

// A request. Fields without a value have the defaults:
// `squall_get("/products", .headers = {{"accept", "*/*"}}, .timeout = 5)`.
typedef struct {
    const char *method;             // in capitals; set by squall_get and its like
    const char *url;                // an absolute URL, or a path below the run's --target
    squall_pair query[16];          // added to the URL, percent-encoded
    squall_pair headers[32];        // in the order in which they are sent
    const char *text;               // the body, as text ...
    squall_bytes bytes;             // ... or as bytes ...
    const char *json;               // ... or as JSON, with its content type ...
    squall_pair form[16];           // ... or as a form's fields, with its content type
    squall_blob *body_from;         // a body that the host sends from its memory, if none of the above is set
    const char *name;               // the name under which it is counted, instead of its URL: "/products/{id}"
    double timeout;                 // seconds, redirects included; 0: the plan's, or 60
    uint32_t redirects;             // the most that are followed; 0: the plan's, or 10
    bool no_redirects;              // a 3xx response is returned unchanged
    bool discard_body;              // the body is read and measured, but discarded
    bool keep_body;                 // the body is kept even where the plan discards bodies
    squall_range expect[8];         // status codes that do not count as http_req_failed; none: 200 to 399
} squall_request;

// The reason why there is no response. A status code is never an error.
typedef enum {
    SQUALL_OK,                  // there is one
    SQUALL_TIMEOUT,             // the time allowed for the request was over
    SQUALL_DNS,                 // the name could not be looked up
    SQUALL_CONNECT,             // no connection: refused, unreachable, or not in time
    SQUALL_TLS,                 // the TLS handshake failed
    SQUALL_RESET,               // the connection was closed or reset before the response was complete
    SQUALL_PROTOCOL,            // the response is not HTTP/1.1, or breaks its rules
    SQUALL_TOO_LARGE,           // the response is larger than the host allows
    SQUALL_TOO_MANY_REDIRECTS,  // more redirects than allowed
    SQUALL_REFUSED_BY_POLICY,   // the run's policy does not allow this target; nothing was sent
    SQUALL_INVALID_REQUEST,     // the request is invalid (bad URL, header or method); nothing was sent
    SQUALL_OTHER,               // anything else
} squall_error;

// A response, or the error. The host holds the response until the iteration ends, or squall_close.
typedef struct {
    int status;            // the status code; 0 if there is no response
    squall_error error;    // SQUALL_OK if there is one
    const char *detail;    // the host's message about the error; empty without one
    uint32_t handle;       // the host's; not for use
} squall_response;

// The time that a request spent in each phase, in nanoseconds. After redirects: the last request of the chain.
typedef struct {
    uint64_t blocked;          // waiting for a free connection, name look-up included
    uint64_t connecting;       // opening the TCP connection; 0 on one that was open
    uint64_t tls_handshaking;  // the TLS handshake; 0 without TLS or on an open connection
    uint64_t sending;          // writing the request
    uint64_t waiting;          // from the last byte written to the first byte read
    uint64_t receiving;        // from the first byte read to the last
} squall_timings;

// Sends a request and waits for the whole response. Squall counts and times it, whatever its result.
#define squall_send(...) squall_send_request(&(squall_request){__VA_ARGS__})
#define squall_get(...) squall_send(.method = "GET", .url = __VA_ARGS__)
#define squall_post(...) squall_send(.method = "POST", .url = __VA_ARGS__)
#define squall_put(...) squall_send(.method = "PUT", .url = __VA_ARGS__)
#define squall_patch(...) squall_send(.method = "PATCH", .url = __VA_ARGS__)
#define squall_delete(...) squall_send(.method = "DELETE", .url = __VA_ARGS__)
#define squall_head(...) squall_send(.method = "HEAD", .url = __VA_ARGS__)
#define squall_options(...) squall_send(.method = "OPTIONS", .url = __VA_ARGS__)

squall_response squall_send_request(const squall_request *request);

// Sends several requests at once, as a browser does, and waits for all of them. Responses are in the order of the
// requests.
void squall_send_all(const squall_request *requests, size_t count, squall_response *responses);

// The error of a response in words; empty without one.
const char *squall_error_text(squall_response response);

// The value of the first header field of that name, in any case; NULL if there is none.
const char *squall_header(squall_response response, const char *name);

// All header fields in the order of their arrival, names in lower case; the last one is followed by one whose name is
// NULL.
const squall_pair *squall_headers(squall_response response);

// The body, decoded; empty if it was discarded. Copied from the host at each call.
squall_bytes squall_body(squall_response response);

// The size of the body in bytes, decoded; 0 if it was discarded. The body stays with the host.
uint64_t squall_size(squall_response response);

// The body as text; bytes that are not UTF-8 are replaced. Copied from the host at each call.
const char *squall_text(squall_response response);

// The URL that answered: after redirects, the last one.
const char *squall_url(squall_response response);

// The time that the request spent in each phase.
squall_timings squall_response_timings(squall_response response);

// Lets go of a response before the iteration ends: for flows that make many requests with large bodies.
void squall_close(squall_response response);

// Forgets the cookies that this virtual user has been given.
void squall_clear_cookies(void);

// --------------------------------------------------------------------------------------------------------- streams

// A response that is read piece by piece, as server-sent events or as bytes. At the end of the iteration, or with
// squall_close_stream, the rest is given up, and the connection is closed.
typedef struct {
    squall_response response;  // without a body; its error is that of the last call
    uint32_t handle, event;    // the host's; not for use
} squall_stream;

// A server-sent event. The host holds it until the next one is taken.
typedef struct {
    uint32_t handle;  // 0 at the end of the stream
} squall_event;

// A request whose body is written while it is sent.
typedef struct {
    squall_error error;
    const char *detail;
    uint32_t handle;
} squall_upload;

// A wait without end.
#define SQUALL_FOREVER (-1.0)

// Sends a request and waits for the head of its response: SQUALL_TRY(stream.response). The time limit of the request ends
// with the head.
#define squall_stream_of(...) squall_open_stream(&(squall_request){__VA_ARGS__})
#define squall_get_stream(...) squall_stream_of(.method = "GET", .url = __VA_ARGS__)
#define squall_post_stream(...) squall_stream_of(.method = "POST", .url = __VA_ARGS__)
squall_stream squall_open_stream(const squall_request *request);

// Sends a request that continues a stream: the id of its last event goes along as last-event-id, and it counts as a
// reconnect. Sleep before, as browsers do: squall_retry, or some seconds.
squall_stream squall_reopen_stream(const squall_stream *previous, const squall_request *request);

// Takes the next event, or learns that the stream is over: then its handle is 0. SQUALL_TIMEOUT if none comes within
// that many seconds (0: looks): nothing is lost then.
squall_error squall_next_event(squall_stream *stream, double within, squall_event *event);

// Reads the next bytes as they came (not decoded), at most that many; no data at the end.
squall_error squall_read(squall_stream *stream, uint32_t most, double within, squall_bytes *piece);

// Counts tokens of a language model (llm_ metrics): texts at a JSON pointer in the events' data, and the server's own
// count at another one, or NULL. SQUALL_OPENAI_TEXT and SQUALL_OPENAI_TOTAL are those of OpenAI-compatible servers. May be
// called again for texts in other places.
#define SQUALL_OPENAI_TEXT "/choices/0/delta/content"
#define SQUALL_OPENAI_TOTAL "/usage/completion_tokens"
squall_error squall_count_tokens(squall_stream *stream, const char *text, const char *total);

// The id of the last event that came; empty if there was none.
const char *squall_last_event_id(const squall_stream *stream);

// How many seconds the stream asks its clients to wait before they reconnect; negative if it has not asked.
double squall_retry(const squall_stream *stream);

// Gives up the rest, and closes the connection.
void squall_close_stream(squall_stream *stream);

// The event's type: "message" if it has none.
const char *squall_event_name(squall_event event);
// The id of the last event that had one, which may be this one; empty if there was none.
const char *squall_event_id(squall_event event);
// Its data.
const char *squall_event_data(squall_event event);
// The value at a JSON pointer in its data: text unchanged, other values as JSON; NULL without one.
const char *squall_event_get(squall_event event, const char *pointer);
// The time of the read that completed it, in seconds since the run began.
double squall_event_at(squall_event event);

// Begins a request whose body is written while it is sent: with a length in bytes, or, with a negative one, in chunks.
// Redirects are not followed. An error is in the upload.
squall_upload squall_start_upload(const squall_request *request, int64_t length);
// Sends a piece. Waits while more than 64 KiB are unsent.
squall_error squall_write(squall_upload *upload, squall_bytes piece);
squall_error squall_write_text(squall_upload *upload, const char *text);
squall_error squall_write_from(squall_upload *upload, squall_blob *blob);
// Ends the body.
squall_error squall_finish_upload(squall_upload *upload);
// Waits for the head of the response, which may come before the end of the body. At most one call.
squall_stream squall_upload_response(squall_upload *upload);

// For squall_wait_any.
uint32_t squall_stream_key(const squall_stream *stream);

// --------------------------------------------------------------------------------------------------------- sockets

// For protocols that a scenario speaks itself. Sockets may be kept over iterations; one that is not closed stays open.

typedef struct {
    const char *address;  // "host:port"; NULL for host and port of the run's target
    const char *name;     // what the socket's samples are counted under; NULL for the address
    const char *tls;      // of TCP: NULL for none, "" for the host in the address, or the server's name
    double timeout;       // how long opening may take, and each call that receives, in seconds; 0 for 60
} squall_socket_options;

// A TCP connection or a UDP socket. Its error is that of the last call.
typedef struct {
    squall_error error;
    const char *detail;
    double timeout;   // may be changed; with 0 calls only look
    uint32_t handle;  // the host's; not for use
    bool has_ended;   // of TCP: whether the server has ended the connection, and all was received
} squall_socket;

// Returns from the flow with the error of a socket's last call, if there was one.
#define SQUALL_TRY_SOCKET(socket) SQUALL_TRY(((squall_response){.error = (socket).error, .detail = (socket).detail}))

// Connects: squall_socket redis = squall_tcp(.address = "127.0.0.1:6379"); SQUALL_TRY_SOCKET(redis);
#define squall_tcp(...) squall_open_tcp(&(squall_socket_options){__VA_ARGS__})
squall_socket squall_open_tcp(const squall_socket_options *options);

// Sends bytes. Waits only while more than 64 KiB are unsent.
squall_error squall_tcp_send(squall_socket *socket, squall_bytes bytes);
squall_error squall_tcp_send_text(squall_socket *socket, const char *text);

// Receives what has come, at most that many bytes; no data at the end of the connection (has_ended). SQUALL_TIMEOUT if
// nothing comes in time: nothing is lost then.
squall_error squall_tcp_receive(squall_socket *socket, uint32_t most, squall_bytes *bytes);
// The same up to a delimiter, which must be within that many bytes.
squall_error squall_tcp_receive_until(squall_socket *socket, const char *delimiter, uint32_t most, squall_bytes *bytes);
// The same up to a line feed; at most 1 MiB.
squall_error squall_tcp_receive_line(squall_socket *socket, squall_bytes *line);
// The same for exactly that many bytes.
squall_error squall_tcp_receive_exactly(squall_socket *socket, uint32_t count, squall_bytes *bytes);

// When the last byte received had come, in seconds since the run began.
double squall_tcp_at(const squall_socket *socket);
// Ends sending, as soon as all is written. The server can still send.
void squall_tcp_finish(squall_socket *socket);
// Closes the connection. At most one call.
void squall_tcp_close(squall_socket *socket);

// Opens a UDP socket: squall_socket clock = squall_udp(.address = "127.0.0.1:123"). Nothing is sent.
#define squall_udp(...) squall_open_udp(&(squall_socket_options){__VA_ARGS__})
squall_socket squall_open_udp(const squall_socket_options *options);
// Sends a datagram of at most 65,507 bytes.
squall_error squall_udp_send(squall_socket *socket, squall_bytes datagram);
// Receives the next datagram. SQUALL_TIMEOUT if none comes in time.
squall_error squall_udp_receive(squall_socket *socket, squall_bytes *datagram);
// When the last datagram received had come, in seconds since the run began.
double squall_udp_at(const squall_socket *socket);
// Closes the socket. At most one call.
void squall_udp_close(squall_socket *socket);

// Waits until one of the streams with these keys has something: data, its end, or an error. Returns its place in the list; of
// several, that of the one that has been ready longest; -1 if none is ready within that many seconds (SQUALL_FOREVER).
// Nothing is taken: the next call of its own returns at once.
//
//     int ready = squall_wait_any((uint32_t[]){squall_stream_key(&feed), squall_tcp_key(&redis)}, 2, 5.0);
int squall_wait_any(const uint32_t *keys, size_t count, double within);
uint32_t squall_tcp_key(const squall_socket *socket);
uint32_t squall_udp_key(const squall_socket *socket);

// ------------------------------------------------------------------------------------------------------ WebSockets

// The host answers pings, and takes all times at the socket. A WebSocket may be kept over iterations; one that is not dropped
// stays open.

typedef struct {
    const char *url;          // "ws://host/path" or "wss://host/path", or a path below the run's target
    const char *name;         // what its samples are counted under; NULL for the URL
    double timeout;           // how long the handshake may take, in seconds; 0 for the plan's
    squall_pair headers[16];  // header fields of the handshake, up to the first without a name
    const char *subprotocol;  // to offer; NULL for none
    bool compression;         // whether to offer permessage-deflate
    uint64_t inbox;           // bytes of messages that may wait before the host stops reading; 0 for 1 MiB
} squall_websocket_options;

// A WebSocket. Its error is that of the last call.
typedef struct {
    squall_error error;  // a server that does not agree is SQUALL_PROTOCOL; sending after the close is SQUALL_RESET
    const char *detail;
    uint32_t handle;  // the host's; not for use
    bool has_ended;   // whether the connection is closed, and all was received
} squall_websocket;

// A text or binary message.
typedef struct {
    squall_bytes content;  // until the iteration ends; a zero follows it
    bool is_text;
    double at;  // the time of the read that completed it, in seconds since the run began
} squall_message;

// Connects, and waits for the handshake: squall_websocket chat = squall_open_websocket("/chat"); SQUALL_TRY_SOCKET(chat);
#define squall_open_websocket(...) squall_open_websocket_with(&(squall_websocket_options){.url = __VA_ARGS__})
squall_websocket squall_open_websocket_with(const squall_websocket_options *options);

// The subprotocol that the server has chosen; empty if it has chosen none.
const char *squall_websocket_subprotocol(const squall_websocket *socket);

// Sends a text message, or a binary one. Waits while more than 1 MiB are unsent.
squall_error squall_send_text(squall_websocket *socket, const char *text);
squall_error squall_send_bytes(squall_websocket *socket, squall_bytes bytes);

// Sends a ping. The host records the time until its pong (ws_ping).
squall_error squall_ping(squall_websocket *socket);

// Receives the next message, or learns that the connection is closed (has_ended). SQUALL_TIMEOUT if none comes within that
// many seconds (0: looks): nothing is lost then. SQUALL_FOREVER waits without end.
squall_error squall_receive(squall_websocket *socket, double within, squall_message *message);

// Begins the closing handshake. What the server sends until its own close can be received.
squall_error squall_close_websocket(squall_websocket *socket, uint16_t code, const char *reason);

// The server's code, once it has closed: 1005 for a close without a code, 1006 for an end without a close; else 0.
int squall_websocket_closed(const squall_websocket *socket);

// For squall_wait_any.
uint32_t squall_websocket_key(const squall_websocket *socket);

// Gives the connection up: an open one is closed with 1001 (going away). At most one call.
void squall_drop_websocket(squall_websocket *socket);

// ------------------------------------------------------------------------------------- checks, metrics, transactions

// Records whether something that should be true was, and returns it. A check that fails does not end the iteration.
bool squall_check(const char *name, bool passed);

// Metrics live in static variables: `static squall_counter orders = {"orders_placed"};`. The host drops values that are
// negative or not finite.

// A sum: orders placed, bytes uploaded.
typedef struct {
    const char *name;
    uint32_t handle;
} squall_counter;
void squall_counter_add(squall_counter *counter, double value);

// A value of which the latest, the least and the greatest are kept: the length of a queue.
typedef struct {
    const char *name;
    uint32_t handle;
} squall_gauge;
void squall_gauge_set(squall_gauge *gauge, double value);

// A share: cache hits, successful logins.
typedef struct {
    const char *name;
    uint32_t handle;
} squall_rate;
void squall_rate_add(squall_rate *rate, bool value);

// The unit of a trend's values: plain numbers, milliseconds, bytes.
typedef enum { SQUALL_NUMBER, SQUALL_TIME, SQUALL_DATA } squall_unit;

// A distribution, of which percentiles are kept: `static squall_trend basket = {"basket_value", SQUALL_NUMBER};`.
typedef struct {
    const char *name;
    squall_unit unit;
    uint32_t handle;
} squall_trend;
void squall_trend_add(squall_trend *trend, double value);

// A business operation, measured from here to squall_end (transaction_duration). One that is still open when the
// iteration ends ends with it, as failed if the iteration failed: so SQUALL_TRY may be used in between.
typedef struct {
    uint32_t handle;
} squall_transaction;
squall_transaction squall_begin(const char *name);
// Marks it as failed (transaction_failed).
void squall_transaction_fail(squall_transaction transaction);
void squall_end(squall_transaction transaction);

// ------------------------------------------------------------------------------------------------------------- time

// The time since the run began.
double squall_now(void);
// ... in nanoseconds.
uint64_t squall_now_ns(void);
// Waits. Part of the iteration's duration, of no request's latency.
void squall_sleep(double seconds);
// Think time: waits for a random time between the two.
void squall_think(double least, double most);
// Pacing: waits until that much time has passed since this iteration began, or not at all if it has.
void squall_pace(double seconds);

// ---------------------------------------------------------------------------------------------------------- context

// The number of this virtual user, from 1. 0 in setup and teardown.
uint32_t squall_vu(void);
// The number of iterations that this virtual user has begun before this one.
uint64_t squall_iteration(void);
// The run's --target, without a slash at its end; NULL if there is none.
const char *squall_target(void);
// The value that the run was given with -e KEY=VALUE; NULL if it was not.
const char *squall_env(const char *key);
// The next random number, all 64 bits uniform. Chance can be repeated: it is seeded by the run (--seed) and the virtual
// user.
uint64_t squall_random(void);
// A random whole number from first to last, both included; first if last is below it.
int64_t squall_random_in(int64_t first, int64_t last);

// The importance of a line of the log.
typedef enum { SQUALL_DEBUG, SQUALL_INFO, SQUALL_WARN, SQUALL_ERROR } squall_level;
// Writes a line into the run's log.
void squall_log(squall_level level, const char *message);
// Asks for the end of the whole run, as a failure. This iteration continues; no new one begins.
void squall_abort(const char *reason);

// ----------------------------------------------------------------------------------------------------------- memory

// A text as printf makes it; lives until the iteration ends. Without floating point it is small: see squall_join.
const char *squall_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
// Two or more texts, end to end; the last argument is NULL. Lives until the iteration ends.
const char *squall_join(const char *first, ...) __attribute__((sentinel));
// A whole number in decimal. Lives until the iteration ends.
const char *squall_decimal(int64_t number);
// Memory that lives until the iteration ends, aligned for anything.
void *squall_allocate(size_t size);
