// Reads JSON, as far as a load test needs it for responses.
//
//     squall_json order = squall_json_of(response);
//     double total = squall_json_number(squall_json_get(order, "total"), 0);
//     squall_json_each(item, squall_json_get(order, "items"))
//         squall_check("items have prices", squall_json_number(squall_json_get(item, "price"), 0) > 0);
//
// A missing value is a value, too, and its members are missing. So a chain needs one check at most.
// Values point into the text, which is checked once, as a whole, and lives until the iteration ends.
#pragma once

#include "squall.h"

// A value in a JSON text.
typedef struct {
    const char *at; // where it begins; NULL if it is not there
} squall_json;

// The value that is the text of a response, or any text; not there if that is not JSON.
squall_json squall_json_of(squall_response response);
squall_json squall_json_parse(const char *text);

// Whether the value is there. (null is.)
bool squall_json_there(squall_json value);

// The member of an object of that name; not there if the value is not an object, or does not have it.
squall_json squall_json_get(squall_json object, const char *name);

// The first item of an array, and the next one after an item; not there if there is none.
squall_json squall_json_first(squall_json array);
squall_json squall_json_next(squall_json item);
#define squall_json_each(item, array)                                                                                  \
    for (squall_json item = squall_json_first(array); squall_json_there(item); item = squall_json_next(item))

// The value; `otherwise` if it has another kind, or is not there. A string is decoded, and lives until the
// iteration ends.
double squall_json_number(squall_json value, double otherwise);
const char *squall_json_string(squall_json value, const char *otherwise);
bool squall_json_bool(squall_json value, bool otherwise);
