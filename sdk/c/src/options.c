// The host's handles for settings of requests.
//
// A scenario has a handful of different settings and sends each many times. So the handles are made once per virtual
// user and kept: from its second time on a request costs one call of the host.
#include <stdlib.h>
#include <string.h>

#include "options.h"

// More than a sane scenario has. One that makes up names as it goes must not fill the host's tables.
enum { KEPT = 64 };

typedef squall_scenario_http_own_request_options_t handle;

typedef struct {
    settings what;
    handle made;
} entry;

static entry *kept;
static size_t count, room;

static settings settings_of(const squall_request *request) {
    settings what;
    memset(&what, 0, sizeof what); // the padding, too: settings are compared byte by byte
    what.name = request->name;
    what.timeout = request->timeout;
    what.redirects = request->redirects;
    what.no_redirects = request->no_redirects;
    what.discard_body = request->discard_body;
    what.keep_body = request->keep_body;
    if (request->body_from) {
        what.body_from = request->body_from->handle;
        what.body_serial = request->body_from->serial;
    }
    memcpy(what.expect, request->expect, sizeof what.expect);
    return what;
}

static bool same_name(const char *one, const char *other) {
    return one == other || (one && other && !strcmp(one, other));
}

static bool same(const settings *one, const settings *other) {
    return !memcmp(&one->timeout, &other->timeout, sizeof *one - offsetof(settings, timeout)) &&
           same_name(one->name, other->name);
}

static handle make(const settings *what) {
    handle made = squall_scenario_http_constructor_request_options();
    squall_scenario_http_borrow_request_options_t options = squall_scenario_http_borrow_request_options(made);
    if (what->name) {
        scenario_string_t name = lend(what->name);
        squall_scenario_http_method_request_options_set_name(options, &name);
    }
    if (what->timeout > 0)
        squall_scenario_http_method_request_options_set_timeout(options, squall_nanoseconds(what->timeout));
    if (what->no_redirects || what->redirects)
        squall_scenario_http_method_request_options_set_redirects(options, what->no_redirects ? 0 : what->redirects);
    if (what->discard_body || what->keep_body)
        squall_scenario_http_method_request_options_set_discard_body(options, what->discard_body);
    scenario_tuple2_u16_u16_t ranges[sizeof what->expect / sizeof what->expect[0]];
    scenario_list_tuple2_u16_u16_t list = {.ptr = ranges, .len = 0};
    for (; list.len < sizeof ranges / sizeof ranges[0] && what->expect[list.len].first; list.len++) {
        squall_range range = what->expect[list.len];
        ranges[list.len] = (scenario_tuple2_u16_u16_t){range.first, range.last ? range.last : range.first};
    }
    if (list.len)
        squall_scenario_http_method_request_options_set_expected_statuses(options, &list);
    if (what->body_from)
        squall_hand_over(made.__handle, what->body_from);
    return made;
}

void squall_make_room_for_options(size_t more) {
    if (count + more <= KEPT)
        return;
    for (size_t i = 0; i < count; i++) {
        squall_scenario_http_request_options_drop_own(kept[i].made);
        free((char *)kept[i].what.name);
    }
    count = 0;
}

bool squall_options_for(const squall_request *request, squall_scenario_http_borrow_request_options_t *options) {
    static const settings usual;
    settings what = settings_of(request);
    if (same(&what, &usual))
        return false;
    size_t place = 0;
    while (place < count && !same(&kept[place].what, &what))
        place++;
    if (place == count) {
        if (count == room) { // only a batch can need more than that
            room = room ? 2 * room : KEPT;
            kept = realloc(kept, room * sizeof *kept);
            if (!kept)
                abort();
        }
        kept[count].made = make(&what);
        if (what.name)
            what.name = strdup(what.name);
        kept[count++].what = what;
    }
    *options = squall_scenario_http_borrow_request_options(kept[place].made);
    return true;
}
