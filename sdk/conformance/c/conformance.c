// The conformance scenario in C: calls every function of the contract, and checks the results. See ../run.py.
#include <squall_json.h>
#include <string.h>

// ------------------------------------------------------------------------------------------------------- life cycle

static squall_outcome prepare(void) {
    const char *failing = squall_env("FAIL");
    if (failing && !strcmp(failing, "setup"))
        return "setup fails, as asked";
    squall_share("the data");
    return SQUALL_DONE;
}

static squall_outcome arrive(void) {
    squall_check("setup's data arrived", squall_shared_size() == 8 && !strcmp(squall_shared(), "the data"));
    return SQUALL_DONE;
}

static void clean_up(void) { squall_log(SQUALL_INFO, squall_join("teardown saw ", squall_shared(), NULL)); }

// --------------------------------------------------------------------------------------------------------- requests

static bool begins(const char *text, const char *beginning) { return !strncmp(text, beginning, strlen(beginning)); }

static bool ends(const char *text, const char *end) {
    size_t size = strlen(text), tail = strlen(end);
    return size >= tail && !strcmp(text + size - tail, end);
}

static bool holds(const char *text, const char *part) { return strstr(text, part); }

static bool is(const char *text, const char *wanted) { return text && !strcmp(text, wanted); }

static squall_outcome methods(void) {
    bool sent = is(squall_header(squall_head("/echo"), "x-method"), "HEAD");
    sent &= begins(squall_text(squall_get("/echo")), "GET /echo\n");
    sent &= begins(squall_text(squall_post("/echo")), "POST /echo\n");
    sent &= begins(squall_text(squall_put("/echo")), "PUT /echo\n");
    sent &= begins(squall_text(squall_patch("/echo")), "PATCH /echo\n");
    sent &= begins(squall_text(squall_delete("/echo")), "DELETE /echo\n");
    sent &= begins(squall_text(squall_options("/echo")), "OPTIONS /echo\n");
    squall_check("methods are sent", sent);
    const char *echo = squall_text(squall_send(.method = "PROPFIND", .url = "/echo"));
    squall_check("any method is sent", begins(echo, "PROPFIND /echo\n"));
    return SQUALL_DONE;
}

static squall_outcome bodies(void) {
    squall_check("no body goes out", !squall_body(squall_post("/body")).size);
    static const char text[] = "größe 世界 🎉";
    squall_check("text goes out", is(squall_text(squall_post("/body", .text = text)), text));
    uint8_t bytes[256];
    for (int i = 0; i < 256; i++)
        bytes[i] = (uint8_t)i;
    squall_bytes back = squall_body(squall_post("/body", .bytes = {bytes, sizeof bytes}));
    squall_check("bytes go out", back.size == 256 && !memcmp(back.data, bytes, 256));
    const char *echo = squall_text(squall_post("/echo", .json = "{\"größe\":[1,2]}"));
    squall_check("json goes out", holds(echo, "content-type: application/json\n") && ends(echo, "\n{\"größe\":[1,2]}"));
    echo = squall_text(squall_post("/echo", .form = {{"a", "1 2"}, {"b", "&ü"}}));
    bool typed = holds(echo, "content-type: application/x-www-form-urlencoded\n");
    squall_check("form goes out", typed && ends(echo, "\na=1+2&b=%26%C3%BC"));
    echo = squall_text(squall_get("/echo", .query = {{"a", "x y&"}, {"b", "ü"}}));
    squall_check("query is escaped", begins(echo, "GET /echo?a=x%20y%26&b=%C3%BC\n"));
    echo = squall_text(squall_get("/echo", .headers = {{"x-b", "1"}, {"x-a", "2"}, {"x-b", "3"}}));
    squall_check("headers go out in order", holds(echo, "x-b: 1\nx-a: 2\nx-b: 3\n"));
    return SQUALL_DONE;
}

