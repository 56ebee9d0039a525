// The plan that a scenario suggests, as JSON with the plan file's keys.
#include <string.h>

#include "internal.h"

// Begins a member of an object, after a comma where it is not the first.
static void append_key(squall_buffer *buffer, const char *key) {
    if (buffer->data[buffer->size - 1] != '{')
        squall_append_letter(buffer, ',');
    squall_append_quoted(buffer, key);
    squall_append_letter(buffer, ':');
}

static void append_number(squall_buffer *buffer, const char *key, uint32_t number) {
    if (number) {
        append_key(buffer, key);
        squall_append(buffer, squall_decimal(number));
    }
}

static void append_text(squall_buffer *buffer, const char *key, const char *text) {
    if (text) {
        append_key(buffer, key);
        squall_append_quoted(buffer, text);
    }
}

static void append_stages(squall_buffer *buffer, const squall_stage *stages, size_t most) {
    append_key(buffer, "stages");
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

// One member for each metric, with all of its expressions.
static void append_thresholds(squall_buffer *buffer, const squall_threshold *thresholds, size_t most) {
    append_key(buffer, "thresholds");
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

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void squall_append_plan(squall_buffer *buffer, const squall_scenario *scenario) {
    squall_append_letter(buffer, '{');
    append_number(buffer, "vus", scenario->vus);
    append_number(buffer, "iterations", scenario->iterations);
    append_text(buffer, "duration", scenario->duration);
    append_text(buffer, "executor", scenario->executor);
    if (scenario->stages[0].duration)
        append_stages(buffer, scenario->stages, COUNT(scenario->stages));
    append_text(buffer, "rate", scenario->rate);
    append_number(buffer, "pre_allocated_vus", scenario->pre_allocated_vus);
    append_number(buffer, "max_vus", scenario->max_vus);
    if (scenario->data[0]) {
        append_key(buffer, "data");
        squall_append_letter(buffer, '{');
        for (size_t i = 0; i < COUNT(scenario->data) && scenario->data[i]; i++) {
            if (i)
                squall_append_letter(buffer, ',');
            squall_append_quoted(buffer, scenario->data[i]);
            squall_append(buffer, ":{}");
        }
        squall_append_letter(buffer, '}');
    }
    if (scenario->thresholds[0].metric)
        append_thresholds(buffer, scenario->thresholds, COUNT(scenario->thresholds));
    squall_append_letter(buffer, '}');
}
