/* What the header promises of objects, functions of scripts and completions: run by tests/host.rs. It ends with code 0, or says which promise
 * was broken. */

#include <pthread.h>
#include <sched.h>

#include "check.h"

static aivi_engine *engine_with(aivi_module *module, size_t workers) {
    aivi_error *error;
    aivi_options *options = aivi_options_new();
    aivi_options_workers(options, workers);
    aivi_options_module(options, module);
    aivi_engine *engine = aivi_engine_new(options, &error);
    if (engine == NULL) {
        fprintf(stderr, "%s\n", aivi_error_text(error));
        exit(1);
    }
    return engine;
}

static void until_released(int count) {
    while (atomic_load(&released) != count) {
        sched_yield();
    }
}

/* ---- Objects ---- */

typedef struct sprite {
    int64_t number;
} sprite;

static sprite sprites[] = {{7}, {8}};

static void null_is_an_error_and_no_crash(void) {
    aivi_error *error;
    int before = atomic_load(&released);
    CHECK(aivi_value_object(NULL, NULL, release) == NULL && atomic_load(&released) == before + 1);
    CHECK(aivi_value_object("\xff", NULL, release) == NULL && atomic_load(&released) == before + 2);
    void *data = &data;
    CHECK(!aivi_value_as_object(NULL, "Sprite", &data) && aivi_value_as_function(NULL) == NULL);
    aivi_value *number = aivi_value_int(1), *object = aivi_value_object("Sprite", NULL, NULL);
    CHECK(!aivi_value_as_object(number, "Sprite", &data) && aivi_value_as_function(number) == NULL);
    CHECK(!aivi_value_as_object(object, NULL, &data) && !aivi_value_as_object(object, "Sound", &data) && data == &data);
    CHECK(aivi_value_as_object(object, "Sprite", NULL) && aivi_value_as_object(object, "Sprite", &data) && data == NULL);
    aivi_value_free(number);
    aivi_value_free(object);
    CHECK(!aivi_module_object(NULL, "Sprite", &error));
    expect(error, AIVI_ERROR_ARGUMENT, "module is NULL");
    aivi_module *module = aivi_module_new("game", &error);
    CHECK(!aivi_module_object(module, NULL, &error));
    expect(error, AIVI_ERROR_ARGUMENT, "name is NULL");
    CHECK(!aivi_module_add_later(module, "f : Int -> Effect Text Int", NULL, NULL, release, &error));
    expect(error, AIVI_ERROR_ARGUMENT, "begin is NULL");
    CHECK(!aivi_module_add_later(NULL, NULL, NULL, NULL, release, &error) && atomic_load(&released) == before + 4);
    expect(error, AIVI_ERROR_ARGUMENT, "module is NULL");
    CHECK(aivi_module_object(module, "sprite", &error) && error == NULL);
    aivi_options *options = aivi_options_new();
    aivi_options_module(options, module);
    CHECK(aivi_engine_new(options, &error) == NULL);
    expect(error, AIVI_ERROR_SYSTEM, "a type's name is like Sprite");
    CHECK(!aivi_completion_done(NULL, aivi_value_unit()) && !aivi_completion_fail(NULL, NULL));
    CHECK(!aivi_completion_is_cancelled(NULL) && !aivi_completion_on_cancel(NULL, release, NULL, release));
    CHECK(atomic_load(&released) == before + 5);
    aivi_completion_free(NULL);
}

/* sprite : Int -> Sprite */
static aivi_value *make_sprite(void *data, const aivi_value *arguments, bool *failed) {
    int64_t index = 0;
    (void)data;
    (void)failed;
    aivi_value_as_int(aivi_value_at(arguments, 0), &index);
    return index < 0 ? aivi_value_object("Sound", NULL, release) : aivi_value_object("Sprite", &sprites[index % 2], release);
}