static squall_outcome responses(void) {
    squall_check("status arrives", squall_get("/status/418", .expect = {{418}}).status == 418);

    squall_response response = squall_get("/headers");
    squall_check("header is found in any case", is(squall_header(response, "x-ONE"), "1"));
    squall_check("missing header is none", !squall_header(response, "x-three"));
    const char *all = "";
    for (const squall_pair *header = squall_headers(response); header->name; header++)
        if (begins(header->name, "x-"))
            all = squall_join(all, header->name, header->value, " ", NULL);
    squall_check("headers arrive in order", is(all, "x-one1 x-two2 x-two3 "));

    response = squall_get("/bytes");
    squall_bytes body = squall_body(response);
    bool whole = body.size == 256;
    for (size_t i = 0; i < body.size; i++)
        whole = whole && body.data[i] == i;
    squall_check("bytes arrive", whole);
    // It begins with a zero byte. Each byte that is not UTF-8 is replaced by a character of three.
    const char *text = squall_text(response) + 1;
    squall_check("text is repaired", strlen(text) == 127 + 3 * 128 && begins(text + 125, "~\x7f\xef\xbf\xbd\xef\xbf\xbd"));
    squall_close(response);

    response = squall_get("/size/20971520");
    squall_check("size is told", squall_size(response) == 20971520);
    squall_check("large body arrives", squall_body(response).size == 20971520);
    squall_close(response);

    response = squall_get("/redirect/2");
    squall_check("last url is told", is(squall_url(response), squall_join(squall_target(), "/echo", NULL)));
    squall_check("timings are told", squall_response_timings(response).waiting > 0);
    return SQUALL_DONE;
}

static squall_outcome settings(void) {
    squall_response missing = squall_get("/status/404", .name = "missing", .expect = {{400, 404}, {410}});
    squall_check("expected status is no failure", missing.status == 404);
    squall_get("/status/404", .name = "unexpected");
    squall_response discarded = squall_get("/size/10", .discard_body = true);
    squall_check("discarded body is empty", !squall_body(discarded).size && !squall_size(discarded));
    squall_check("kept body is there", is(squall_text(squall_get("/size/10", .keep_body = true)), "xxxxxxxxxx"));
    squall_response redirect = squall_get("/redirect/1", .no_redirects = true);
    squall_check("redirect is left alone", redirect.status == 302 && is(squall_header(redirect, "location"), "/echo"));
    return SQUALL_DONE;
}

// Every error except SQUALL_OTHER, which nothing causes.
static squall_outcome errors(void) {
    squall_check("timeout", squall_get("/slow", .timeout = 0.05).error == SQUALL_TIMEOUT);
    squall_check("dns", squall_get("http://nowhere.invalid/").error == SQUALL_DNS);
    squall_response refused = squall_get("http://127.0.0.1:1/");
    squall_check("connect", refused.error == SQUALL_CONNECT && begins(squall_error_text(refused), "cannot connect: "));
    squall_check("tls", squall_get(squall_join("https", squall_target() + 4, "/", NULL)).error == SQUALL_TLS);
    squall_check("reset", squall_get("/hang-up").error == SQUALL_RESET);
    squall_check("protocol", squall_get("/garbage").error == SQUALL_PROTOCOL);
    squall_check("too large", squall_get("/endless-head").error == SQUALL_TOO_LARGE);
    squall_check("too many redirects", squall_get("/redirect/3", .redirects = 2).error == SQUALL_TOO_MANY_REDIRECTS);
    squall_check("refused by policy", squall_get("http://elsewhere.invalid/").error == SQUALL_REFUSED_BY_POLICY);
    squall_check("invalid request", squall_send(.method = "BAD METHOD", .url = "/").error == SQUALL_INVALID_REQUEST);
    return SQUALL_DONE;
}

static squall_outcome batch(void) {
    squall_request requests[10];
    squall_response answers[10];
    for (int i = 0; i < 10; i++)
        requests[i] = (squall_request){
            .method = "POST", .url = "/body", .text = squall_decimal(i), .headers = {{"x", "y"}}, .name = "batch"};
    requests[5] = (squall_request){.method = "BAD METHOD", .url = "/body"};
    squall_send_all(requests, 10, answers);
    bool in_order = answers[5].error == SQUALL_INVALID_REQUEST;
    for (int i = 0; i < 10; i++)
        in_order = in_order && (i == 5 || is(squall_text(answers[i]), squall_decimal(i)));
    squall_check("batch arrives in order", in_order);
    return SQUALL_DONE;
}

