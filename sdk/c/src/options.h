// Settings of requests: see options.c.
#pragma once

#include "internal.h"

// What a request asks for beyond the defaults.
typedef struct {
    const char *name;
    double timeout;
    uint32_t redirects;
    bool no_redirects, discard_body, keep_body;
    squall_range expect[8];
    uint32_t body_from, body_serial;
} settings;

// Forgets all handles if that many new ones might be too many. Between it and the host's call none is dropped.
void squall_make_room_for_options(size_t more);

// The handle for a request's settings; false where the defaults will do.
bool squall_options_for(const squall_request *request, squall_scenario_http_borrow_request_options_t *options);

// Seconds as the contract counts; what is negative or not a number is 0.
uint64_t squall_nanoseconds(double seconds);
