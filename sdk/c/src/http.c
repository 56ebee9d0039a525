// Requests and responses.
#include <stdlib.h>
#include <string.h>

#include "options.h"

_Static_assert(SQUALL_TIMEOUT == SQUALL_SCENARIO_HTTP_ERROR_TIMEOUT + 1, "errors are the contract's, after SQUALL_OK");
_Static_assert(SQUALL_OTHER == SQUALL_SCENARIO_HTTP_ERROR_OTHER + 1, "errors are the contract's, after SQUALL_OK");

// ---------------------------------------------------------------------------------------------------- held responses

// The responses of this iteration that have not been closed.
static struct {
    uint32_t *handles;
    size_t count, room;
} held;

static void hold(uint32_t handle) {
    if (held.count == held.room) {
        held.room = held.room ? 2 * held.room : 16;
        held.handles = realloc(held.handles, held.room * sizeof *held.handles);
        if (!held.handles)
            abort();
    }
    held.handles[held.count++] = handle;
}

static void drop(uint32_t handle) {
    squall_scenario_http_response_drop_own((squall_scenario_http_own_response_t){(int32_t)handle});
}

void squall_close(squall_response response) {
    for (size_t i = held.count; i-- > 0;) {
        if (held.handles[i] == response.handle) {
            held.handles[i] = held.handles[--held.count];
            drop(response.handle);
            return;
        }
    }
}

void squall_close_responses(void) {
    while (held.count)
        drop(held.handles[--held.count]);
    squall_close_data();
}

// ---------------------------------------------------------------------------------------------------------- sending

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *url_of(const squall_request *request) {
    if (!request->query[0].name)
        return request->url;
    squall_buffer url = {0};
    squall_append(&url, request->url);
    squall_append_query(&url, request->query, COUNT(request->query), strchr(request->url, '?') ? '&' : '?');
    return url.data;
}

// The body, if there is one, and the content type that goes with it.
static bool body_of(const squall_request *request, scenario_list_u8_t *body, const char **type) {
    const char *text = request->text;
    *type = NULL;
    if (request->json) {
        text = request->json;
        *type = "application/json";
    } else if (request->form[0].name) {
        squall_buffer form = {0};
        squall_append_form(&form, request->form, COUNT(request->form));
        text = form.data;
        *type = "application/x-www-form-urlencoded";
    }
    if (text)
        *body = (scenario_list_u8_t){(uint8_t *)text, strlen(text)};
    else if (request->bytes.data)
        *body = (scenario_list_u8_t){(uint8_t *)request->bytes.data, request->bytes.size};
    return text || request->bytes.data;
}

static size_t lower_headers(const squall_request *request, const char *type, scenario_tuple2_string_string_t *fields) {
    size_t count = 0;
    for (; count < COUNT(request->headers) && request->headers[count].name; count++) {
        squall_pair header = request->headers[count];
        fields[count].f0 = lend(header.name);
        fields[count].f1 = lend(header.value ? header.value : "");
        if (type && !strcasecmp(header.name, "content-type"))
            type = NULL;
    }
    if (type) {
        fields[count].f0 = lend("content-type");
        fields[count++].f1 = lend(type);
    }
    return count;
}

void squall_lower(const squall_request *request, scenario_tuple2_string_string_t *fields,
                  squall_scenario_http_request_t *lowered) {
    const char *type;
    lowered->method = lend(request->method ? request->method : "GET");
    lowered->url = lend(url_of(request));
    lowered->body.is_some = body_of(request, &lowered->body.val, &type);
    lowered->headers.ptr = fields;
    lowered->headers.len = lower_headers(request, type, fields);
    lowered->options.is_some = squall_options_for(request, &lowered->options.val);
}

squall_response squall_responded(squall_scenario_http_own_response_t response) {
    hold((uint32_t)response.__handle);
    int status = squall_scenario_http_method_response_status(squall_scenario_http_borrow_response(response));
    return (squall_response){.status = status, .detail = "", .handle = (uint32_t)response.__handle};
}

squall_response squall_failed(const squall_scenario_http_error_t *error) {
    squall_error kind = error->tag < SQUALL_OTHER ? (squall_error)(error->tag + 1) : SQUALL_OTHER;
    // All cases but the timeout have a text, in the same place.
    const char *detail = kind == SQUALL_TIMEOUT || !error->val.other.len ? "" : (const char *)error->val.other.ptr;
    return (squall_response){.error = kind, .detail = detail};
}