static squall_outcome cookies(void) {
    squall_get("/cookie");
    squall_check("cookies are kept", holds(squall_text(squall_get("/echo")), "cookie: flavour=vanilla\n"));
    squall_clear_cookies();
    squall_check("cookies are cleared", !holds(squall_text(squall_get("/echo")), "cookie:"));
    return SQUALL_DONE;
}

// ------------------------------------------------------------------------------------------- metrics, context, time

static squall_counter counter = {"conformance_counter"};
static squall_gauge gauge = {"conformance_gauge"};
static squall_rate rate = {"conformance_rate"};
static squall_trend numbers = {"conformance_numbers", SQUALL_NUMBER};
static squall_trend times = {"conformance_times", SQUALL_TIME};
static squall_trend sizes = {"conformance_sizes", SQUALL_DATA};

static squall_outcome measures(void) {
    squall_check("checks return", squall_check("checks return what they record", true));
    squall_counter_add(&counter, 1);
    squall_counter_add(&counter, 2.5);
    squall_gauge_set(&gauge, 3);
    squall_gauge_set(&gauge, 7);
    squall_rate_add(&rate, true);
    squall_rate_add(&rate, false);
    squall_trend_add(&numbers, 7);
    squall_trend_add(&times, 10);
    squall_trend_add(&times, 12.5);
    squall_trend_add(&sizes, 2048);
    squall_begin("works"); // ends with the iteration
    squall_transaction transaction = squall_begin("does not");
    squall_transaction_fail(transaction);
    squall_end(transaction);
    squall_end(transaction); // is over already
    transaction = squall_begin("marked");
    squall_transaction_fail(transaction);
    squall_end(transaction);
    return SQUALL_DONE;
}

static squall_outcome context(void) {
    squall_check("vu is numbered", squall_vu() == 1);
    squall_check("target is told", squall_target() && begins(squall_target(), "http://127.0.0.1:"));
    squall_check("option is told", is(squall_env("KEY"), "a value"));
    squall_check("missing option is none", !squall_env("NONE"));
    squall_check("random differs", squall_random() != squall_random());
    unsigned seen = 0;
    for (int i = 0; i < 200; i++)
        seen |= 1u << squall_random_in(1, 6);
    squall_check("random keeps its range", seen == 0x7e);
    squall_log(SQUALL_DEBUG, squall_format("a line for %s", "debugging"));
    squall_log(SQUALL_INFO, "a line of information");
    squall_log(SQUALL_WARN, "a line of warning");
    squall_log(SQUALL_ERROR, "a line of error");
    return SQUALL_DONE;
}

static squall_outcome waits(void) {
    double began = squall_now();
    squall_sleep(0.02);
    squall_check("sleep waits", squall_now() - began >= 0.02);
    squall_think(0.01, 0.02);
    squall_check("think waits", squall_now() - began >= 0.03);
    squall_pace(0.08);
    squall_check("pace waits", squall_now() - began >= 0.075);
    return SQUALL_DONE;
}

// ------------------------------------------------------------------------------------------------------------- data

static squall_feed users = {"users"};
static squall_feed once = {"once", SQUALL_ONCE_EACH, SQUALL_FAIL_AT_END};
static squall_feed nobody = {"nobody"};
static squall_blob upload = {"upload"};

