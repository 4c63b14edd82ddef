/* What the header promises of budgets, dumps and events: run by tests/host.rs. It ends with code 0, or says which promise was broken. */

#include <sched.h>

#include "check.h"

static const char *const counts =
    "module m\nuse aivi.concurrency\nexport *\n\n"
    "count : Int -> Int\ncount = n => if n == 0 then 0 else 1 + count (n - 1)\n\n"
    "nap : Int -> Effect Text Int\nnap = ms => do Effect {\n  sleep ms\n  pure ms\n}\n\n"
    "many : Int -> Effect Text Int\nmany = n => do Effect {\n  _ <- parAll (List.map (_ => sleep 3600000) ([1..n]))\n  pure n\n}\n";

static aivi_limits *limits(int32_t limit, uint64_t amount) {
    aivi_limits *made = aivi_limits_new();
    CHECK(aivi_limits_set(made, limit, amount));
    return made;
}

static void null_is_an_error_and_no_crash(void) {
    aivi_error *error;
    CHECK(!aivi_limits_set(NULL, AIVI_LIMIT_FUEL, 1));
    aivi_limits *made = aivi_limits_new();
    CHECK(!aivi_limits_set(made, 6, 1) && !aivi_limits_set(made, -1, 1));
    CHECK(aivi_budget_new(NULL, "b", made, &error) == NULL);
    expect(error, AIVI_ERROR_ARGUMENT, "engine is NULL");
    aivi_limits_free(made);
    aivi_limits_free(NULL);
    aivi_engine *engine = aivi_engine_new(NULL, &error);
    CHECK(aivi_budget_new(engine, NULL, NULL, &error) == NULL);
    expect(error, AIVI_ERROR_ARGUMENT, "name is NULL");
    CHECK(aivi_budget_new(engine, "\xff", NULL, &error) == NULL);
    expect(error, AIVI_ERROR_ARGUMENT, "name is not UTF-8");
    CHECK(aivi_budget_nested(NULL, "b", NULL, &error) == NULL);
    expect(error, AIVI_ERROR_ARGUMENT, "budget is NULL");
    CHECK(aivi_budget_name(NULL) == NULL && aivi_budget_used(NULL, AIVI_USED_FUEL) == 0 && aivi_budget_cancel(NULL) == 0);
    CHECK(aivi_budget_time_left(NULL) == -1 && aivi_engine_dump_json(NULL) == NULL);
    CHECK(aivi_error_level(NULL) == AIVI_LEVEL_NONE && aivi_error_budget(NULL) == NULL);
    aivi_budget_free(NULL);
    CHECK(aivi_function_within(NULL, NULL, &error) == NULL);
    expect(error, AIVI_ERROR_ARGUMENT, "function is NULL");
    aivi_script *script = compile(engine, counts);
    aivi_function *count = function(script, "count");
    CHECK(aivi_function_within(count, NULL, &error) == NULL);
    expect(error, AIVI_ERROR_ARGUMENT, "budget is NULL");
    int before = atomic_load(&released);
    aivi_options_on_events(NULL, NULL, NULL, release);
    CHECK(atomic_load(&released) == before + 1);
    aivi_function_free(count);
    aivi_script_free(script);
    aivi_engine_free(engine);
}

