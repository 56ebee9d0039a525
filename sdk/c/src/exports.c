// The component's exports. setup, start and teardown are always among the module's functions; the scenario declares its
// own ones (SQUALL_SETUP and its like), and only these become exports of the component.
#include <stdlib.h>
#include <string.h>

#include "internal.h"

__attribute__((weak)) squall_outcome (*const squall_this_setup)(void) = NULL;
__attribute__((weak)) squall_outcome (*const squall_this_start)(void) = NULL;
__attribute__((weak)) void (*const squall_this_teardown)(void) = NULL;

// The bytes that setup shared. The host's memory, or a copy; for good.
static squall_bytes shared = {(const uint8_t *)"", 0};

static void share(const void *bytes, size_t size) {
    char *copy = malloc(size + 1);
    if (!copy)
        abort();
    memcpy(copy, bytes, size);
    copy[size] = 0;
    shared = (squall_bytes){(const uint8_t *)copy, size};
}

void squall_share(const char *text) { share(text, strlen(text)); }

void squall_share_bytes(const void *bytes, size_t size) { share(bytes, size); }

const char *squall_shared(void) { return (const char *)shared.data; }

size_t squall_shared_size(void) { return shared.size; }

// A copy that the bindings free.
static scenario_string_t give(const char *text) {
    scenario_string_t copy;
    scenario_string_dup(&copy, text);
    return copy;
}

// Ends everything that an iteration has left open. The text of its error must have been copied before.
static void clean_up(bool failed) {
    squall_close_responses();
    squall_end_transactions(failed);
    squall_free_iteration();
}

#define MOST_FLOWS (sizeof(squall_this_scenario.flows) / sizeof(squall_this_scenario.flows[0]))

static size_t flow_count(void) {
    size_t count = 0;
    while (count < MOST_FLOWS && squall_this_scenario.flows[count].name)
        count++;
    return count;
}

void exports_scenario_describe(scenario_description_t *description) {
    size_t count = flow_count();
    description->flows.len = count;
    description->flows.ptr = count ? malloc(count * sizeof(squall_scenario_types_flow_t)) : NULL;
    for (size_t i = 0; i < count; i++) {
        description->flows.ptr[i].name = give(squall_this_scenario.flows[i].name);
        description->flows.ptr[i].weight = squall_this_scenario.flows[i].weight;
    }
    squall_buffer plan = {0};
    squall_append_plan(&plan, &squall_this_scenario);
    description->plan = give(plan.size > 2 ? plan.data : ""); // `{}` suggests nothing
    squall_free_iteration();
}

bool exports_scenario_run(uint32_t flow, scenario_string_t *error) {
    squall_outcome outcome = flow < flow_count() ? squall_this_scenario.flows[flow].run() : "no flow of that index";
    if (outcome)
        *error = give(outcome);
    clean_up(outcome);
    return !outcome;
}

// A `result<_, string>` or a `result<list<u8>, string>`, as the canonical ABI lays it out; read before the next call.
static struct {
    uint32_t failed;
    const void *data;
    size_t size;
} result;

static void *finish(squall_outcome outcome) {
    // The one before pointed to the text of an error: errors of start are rare, and small.
    result.failed = outcome != NULL;
    result.data = outcome ? give(outcome).ptr : shared.data;
    result.size = outcome ? strlen(result.data) : shared.size;
    clean_up(outcome);
    return &result;
}

__attribute__((export_name("squall:scenario/setup@0.1.0#setup")))
void *squall_export_setup(void) {
    return finish(squall_this_setup ? squall_this_setup() : NULL);
}

__attribute__((export_name("squall:scenario/start@0.1.0#start")))
void *squall_export_start(const uint8_t *data, size_t size) {
    shared = (squall_bytes){size ? data : (const uint8_t *)"", size};
    return finish(squall_this_start ? squall_this_start() : NULL);
}

__attribute__((export_name("squall:scenario/teardown@0.1.0#teardown")))
void squall_export_teardown(const uint8_t *data, size_t size) {
    shared = (squall_bytes){size ? data : (const uint8_t *)"", size};
    if (squall_this_teardown)
        squall_this_teardown();
    clean_up(false);
}

// The bindings call for it, to be linked with the object file that holds the contract. Here SQUALL_SCENARIO holds it.
void __component_type_object_force_link_scenario(void) {}
