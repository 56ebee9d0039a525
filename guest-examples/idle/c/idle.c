// Virtual users that only think, for measuring the memory of an idle one.
#include <squall.h>
#include <stdlib.h>

// Sleeps for SLEEP whole seconds (-e SLEEP=600), else for one.
static squall_outcome idle(void) {
    const char *seconds = squall_env("SLEEP");
    squall_sleep(seconds ? atoi(seconds) : 1);
    return SQUALL_DONE;
}

SQUALL_SCENARIO(.flows = {{"idle", 1, idle}})