static squall_outcome rows(void) {
    uint64_t count;
    const char *const *columns;
    const char *ada, *bob, *name;
    squall_row first, second, row;
    SQUALL_DO(squall_feed_length(&users, &count));
    squall_check("feed tells its length", count == 3);
    SQUALL_DO(squall_feed_columns(&users, &columns));
    squall_check("feed tells its columns", is(columns[0], "name") && is(columns[1], "email") && !columns[2]);
    SQUALL_DO(squall_next(&users, &first));
    SQUALL_DO(squall_next(&users, &second));
    SQUALL_DO(squall_field(first, "name", &ada));
    SQUALL_DO(squall_field(second, "name", &bob));
    squall_check("rows come in order", squall_row_index(first) == 0 && is(ada, "ada") && is(bob, "bob"));
    SQUALL_DO(squall_row_at(&users, 2, &row));
    SQUALL_DO(squall_field(row, "name", &name));
    squall_check("row is found by its place", is(name, "größe"));
    squall_outcome beyond = squall_row_at(&users, 3, &row);
    squall_check("no row is beyond the last", is(beyond, "data \"users\" has no row 3"));
    const squall_pair *fields = squall_fields(first);
    bool named = is(fields[0].name, "name") && is(fields[1].name, "email") && !fields[2].name;
    squall_check("row has fields", named && is(fields[0].value, "ada") && is(fields[1].value, "ada@example.test"));
    squall_check("row is json", is(squall_row_json(first), "{\"name\":\"ada\",\"email\":\"ada@example.test\"}"));
    squall_outcome unknown = squall_field(first, "nmae", &name);
    squall_check("unknown column is an error", unknown && holds(unknown, "there is no column \"nmae\""));
    squall_outcome missing = squall_feed_length(&nobody, &count);
    squall_check("missing data is an error", missing && holds(missing, "--data nobody="));
    SQUALL_DO(squall_next(&once, &row));
    SQUALL_DO(squall_next(&once, &row));
    squall_outcome end = squall_next(&once, &row);
    squall_check("end of data is an error", end && holds(end, "is exhausted"));

    squall_blob email;
    SQUALL_DO(squall_field_blob(first, "email", &email));
    const char *sent = squall_text(squall_post("/body", .body_from = &email));
    squall_check("field goes out as a body", is(sent, "ada@example.test"));
    return SQUALL_DONE;
}

static squall_outcome feeds(void) {
    SQUALL_DO(rows());
    uint64_t length;
    squall_bytes bytes;
    SQUALL_DO(squall_blob_length(&upload, &length));
    squall_check("blob tells its length", length == 4096);
    SQUALL_DO(squall_blob_read(&upload, 250, 10, &bytes));
    squall_check("blob is read", bytes.size == 10 && !memcmp(bytes.data, "\xfa\xfb\xfc\xfd\xfe\xff\0\1\2\3", 10));
    SQUALL_DO(squall_blob_read(&upload, 4090, 100, &bytes));
    squall_check("blob ends", bytes.size == 6);
    squall_check("blob goes out", squall_size(squall_post("/body", .body_from = &upload)) == 4096);
    return SQUALL_DONE;
}

// ---------------------------------------------------------------------------------------------------------- endings

static squall_outcome streams(void) {
    squall_request events = {.method = "GET", .url = "/events"};
    squall_stream feed = squall_open_stream(&events);
    SQUALL_TRY(feed.response);
    squall_count_tokens(&feed, "/text", NULL);
    const char *type = squall_header(feed.response, "content-type");
    squall_check("stream has a head", feed.response.status == 200 && is(type, "text/event-stream"));
    squall_event event;
    squall_next_event(&feed, SQUALL_FOREVER, &event);
    squall_check("event arrives", is(squall_event_name(event), "tick") && is(squall_event_id(event), "1") &&
                                      is(squall_event_data(event), "{\"text\": \"größe\", \"n\": [1, 2]}"));
    squall_check("value of an event is found", is(squall_event_get(event, "/text"), "größe") &&
                                                   is(squall_event_get(event, "/n/1"), "2") && !squall_event_get(event, "/none"));
    squall_check("event has its time", squall_event_at(event) > 0 && squall_event_at(event) <= squall_now());
    squall_next_event(&feed, SQUALL_FOREVER, &event);
    squall_check("lines of an event are joined", is(squall_event_name(event), "message") && is(squall_event_data(event), "two\nlines"));
    bool ended = squall_next_event(&feed, SQUALL_FOREVER, &event) == SQUALL_OK && !event.handle;
    squall_check("stream ends", ended && squall_next_event(&feed, 0, &event) == SQUALL_OK && !event.handle);
    squall_check("stream tells how to go on", is(squall_last_event_id(&feed), "1") && squall_retry(&feed) == 1.5);
    squall_stream after = squall_reopen_stream(&feed, &events);
    SQUALL_TRY(after.response);
    squall_next_event(&after, SQUALL_FOREVER, &event);
    squall_check("stream goes on", event.handle && is(squall_event_data(event), "after 1"));

    squall_stream late = squall_get_stream("/late");
    SQUALL_TRY(late.response);
    squall_check("event is not there yet", squall_next_event(&late, 0.05, &event) == SQUALL_TIMEOUT);
    squall_next_event(&late, 10, &event);
    squall_check("event is not lost", event.handle && is(squall_event_data(event), "late"));
    squall_bytes piece;
    squall_check("events are not bytes", squall_read(&late, 1, SQUALL_FOREVER, &piece) == SQUALL_INVALID_REQUEST);

    squall_stream large = squall_get_stream("/size/100000");
    SQUALL_TRY(large.response);
    squall_read(&large, 1000, SQUALL_FOREVER, &piece);
    size_t head = piece.size, size = head;
    while (!squall_read(&large, 65536, SQUALL_FOREVER, &piece) && piece.data)
        size += piece.size;
    squall_check("bytes arrive in pieces", head > 0 && head <= 1000 && size == 100000);
    squall_close_stream(&large);

    squall_request post = {.method = "POST", .url = "/body"};
    squall_upload sending = squall_start_upload(&post, -1);
    squall_write_text(&sending, "one");
    squall_write(&sending, (squall_bytes){(const uint8_t *)"two", 3});
    squall_write_from(&sending, &upload);
    squall_finish_upload(&sending);
    squall_stream answer = squall_upload_response(&sending);
    SQUALL_TRY(answer.response);
    bool begun = false;
    for (size = 0; !squall_read(&answer, 65536, SQUALL_FOREVER, &piece) && piece.data; size += piece.size)
        begun |= size == 0 && piece.size >= 6 && !memcmp(piece.data, "onetwo", 6);
    squall_check("body goes out in pieces", begun && size == 4102);
    squall_upload short_one = squall_start_upload(&post, 4);
    squall_check("body is no longer than announced", squall_write_text(&short_one, "12345") == SQUALL_INVALID_REQUEST);
    squall_check("body is no shorter than announced", squall_finish_upload(&short_one) == SQUALL_INVALID_REQUEST);
    squall_check("invalid stream", squall_stream_of(.method = "BAD METHOD", .url = "/").response.error == SQUALL_INVALID_REQUEST);
    return SQUALL_DONE;
}

