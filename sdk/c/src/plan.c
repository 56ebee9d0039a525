// The plan that a scenario suggests, as JSON with the plan file's keys.
#include <stddef.h>
#include <string.h>

#include "internal.h"

// Begins a member of an object, after a comma unless it is the first.
static void append_key(squall_buffer *buffer, const char *key) {
    if (buffer->data[buffer->size - 1] != '{')
        squall_append_letter(buffer, ',');
    squall_append_quoted(buffer, key);
    squall_append_letter(buffer, ':');
}

// All 64 bits, without a sign.
static void append_long(squall_buffer *buffer, uint64_t number) {
    if (number > INT64_MAX)
        squall_append(buffer, squall_decimal((int64_t)(number / 10)));
    squall_append(buffer, squall_decimal((int64_t)(number > INT64_MAX ? number % 10 : number)));
}

static void append_text(squall_buffer *buffer, const char *key, const char *text) {
    append_key(buffer, key);
    squall_append_quoted(buffer, text);
}

static void append_stages(squall_buffer *buffer, const squall_stage *stages, size_t most) {
    squall_append_letter(buffer, '[');
    for (size_t i = 0; i < most && stages[i].duration; i++) {
        squall_append(buffer, i ? ",{" : "{");
        append_text(buffer, "duration", stages[i].duration);
        append_key(buffer, "target");
        squall_append(buffer, squall_decimal(stages[i].target));
        squall_append_letter(buffer, '}');
    }
    squall_append_letter(buffer, ']');
}

static void append_weights(squall_buffer *buffer, const squall_weight *weights, size_t most) {
    squall_append_letter(buffer, '{');
    for (size_t i = 0; i < most && weights[i].flow; i++) {
        append_key(buffer, weights[i].flow);
        squall_append(buffer, squall_decimal(weights[i].weight));
    }
    squall_append_letter(buffer, '}');
}

static void append_pairs(squall_buffer *buffer, const squall_pair *pairs, size_t most) {
    squall_append_letter(buffer, '{');
    for (size_t i = 0; i < most && pairs[i].name; i++)
        append_text(buffer, pairs[i].name, pairs[i].value ? pairs[i].value : "");
    squall_append_letter(buffer, '}');
}

static void append_feeds(squall_buffer *buffer, const char *const *feeds, size_t most) {
    squall_append_letter(buffer, '{');
    for (size_t i = 0; i < most && feeds[i]; i++) {
        append_key(buffer, feeds[i]);
        squall_append(buffer, "{}");
    }
    squall_append_letter(buffer, '}');
}

// One member for each metric, with all of its expressions.
static void append_thresholds(squall_buffer *buffer, const squall_threshold *thresholds, size_t most) {
    squall_append_letter(buffer, '{');
    for (size_t i = 0; i < most && thresholds[i].metric; i++) {
        bool seen = false;
        for (size_t before = 0; before < i; before++)
            seen = seen || !strcmp(thresholds[before].metric, thresholds[i].metric);
        if (seen)
            continue;
        append_key(buffer, thresholds[i].metric);
        for (size_t j = i; j < most && thresholds[j].metric; j++) {
            if (strcmp(thresholds[j].metric, thresholds[i].metric))
                continue;
            squall_append_letter(buffer, j == i ? '[' : ',');
            squall_append_quoted(buffer, thresholds[j].expression);
        }
        squall_append_letter(buffer, ']');
    }
    squall_append_letter(buffer, '}');
}

// The layout of a value. Those from STAGES on are arrays up to the first item that begins with NULL.
typedef enum { NUMBER, LONG, FLAG, TEXT, STAGES, WEIGHTS, PAIRS, FEEDS, THRESHOLDS, SCENARIOS } kind;

// A key of the plan, and the place of its value; NOWHERE if the whole run, or a separate load, does not take it.
typedef struct {
    const char *key;
    kind kind;
    uint16_t of_run, of_load, size;
} field;

#define NOWHERE UINT16_MAX
#define SIZE(type, name) sizeof(((type *)0)->name)
#define OF_RUN(kind, name) {#name, kind, offsetof(squall_scenario, name), NOWHERE, SIZE(squall_scenario, name)}
#define OF_LOAD(kind, name) {#name, kind, NOWHERE, offsetof(squall_load, name), SIZE(squall_load, name)}
// Division by zero is an error: both have arrays of the same size.
#define OF_BOTH(kind, name)                                                                                            \
    {#name, kind, offsetof(squall_scenario, name), offsetof(squall_load, name),                                        \
     SIZE(squall_load, name) / (SIZE(squall_load, name) == SIZE(squall_scenario, name))}

