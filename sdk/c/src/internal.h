// Shared declarations of the SDK's parts.
#pragma once

#include "../bindings/scenario.h"
#include "../squall.h"

// A text as the bindings take it. The host does not keep it.
static inline scenario_string_t lend(const char *text) {
    return (scenario_string_t){.ptr = (uint8_t *)text, .len = __builtin_strlen(text)};
}

// memory.c ------------------------------------------------------------------

// While it is true, memory for the host's results lives until the iteration ends. (Else it stays: the adapter for WASI
// asks for memory, too, and keeps it.)
extern bool squall_receiving;

// Calls the host for something that has to be handed over.
#define RECEIVE(call)                                                                                                  \
    do {                                                                                                               \
        squall_receiving = true;                                                                                       \
        call;                                                                                                          \
        squall_receiving = false;                                                                                      \
    } while (0)

// Why the host has no result: the error in its answer, whose first byte marks one, with its text; SQUALL_OK without one.
static inline squall_response squall_broken(const uint32_t *answer) {
    if (!(uint8_t)answer[0])
        return (squall_response){.detail = ""};
    uint8_t kind = (uint8_t)answer[1];
    squall_error error = kind < SQUALL_OTHER ? (squall_error)(kind + 1) : SQUALL_OTHER;
    // The timeout has no text. cabi_realloc has put a zero at the end of others.
    bool has_text = error != SQUALL_TIMEOUT && answer[3];
    return (squall_response){.error = error, .detail = has_text ? (const char *)(uintptr_t)answer[2] : ""};
}

// Frees the iteration's memory.
void squall_free_iteration(void);

// text.c --------------------------------------------------------------------

// A text that grows; it lives until the iteration ends.
typedef struct {
    char *data;
    size_t size, room;
} squall_buffer;

void squall_append(squall_buffer *buffer, const char *text);
void squall_append_letter(squall_buffer *buffer, char letter);
// With everything but RFC 3986's unreserved characters percent-encoded, and `space` for a space.
void squall_append_escaped(squall_buffer *buffer, const char *text, const char *space);
// As a string of JSON.
void squall_append_quoted(squall_buffer *buffer, const char *text);
// A query: pairs up to the first without a name, the first of them after the mark `first`.
void squall_append_query(squall_buffer *buffer, const squall_pair *pairs, size_t most, char first);
// A form's fields (application/x-www-form-urlencoded): pairs up to the first without a name, a space as `+`.
void squall_append_form(squall_buffer *buffer, const squall_pair *pairs, size_t most);

// plan.c --------------------------------------------------------------------

// The suggested plan, with the plan file's keys.
void squall_append_plan(squall_buffer *buffer, const squall_scenario *scenario);

// data.c --------------------------------------------------------------------

// Has the settings send that blob.
void squall_hand_over(int32_t options, uint32_t blob);
// Why a file cannot be sent; NULL if it can.
const char *squall_open_blob(squall_blob *blob);
// Has a handle dropped at the end of the iteration; or drops it now.
void squall_hold(uint32_t handle, void (*drop)(uint32_t));
void squall_let_go(uint32_t handle, void (*drop)(uint32_t));
// Lets go of rows, their fields, streams and events.
void squall_close_data(void);

// http.c, metrics.c ---------------------------------------------------------

// Drop everything that the iteration has not dropped itself.
void squall_close_responses(void);
void squall_end_transactions(bool failed);