#define REQUEST "GET /size/5 HTTP/1.1\r\nhost: peer\r\n\r\n"

static bool are(squall_bytes bytes, const char *text) {
    return bytes.size == strlen(text) && !memcmp(bytes.data, text, bytes.size);
}

static squall_outcome peers(void) {
    squall_socket peer = squall_tcp(.name = "peer", .timeout = 10);
    SQUALL_TRY_SOCKET(peer);
    double before = squall_now();
    squall_tcp_send_text(&peer, REQUEST);
    squall_bytes bytes;
    squall_tcp_receive_line(&peer, &bytes);
    squall_check("socket takes a line", are(bytes, "HTTP/1.1 200 Whatever\r\n"));
    squall_tcp_receive_until(&peer, "\r\n\r\n", 4096, &bytes);
    squall_check("socket takes up to a delimiter", bytes.size > 4 && !memcmp(bytes.data + bytes.size - 4, "\r\n\r\n", 4));
    squall_tcp_receive_exactly(&peer, 5, &bytes);
    squall_check("socket takes exactly so many bytes", bytes.size == 5);
    squall_check("socket has its times", before <= squall_tcp_at(&peer) && squall_tcp_at(&peer) <= squall_now());
    peer.timeout = 0.05;
    squall_check("socket has nothing yet", squall_tcp_receive(&peer, 1, &bytes) == SQUALL_TIMEOUT);
    peer.timeout = 10;
    squall_tcp_finish(&peer);
    squall_check("connection ends", squall_tcp_receive(&peer, 1, &bytes) == SQUALL_OK && peer.has_ended);
    squall_check("nothing is sent after the end", squall_tcp_send_text(&peer, "x") == SQUALL_INVALID_REQUEST);
    squall_tcp_close(&peer);

    squall_socket quiet = squall_tcp(.name = "peer"), busy = squall_tcp(.name = "peer");
    SQUALL_TRY_SOCKET(quiet);
    SQUALL_TRY_SOCKET(busy);
    uint32_t keys[] = {squall_tcp_key(&quiet), squall_tcp_key(&busy)};
    squall_check("no socket has anything", squall_wait_any(keys, 2, 0.05) == -1);
    squall_tcp_send_text(&busy, REQUEST);
    squall_check("socket with something is named", squall_wait_any(keys, 2, SQUALL_FOREVER) == 1);
    squall_tcp_close(&quiet);
    squall_tcp_close(&busy);

    squall_check("nobody listens", squall_tcp(.address = "127.0.0.1:1").error == SQUALL_CONNECT);
    squall_check("address is not allowed", squall_tcp(.address = "10.1.2.3:4").error == SQUALL_REFUSED_BY_POLICY);
    squall_check("address has no port", squall_tcp(.address = "nonsense").error == SQUALL_INVALID_REQUEST);

    squall_socket echo = squall_udp(.name = "echo");
    SQUALL_TRY_SOCKET(echo);
    squall_udp_send(&echo, (squall_bytes){(const uint8_t *)"ping", 4});
    bool came = squall_udp_receive(&echo, &bytes) == SQUALL_OK;
    squall_check("datagram comes back", came && are(bytes, "ping") && squall_udp_at(&echo) <= squall_now());
    echo.timeout = 0.05;
    squall_check("no datagram comes", squall_udp_receive(&echo, &bytes) == SQUALL_TIMEOUT);
    squall_udp_close(&echo);
    return SQUALL_DONE;
}