/* number : Sprite -> Int */
static aivi_value *number_of(void *data, const aivi_value *arguments, bool *failed) {
    void *found = NULL;
    (void)data;
    (void)failed;
    CHECK(aivi_value_kind(aivi_value_at(arguments, 0)) == AIVI_OBJECT);
    CHECK(!aivi_value_as_object(aivi_value_at(arguments, 0), "Sound", &found));
    CHECK(aivi_value_as_object(aivi_value_at(arguments, 0), "Sprite", &found));
    return aivi_value_int(((sprite *)found)->number);
}

static void objects_go_in_and_out_and_are_released_once(void) {
    aivi_error *error;
    aivi_module *module = aivi_module_new("game", &error);
    CHECK(aivi_module_object(module, "Sprite", &error) && aivi_module_object(module, "Sound", &error));
    CHECK(aivi_module_add(module, AIVI_HOST_FUNCTION, "sprite : Int -> Sprite", make_sprite, NULL, NULL, &error));
    CHECK(aivi_module_add(module, AIVI_HOST_FUNCTION, "number : Sprite -> Int", number_of, NULL, NULL, &error));
    aivi_engine *engine = engine_with(module, 2);
    aivi_script *script = compile(engine,
                                  "module m\nuse game\nuse aivi.concurrency\nexport *\n\n"
                                  "sum : List Sprite -> Int\nsum = xs => List.foldl (a x => a + number x) 0 xs\n\n"
                                  "own : Int -> Int\nown = n => number (sprite n)\n\n"
                                  "pair : Sprite -> (Sprite, Bool, Text)\npair = x => (x, x == x, toText x)\n\n"
                                  "waits : Sprite -> Effect Text Unit\nwaits = x => do Effect {\n  sleep 3600000\n  println (toText (number x))\n}\n");
    aivi_function *sum = function(script, "sum"), *own = function(script, "own"), *pair = function(script, "pair");
    aivi_function *waits = function(script, "waits");
    int before = atomic_load(&released);
    aivi_value *list = aivi_value_list(), *one = aivi_value_object("Sprite", &sprites[0], release);
    CHECK(aivi_value_push(list, aivi_value_clone(one)) && aivi_value_push(list, aivi_value_object("Sprite", &sprites[1], release)));
    CHECK(is_shown(call(sum, list, &error), "15") && aivi_value_kind(one) == AIVI_OBJECT);
    until_released(before + 1);
    CHECK(is_shown(call(own, aivi_value_int(1), &error), "8"));
    until_released(before + 2);
    aivi_value *both = call(pair, one, &error);
    void *data = NULL;
    CHECK(aivi_value_as_object(aivi_value_at(both, 0), "Sprite", &data) && data == &sprites[0]);
    CHECK(atomic_load(&released) == before + 2);
    CHECK(is_shown(both, "(<Sprite>, True, \"<Sprite>\")"));
    until_released(before + 3);

    list = aivi_value_list();
    aivi_value_push(list, aivi_value_object("Sound", NULL, release));
    CHECK(call(sum, list, &error) == NULL && atomic_load(&released) == before + 4);
    expect(error, AIVI_ERROR_MISMATCH, "expected Sprite, found an object of the type Sound");
    CHECK(call(own, aivi_value_int(-1), &error) == NULL && atomic_load(&released) == before + 5);
    expect(error, AIVI_ERROR_FAULT, "expected Sprite, found an object of the type Sound");

    /* Cancelled, and left to the end of the engine. */
    aivi_value *object = aivi_value_object("Sprite", &sprites[0], release);
    aivi_call *started = aivi_function_start(waits, &object, 1, &error);
    CHECK(aivi_call_wait(started, 1, NULL, &error) == AIVI_RUNNING && atomic_load(&released) == before + 5);
    aivi_call_cancel(started);
    CHECK(aivi_call_wait(started, -1, NULL, &error) == AIVI_FAILED);
    expect(error, AIVI_ERROR_CANCELLED, "");
    aivi_call_free(started);
    until_released(before + 6);
    object = aivi_value_object("Sprite", &sprites[0], release);
    aivi_call_detach(aivi_function_start(waits, &object, 1, &error));
    aivi_function_free(sum);
    aivi_function_free(own);
    aivi_function_free(pair);
    aivi_function_free(waits);
    aivi_script_free(script);
    aivi_engine_free(engine);
    until_released(before + 7);
}

