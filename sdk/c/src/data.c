// Data that the run was given: rows of tables, and bytes that the host sends.
#include <stdlib.h>

#include "internal.h"

#define IMPORT(name) __attribute__((__import_module__("squall:scenario/data@0.1.0"), __import_name__(name)))

// The contract's functions, as the canonical ABI flattens them.
IMPORT("[static]feed.open")
extern void open_feed(const char *, size_t, int32_t, int32_t, int32_t, int32_t, uint32_t *);
IMPORT("[method]feed.length") extern uint64_t feed_length(uint32_t);
IMPORT("[method]feed.columns") extern void feed_columns(uint32_t, uint32_t *);
IMPORT("[method]feed.at") extern void feed_at(uint32_t, uint64_t, uint32_t *);
IMPORT("[method]feed.next") extern void feed_next(uint32_t, uint32_t *);
IMPORT("[resource-drop]row") extern void drop_row(uint32_t);
IMPORT("[method]row.index") extern uint64_t row_index(uint32_t);
IMPORT("[method]row.get") extern void row_get(uint32_t, const char *, size_t, uint32_t *);
IMPORT("[method]row.fields") extern void row_fields(uint32_t, uint32_t *);
IMPORT("[method]row.json") extern void row_json(uint32_t, uint32_t *);
IMPORT("[method]row.blob") extern void row_blob(uint32_t, const char *, size_t, uint32_t *);
IMPORT("[static]blob.open") extern void open_blob(const char *, size_t, uint32_t *);
IMPORT("[method]blob.length") extern uint64_t blob_length(uint32_t);
IMPORT("[method]blob.read") extern void blob_read(uint32_t, uint64_t, uint32_t, uint32_t *);
IMPORT("[resource-drop]blob") extern void drop_blob(uint32_t);
__attribute__((__import_module__("squall:scenario/http@0.1.0"), __import_name__("[method]request-options.set-body-from")))
extern void set_body_from(int32_t, uint32_t);

// A response of the host: a result of at most four words, whose first byte marks an error.
static uint32_t words[4];

static bool case_of(uint32_t word) { return (uint8_t)word; }

// A text of the host's: cabi_realloc has put a zero at its end.
static const char *text_at(uint32_t address, uint32_t size) { return size ? (const char *)(uintptr_t)address : ""; }

static squall_outcome refused(void) { return case_of(words[0]) ? text_at(words[2], words[3]) : SQUALL_DONE; }

// The iteration's handles. Dropped by address: a scenario without rows does not import functions of rows.
typedef struct {
    uint32_t handle;
    void (*drop)(uint32_t);
} taken;

static taken *held;
static size_t count, room;

void squall_hold(uint32_t handle, void (*drop)(uint32_t)) {
    if (count == room) {
        room = room ? 2 * room : 16;
        held = realloc(held, room * sizeof *held);
        if (!held)
            abort();
    }
    held[count++] = (taken){handle, drop};
}

void squall_let_go(uint32_t handle, void (*drop)(uint32_t)) {
    for (size_t i = count; i-- > 0;) {
        if (held[i].handle == handle && held[i].drop == drop) {
            held[i] = held[--count];
            drop(handle);
            return;
        }
    }
}

void squall_close_data(void) {
    while (count) {
        count--;
        held[count].drop(held[count].handle);
    }
}

static squall_outcome open_once(squall_feed *feed) {
    if (feed->handle)
        return SQUALL_DONE;
    RECEIVE(open_feed(feed->name, __builtin_strlen(feed->name), feed->policy > 0, feed->policy ? feed->policy - 1 : 0,
                      feed->at_end > 0, feed->at_end ? feed->at_end - 1 : 0, words));
    squall_outcome error = refused();
    if (!error)
        feed->handle = words[1];
    return error;
}

squall_outcome squall_next(squall_feed *feed, squall_row *row) {
    squall_outcome error = open_once(feed);
    if (error)
        return error;
    RECEIVE(feed_next(feed->handle, words));
    if ((error = refused()))
        return error;
    if (!case_of(words[1]))
        return squall_join("data \"", feed->name, "\" is exhausted, and the run ends", NULL);
    row->handle = words[2];
    squall_hold(row->handle, drop_row);
    return SQUALL_DONE;
}