static void calls_share_what_a_budget_has(void) {
    aivi_error *error;
    aivi_engine *engine = aivi_engine_new(NULL, &error);
    aivi_script *script = compile(engine, counts);
    aivi_function *count = function(script, "count");
    aivi_limits *much = limits(AIVI_LIMIT_FUEL, 10000), *little = limits(AIVI_LIMIT_FUEL, 2000);
    aivi_budget *tenant = aivi_budget_new(engine, "tenant 7", much, &error);
    aivi_budget *request = aivi_budget_nested(tenant, "request", little, &error);
    /* They were read. */
    aivi_limits_free(much);
    aivi_limits_free(little);
    char *name = aivi_budget_name(request);
    CHECK(strcmp(name, "request") == 0 && aivi_budget_time_left(request) == -1);
    aivi_text_free(name);

    aivi_function *in_tenant = aivi_function_within(count, tenant, &error);
    aivi_function *in_request = aivi_function_within(count, request, &error);
    CHECK(error == NULL && is_shown(call(in_tenant, aivi_value_int(1000), &error), "1000"));
    CHECK(aivi_budget_used(tenant, AIVI_USED_FUEL) > 900 && aivi_budget_used(request, AIVI_USED_FUEL) == 0);
    CHECK(call(in_request, aivi_value_int(5000), &error) == NULL);
    CHECK(aivi_error_level(error) == AIVI_LEVEL_BUDGET && strcmp(aivi_error_budget(error), "request") == 0);
    CHECK(aivi_error_limit(error) == AIVI_LIMIT_FUEL);
    expect(error, AIVI_ERROR_LIMIT, "request");
    /* The whole has to do with what its parts use; a limit of the function itself is told apart. */
    CHECK(aivi_budget_used(tenant, AIVI_USED_FUEL) > 2900 && aivi_budget_used(tenant, 99) == 0);
    CHECK(aivi_function_limit(in_tenant, AIVI_LIMIT_FUEL, 100) && call(in_tenant, aivi_value_int(5000), &error) == NULL);
    CHECK(aivi_error_level(error) == AIVI_LEVEL_CALL && aivi_error_budget(error) == NULL);
    expect(error, AIVI_ERROR_LIMIT, "");
    CHECK(aivi_function_limit(in_tenant, AIVI_LIMIT_FUEL, UINT64_MAX) && call(in_tenant, aivi_value_int(50000), &error) == NULL);
    CHECK(strcmp(aivi_error_budget(error), "tenant 7") == 0);
    expect(error, AIVI_ERROR_LIMIT, "tenant 7");
    /* Others do not see it, and who is within goes on without its handle. */
    CHECK(is_shown(call(count, aivi_value_int(20000), &error), "20000"));
    aivi_budget_free(tenant);
    aivi_budget_free(request);
    CHECK(call(in_request, aivi_value_int(5000), &error) == NULL);
    expect(error, AIVI_ERROR_LIMIT, "");

    aivi_limits *short_time = limits(AIVI_LIMIT_TIME, 3600000);
    aivi_budget *timed = aivi_budget_new(engine, "timed", short_time, NULL);
    int64_t left = aivi_budget_time_left(timed);
    CHECK(left > 3000000 && left <= 3600000);
    aivi_limits_free(short_time);
    aivi_budget_free(timed);
    aivi_function_free(count);
    aivi_function_free(in_tenant);
    aivi_function_free(in_request);
    aivi_script_free(script);
    aivi_engine_free(engine);
}

static aivi_call *start(const aivi_function *started, int64_t number) {
    aivi_error *error;
    aivi_value *argument = aivi_value_int(number);
    aivi_call *made = aivi_function_start(started, &argument, 1, &error);
    CHECK(made != NULL && error == NULL);
    return made;
}

static void a_budget_that_is_cancelled_takes_its_calls_along(void) {
    aivi_error *error;
    aivi_engine *engine = aivi_engine_new(NULL, &error);
    aivi_script *script = compile(engine, counts);
    aivi_function *nap = function(script, "nap"), *many = function(script, "many");
    aivi_limits *few = limits(AIVI_LIMIT_FIBERS, 50);
    aivi_budget *tenant = aivi_budget_new(engine, "tenant", NULL, &error), *part = aivi_budget_nested(tenant, "part", few, &error);
    aivi_function *in_tenant = aivi_function_within(nap, tenant, NULL), *in_part = aivi_function_within(nap, part, NULL);
    aivi_function *many_in_part = aivi_function_within(many, part, NULL);
    aivi_call *first = start(in_tenant, 3600000), *second = start(in_part, 3600000), *other = start(nap, 3600000);
    aivi_call *flood = start(many_in_part, 1000);
    CHECK(aivi_call_wait(flood, -1, NULL, &error) == AIVI_FAILED && aivi_error_limit(error) == AIVI_LIMIT_FIBERS);
    expect(error, AIVI_ERROR_LIMIT, "part");
    CHECK(aivi_budget_used(part, AIVI_USED_MOST_FIBERS) >= 2);
    CHECK(aivi_call_wait(first, 0, NULL, &error) == AIVI_RUNNING && aivi_call_wait(second, 0, NULL, &error) == AIVI_RUNNING);
    CHECK(aivi_budget_cancel(tenant) >= 2);
    CHECK(aivi_call_wait(first, -1, NULL, &error) == AIVI_FAILED);
    expect(error, AIVI_ERROR_CANCELLED, "");
    CHECK(aivi_call_wait(second, -1, NULL, &error) == AIVI_FAILED);
    expect(error, AIVI_ERROR_CANCELLED, "");
    CHECK(!aivi_call_is_finished(other));
    aivi_call_free(first);
    aivi_call_free(second);
    aivi_call_free(other);
    aivi_call_free(flood);
    aivi_limits_free(few);
    aivi_budget_free(tenant);
    aivi_budget_free(part);
    aivi_function_free(nap);
    aivi_function_free(many);
    aivi_function_free(in_tenant);
    aivi_function_free(in_part);
    aivi_function_free(many_in_part);
    aivi_script_free(script);
    aivi_engine_free(engine);
}

