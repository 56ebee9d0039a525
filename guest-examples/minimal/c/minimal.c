// The least scenario: one GET of the target, whose body is thrown away.
#include <squall.h>

static squall_outcome home(void) {
    squall_response page = squall_get("/", .discard_body = true);
    SQUALL_TRY(page);
    squall_check("status is 200", page.status == 200);
    return SQUALL_DONE;
}

SQUALL_SCENARIO(.flows = {{"home", 1, home}})
