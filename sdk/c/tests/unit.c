// Tests the parts that need no host: JSON, the plan, texts, memory. Built natively: see run.sh.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../squall_json.h"
#include "../src/internal.h"

static int passed, failed;

static void expect(bool condition, const char *what, int line) {
    passed += condition;
    failed += !condition;
    if (!condition)
        printf("unit.c:%d: FAILED %s\n", line, what);
}

#define EXPECT(condition) expect((condition), #condition, __LINE__)
#define EXPECT_TEXT(text, wanted) expect(!strcmp((text), (wanted)), text, __LINE__)

// The one thing of the host's that is linked: texts of responses are not read here.
const char *squall_text(squall_response response) {
    (void)response;
    return "";
}

static double number(const char *text) { return squall_json_number(squall_json_parse(text), -1); }

static void json_is_read(void) {
    squall_json document = squall_json_parse(
        " {\"id\": 7, \"name\" : \"a \\\"b\\\" \\u00e9\\ud83d\\ude00\\n\", \"esc\\u0061ped\":true,\n"
        "  \"items\": [ {\"price\": 12.5} , {\"price\":-1e-2}, [] , \"]},\" ], \"none\": null, \"empty\": [] } ");
    EXPECT(squall_json_there(document));
    EXPECT(squall_json_number(squall_json_get(document, "id"), 0) == 7);
    EXPECT_TEXT(squall_json_string(squall_json_get(document, "name"), ""), "a \"b\" \xc3\xa9\xf0\x9f\x98\x80\n");
    EXPECT(squall_json_bool(squall_json_get(document, "escaped"), false));
    squall_json items = squall_json_get(document, "items");
    double sum = 0;
    int count = 0;
    squall_json_each(item, items) {
        sum += squall_json_number(squall_json_get(item, "price"), 0);
        count++;
    }
    EXPECT(count == 4 && sum == 12.5 - 0.01);
    EXPECT(squall_json_there(squall_json_get(document, "none")));
    EXPECT(!squall_json_there(squall_json_first(squall_json_get(document, "empty"))));
}

static void what_is_not_there_says_so(void) {
    squall_json document = squall_json_parse("{\"a\":{\"b\":1}}");
    squall_json missing = squall_json_get(squall_json_get(squall_json_get(document, "b"), "c"), "d");
    EXPECT(!squall_json_there(missing) && !squall_json_there(squall_json_next(missing)));
    EXPECT(squall_json_number(missing, 5) == 5 && squall_json_bool(missing, true));
    EXPECT_TEXT(squall_json_string(missing, "else"), "else");
    EXPECT(squall_json_number(squall_json_get(document, "a"), 5) == 5);
    EXPECT(!squall_json_there(squall_json_get(squall_json_parse("[1]"), "a")));
}

static void what_is_not_json_is_not_there(void) {
    static const char *const broken[] = {"",       "<html>", "{",        "{\"a\"}",  "{\"a\":}", "[1,]",  "[1 2]",  "01",       "1.",
                                         "-",      "1e",     "\"",       "\"\\x\"", "\"\\u12g4\"", "tru", "nulls", "{} {}",    "{a:1}",
                                         "\"\n\"", "[",      "{\"a\":1,}", ".5",      "+1"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        expect(!squall_json_there(squall_json_parse(broken[i])), broken[i], __LINE__);
    char deep[4001];
    memset(deep, '[', 2000);
    memset(deep + 2000, ']', 2000);
    deep[4000] = 0;
    EXPECT(!squall_json_there(squall_json_parse(deep)));
    EXPECT(!squall_json_there(squall_json_parse(NULL)));
}

static void numbers_are_those_of_strtod(void) {
    static const char *const numbers[] = {"0", "-0", "1", "-17", "3.25", "1e3", "1E+2", "25e-2", "99999999999999999999", "0.1", "123456.789",
                                          "1.5e308", "1e400", "1e-400", "18446744073709551615", "0e999999999"};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        double found = number(numbers[i]), wanted = strtod(numbers[i], NULL);
        expect(found == wanted || fabs(found - wanted) <= fabs(wanted) * 1e-14, numbers[i], __LINE__);
    }
}