squall_response squall_send_request(const squall_request *request) {
    squall_scenario_http_request_t lowered;
    scenario_tuple2_string_string_t fields[MOST_FIELDS];
    squall_scenario_http_own_response_t response;
    squall_scenario_http_error_t error;
    bool arrived;
    const char *missing = request->body_from ? squall_open_blob(request->body_from) : NULL;
    if (missing)
        return (squall_response){.error = SQUALL_INVALID_REQUEST, .detail = missing};
    squall_make_room_for_options(1);
    squall_lower(request, fields, &lowered);
    RECEIVE(arrived = squall_scenario_http_send(&lowered, &response, &error));
    return arrived ? squall_responded(response) : squall_failed(&error);
}

void squall_send_all(const squall_request *requests, size_t count, squall_response *responses) {
    squall_scenario_http_list_request_t lowered = {squall_allocate(count * sizeof *lowered.ptr), count};
    squall_scenario_http_list_result_own_response_error_t results;
    for (size_t i = 0; i < count; i++) {
        const char *missing = requests[i].body_from ? squall_open_blob(requests[i].body_from) : NULL;
        if (missing) { // one invalid request fails the batch, and each response has the error
            for (size_t j = 0; j < count; j++)
                responses[j] = (squall_response){.error = SQUALL_INVALID_REQUEST, .detail = missing};
            return;
        }
    }
    squall_make_room_for_options(count);
    for (size_t i = 0; i < count; i++) {
        scenario_tuple2_string_string_t *fields = squall_allocate(MOST_FIELDS * sizeof *fields);
        squall_lower(&requests[i], fields, &lowered.ptr[i]);
    }
    RECEIVE(squall_scenario_http_send_all(&lowered, &results));
    for (size_t i = 0; i < count; i++) {
        squall_scenario_http_result_own_response_error_t *result = &results.ptr[i];
        responses[i] = result->is_err ? squall_failed(&result->val.err) : squall_responded(result->val.ok);
    }
}

void squall_clear_cookies(void) { squall_scenario_http_clear_cookies(); }

const char *squall_error_text(squall_response response) {
    static const char *const classes[] = {
        "",         "request timed out", "name look-up failed", "cannot connect",     "TLS failed",        "connection lost",
        "bad response", "response too large", "too many redirects",  "refused by policy", "invalid request", "request failed",
    };
    if (response.error == SQUALL_OK || !*response.detail)
        return classes[response.error];
    return response.error == SQUALL_OTHER ? response.detail : squall_join(classes[response.error], ": ", response.detail, NULL);
}

// ------------------------------------------------------------------------------------------------------- responses

static squall_scenario_http_borrow_response_t borrow(squall_response response) {
    return (squall_scenario_http_borrow_response_t){(int32_t)response.handle};
}

// A text of the host's: cabi_realloc has put a zero at its end.
static const char *text_of(scenario_string_t text) { return text.len ? (const char *)text.ptr : ""; }

const char *squall_header(squall_response response, const char *name) {
    scenario_string_t lent = lend(name), value;
    bool there = false;
    if (response.handle)
        RECEIVE(there = squall_scenario_http_method_response_header(borrow(response), &lent, &value));
    return there ? text_of(value) : NULL;
}

const squall_pair *squall_headers(squall_response response) {
    scenario_list_tuple2_string_string_t fields = {0};
    if (response.handle)
        RECEIVE(squall_scenario_http_method_response_headers(borrow(response), &fields));
    squall_pair *headers = squall_allocate((fields.len + 1) * sizeof *headers);
    for (size_t i = 0; i < fields.len; i++)
        headers[i] = (squall_pair){text_of(fields.ptr[i].f0), text_of(fields.ptr[i].f1)};
    headers[fields.len] = (squall_pair){0};
    return headers;
}

squall_bytes squall_body(squall_response response) {
    scenario_list_u8_t body = {0};
    if (response.handle)
        RECEIVE(squall_scenario_http_method_response_body(borrow(response), &body));
    return (squall_bytes){body.ptr, body.len};
}

// As the canonical ABI flattens it: a component that does not call it does not import it.
__attribute__((__import_module__("squall:scenario/http@0.1.0"), __import_name__("[method]response.size")))
extern uint64_t response_size(uint32_t);

uint64_t squall_size(squall_response response) { return response.handle ? response_size(response.handle) : 0; }

const char *squall_text(squall_response response) {
    scenario_string_t text = {0};
    if (response.handle)
        RECEIVE(squall_scenario_http_method_response_text(borrow(response), &text));
    return text_of(text);
}

const char *squall_url(squall_response response) {
    scenario_string_t url = {0};
    if (response.handle)
        RECEIVE(squall_scenario_http_method_response_url(borrow(response), &url));
    return text_of(url);
}

squall_timings squall_response_timings(squall_response response) {
    squall_scenario_http_timings_t cost = {0};
    if (response.handle)
        squall_scenario_http_method_response_timings(borrow(response), &cost);
    return (squall_timings){cost.blocked, cost.connecting, cost.tls_handshaking, cost.sending, cost.waiting, cost.receiving};
}