static squall_outcome websockets(void) {
    squall_websocket socket = squall_open_websocket("/socket", .name = "socket", .subprotocol = "chat");
    SQUALL_TRY_SOCKET(socket);
    squall_check("server chooses a subprotocol", !strcmp(squall_websocket_subprotocol(&socket), "chat"));
    double before = squall_now();
    squall_send_text(&socket, "größe");
    squall_message message;
    squall_receive(&socket, SQUALL_FOREVER, &message);
    squall_check("text comes back", message.is_text && are(message.content, "größe"));
    squall_check("message has its times", before <= message.at && message.at <= squall_now());
    squall_send_bytes(&socket, (squall_bytes){(const uint8_t *)"\0\xff", 2});
    squall_receive(&socket, 10, &message);
    bool came = !message.is_text && message.content.size == 2 && !memcmp(message.content.data, "\0\xff", 2);
    squall_check("bytes come back", came);
    squall_ping(&socket);
    squall_check("no message has come", squall_receive(&socket, 0.2, &message) == SQUALL_TIMEOUT);
    squall_close_websocket(&socket, 3000, "bye");
    bool ended = squall_receive(&socket, SQUALL_FOREVER, &message) == SQUALL_OK && socket.has_ended;
    squall_check("WebSocket is closed", ended && squall_websocket_closed(&socket) == 3000);
    squall_check("nothing is sent after the close", squall_send_text(&socket, "x") == SQUALL_RESET);
    squall_drop_websocket(&socket);
    squall_websocket refused = squall_open_websocket("/status/200", .name = "socket");
    squall_check("server does not agree", refused.error == SQUALL_PROTOCOL);
    squall_websocket invalid = squall_open_websocket("/socket", .subprotocol = "a b");
    squall_check("invalid subprotocol", invalid.error == SQUALL_INVALID_REQUEST);
    return SQUALL_DONE;
}

// Comes in five of nineteen iterations.
static squall_outcome often(void) {
    static uint64_t least;
    squall_get("/often");
    squall_check("iterations count up", squall_iteration() >= least);
    least = squall_iteration() + 1;
    return SQUALL_DONE;
}

static squall_outcome fails(void) { return SQUALL_FAIL("it fails, as asked"); }

static squall_outcome aborts(void) {
    squall_abort("it aborts, as asked");
    return SQUALL_DONE;
}

SQUALL_SETUP(prepare)
SQUALL_START(arrive)
SQUALL_TEARDOWN(clean_up)
SQUALL_SCENARIO(.data = {"users"}, .flows = {
    {"methods", 1, methods}, {"bodies", 1, bodies}, {"responses", 1, responses}, {"settings", 1, settings}, {"errors", 1, errors},
    {"batch", 1, batch}, {"cookies", 1, cookies}, {"measures", 1, measures}, {"context", 1, context}, {"waits", 1, waits},
    {"feeds", 1, feeds}, {"streams", 1, streams}, {"sockets", 1, peers}, {"websockets", 1, websockets}, {"often", 5, often}, {"fails", 0, fails}, {"aborts", 0, aborts},
})
