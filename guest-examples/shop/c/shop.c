// A small shop, as its customers see it: most look around, some search, few buy.
//
// Think times are between half of and one and a half times THINK seconds (-e THINK=0 switches them off).
#include <squall_json.h>
#include <stdlib.h>
#include <string.h>

static squall_counter orders_placed = {"orders_placed"};
static squall_trend basket_value = {"basket_value", SQUALL_NUMBER};
static squall_rate cache_hit = {"cache_hit"};

enum { PRODUCTS = 100 };

static const char *const terms[] = {"lamp", "chair", "desk", "shelf", "rug"};

// THINK in seconds; whole ones, or with a decimal fraction. (The C library's strtod would be most of the component.)
static double think_time(void) {
    const char *text = squall_env("THINK");
    return text ? squall_json_number(squall_json_parse(text), 1) : 1;
}

static void pause_a_while(void) {
    double seconds = think_time();
    squall_think(0.5 * seconds, 1.5 * seconds);
}

static void count_cache_hit(squall_response response) {
    const char *cache = squall_header(response, "x-cache");
    squall_rate_add(&cache_hit, cache && !strcmp(cache, "HIT"));
}

static int64_t whole(squall_json object, const char *name, int64_t otherwise) {
    return (int64_t)squall_json_number(squall_json_get(object, name), (double)otherwise);
}

static squall_outcome list_products(int64_t page, squall_json *listing) {
    squall_response response =
        squall_get(squall_join("/products?page=", squall_decimal(page), NULL), .name = "/products?page={page}");
    SQUALL_TRY(response);
    squall_check("products are listed", response.status == 200);
    count_cache_hit(response);
    *listing = squall_json_of(response);
    return squall_json_there(*listing) ? SQUALL_DONE : SQUALL_FAIL("the listing is not JSON");
}

static squall_outcome view_product(int64_t id) {
    squall_response response = squall_get(squall_join("/products/", squall_decimal(id), NULL), .name = "/products/{id}");
    SQUALL_TRY(response);
    squall_check("product is there", response.status == 200);
    count_cache_hit(response);
    squall_check("product has a price", squall_json_number(squall_json_get(squall_json_of(response), "price"), 0) > 0);
    return SQUALL_DONE;
}

// Opens the home page, leafs through the products, and looks at one of them.
static squall_outcome browse(void) {
    squall_response home = squall_get("/", .name = "/", .discard_body = true);
    SQUALL_TRY(home);
    squall_check("home page is there", home.status == 200);
    pause_a_while();

    squall_json listing;
    squall_outcome failed = list_products(1, &listing);
    if (failed)
        return failed;
    pause_a_while();
    if ((failed = list_products(squall_random_in(1, whole(listing, "pages", 1)), &listing)))
        return failed;
    squall_json first = squall_json_first(squall_json_get(listing, "products"));
    squall_check("page has products", squall_json_there(first));
    pause_a_while();

    return view_product(whole(first, "id", 1));
}

// Searches, and looks at the first thing that is found.
static squall_outcome search(void) {
    const char *term = terms[squall_random_in(0, sizeof terms / sizeof terms[0] - 1)];
    squall_response response = squall_get("/search", .query = {{"q", term}}, .name = "/search");
    SQUALL_TRY(response);
    squall_check("search answers", response.status == 200);
    squall_json found = squall_json_of(response);
    if (!squall_json_there(found))
        return SQUALL_FAIL("what was found is not JSON");
    pause_a_while();

    squall_json first = squall_json_first(squall_json_get(found, "results"));
    return squall_json_there(first) ? view_product(whole(first, "id", 1)) : SQUALL_DONE;
}

static squall_outcome add_to_basket(void) {
    const char *product = squall_decimal(squall_random_in(1, PRODUCTS));
    const char *quantity = squall_decimal(squall_random_in(1, 3));
    const char *item = squall_join("{\"product_id\":", product, ",\"quantity\":", quantity, "}", NULL);
    squall_response response = squall_post("/basket", .json = item);
    SQUALL_TRY(response);
    squall_check("product is in the basket", response.status == 201);
    squall_check("basket is not empty", whole(squall_json_of(response), "items", 0) > 0);
    return SQUALL_DONE;
}

// Pays for the basket.
static squall_outcome pay(double *total) {
    squall_response response = squall_post("/checkout", .json = "{\"payment\":\"card\"}");
    SQUALL_TRY(response);
    if (!squall_check("order is placed", response.status == 201))
        return SQUALL_FAIL("the shop did not take the order");
    *total = squall_json_number(squall_json_get(squall_json_of(response), "total"), 0);
    squall_check("order has a price", *total > 0);
    return SQUALL_DONE;
}

// Looks at a product, then buys one or two.
static squall_outcome checkout(void) {
    squall_outcome failed = view_product(squall_random_in(1, PRODUCTS));
    if (failed)
        return failed;
    pause_a_while();

    squall_transaction transaction = squall_begin("checkout"); // fails if the flow does
    for (int64_t left = squall_random_in(1, 2); left > 0; left--) {
        if ((failed = add_to_basket()))
            return failed;
        pause_a_while();
    }
    squall_response basket = squall_get("/basket", .discard_body = true);
    SQUALL_TRY(basket);
    squall_check("basket is shown", basket.status == 200);
    double total;
    if ((failed = pay(&total)))
        return failed;
    squall_end(transaction);

    squall_counter_add(&orders_placed, 1);
    squall_trend_add(&basket_value, total);
    return SQUALL_DONE;
}

SQUALL_SCENARIO(
    .flows = {{"browse", 60, browse}, {"search", 25, search}, {"checkout", 15, checkout}},
    .vus = 10,
    .duration = "30s",
    .thresholds = {
        {"http_req_failed", "rate<0.01"},
        {"http_req_duration", "p(95)<500"},
        {"checks", "rate>0.99"},
    },
)
