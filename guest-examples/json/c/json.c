// A request with ten headers and 2 KB of JSON to parse: the cost of a scenario's own work, for benchmarks.
#include <squall_json.h>

static squall_outcome fetch(void) {
    squall_response response = squall_get("/json", .headers = {
        {"accept", "application/json"},
        {"accept-language", "en-GB,en;q=0.8"},
        {"authorization", "Bearer 0123456789abcdef0123456789abcdef"},
        {"cache-control", "no-cache"},
        {"origin", "https://shop.example.test"},
        {"referer", "https://shop.example.test/products?page=3"},
        {"x-client", "squall-json"},
        {"x-client-version", "0.1.0"},
        {"x-request-source", "benchmark"},
        {"x-trace", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
    });
    SQUALL_TRY(response);
    squall_check("status is 200", response.status == 200);
    squall_json order = squall_json_of(response);
    if (!squall_json_there(order))
        return SQUALL_FAIL("the response is not JSON");
    bool priced = true;
    squall_json_each(item, squall_json_get(order, "items"))
        priced = priced && squall_json_number(squall_json_get(item, "price"), 0) > 0;
    squall_check("items have prices", priced);
    return SQUALL_DONE;
}

SQUALL_SCENARIO(.flows = {{"json", 1, fetch}})
