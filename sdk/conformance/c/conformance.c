// The conformance scenario in C: calls every function of the contract, and checks what it gets. See ../run.py.
#include <squall_json.h>
#include <stdlib.h>
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

static void send_them(void) {
    const char *method = squall_header(squall_head("/echo"), "x-method");
    bool sent = method && !strcmp(method, "HEAD");
    sent = sent && begins(squall_text(squall_get("/echo")), "GET /echo\n");
    sent = sent && begins(squall_text(squall_post("/echo")), "POST /echo\n");
    sent = sent && begins(squall_text(squall_put("/echo")), "PUT /echo\n");
    sent = sent && begins(squall_text(squall_patch("/echo")), "PATCH /echo\n");
    sent = sent && begins(squall_text(squall_delete("/echo")), "DELETE /echo\n");
    sent = sent && begins(squall_text(squall_options("/echo")), "OPTIONS /echo\n");
    squall_check("methods are sent", sent);

    const char *echo = squall_text(squall_get("/echo", .query = {{"a", "x y&"}, {"b", "\xc3\xbc"}}));
    squall_check("query is escaped", begins(echo, "GET /echo?a=x%20y%26&b=%C3%BC\n"));
    echo = squall_text(squall_get("/echo", .headers = {{"x-b", "1"}, {"x-a", "2"}, {"x-b", "3"}}));
    squall_check("headers go out in order", holds(echo, "x-b: 1\nx-a: 2\nx-b: 3\n"));

    squall_check("text goes out", !strcmp(squall_text(squall_post("/body", .text = "some text")), "some text"));
    uint8_t bytes[256];
    for (int i = 0; i < 256; i++)
        bytes[i] = (uint8_t)i;
    squall_bytes back = squall_body(squall_post("/body", .bytes = {bytes, sizeof bytes}));
    squall_check("bytes go out", back.size == 256 && !memcmp(back.data, bytes, 256));
    echo = squall_text(squall_post("/echo", .form = {{"a", "1 2"}, {"b", "&"}}));
    squall_check("form goes out", holds(echo, "content-type: application/x-www-form-urlencoded\n") && ends(echo, "\na=1%202&b=%26"));
}

static void receive_them(void) {
    squall_check("status arrives", squall_get("/status/418", .expect = {{418}}).status == 418);

    squall_response response = squall_get("/headers");
    const char *one = squall_header(response, "x-ONE");
    squall_check("header is found in any case", one && !strcmp(one, "1"));
    squall_check("missing header is none", !squall_header(response, "x-three"));
    const char *all = "";
    for (const squall_pair *header = squall_headers(response); header->name; header++)
        if (begins(header->name, "x-"))
            all = squall_join(all, header->name, header->value, " ", NULL);
    squall_check("headers arrive in order", !strcmp(all, "x-one1 x-two2 x-two3 "));

    response = squall_get("/bytes");
    squall_bytes body = squall_body(response);
    bool whole = body.size == 256;
    for (size_t i = 0; i < body.size; i++)
        whole = whole && body.data[i] == i;
    squall_check("bytes arrive", whole);
    // It begins with a zero byte. Each of the bytes that are no UTF-8 is replaced by a character of three.
    const char *text = squall_text(response) + 1;
    squall_check("text is repaired", strlen(text) == 127 + 3 * 128 && begins(text + 125, "~\x7f\xef\xbf\xbd\xef\xbf\xbd"));
    squall_close(response);

    response = squall_get("/size/20971520");
    squall_check("large body arrives", squall_body(response).size == 20971520);
    squall_close(response);

    response = squall_get("/redirect/2");
    squall_check("last url is told", !strcmp(squall_url(response), squall_join(squall_target(), "/echo", NULL)));
    squall_check("timings are told", squall_response_timings(response).waiting > 0);
}