static void a_dump_is_data(void) {
    aivi_error *error;
    aivi_engine *engine = aivi_engine_new(NULL, &error);
    aivi_script *script = compile(engine, counts);
    aivi_function *nap = function(script, "nap");
    aivi_call *sleeps = start(nap, 3600000);
    CHECK(aivi_call_wait(sleeps, 0, NULL, &error) == AIVI_RUNNING);
    for (bool is_there = false; !is_there;) {
        char *dump = aivi_engine_dump_json(engine);
        CHECK(strncmp(dump, "{\"report\":\"fibers\",\"fibers\":[{", 30) == 0 && dump[strlen(dump) - 1] == '\n');
        is_there = strstr(dump, "\"state\":\"sleep\"") != NULL && strstr(dump, "m.aivi:10") != NULL;
        aivi_text_free(dump);
    }
    aivi_call_free(sleeps);
    aivi_function_free(nap);
    aivi_script_free(script);
    aivi_engine_free(engine);
}

/* What was told of the fibers of one engine. */
typedef struct seen {
    atomic_int began, waits, woken, cancelled, ended[5];
    atomic_bool has_names;
} seen;

static void note(void *data, const aivi_event *event) {
    seen *all = data;
    switch (event->kind) {
    case AIVI_EVENT_BEGAN:
        atomic_fetch_add(&all->began, 1);
        if (event->by == 0 && strcmp(event->what, "m.nap") == 0) {
            atomic_store(&all->has_names, true);
        }
        CHECK(event->at != NULL && event->end == AIVI_END_NONE);
        break;
    case AIVI_EVENT_WAITS:
        atomic_fetch_add(&all->waits, 1);
        CHECK(event->what != NULL && strncmp(event->at, "m.aivi:", 7) == 0);
        break;
    case AIVI_EVENT_WOKEN:
        atomic_fetch_add(&all->woken, 1);
        break;
    case AIVI_EVENT_CANCELLED:
        atomic_fetch_add(&all->cancelled, 1);
        CHECK(event->what != NULL);
        break;
    case AIVI_EVENT_ENDED:
        CHECK(event->end >= AIVI_END_DONE && event->end <= AIVI_END_CANCELLED && event->what == NULL && event->at == NULL);
        atomic_fetch_add(&all->ended[event->end], 1);
        break;
    default:
        break;
    }
    CHECK(event->fiber != 0);
}

static void events_are_told(void) {
    aivi_error *error;
    static seen all;
    int before = atomic_load(&released);
    aivi_options *options = aivi_options_new();
    aivi_options_workers(options, 2);
    aivi_options_on_events(options, note, &all, release);
    aivi_engine *engine = aivi_engine_new(options, &error);
    aivi_script *script = compile(engine, counts);
    aivi_function *nap = function(script, "nap"), *count = function(script, "count");
    CHECK(is_shown(call(nap, aivi_value_int(1), &error), "1") && is_shown(call(count, aivi_value_int(3), &error), "3"));
    aivi_call *long_call = start(nap, 3600000);
    while (atomic_load(&all.waits) < 2) {
        sched_yield();
    }
    aivi_call_cancel(long_call);
    while (atomic_load(&all.ended[AIVI_END_CANCELLED]) == 0) {
        sched_yield();
    }
    CHECK(aivi_call_wait(long_call, -1, NULL, &error) == AIVI_FAILED);
    expect(error, AIVI_ERROR_CANCELLED, "");
    CHECK(atomic_load(&all.began) == 3 && atomic_load(&all.has_names) && atomic_load(&all.cancelled) == 1);
    CHECK(atomic_load(&all.woken) >= 1 && atomic_load(&all.ended[AIVI_END_DONE]) == 2);
    aivi_call_free(long_call);
    aivi_function_free(nap);
    aivi_function_free(count);
    aivi_script_free(script);
    CHECK(atomic_load(&released) == before);
    aivi_engine_free(engine);
    while (atomic_load(&released) != before + 1) {
        sched_yield();
    }
}

int main(void) {
    null_is_an_error_and_no_crash();
    calls_share_what_a_budget_has();
    a_budget_that_is_cancelled_takes_its_calls_along();
    a_dump_is_data();
    events_are_told();
    return 0;
}