/* ---- Functions of scripts ---- */

/* What a script has registered. */
static aivi_function *kept;

/* onHit : (Int -> Effect Text Int) -> Effect Text Unit */
static aivi_value *on_hit(void *data, const aivi_value *arguments, bool *failed) {
    const aivi_value *given = aivi_value_at(arguments, 0);
    aivi_error *error;
    (void)data;
    (void)failed;
    CHECK(aivi_value_kind(given) == AIVI_FUNCTION);
    kept = aivi_value_as_function(given);
    /* The fiber that called would wait for itself. */
    CHECK(call(kept, aivi_value_int(1), &error) == NULL);
    expect(error, AIVI_ERROR_FAULT, "waits");
    return aivi_value_unit();
}

/* map : (Int -> Text) -> Int -> Effect Text Text, which may block. */
static aivi_value *map(void *data, const aivi_value *arguments, bool *failed) {
    aivi_function *mapped = aivi_value_as_function(aivi_value_at(arguments, 0));
    (void)data;
    (void)failed;
    aivi_value *result = call(mapped, aivi_value_clone(aivi_value_at(arguments, 1)), NULL);
    aivi_function_free(mapped);
    return result;
}

static void functions_of_scripts_are_kept_and_called(void) {
    aivi_error *error;
    aivi_module *module = aivi_module_new("events", &error);
    CHECK(aivi_module_object(module, "Sprite", &error));
    CHECK(aivi_module_add(module, AIVI_HOST_EFFECT, "onHit : (Int -> Effect Text Int) -> Effect Text Unit", on_hit, NULL, NULL, &error));
    CHECK(aivi_module_add(module, AIVI_HOST_BLOCKING, "map : (Int -> Text) -> Int -> Effect Text Text", map, NULL, NULL, &error));
    aivi_engine *engine = engine_with(module, 1);
    aivi_script *script = compile(engine,
                                  "module m\nuse events\nuse aivi.concurrency\nexport *\n\n"
                                  "register : Sprite -> Effect Text Unit\nregister = s => onHit (n => do Effect {\n  sleep 1\n"
                                  "  given n < 10 or fail \"too large for {s}\"\n  pure (n * 2)\n})\n\n"
                                  "mapped : Int -> Effect Text Text\nmapped = n => map (m => \"{n}:{m}\") 5\n\n"
                                  "counter : Int -> { next: Int -> Int, now: Effect Text Int }\n"
                                  "counter = n => { next: (m => n + m), now: pure n }\n\n"
                                  "endless : Int -> Effect Text (Int -> Int)\nendless = n => pure spin\n\nspin : Int -> Int\nspin = n => spin (n + 1)\n\n"
                                  "same : A -> A\nsame = x => x\n\nloose : A -> Option (A -> Int)\nloose = a => Some (b => 1)\n");
    aivi_function *registers = function(script, "register"), *mapped = function(script, "mapped");
    aivi_function *counter = function(script, "counter"), *endless = function(script, "endless"), *same = function(script, "same");
    aivi_function *loose = function(script, "loose");
    aivi_script_free(script);
    int before = atomic_load(&released);
    CHECK(is_shown(call(registers, aivi_value_object("Sprite", NULL, release), &error), "Unit"));
    CHECK(is_shown(call(mapped, aivi_value_int(4), &error), "\"4:5\""));
    CHECK(is_shown(call(kept, aivi_value_int(4), &error), "8") && aivi_function_arity(kept) == 1);
    char *type = aivi_function_type(kept);
    CHECK(strcmp(type, "Int -> Effect Text Int") == 0);
    aivi_text_free(type);
    CHECK(call(kept, aivi_value_int(10), &error) == NULL && aivi_value_kind(aivi_error_value(error)) == AIVI_TEXT);
    expect(error, AIVI_ERROR_FAILURE, "too large for <Sprite>");
    CHECK(call(kept, text("four"), &error) == NULL);
    expect(error, AIVI_ERROR_MISMATCH, "expected Int, found Text");
    aivi_value *argument = aivi_value_int(5), *result = NULL;
    aivi_call *started = aivi_function_start(kept, &argument, 1, &error);
    CHECK(aivi_call_wait(started, -1, &result, &error) == AIVI_DONE && is_shown(result, "10"));
    aivi_call_free(started);

    aivi_value *made = call(counter, aivi_value_int(3), &error);
    CHECK(aivi_value_kind(aivi_value_field(made, "now")) == AIVI_FUNCTION);
    aivi_function *next = aivi_value_as_function(aivi_value_field(made, "next")), *now = aivi_value_as_function(aivi_value_field(made, "now"));
    CHECK(is_shown(made, "{ next: <function>, now: <effect> }"));
    CHECK(is_shown(call(next, aivi_value_int(4), &error), "7") && is_shown(aivi_function_call(now, NULL, 0, &error), "3"));
    CHECK(aivi_function_arity(now) == 0);
    aivi_function_free(next);
    aivi_function_free(now);

    /* It goes back where any type does; what has a variable for an argument cannot be called. */
    result = call(endless, aivi_value_int(1), &error);
    result = call(same, result, &error);
    CHECK(aivi_value_kind(result) == AIVI_OPAQUE && aivi_value_as_function(result) == NULL);
    aivi_value_free(result);
    result = call(loose, aivi_value_int(1), &error);
    CHECK(aivi_value_kind(aivi_value_at(result, 0)) == AIVI_OPAQUE && is_shown(result, "Some <function>"));

    /* With limits, and within a budget. */
    aivi_limits *few = aivi_limits_new();
    aivi_limits_set(few, AIVI_LIMIT_FUEL, 10000);
    aivi_budget *budget = aivi_budget_new(engine, "hooks", few, &error);
    result = call(endless, aivi_value_int(1), &error);
    aivi_function *spin = aivi_value_as_function(result);
    aivi_value_free(result);
    aivi_function *within = aivi_function_within(spin, budget, &error);
    CHECK(call(within, aivi_value_int(0), &error) == NULL && strcmp(aivi_error_budget(error), "hooks") == 0);
    expect(error, AIVI_ERROR_LIMIT, "fuel");
    CHECK(aivi_function_limit(spin, AIVI_LIMIT_TIME, 20) && call(spin, aivi_value_int(0), &error) == NULL);
    CHECK(aivi_error_limit(error) == AIVI_LIMIT_TIME);
    expect(error, AIVI_ERROR_LIMIT, "");
    aivi_limits_free(few);
    aivi_budget_free(budget);
    aivi_function_free(within);
    aivi_function_free(spin);
    aivi_function_free(registers);
    aivi_function_free(mapped);
    aivi_function_free(counter);
    aivi_function_free(endless);
    aivi_function_free(same);
    aivi_function_free(loose);
    aivi_engine_free(engine);

    /* The last handle of all: it has kept the engine, and the object. */
    CHECK(is_shown(call(kept, aivi_value_int(6), &error), "12") && atomic_load(&released) == before);
    aivi_function_free(kept);
    until_released(before + 1);
}

