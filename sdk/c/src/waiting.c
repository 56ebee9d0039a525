// Waiting for whichever of several streams has something first.
#include "options.h"

__attribute__((__import_module__("squall:scenario/waiting@0.1.0"), __import_name__("next-of")))
extern void next_of(const uint32_t *, size_t, uint64_t, uint32_t *);

// The world with this function. Without a call of it the component does not import it.
SQUALL_SECTION("component-type:squall-waiting", SQUALL_WORLD_WAITING);

int squall_wait_any(const uint32_t *keys, size_t count, double within) {
    uint32_t ready[2];
    next_of(keys, count, squall_limit(within), ready);
    for (size_t place = 0; (uint8_t)ready[0] && place < count; place++)
        if (keys[place] == ready[1])
            return (int)place;
    return -1;
}
