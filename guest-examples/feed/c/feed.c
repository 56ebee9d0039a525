// Data that the run is given: --data users=users.csv for login and profile, --data upload=file:big.bin for upload.
//
// -e COLUMN=email has login send another column.
#include <squall.h>

static squall_feed users = {"users"};
// The same rows, in an order of their own.
static squall_feed drawn = {"users", SQUALL_ONCE_EACH, SQUALL_FAIL_AT_END};
static squall_blob big = {"upload"};

// Takes one field of a row: the rest of it stays with the host.
static squall_outcome login(void) {
    squall_row user;
    const char *column = squall_env("COLUMN"), *value;
    SQUALL_DO(squall_next(&users, &user));
    SQUALL_DO(squall_field(user, column ? column : "name", &value));
    const char *vu = squall_format("%u", (unsigned)squall_vu());
    squall_response sent = squall_post("/login", .text = value, .headers = {{"x-vu", vu}}, .discard_body = true);
    SQUALL_TRY(sent);
    return SQUALL_DONE;
}

// Sends a whole row as JSON.
static squall_outcome profile(void) {
    squall_row user;
    SQUALL_DO(squall_next(&users, &user));
    squall_response sent = squall_post("/profile", .text = squall_row_json(user), .discard_body = true);
    SQUALL_TRY(sent);
    return SQUALL_DONE;
}

// Sends a field that never enters the scenario, and each row once.
static squall_outcome draw(void) {
    squall_row user;
    squall_blob name;
    SQUALL_DO(squall_next(&drawn, &user));
    SQUALL_DO(squall_field_blob(user, "name", &name));
    squall_response sent = squall_post("/draw", .body_from = &name, .discard_body = true);
    SQUALL_TRY(sent);
    return SQUALL_DONE;
}

// Sends a file that never enters the scenario, however large it is.
static squall_outcome upload(void) {
    squall_response response = squall_post("/upload", .body_from = &big);
    SQUALL_TRY(response);
    squall_check("the file has arrived", response.status == 200);
    return SQUALL_DONE;
}

SQUALL_SCENARIO(.flows = {{"login", 1, login}, {"profile", 0, profile}, {"draw", 0, draw}, {"upload", 0, upload}},
                .data = {"users"})