static const field fields[] = {
    OF_LOAD(TEXT, start_time),
    OF_BOTH(NUMBER, vus),
    OF_BOTH(TEXT, duration),
    OF_BOTH(NUMBER, iterations),
    OF_BOTH(STAGES, stages),
    OF_BOTH(TEXT, executor),
    OF_BOTH(TEXT, max_duration),
    OF_BOTH(TEXT, graceful_stop),
    OF_BOTH(TEXT, graceful_ramp_down),
    OF_BOTH(NUMBER, start_vus),
    OF_BOTH(TEXT, rate),
    OF_BOTH(TEXT, time_unit),
    OF_BOTH(TEXT, start_rate),
    OF_BOTH(NUMBER, pre_allocated_vus),
    OF_BOTH(NUMBER, max_vus),
    OF_BOTH(TEXT, arrival),
    OF_BOTH(TEXT, max_backlog),
    OF_RUN(TEXT, warmup),
    OF_RUN(TEXT, pacing),
    OF_BOTH(TEXT, flow),
    OF_BOTH(WEIGHTS, weights),
    OF_BOTH(PAIRS, think_time),
    OF_RUN(SCENARIOS, scenarios),
    OF_BOTH(THRESHOLDS, thresholds),
    OF_RUN(TEXT, target),
    OF_BOTH(PAIRS, env),
    OF_RUN(FEEDS, data),
    OF_BOTH(PAIRS, tags),
    OF_RUN(LONG, seed),
    OF_RUN(NUMBER, threads),
    OF_RUN(TEXT, setup_timeout),
    OF_RUN(TEXT, teardown_timeout),
    OF_BOTH(TEXT, min_iteration_duration),
    OF_RUN(NUMBER, max_series),
    OF_RUN(FLAG, insecure),
    OF_RUN(TEXT, request_timeout),
    OF_RUN(TEXT, connect_timeout),
    OF_RUN(NUMBER, max_redirects),
    OF_RUN(FLAG, no_connection_reuse),
    OF_RUN(FLAG, discard_response_bodies),
    OF_RUN(TEXT, user_agent),
    OF_RUN(NUMBER, shared_connections),
    OF_RUN(TEXT, http_version),
    OF_RUN(NUMBER, max_streams),
    OF_RUN(NUMBER, batch_per_origin),
    OF_RUN(FLAG, no_vu_connection_reuse),
    OF_RUN(TEXT, tls_min),
    OF_RUN(TEXT, tls_max),
    OF_RUN(TEXT, tls_ciphers),
    OF_RUN(FLAG, no_tls_resumption),
    OF_RUN(TEXT, dns),
    OF_RUN(TEXT, connect_rate),
    OF_RUN(FLAG, no_tcp_nodelay),
};

static void append_scenarios(squall_buffer *buffer, const squall_load *const *loads, size_t most);

// Whether the author has set it.
static bool is_set(const field *field, const void *value) {
    switch (field->kind) {
    case NUMBER:
        return *(const uint32_t *)value;
    case LONG:
        return *(const uint64_t *)value;
    case FLAG:
        return *(const bool *)value;
    default: // text, or an array whose items begin with one
        return *(const char *const *)value;
    }
}

static void append_value(squall_buffer *buffer, const field *field, const void *value) {
    switch (field->kind) {
    case NUMBER:
        squall_append(buffer, squall_decimal(*(const uint32_t *)value));
        break;
    case LONG:
        append_long(buffer, *(const uint64_t *)value);
        break;
    case FLAG:
        squall_append(buffer, "true");
        break;
    case TEXT:
        squall_append_quoted(buffer, *(const char *const *)value);
        break;
    case STAGES:
        append_stages(buffer, value, field->size / sizeof(squall_stage));
        break;
    case WEIGHTS:
        append_weights(buffer, value, field->size / sizeof(squall_weight));
        break;
    case PAIRS:
        append_pairs(buffer, value, field->size / sizeof(squall_pair));
        break;
    case FEEDS:
        append_feeds(buffer, value, field->size / sizeof(const char *));
        break;
    case THRESHOLDS:
        append_thresholds(buffer, value, field->size / sizeof(squall_threshold));
        break;
    case SCENARIOS:
        append_scenarios(buffer, value, field->size / sizeof(const squall_load *));
        break;
    }
}

// All options of a whole run or of a separate load, in an object that has begun.
static void append_fields(squall_buffer *buffer, const void *options, bool of_run) {
    for (const field *field = fields; field < fields + sizeof fields / sizeof *fields; field++) {
        uint16_t place = of_run ? field->of_run : field->of_load;
        if (place == NOWHERE)
            continue;
        const void *value = (const char *)options + place;
        if (is_set(field, value)) {
            append_key(buffer, field->key);
            append_value(buffer, field, value);
        }
    }
}

static void append_scenarios(squall_buffer *buffer, const squall_load *const *loads, size_t most) {
    squall_append_letter(buffer, '{');
    for (size_t i = 0; i < most && loads[i]; i++) {
        append_key(buffer, loads[i]->name);
        squall_append_letter(buffer, '{');
        append_fields(buffer, loads[i], false);
        squall_append_letter(buffer, '}');
    }
    squall_append_letter(buffer, '}');
}

void squall_append_plan(squall_buffer *buffer, const squall_scenario *scenario) {
    squall_append_letter(buffer, '{');
    append_fields(buffer, scenario, true);
    if (scenario->no_redirects) {
        append_key(buffer, "max_redirects");
        squall_append_letter(buffer, '0');
    }
    squall_append_letter(buffer, '}');
}