static void set_them(void) {
    squall_response missing = squall_get("/status/404", .name = "missing", .expect = {{400, 404}, {410}});
    squall_check("expected status is no failure", missing.status == 404);
    squall_check("discarded body is empty", !squall_body(squall_get("/size/10", .discard_body = true)).size);
    squall_check("kept body is there", !strcmp(squall_text(squall_get("/size/10", .keep_body = true)), "xxxxxxxxxx"));
    squall_response redirect = squall_get("/redirect/1", .no_redirects = true);
    const char *location = squall_header(redirect, "location");
    squall_check("redirect is left alone", redirect.status == 302 && location && !strcmp(location, "/echo"));
}

static void batch(void) {
    squall_request requests[10];
    squall_response responses[10];
    for (int i = 0; i < 10; i++)
        requests[i] = (squall_request){
            .method = "POST", .url = "/body", .text = squall_decimal(i), .headers = {{"x", "y"}}, .name = "batch"};
    requests[5].method = "BAD METHOD";
    squall_send_all(requests, 10, responses);
    bool in_order = responses[5].error == SQUALL_INVALID_REQUEST;
    for (int i = 0; i < 10; i++)
        in_order = in_order && (i == 5 || !strcmp(squall_text(responses[i]), squall_decimal(i)));
    squall_check("batch arrives in order", in_order);
}

static void cookies(void) {
    squall_get("/cookie");
    squall_check("cookies are kept", holds(squall_text(squall_get("/echo")), "cookie: flavour=vanilla\n"));
    squall_clear_cookies();
    squall_check("cookies are cleared", !holds(squall_text(squall_get("/echo")), "cookie:"));
}

static squall_outcome requests(void) {
    send_them();
    receive_them();
    set_them();
    batch();
    cookies();
    return SQUALL_DONE;
}

// Every error that a server can cause.
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
    squall_check("invalid request", squall_send(.method = "BAD METHOD", .url = "/").error == SQUALL_INVALID_REQUEST);
    return SQUALL_DONE;
}

// ------------------------------------------------------------------------------------------------- metrics, context

static squall_counter counter = {"conformance_counter"};
static squall_gauge gauge = {"conformance_gauge"};
static squall_rate rate = {"conformance_rate"};
static squall_trend trend = {"conformance_trend", SQUALL_TIME};

static squall_outcome measures(void) {
    squall_counter_add(&counter, 1);
    squall_counter_add(&counter, 2.5);
    squall_gauge_set(&gauge, 3);
    squall_gauge_set(&gauge, 7);
    squall_rate_add(&rate, true);
    squall_rate_add(&rate, false);
    squall_trend_add(&trend, 10);
    squall_trend_add(&trend, 12.5);
    squall_begin("works"); // ends with the iteration
    squall_transaction transaction = squall_begin("does not");
    squall_transaction_fail(transaction);
    squall_end(transaction);
    squall_end(transaction);
    return SQUALL_DONE;
}

static squall_outcome context(void) {
    const char *target = squall_target(), *key = squall_env("KEY");
    squall_check("vu is numbered", squall_vu() == 1);
    squall_check("iteration is counted", squall_iteration() == 3);
    squall_check("target is told", target && begins(target, "http://127.0.0.1:"));
    squall_check("option is told", key && !strcmp(key, "a value"));
    squall_check("missing option is none", !squall_env("NONE"));
    squall_check("random differs", squall_random() != squall_random());
    squall_log(SQUALL_DEBUG, squall_format("a line for %s", "debugging"));
    squall_log(SQUALL_INFO, "a line of information");
    squall_log(SQUALL_WARN, "a line of warning");
    squall_log(SQUALL_ERROR, "a line of error");

    double began = squall_now();
    squall_sleep(0.02);
    squall_check("sleep waits", squall_now() - began >= 0.02);
    squall_pace(0.06);
    squall_check("pace waits", squall_now() - began >= 0.055);
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
SQUALL_SCENARIO(.flows = {
    {"requests", 1, requests}, {"errors", 1, errors}, {"measures", 1, measures}, {"context", 1, context},
    {"fails", 0, fails}, {"aborts", 0, aborts},
})
