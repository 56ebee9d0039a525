// Time, chance, and this virtual user and the run.
#include "options.h"

uint64_t squall_nanoseconds(double seconds) {
    double ns = seconds * 1e9;
    if (!(ns > 0))
        return 0;
    return ns < 18446744073709549568.0 ? (uint64_t)ns : UINT64_MAX;
}

uint64_t squall_now_ns(void) { return squall_scenario_timing_now(); }

double squall_now(void) { return (double)squall_scenario_timing_now() / 1e9; }

void squall_sleep(double seconds) {
    uint64_t ns = squall_nanoseconds(seconds);
    if (ns)
        squall_scenario_timing_sleep(ns);
}

void squall_think(double least, double most) {
    // A double holds 53 bits exactly.
    if (most > least)
        least += (most - least) * ((double)(squall_random() >> 11) / (double)(1LL << 53));
    squall_sleep(least);
}

void squall_pace(double seconds) { squall_scenario_timing_pace(squall_nanoseconds(seconds)); }

uint32_t squall_vu(void) { return squall_scenario_context_vu(); }

uint64_t squall_iteration(void) { return squall_scenario_context_iteration(); }

// A text of the host's, if there is one: cabi_realloc has put a zero at its end.
static const char *optional(bool there, scenario_string_t text) {
    return there ? (text.len ? (const char *)text.ptr : "") : NULL;
}

const char *squall_target(void) {
    scenario_string_t target = {0};
    bool there;
    RECEIVE(there = squall_scenario_context_target(&target));
    return optional(there, target);
}

const char *squall_env(const char *key) {
    scenario_string_t name = lend(key), value = {0};
    bool there;
    RECEIVE(there = squall_scenario_context_option(&name, &value));
    return optional(there, value);
}

uint64_t squall_random(void) { return squall_scenario_context_random(); }

int64_t squall_random_in(int64_t first, int64_t last) {
    if (last <= first)
        return first;
    uint64_t span = (uint64_t)last - (uint64_t)first + 1;
    if (!span)
        return (int64_t)squall_random(); // all numbers there are
    // The high half of the product is uniform over the span, up to a bias far below any test's resolution.
    return (int64_t)((uint64_t)first + (uint64_t)(((unsigned __int128)squall_random() * span) >> 64));
}

void squall_log(squall_level level, const char *message) {
    scenario_string_t lent = lend(message);
    squall_scenario_context_log((uint8_t)level, &lent);
}

void squall_abort(const char *reason) {
    scenario_string_t lent = lend(reason);
    squall_scenario_context_abort(&lent);
}