#define STAGES_AND_THRESHOLDS                                                                                          \
    .stages = {{"30s", 100}, {"1s", 0}},                                                                               \
    .thresholds = {{"a{name:\"x\"}", "p(95)<500"}, {"checks", "rate>0.99"}, {"a{name:\"x\"}", "max<2"}}

static void the_plan_has_the_plan_files_keys(void) {
    static const squall_load browsing = {
        "browsing", .start_time = "5s", .flow = "browse", .vus = 1, .duration = "2s", .iterations = 3, STAGES_AND_THRESHOLDS,
        .executor = "ramping-vus", .max_duration = "4s", .graceful_stop = "0s", .graceful_ramp_down = "6s", .start_vus = 7,
        .rate = "8/s", .time_unit = "9s", .start_rate = "10/s", .pre_allocated_vus = 11, .max_vus = 12, .arrival = "poisson",
        .max_backlog = "13s", .weights = {{"browse", 14}}, .think_time = {{"browse", "15s"}}, .env = {{"KIND", "guest"}},
        .tags = {{"team", "web"}}, .min_iteration_duration = "16s",
    };
    static const squall_load idle = {"idle"};
    squall_scenario scenario = {
        .vus = 10, .duration = "1m30s", .iterations = 5, STAGES_AND_THRESHOLDS, .executor = "ramping-vus",
        .max_duration = "5m", .graceful_stop = "10s", .graceful_ramp_down = "5s", .start_vus = 1, .rate = "1000/s",
        .time_unit = "1m", .start_rate = "5/s", .pre_allocated_vus = 20, .max_vus = 200, .arrival = "constant",
        .max_backlog = "2s", .warmup = "auto", .pacing = "spin", .flow = "browse", .weights = {{"browse", 3}, {"buy", 0}},
        .think_time = {{"browse", "1s..3s"}}, .scenarios = {&browsing, &idle}, .target = "http://localhost:8080",
        .env = {{"KEY", "a \"value\""}, {"EMPTY", ""}}, .data = {"users", "video"}, .tags = {{"release", "1.2"}},
        .seed = UINT64_MAX, .threads = 2, .setup_timeout = "20s", .teardown_timeout = "30s",
        .min_iteration_duration = "1s", .max_series = 500, .insecure = true, .request_timeout = "5s",
        .connect_timeout = "2s", .max_redirects = 4, .no_connection_reuse = true, .discard_response_bodies = true,
        .user_agent = "mine/1", .shared_connections = 8, .batch_per_origin = 6, .no_vu_connection_reuse = true,
    };
    squall_buffer plan = {0};
    squall_append_plan(&plan, &scenario);
#define STAGES "\"stages\":[{\"duration\":\"30s\",\"target\":100},{\"duration\":\"1s\",\"target\":0}],"
#define THRESHOLDS "\"thresholds\":{\"a{name:\\\"x\\\"}\":[\"p(95)<500\",\"max<2\"],\"checks\":[\"rate>0.99\"]},"
    EXPECT_TEXT(plan.data,
                "{\"vus\":10,\"duration\":\"1m30s\",\"iterations\":5," STAGES "\"executor\":\"ramping-vus\","
                "\"max_duration\":\"5m\",\"graceful_stop\":\"10s\",\"graceful_ramp_down\":\"5s\",\"start_vus\":1,"
                "\"rate\":\"1000/s\",\"time_unit\":\"1m\",\"start_rate\":\"5/s\",\"pre_allocated_vus\":20,\"max_vus\":200,"
                "\"arrival\":\"constant\",\"max_backlog\":\"2s\",\"warmup\":\"auto\",\"pacing\":\"spin\",\"flow\":\"browse\","
                "\"weights\":{\"browse\":3,\"buy\":0},\"think_time\":{\"browse\":\"1s..3s\"},\"scenarios\":{\"browsing\":{"
                "\"start_time\":\"5s\",\"vus\":1,\"duration\":\"2s\",\"iterations\":3," STAGES "\"executor\":\"ramping-vus\","
                "\"max_duration\":\"4s\",\"graceful_stop\":\"0s\",\"graceful_ramp_down\":\"6s\",\"start_vus\":7,"
                "\"rate\":\"8/s\",\"time_unit\":\"9s\",\"start_rate\":\"10/s\",\"pre_allocated_vus\":11,\"max_vus\":12,"
                "\"arrival\":\"poisson\",\"max_backlog\":\"13s\",\"flow\":\"browse\",\"weights\":{\"browse\":14},"
                "\"think_time\":{\"browse\":\"15s\"}," THRESHOLDS "\"env\":{\"KIND\":\"guest\"},\"tags\":{\"team\":\"web\"},"
                "\"min_iteration_duration\":\"16s\"},\"idle\":{}}," THRESHOLDS "\"target\":\"http://localhost:8080\","
                "\"env\":{\"KEY\":\"a \\\"value\\\"\",\"EMPTY\":\"\"},\"data\":{\"users\":{},\"video\":{}},"
                "\"tags\":{\"release\":\"1.2\"},\"seed\":18446744073709551615,\"threads\":2,\"setup_timeout\":\"20s\","
                "\"teardown_timeout\":\"30s\",\"min_iteration_duration\":\"1s\",\"max_series\":500,\"insecure\":true,"
                "\"request_timeout\":\"5s\",\"connect_timeout\":\"2s\",\"max_redirects\":4,\"no_connection_reuse\":true,"
                "\"discard_response_bodies\":true,\"user_agent\":\"mine/1\",\"shared_connections\":8,\"batch_per_origin\":6,\"no_vu_connection_reuse\":true}");
    squall_buffer little = {0};
    squall_append_plan(&little, &(squall_scenario){.seed = 7, .no_redirects = true});
    EXPECT_TEXT(little.data, "{\"seed\":7,\"max_redirects\":0}");
    squall_buffer nothing = {0};
    squall_append_plan(&nothing, &(squall_scenario){0});
    EXPECT_TEXT(nothing.data, "{}");
}