squall_outcome squall_row_at(squall_feed *feed, uint64_t index, squall_row *row) {
    squall_outcome error = open_once(feed);
    if (error)
        return error;
    RECEIVE(feed_at(feed->handle, index, words));
    if (!case_of(words[0]))
        return squall_join("data \"", feed->name, "\" has no row ", squall_decimal((int64_t)index), NULL);
    row->handle = words[1];
    squall_hold(row->handle, drop_row);
    return SQUALL_DONE;
}

squall_outcome squall_feed_columns(squall_feed *feed, const char *const **columns) {
    squall_outcome error = open_once(feed);
    if (error)
        return error;
    RECEIVE(feed_columns(feed->handle, words));
    const uint32_t *texts = (const uint32_t *)(uintptr_t)words[0];
    size_t texts_count = words[1];
    const char **names = squall_allocate((texts_count + 1) * sizeof *names);
    for (size_t i = 0; i < texts_count; i++)
        names[i] = text_at(texts[2 * i], texts[2 * i + 1]);
    names[texts_count] = NULL;
    *columns = names;
    return SQUALL_DONE;
}

squall_outcome squall_feed_length(squall_feed *feed, uint64_t *length) {
    squall_outcome error = open_once(feed);
    if (!error)
        *length = feed_length(feed->handle);
    return error;
}

uint64_t squall_row_index(squall_row row) { return row_index(row.handle); }

squall_outcome squall_field(squall_row row, const char *column, const char **value) {
    RECEIVE(row_get(row.handle, column, __builtin_strlen(column), words));
    squall_outcome error = refused();
    if (!error)
        *value = case_of(words[1]) ? text_at(words[2], words[3]) : NULL;
    return error;
}

const squall_pair *squall_fields(squall_row row) {
    RECEIVE(row_fields(row.handle, words));
    const uint32_t *texts = (const uint32_t *)(uintptr_t)words[0];
    size_t fields_count = words[1];
    squall_pair *fields = squall_allocate((fields_count + 1) * sizeof *fields);
    for (size_t i = 0; i < fields_count; i++)
        fields[i] = (squall_pair){text_at(texts[4 * i], texts[4 * i + 1]), text_at(texts[4 * i + 2], texts[4 * i + 3])};
    fields[fields_count] = (squall_pair){0};
    return fields;
}

const char *squall_row_json(squall_row row) {
    RECEIVE(row_json(row.handle, words));
    return text_at(words[0], words[1]);
}

static squall_outcome received(squall_blob *blob) {
    static uint32_t made;
    squall_outcome error = refused();
    if (!error) {
        blob->handle = words[1];
        blob->serial = ++made;
    }
    return error;
}

squall_outcome squall_field_blob(squall_row row, const char *column, squall_blob *blob) {
    RECEIVE(row_blob(row.handle, column, __builtin_strlen(column), words));
    squall_outcome error = received(blob);
    if (!error)
        squall_hold(blob->handle, drop_blob);
    return error;
}

const char *squall_open_blob(squall_blob *blob) {
    if (blob->handle)
        return NULL;
    RECEIVE(open_blob(blob->name, __builtin_strlen(blob->name), words));
    return received(blob);
}

squall_outcome squall_blob_length(squall_blob *blob, uint64_t *length) {
    squall_outcome error = squall_open_blob(blob);
    if (!error)
        *length = blob_length(blob->handle);
    return error;
}

squall_outcome squall_blob_read(squall_blob *blob, uint64_t offset, uint32_t length, squall_bytes *bytes) {
    squall_outcome error = squall_open_blob(blob);
    if (error)
        return error;
    RECEIVE(blob_read(blob->handle, offset, length, words));
    *bytes = (squall_bytes){(const uint8_t *)(uintptr_t)words[0], words[1]};
    return SQUALL_DONE;
}

void squall_hand_over(int32_t options, uint32_t blob) { set_body_from(options, blob); }
