// Settings of requests: see options.c.
#pragma once

#include "internal.h"

// A request's settings other than the defaults.
typedef struct {
    const char *name;
    double timeout;
    uint32_t redirects;
    bool no_redirects, discard_body, keep_body;
    squall_range expect[8];
    uint32_t body_from, body_serial;
} settings;

// There is always room for one header more than fits into a request: the content type.
enum { MOST_FIELDS = sizeof(((squall_request *)0)->headers) / sizeof(((squall_request *)0)->headers[0]) + 1 };

// http.c: a request in the contract's words, with room for MOST_FIELDS; its response, and its error.
void squall_lower(const squall_request *request, scenario_tuple2_string_string_t *fields,
                  squall_scenario_http_request_t *lowered);
squall_response squall_responded(squall_scenario_http_own_response_t response);
squall_response squall_failed(const squall_scenario_http_error_t *error);

// Forgets all handles if that many new ones might be too many. Between it and the host's call none is dropped.
void squall_make_room_for_options(size_t more);

// The handle for a request's settings; false if the defaults are enough.
bool squall_options_for(const squall_request *request, squall_scenario_http_borrow_request_options_t *options);

// Seconds as nanoseconds of the contract; negative numbers and NaN are 0.
uint64_t squall_nanoseconds(double seconds);
// The same of a wait, which is without end if it is negative.
static inline uint64_t squall_limit(double within) { return within < 0 ? UINT64_MAX : squall_nanoseconds(within); }