/* ---- Completions ---- */

/* What was begun and is not completed, by the number of the argument. */
static struct {
    pthread_mutex_t lock;
    aivi_completion *open[16];
} desk = {PTHREAD_MUTEX_INITIALIZER, {NULL}};

static atomic_int cancelled;

static void count_cancelled(void *data) {
    (void)data;
    atomic_fetch_add(&cancelled, 1);
}

static void free_completion(void *data) {
    aivi_completion *completion = data;
    CHECK(!aivi_completion_done(completion, aivi_value_int(1)));
    aivi_completion_free(completion);
}

/* ask : Int -> Effect Text Int */
static void ask(void *data, const aivi_value *arguments, aivi_completion *completion) {
    int64_t number = 0;
    (void)data;
    CHECK(aivi_value_as_int(aivi_value_at(arguments, 0), &number));
    switch (number) {
    case 100:
        /* At once, and only once. */
        CHECK(aivi_completion_done(completion, aivi_value_int(1)) && !aivi_completion_done(completion, aivi_value_int(2)));
        CHECK(!aivi_completion_fail(completion, text("no")) && !aivi_completion_done(completion, NULL));
        CHECK(!aivi_completion_on_cancel(completion, count_cancelled, NULL, release) && !aivi_completion_is_cancelled(completion));
        aivi_completion_free(completion);
        break;
    case 101:
        CHECK(aivi_completion_fail(completion, text("closed")));
        aivi_completion_free(completion);
        break;
    case 102:
        aivi_completion_free(completion);
        break;
    case 103:
        CHECK(aivi_completion_done(completion, text("one")));
        aivi_completion_free(completion);
        break;
    case 104:
        /* The handle is freed by who is told. */
        CHECK(aivi_completion_on_cancel(completion, free_completion, completion, release));
        break;
    default:
        CHECK(!aivi_completion_done(completion, NULL));
        CHECK(aivi_completion_on_cancel(completion, count_cancelled, NULL, release));
        pthread_mutex_lock(&desk.lock);
        desk.open[number] = completion;
        pthread_mutex_unlock(&desk.lock);
    }
}

