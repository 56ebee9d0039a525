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

// Forgets all handles if that many new ones might be too many. Between it and the host's call none is dropped.
void squall_make_room_for_options(size_t more);

// The handle for a request's settings; false if the defaults are enough.
bool squall_options_for(const squall_request *request, squall_scenario_http_borrow_request_options_t *options);

// Seconds as nanoseconds of the contract; negative numbers and NaN are 0.
uint64_t squall_nanoseconds(double seconds);
