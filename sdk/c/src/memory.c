// Memory that lives until the iteration ends: handed out by counting up, freed all at once.
#include <stdlib.h>
#include <string.h>

#include "internal.h"

// A piece of memory, and the one that was begun before it.
typedef struct chunk {
    struct chunk *before;
    size_t size, used;
    max_align_t data[];
} chunk;

// Enough for most iterations; kept from one to the next.
static const size_t ordinary = 4096 - sizeof(chunk) - 16;

static chunk *chunks;

bool squall_receiving = false;

void *squall_allocate(size_t size) {
    size = (size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
    if (!chunks || chunks->size - chunks->used < size) {
        size_t room = size > ordinary ? size : ordinary;
        chunk *begun = malloc(sizeof(chunk) + room);
        if (!begun)
            abort();
        *begun = (chunk){.before = chunks, .size = room};
        chunks = begun;
    }
    void *memory = (char *)chunks->data + chunks->used;
    chunks->used += size;
    return memory;
}

void squall_free_iteration(void) {
    while (chunks && (chunks->before || chunks->size > ordinary)) {
        chunk *before = chunks->before;
        free(chunks);
        chunks = before;
    }
    if (chunks)
        chunks->used = 0;
}

// Replaces the bindings' own function. The host's results get a zero byte at their end, which makes them texts.
#ifdef __wasm__
__attribute__((export_name("cabi_realloc")))
#endif
void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
    (void)align; // neither gives less than the contract asks for
    char *memory = squall_receiving ? squall_allocate(size + 1) : malloc(size + 1);
    if (!memory)
        abort();
    if (old) {
        memcpy(memory, old, old_size < size ? old_size : size);
        if (!squall_receiving)
            free(old);
    }
    memory[size] = 0;
    return memory;
}