static aivi_completion *taken(size_t number) {
    aivi_completion *found = NULL;
    while (found == NULL) {
        pthread_mutex_lock(&desk.lock);
        found = desk.open[number];
        desk.open[number] = NULL;
        pthread_mutex_unlock(&desk.lock);
        sched_yield();
    }
    return found;
}

static void *answer_all(void *data) {
    (void)data;
    for (size_t i = 0; i < 16; i++) {
        aivi_completion *completion = taken(i);
        CHECK(aivi_completion_done(completion, aivi_value_int((int64_t)i * 2)));
        aivi_completion_free(completion);
    }
    return NULL;
}

static aivi_call *start(const aivi_function *started, int64_t number) {
    aivi_error *error;
    aivi_value *argument = aivi_value_int(number);
    aivi_call *made = aivi_function_start(started, &argument, 1, &error);
    CHECK(made != NULL && error == NULL);
    return made;
}

static void fibers_wait_until_they_are_completed(void) {
    aivi_error *error;
    int before = atomic_load(&released);
    aivi_module *module = aivi_module_new("desk", &error);
    CHECK(aivi_module_add_later(module, "ask : Int -> Effect Text Int", ask, NULL, release, &error) && error == NULL);
    aivi_engine *engine = engine_with(module, 1);
    aivi_script *script = compile(engine,
                                  "module m\nuse desk\nuse aivi.concurrency\nexport *\n\none : Int -> Effect Text Int\none = n => ask n\n\n"
                                  "all : Int -> Effect Text (List Int)\nall = n => parAll (List.map (i => ask i) ([0..n]))\n\n"
                                  "soon : Int -> Effect Text Int\nsoon = n => race (ask n) (pure 7)\n");
    aivi_function *one = function(script, "one"), *all = function(script, "all"), *soon = function(script, "soon");
    CHECK(is_shown(call(one, aivi_value_int(100), &error), "1"));
    CHECK(call(one, aivi_value_int(101), &error) == NULL);
    expect(error, AIVI_ERROR_FAILURE, "closed");
    CHECK(call(one, aivi_value_int(102), &error) == NULL);
    expect(error, AIVI_ERROR_FAULT, "it was freed before it was completed");
    CHECK(call(one, aivi_value_int(103), &error) == NULL);
    expect(error, AIVI_ERROR_FAULT, "expected Int, found Text");
    until_released(before + 1);

    /* Sixteen at once, on one worker, completed by another thread. */
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, answer_all, NULL) == 0);
    CHECK(is_shown(call(all, aivi_value_int(15), &error), "[0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30]"));
    CHECK(pthread_join(thread, NULL) == 0 && atomic_load(&cancelled) == 0);
    until_released(before + 17);

    /* Cancelled: the host is told, and what comes later is harmless. */
    aivi_call *waits = start(one, 3);
    aivi_completion *completion = taken(3);
    CHECK(!aivi_completion_is_cancelled(completion));
    aivi_call_cancel(waits);
    CHECK(aivi_call_wait(waits, -1, NULL, &error) == AIVI_FAILED);
    expect(error, AIVI_ERROR_CANCELLED, "");
    aivi_call_free(waits);
    until_released(before + 18);
    CHECK(atomic_load(&cancelled) == 1 && aivi_completion_is_cancelled(completion));
    CHECK(!aivi_completion_done(completion, aivi_value_int(1)) && !aivi_completion_fail(completion, text("late")));
    CHECK(aivi_completion_on_cancel(completion, count_cancelled, NULL, release) && atomic_load(&cancelled) == 2);
    until_released(before + 19);
    aivi_completion_free(completion);
    CHECK(is_shown(call(soon, aivi_value_int(104), &error), "7"));
    until_released(before + 20);

    /* A handle that outlives its engine. */
    waits = start(one, 4);
    completion = taken(4);
    aivi_call_detach(waits);
    aivi_function_free(one);
    aivi_function_free(all);
    aivi_function_free(soon);
    aivi_script_free(script);
    aivi_engine_free(engine);
    /* What was given with it, and with the function. */
    until_released(before + 22);
    CHECK(aivi_completion_is_cancelled(completion) && !aivi_completion_done(completion, aivi_value_int(1)));
    aivi_completion_free(completion);
}

