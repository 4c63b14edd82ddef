/* A host in C: a shop whose rules are scripts.
 *
 * It compiles a script, calls its functions, gives it functions of the host, one of which answers later, keeps a function that the script gives it, stops
 * a call that does not end, bounds what a guest may use, and shows what errors say. Build it at the root of the repository, with the library beside it:
 *
 *     cargo build -p aivi-c --release
 *     cc -std=c11 -Wall -Wextra -I aivi/c examples/hosts/c/main.c -o shop \
 *         -L target/release -laivi_c -lpthread -Wl,-rpath,"$PWD/target/release"
 *     ./shop
 *
 * To put the library into the program instead, take target/release/libaivi_c.a with -lpthread -ldl -lm and, from GCC, -lgcc_s. */

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aivi.h"

/* What scripts of this shop can see: how much of a thing there is. */
typedef struct stock {
    const char *name;
    int64_t count;
} stock;

static stock shelves[] = {{"tea", 12}, {"rice", 3}};

static const char *const rules =
    "module rules\n"
    "use shop (inStock, days, onSale)\n"
    "export *\n"
    "\n"
    "Offer = Sold { count: Int, price: Int } | Later Text\n"
    "\n"
    "offer : { name: Text, wanted: Int } -> Effect Text Offer\n"
    "offer = order => do Effect {\n"
    "  given order.wanted > 0 or fail \"an order of {order.wanted}\"\n"
    "  count <- inStock order.name\n"
    "  pure (if count >= order.wanted then Sold { count: order.wanted, price: 7 * order.wanted } else Later \"{count} left\")\n"
    "}\n"
    "\n"
    "delivery : Text -> Effect Text Text\n"
    "delivery = town => do Effect {\n"
    "  count <- days town\n"
    "  pure \"{town} in {count} days\"\n"
    "}\n"
    "\n"
    "sale : Int -> Effect Text Unit\n"
    "sale = percent => onSale (price => price - price * percent / 100)\n"
    "\n"
    "forever : Int -> Int\n"
    "forever = n => forever (n + 1)\n";

/* `inStock : Text -> Effect Text Int` */
static aivi_value *in_stock(void *data, const aivi_value *arguments, bool *failed) {
    const stock *all = data;
    size_t length = 0;
    const char *name = aivi_value_as_text(aivi_value_at(arguments, 0), &length);
    for (size_t i = 0; i < sizeof shelves / sizeof *shelves; i++) {
        if (strlen(all[i].name) == length && memcmp(all[i].name, name, length) == 0) {
            return aivi_value_int(all[i].count);
        }
    }
    *failed = true;
    return aivi_value_text("no such thing", strlen("no such thing"));
}

/* The courier, who is asked on a thread of his own; a host with a loop would note the completion and answer from there. */
static void *courier(void *completion) {
    aivi_completion_done(completion, aivi_value_int(3));
    aivi_completion_free(completion);
    return NULL;
}

/* `days : Text -> Effect Text Int`, which the script waits for */
static void ask_courier(void *data, const aivi_value *arguments, aivi_completion *completion) {
    (void)data;
    (void)arguments;
    pthread_t thread;
    if (pthread_create(&thread, NULL, courier, completion) == 0) {
        pthread_detach(thread);
        return;
    }
    aivi_completion_fail(completion, aivi_value_text("no courier", strlen("no courier")));
    aivi_completion_free(completion);
}

/* `onSale : (Int -> Int) -> Effect Text Unit`: keeps how the script changes prices. */
static aivi_value *on_sale(void *data, const aivi_value *arguments, bool *failed) {
    aivi_function **rule = data;
    (void)failed;
    aivi_function_free(*rule);
    *rule = aivi_value_as_function(aivi_value_at(arguments, 0));
    return aivi_value_unit();
}

/* Says why something did not succeed, and frees the error. */
static void tell(const char *what, aivi_error *error) {
    printf("%s: %s\n", what, aivi_error_text(error));
    aivi_error_free(error);
}

/* An order as the script wants it: a record. */
static aivi_value *order(const char *name, int64_t wanted) {
    aivi_value *record = aivi_value_record();
    aivi_value_set_field(record, "name", aivi_value_text(name, strlen(name)));
    aivi_value_set_field(record, "wanted", aivi_value_int(wanted));
    return record;
}

/* Asks the script for an offer, and reads the constructor that comes back. */
static void ask(const aivi_function *offer, const char *name, int64_t wanted) {
    aivi_error *error;
    aivi_value *arguments[] = {order(name, wanted)};
    aivi_value *given = aivi_function_call(offer, arguments, 1, &error);
    if (given == NULL) {
        tell(name, error);
        return;
    }
    if (aivi_value_is(given, "Sold")) {
        const aivi_value *sold = aivi_value_at(given, 0);
        int64_t count = 0, price = 0;
        aivi_value_as_int(aivi_value_field(sold, "count"), &count);
        aivi_value_as_int(aivi_value_field(sold, "price"), &price);
        printf("%s: %" PRId64 " for %" PRId64 "\n", name, count, price);
    } else {
        size_t length = 0;
        const char *why = aivi_value_as_text(aivi_value_at(given, 0), &length);
        printf("%s: later, %.*s\n", name, (int)length, why);
    }
    aivi_value_free(given);
}

/* Starts a call that would go on for ever, and cancels it when its time is up. */
static void stop_what_does_not_end(const aivi_function *forever) {
    aivi_error *error;
    aivi_value *arguments[] = {aivi_value_int(0)};
    aivi_call *call = aivi_function_start(forever, arguments, 1, &error);
    if (call == NULL) {
        tell("forever", error);
        return;
    }
    if (aivi_call_wait(call, 20, NULL, &error) == AIVI_RUNNING) {
        aivi_call_cancel(call);
        aivi_call_wait(call, -1, NULL, &error);
    }
    tell("forever", error);
    aivi_call_free(call);
}