static void texts_are_made(void) {
    EXPECT_TEXT(squall_join("a", "", "b", NULL), "ab");
    EXPECT_TEXT(squall_join("", NULL), "");
    EXPECT_TEXT(squall_decimal(0), "0");
    EXPECT_TEXT(squall_decimal(-42), "-42");
    EXPECT_TEXT(squall_decimal(INT64_MIN), "-9223372036854775808");
    EXPECT_TEXT(squall_format("%s %d", "x", 7), "x 7");
    EXPECT_TEXT(SQUALL_FAIL("no"), squall_join("no (unit.c:", squall_decimal(__LINE__), ")", NULL));
    squall_buffer url = {0};
    squall_pair pairs[] = {{"a b", "~c/\xc3\xbc"}, {"d", NULL}, {0}};
    squall_append_query(&url, pairs, 3, '?');
    EXPECT_TEXT(url.data, "?a%20b=~c%2F%C3%BC&d=");
    squall_buffer form = {0};
    squall_append_form(&form, pairs, 3);
    EXPECT_TEXT(form.data, "a+b=~c%2F%C3%BC&d=");
    squall_buffer quoted = {0};
    squall_append_quoted(&quoted, "\"\\\n");
    EXPECT_TEXT(quoted.data, "\"\\\"\\\\\\u000a\"");
}

static void memory_is_handed_out_once(void) {
    char *pieces[100];
    for (int i = 0; i < 100; i++) {
        pieces[i] = squall_allocate((size_t)(i * 37 % 300 + 1));
        memset(pieces[i], i, (size_t)(i * 37 % 300 + 1));
    }
    bool whole = true;
    for (int i = 0; i < 100; i++)
        for (int j = 0; j < i * 37 % 300 + 1; j++)
            whole = whole && pieces[i][j] == i;
    EXPECT(whole);
    memset(squall_allocate(1 << 20), 1, 1 << 20);
    squall_free_iteration();
    EXPECT(squall_allocate(8) != NULL);
}

int main(void) {
    json_is_read();
    what_is_not_there_says_so();
    what_is_not_json_is_not_there();
    numbers_are_those_of_strtod();
    the_plan_has_the_plan_files_keys();
    texts_are_made();
    memory_is_handed_out_once();
    squall_free_iteration();
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