static void woken(void *data) {
    atomic_store((atomic_bool *)data, true);
}

static void a_driven_engine_is_woken_by_a_completion(void) {
    aivi_error *error;
    aivi_module *module = aivi_module_new("desk", &error);
    CHECK(aivi_module_add_later(module, "ask : Int -> Effect Text Int", ask, NULL, NULL, &error));
    atomic_bool is_woken = false;
    aivi_options *options = aivi_options_new();
    aivi_options_driven(options);
    aivi_options_on_wake(options, woken, &is_woken, NULL);
    aivi_options_module(options, module);
    aivi_engine *engine = aivi_engine_new(options, &error);
    aivi_script *script = compile(engine, "module m\nuse desk\nexport one\n\none : Int -> Effect Text Int\none = n => ask n\n");
    aivi_function *one = function(script, "one");
    aivi_call *waits = start(one, 5);
    while (aivi_engine_turn(engine, 1000, NULL) == AIVI_TURN_READY) {
    }
    atomic_store(&is_woken, false);
    aivi_completion *completion = taken(5);
    CHECK(aivi_completion_done(completion, aivi_value_int(9)) && atomic_load(&is_woken));
    aivi_completion_free(completion);
    aivi_value *result = NULL;
    while (!aivi_call_is_finished(waits)) {
        aivi_engine_turn(engine, 1000, NULL);
    }
    CHECK(aivi_call_wait(waits, 0, &result, &error) == AIVI_DONE && is_shown(result, "9"));
    aivi_call_free(waits);
    aivi_function_free(one);
    aivi_script_free(script);
    aivi_engine_free(engine);
}

int main(void) {
    null_is_an_error_and_no_crash();
    objects_go_in_and_out_and_are_released_once();
    functions_of_scripts_are_kept_and_called();
    fibers_wait_until_they_are_completed();
    a_driven_engine_is_woken_by_a_completion();
    return 0;
}
