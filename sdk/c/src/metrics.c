// Checks, metrics and transactions. The host is asked for each metric once per virtual user, when it is first used.
#include <stdlib.h>

#include "internal.h"

bool squall_check(const char *name, bool passed) {
    scenario_string_t lent = lend(name);
    squall_scenario_metrics_check(&lent, passed);
    return passed;
}

void squall_counter_add(squall_counter *counter, double value) {
    if (!counter->handle) {
        scenario_string_t name = lend(counter->name);
        counter->handle = (uint32_t)squall_scenario_metrics_constructor_counter(&name).__handle;
    }
    squall_scenario_metrics_method_counter_add((squall_scenario_metrics_borrow_counter_t){(int32_t)counter->handle}, value);
}

void squall_gauge_set(squall_gauge *gauge, double value) {
    if (!gauge->handle) {
        scenario_string_t name = lend(gauge->name);
        gauge->handle = (uint32_t)squall_scenario_metrics_constructor_gauge(&name).__handle;
    }
    squall_scenario_metrics_method_gauge_set((squall_scenario_metrics_borrow_gauge_t){(int32_t)gauge->handle}, value);
}

void squall_rate_add(squall_rate *rate, bool value) {
    if (!rate->handle) {
        scenario_string_t name = lend(rate->name);
        rate->handle = (uint32_t)squall_scenario_metrics_constructor_rate(&name).__handle;
    }
    squall_scenario_metrics_method_rate_add((squall_scenario_metrics_borrow_rate_t){(int32_t)rate->handle}, value);
}

void squall_trend_add(squall_trend *trend, double value) {
    if (!trend->handle) {
        scenario_string_t name = lend(trend->name);
        trend->handle = (uint32_t)squall_scenario_metrics_constructor_trend(&name, (uint8_t)trend->unit).__handle;
    }
    squall_scenario_metrics_method_trend_add((squall_scenario_metrics_borrow_trend_t){(int32_t)trend->handle}, value);
}

// The transactions that are under way.
static struct {
    uint32_t *handles;
    size_t count, room;
} open;

static void drop(uint32_t handle) {
    squall_scenario_metrics_transaction_drop_own((squall_scenario_metrics_own_transaction_t){(int32_t)handle});
}

squall_transaction squall_begin(const char *name) {
    scenario_string_t lent = lend(name);
    if (open.count == open.room) {
        open.room = open.room ? 2 * open.room : 8;
        open.handles = realloc(open.handles, open.room * sizeof *open.handles);
        if (!open.handles)
            abort();
    }
    uint32_t handle = (uint32_t)squall_scenario_metrics_constructor_transaction(&lent).__handle;
    open.handles[open.count++] = handle;
    return (squall_transaction){handle};
}

// Its index among the open ones; their number if it is not open.
static size_t place_of(squall_transaction transaction) {
    size_t place = 0;
    while (place < open.count && open.handles[place] != transaction.handle)
        place++;
    return place;
}

void squall_transaction_fail(squall_transaction transaction) {
    if (place_of(transaction) < open.count)
        squall_scenario_metrics_method_transaction_fail(
            (squall_scenario_metrics_borrow_transaction_t){(int32_t)transaction.handle});
}

void squall_end(squall_transaction transaction) {
    size_t place = place_of(transaction);
    if (place < open.count) {
        open.handles[place] = open.handles[--open.count];
        drop(transaction.handle);
    }
}

void squall_end_transactions(bool failed) {
    while (open.count) {
        squall_transaction last = {open.handles[open.count - 1]};
        if (failed)
            squall_transaction_fail(last);
        squall_end(last);
    }
}
