// Features that shop leaves out: the life cycle, batches, gauges, units, pacing, logs, and a run that ends itself.
//
// It asks the demo shop. `-e ABORT=now` has it end the run, `-e FAIL=setup` (or `start`) has that fail.
#include <squall.h>
#include <string.h>

static squall_counter visitors = {"visitors"};
static squall_gauge products_seen = {"products_seen"};
static squall_trend first_byte = {"first_byte", SQUALL_TIME};

static bool asked_to_fail(const char *stage) {
    const char *failing = squall_env("FAIL");
    return failing && !strcmp(failing, stage);
}

// Once for the whole run: its shared bytes reach every virtual user.
static squall_outcome prepare(void) {
    if (asked_to_fail("setup"))
        return "setup fails, as asked";
    squall_response home = squall_get("/");
    SQUALL_TRY(home);
    squall_share(squall_join("prepared with status ", squall_decimal(home.status), NULL));
    return SQUALL_DONE;
}

// Once for each virtual user.
static squall_outcome arrive(void) {
    if (asked_to_fail("start"))
        return "start fails, as asked";
    squall_check("setup's data arrived", !strcmp(squall_shared(), "prepared with status 200"));
    squall_counter_add(&visitors, 1);
    return SQUALL_DONE;
}

// Once for the whole run, after the last iteration.
static void clean_up(void) { squall_log(SQUALL_INFO, squall_join("all gone; ", squall_shared(), NULL)); }

// Several requests at once, as a browser makes them.
static squall_outcome batch(void) {
    squall_request products[3];
    for (int i = 0; i < 3; i++)
        products[i] = (squall_request){
            .url = squall_join("/products/", squall_decimal(i + 1), NULL), .name = "/products/{id}", .timeout = 5};
    squall_response responses[3];
    squall_send_all(products, 3, responses);
    int arrived = 0;
    for (int i = 0; i < 3; i++)
        arrived += responses[i].status == 200;
    squall_check("all products came", arrived == 3);
    squall_gauge_set(&products_seen, arrived);
    return SQUALL_DONE;
}

// One request each 200 ms, however long it takes.
static squall_outcome paced(void) {
    squall_response missing = squall_get("/products/101", .name = "missing", .no_redirects = true, .expect = {{404}});
    SQUALL_TRY(missing);
    squall_check("missing.status() == 404", missing.status == 404);
    squall_trend_add(&first_byte, (double)squall_response_timings(missing).waiting / 1e6);
    if (squall_env("ABORT"))
        squall_abort("asked to by ABORT");
    squall_pace(0.2);
    return SQUALL_DONE;
}

// Never runs by itself: its weight is 0. `squall run --flow give_up` shows what an error looks like.
static squall_outcome give_up(void) {
    return squall_join("virtual user ", squall_decimal(squall_vu()), " gave up", NULL);
}

SQUALL_SETUP(prepare)
SQUALL_START(arrive)
SQUALL_TEARDOWN(clean_up)
SQUALL_SCENARIO(
    .flows = {{"batch", 2, batch}, {"paced", 1, paced}, {"give_up", 0, give_up}},
    .executor = "ramping-vus",
    .stages = {{"1s", 2}, {"1s", 0}},
)