/* Asks the script something that it asks the courier. */
static void deliver(const aivi_function *delivery, const char *town) {
    aivi_error *error;
    aivi_value *arguments[] = {aivi_value_text(town, strlen(town))};
    aivi_value *given = aivi_function_call(delivery, arguments, 1, &error);
    if (given == NULL) {
        tell("delivery", error);
        return;
    }
    size_t length = 0;
    const char *words = aivi_value_as_text(given, &length);
    printf("delivery: %.*s\n", (int)length, words);
    aivi_value_free(given);
}

/* Has the script say how prices change, and asks it for one. */
static void sell_cheap(const aivi_function *sale, aivi_function *const *rule, int64_t percent) {
    aivi_error *error;
    aivi_value *arguments[] = {aivi_value_int(percent)};
    aivi_value *unit = aivi_function_call(sale, arguments, 1, &error);
    if (unit == NULL) {
        tell("sale", error);
        return;
    }
    aivi_value_free(unit);
    aivi_value *price[] = {aivi_value_int(140)};
    aivi_value *given = aivi_function_call(*rule, price, 1, &error);
    int64_t now = 0;
    if (given == NULL || !aivi_value_as_int(given, &now)) {
        tell("sale", error);
        return;
    }
    printf("sale: 140 is %" PRId64 " now\n", now);
    aivi_value_free(given);
}

/* A guest's calls have so much fuel together. */
static void bound_a_guest(const aivi_engine *engine, const aivi_function *forever) {
    aivi_error *error;
    aivi_limits *limits = aivi_limits_new();
    aivi_limits_set(limits, AIVI_LIMIT_FUEL, 100000);
    aivi_budget *guest = aivi_budget_new(engine, "guest", limits, &error);
    aivi_limits_free(limits);
    aivi_function *bounded = aivi_function_within(forever, guest, &error);
    aivi_value *arguments[] = {aivi_value_int(0)};
    aivi_value_free(aivi_function_call(bounded, arguments, 1, &error));
    printf("%s has used up %s\n", aivi_error_budget(error), aivi_error_limit(error) == AIVI_LIMIT_FUEL ? "its fuel" : "something else");
    aivi_error_free(error);
    aivi_function_free(bounded);
    aivi_budget_free(guest);
}

/* A text that is not correct: each report has a place. */
static void compile_wrong(const aivi_engine *engine) {
    static const char *const wrong = "module wrong\n\nsum : Int\nsum = 1 + \"two\"\n";
    aivi_error *error;
    aivi_script *script = aivi_script_compile(engine, "wrong.aivi", wrong, strlen(wrong), &error);
    aivi_report report;
    for (size_t i = 0; aivi_error_report(error, i, &report); i++) {
        printf("%s:%" PRIu32 ":%" PRIu32 ": %s\n", report.path, report.line, report.column, report.message);
    }
    aivi_error_free(error);
    aivi_script_free(script);
}

/* An engine whose scripts can `use shop`. What they say of prices goes to `rule`. */
static aivi_engine *shop(aivi_function **rule, aivi_error **error) {
    aivi_module *module = aivi_module_new("shop", error);
    if (module == NULL) {
        return NULL;
    }
    if (!aivi_module_add(module, AIVI_HOST_EFFECT, "inStock : Text -> Effect Text Int", in_stock, shelves, NULL, error) ||
        !aivi_module_add_later(module, "days : Text -> Effect Text Int", ask_courier, NULL, NULL, error) ||
        !aivi_module_add(module, AIVI_HOST_EFFECT, "onSale : (Int -> Int) -> Effect Text Unit", on_sale, rule, NULL, error)) {
        aivi_module_free(module);
        return NULL;
    }
    aivi_options *options = aivi_options_new();
    aivi_options_workers(options, 2);
    aivi_options_module(options, module);
    return aivi_engine_new(options, error);
}

int main(void) {
    aivi_error *error;
    aivi_function *rule = NULL;
    aivi_engine *engine = shop(&rule, &error);
    if (engine == NULL) {
        tell("no engine", error);
        return EXIT_FAILURE;
    }
    aivi_script *script = aivi_script_compile(engine, "rules.aivi", rules, strlen(rules), &error);
    if (script == NULL) {
        tell("no rules", error);
        aivi_engine_free(engine);
        return EXIT_FAILURE;
    }
    aivi_function *offer = aivi_script_function(script, "offer", &error);
    aivi_function *delivery = aivi_script_function(script, "delivery", &error);
    aivi_function *sale = aivi_script_function(script, "sale", &error);
    aivi_function *forever = aivi_script_function(script, "forever", &error);

    char *type = aivi_function_type(offer);
    printf("offer : %s\n", type);
    aivi_text_free(type);

    ask(offer, "tea", 2);
    ask(offer, "rice", 4);
    ask(offer, "gold", 1);
    ask(offer, "tea", 0);
    deliver(delivery, "Bern");
    sell_cheap(sale, &rule, 25);
    stop_what_does_not_end(forever);
    bound_a_guest(engine, forever);
    compile_wrong(engine);

    aivi_function_free(offer);
    aivi_function_free(delivery);
    aivi_function_free(sale);
    aivi_function_free(rule);
    aivi_function_free(forever);
    aivi_script_free(script);
    aivi_engine_free(engine);
    return EXIT_SUCCESS;
}
