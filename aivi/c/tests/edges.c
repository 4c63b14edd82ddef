/* What the header promises, where it is easy to get wrong: run by tests/host.rs. It ends with code 0, or says which promise was broken. */

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

static void null_is_an_error_and_no_crash(void) {
    aivi_error *error;
    CHECK(aivi_script_compile(NULL, "m", "", 0, &error) == NULL);
    expect(error, AIVI_ERROR_ARGUMENT, "engine is NULL");
    CHECK(aivi_script_compile(NULL, NULL, NULL, 3, &error) == NULL);
    expect(error, AIVI_ERROR_ARGUMENT, "text is NULL");
    CHECK(aivi_script_compile_file(NULL, "m", &error) == NULL);
    expect(error, AIVI_ERROR_ARGUMENT, "engine is NULL");
    CHECK(aivi_script_load(NULL, NULL, 0, &error) == NULL);
    expect(error, AIVI_ERROR_ARGUMENT, "engine is NULL");
    CHECK(aivi_script_function(NULL, "f", &error) == NULL);
    expect(error, AIVI_ERROR_ARGUMENT, "script is NULL");
    CHECK(!aivi_script_run_main(NULL, &error));
    expect(error, AIVI_ERROR_ARGUMENT, "script is NULL");
    CHECK(aivi_function_call(NULL, NULL, 0, &error) == NULL);
    expect(error, AIVI_ERROR_ARGUMENT, "function is NULL");
    CHECK(aivi_function_start(NULL, NULL, 1, &error) == NULL);
    expect(error, AIVI_ERROR_ARGUMENT, "function is NULL");
    CHECK(aivi_call_wait(NULL, 0, NULL, &error) == AIVI_FAILED);
    expect(error, AIVI_ERROR_ARGUMENT, "call is NULL");
    CHECK(aivi_module_new(NULL, &error) == NULL);
    expect(error, AIVI_ERROR_ARGUMENT, "name is NULL");
    CHECK(aivi_module_new("\xff", &error) == NULL);
    expect(error, AIVI_ERROR_ARGUMENT, "name is not UTF-8");
    CHECK(!aivi_module_add(NULL, 0, "f : Int", NULL, NULL, release, &error) && atomic_load(&released) == 1);
    expect(error, AIVI_ERROR_ARGUMENT, "module is NULL");
    CHECK(aivi_script_compile(NULL, NULL, NULL, 0, NULL) == NULL);

    CHECK(aivi_script_save(NULL) == NULL && aivi_script_warnings(NULL) == NULL);
    CHECK(aivi_function_type(NULL) == NULL && aivi_function_arity(NULL) == 0);
    CHECK(!aivi_call_is_finished(NULL) && aivi_engine_dump(NULL) == NULL);
    CHECK(aivi_engine_turn(NULL, 1, NULL) == AIVI_TURN_FINISHED);
    CHECK(aivi_value_kind(NULL) == AIVI_NONE && aivi_value_count(NULL) == 0 && aivi_value_at(NULL, 0) == NULL);
    CHECK(aivi_value_show(NULL) == NULL && aivi_value_clone(NULL) == NULL && aivi_value_key(NULL, 0) == NULL);
    CHECK(aivi_value_field(NULL, NULL) == NULL && aivi_value_field_name(NULL, 0, NULL) == NULL);
    CHECK(aivi_value_as_text(NULL, NULL) == NULL && aivi_value_as_bytes(NULL, NULL) == NULL && aivi_value_name(NULL, NULL) == NULL);
    CHECK(!aivi_value_as_int(NULL, NULL) && !aivi_value_as_float(NULL, NULL) && !aivi_value_as_bool(NULL, NULL));
    CHECK(!aivi_value_as_char(NULL, NULL) && !aivi_value_is(NULL, NULL));
    CHECK(!aivi_value_push(NULL, aivi_value_unit()) && !aivi_value_put(NULL, NULL, aivi_value_unit()));
    CHECK(!aivi_value_set_field(NULL, NULL, aivi_value_unit()) && aivi_value_constructor(NULL) == NULL);
    CHECK(aivi_error_kind(NULL) == AIVI_ERROR_NONE && strcmp(aivi_error_text(NULL), "") == 0);
    CHECK(aivi_error_report_count(NULL) == 0 && !aivi_error_report(NULL, 0, NULL) && aivi_error_exit_code(NULL) == 0);
    aivi_options_workers(NULL, 1);
    aivi_options_driven(NULL);
    aivi_options_without_input(NULL);
    aivi_options_module(NULL, NULL);
    aivi_options_on_wake(NULL, release, NULL, release);
    CHECK(atomic_load(&released) == 2);
    aivi_options_stdout(NULL, NULL, NULL, NULL);
    aivi_options_stderr(NULL, NULL, NULL, release);
    CHECK(atomic_load(&released) == 3);
    aivi_engine_flush(NULL);
    aivi_call_cancel(NULL);
    aivi_call_detach(NULL);
    aivi_options_free(NULL);
    aivi_module_free(NULL);
    aivi_engine_free(NULL);
    aivi_script_free(NULL);
    aivi_function_free(NULL);
    aivi_call_free(NULL);
    aivi_value_free(NULL);
    aivi_error_free(NULL);
    aivi_text_free(NULL);
    CHECK(strlen(aivi_version()) > 4);
}

static void values_are_made_and_taken_apart(void) {
    aivi_engine *engine = aivi_engine_new(NULL, NULL);
    aivi_script *script = compile(engine,
                                  "module m\nexport *\n\nShape = Dot | Circle Float Text\n\nsame : A -> A\nsame = x => x\n\n"
                                  "shape : Shape -> Shape\nshape = x => x\n\npair : (Int, Int) -> { a: Int, b: Int }\n"
                                  "pair = (a, b) => { a: a, b: b }\n");
    aivi_function *same = function(script, "same"), *shape = function(script, "shape"), *pair = function(script, "pair");
    /* What is left keeps the engine. */
    aivi_engine_free(engine);
    aivi_script_free(script);
    aivi_error *error;

    int64_t number = 0;
    aivi_value *value = call(same, aivi_value_int(INT64_MIN), &error);
    CHECK(aivi_value_as_int(value, &number) && number == INT64_MIN && !aivi_value_as_float(value, NULL));
    aivi_value_free(value);
    double real = 0;
    value = call(same, aivi_value_float(-0.25), &error);
    CHECK(aivi_value_as_float(value, &real) && real == -0.25 && aivi_value_kind(value) == AIVI_FLOAT);
    aivi_value_free(value);
    bool truth = false;
    value = call(same, aivi_value_bool(true), &error);
    CHECK(aivi_value_as_bool(value, &truth) && truth);
    aivi_value_free(value);
    uint32_t letter = 0;
    value = call(same, aivi_value_char(0x2192), &error);
    CHECK(aivi_value_as_char(value, &letter) && letter == 0x2192 && aivi_value_char(0xd800) == NULL);
    aivi_value_free(value);
    size_t length = 0;
    value = call(same, aivi_value_text("a\0b", 3), &error);
    const char *words = aivi_value_as_text(value, &length);
    CHECK(length == 3 && memcmp(words, "a\0b", 3) == 0 && aivi_value_text("\xc3", 1) == NULL);
    aivi_value_free(value);
    value = aivi_value_text(NULL, 0);
    CHECK(aivi_value_as_text(value, &length) != NULL && length == 0);
    aivi_value_free(value);
    value = call(same, aivi_value_bytes((const uint8_t *)"\xff\x00", 2), &error);
    CHECK(aivi_value_as_bytes(value, &length)[0] == 0xff && length == 2);
    aivi_value_free(value);

    aivi_value *map = aivi_value_map(), *set = aivi_value_set(), *list = aivi_value_list();
    CHECK(aivi_value_put(map, text("k"), aivi_value_int(1)) && aivi_value_put(map, text("k"), aivi_value_int(2)));
    CHECK(aivi_value_push(set, aivi_value_int(3)) && aivi_value_push(set, aivi_value_int(3)));
    CHECK(aivi_value_push(list, map) && !aivi_value_push(list, NULL) && aivi_value_count(list) == 1);
    CHECK(!aivi_value_put(list, text("k"), text("v")) && !aivi_value_set_field(list, "x", text("v")));
    CHECK(is_shown(call(same, list, &error), "[~map{\"k\" => 2}]"));
    CHECK(is_shown(call(same, set, &error), "~set[3]"));

    aivi_value *tuple = aivi_value_tuple();
    aivi_value_push(tuple, aivi_value_int(1));
    aivi_value_push(tuple, aivi_value_int(2));
    value = call(pair, tuple, &error);
    CHECK(aivi_value_kind(value) == AIVI_RECORD && aivi_value_field(value, "c") == NULL);
    CHECK(aivi_value_as_int(aivi_value_field(value, "b"), &number) && number == 2);
    CHECK(memcmp(aivi_value_field_name(value, 1, &length), "b", 1) == 0 && length == 1);
    CHECK(is_shown(value, "{ a: 1, b: 2 }"));
    value = aivi_value_record();
    CHECK(aivi_value_set_field(value, "x", aivi_value_int(1)) && aivi_value_set_field(value, "x", aivi_value_int(2)));
    CHECK(is_shown(value, "{ x: 2 }"));

    aivi_value *circle = aivi_value_constructor("Circle");
    aivi_value_push(circle, aivi_value_float(1.5));
    CHECK(call(shape, aivi_value_clone(circle), &error) == NULL);
    expect(error, AIVI_ERROR_MISMATCH, "expected Circle with 2 arguments");
    aivi_value_push(circle, text("red"));
    value = call(shape, circle, &error);
    CHECK(aivi_value_is(value, "Circle") && !aivi_value_is(value, "Dot") && aivi_value_count(value) == 2);
    CHECK(is_shown(value, "Circle 1.5 \"red\""));
    CHECK(is_shown(call(shape, aivi_value_constructor("Dot"), &error), "Dot"));
    CHECK(call(shape, aivi_value_constructor("Square"), &error) == NULL);
    expect(error, AIVI_ERROR_MISMATCH, "expected Shape, found Square");
    CHECK(call(shape, NULL, &error) == NULL);
    expect(error, AIVI_ERROR_ARGUMENT, "argument 0 is NULL");
    CHECK(aivi_function_call(shape, NULL, 0, &error) == NULL);
    expect(error, AIVI_ERROR_MISMATCH, "expected 1 arguments");

    int depth = 0;
    aivi_value *outer = aivi_value_list();
    for (value = aivi_value_unit(); aivi_value_push(outer, value); outer = aivi_value_list()) {
        value = outer;
        CHECK(++depth <= 128);
    }
    CHECK(depth == 128);
    aivi_value_free(outer);

    aivi_function_free(same);
    aivi_function_free(shape);
    aivi_function_free(pair);
}

static aivi_value *answer(void *data, const aivi_value *arguments, bool *failed) {
    int64_t number = 0;
    (void)data;
    aivi_value_as_int(aivi_value_at(arguments, 0), &number);
    *failed = number < 0;
    return number == 0 ? NULL : number == 1 ? text("one") : number < 0 ? text("less") : aivi_value_int(number * 2);
}

/* Calls into a script, which only a function that may block does. */
static aivi_value *again(void *data, const aivi_value *arguments, bool *failed) {
    (void)failed;
    aivi_function *called = *(aivi_function **)data;
    return call(called, aivi_value_clone(aivi_value_at(arguments, 0)), NULL);
}

static void functions_of_the_host_keep_to_their_types(void) {
    aivi_error *error;
    aivi_function *twice = NULL;
    int before = atomic_load(&released);
    aivi_module *module = aivi_module_new("host", &error);
    CHECK(aivi_module_add(module, AIVI_HOST_EFFECT, "act : Int -> Effect Text Int", answer, NULL, release, &error));
    CHECK(aivi_module_add(module, AIVI_HOST_FUNCTION, "pureAct : Int -> Int", answer, NULL, release, &error));
    CHECK(aivi_module_add(module, AIVI_HOST_BLOCKING, "again : Int -> Effect Text Int", again, &twice, release, &error));
    CHECK(!aivi_module_add(module, 7, "f : Int -> Int", answer, NULL, release, &error));
    expect(error, AIVI_ERROR_ARGUMENT, "no kind 7");
    CHECK(!aivi_module_add(module, 0, "f : Int -> Int", NULL, NULL, release, &error));
    expect(error, AIVI_ERROR_ARGUMENT, "function is NULL");
    CHECK(atomic_load(&released) == before + 2);
    aivi_options *options = aivi_options_new();
    aivi_options_workers(options, 2);
    aivi_options_module(options, module);
    aivi_engine *engine = aivi_engine_new(options, &error);
    aivi_script *script = compile(engine,
                                  "module m\nuse host\nexport *\n\nrun : Int -> Effect Text Int\nrun = n => act n\n\n"
                                  "runPure : Int -> Effect Text Int\nrunPure = n => pure (pureAct n)\n\n"
                                  "runAgain : Int -> Effect Text Int\nrunAgain = n => again n\n\ntwice : Int -> Int\ntwice = n => n * 2\n");
    aivi_function *run = function(script, "run"), *run_pure = function(script, "runPure"), *run_again = function(script, "runAgain");
    twice = function(script, "twice");
    CHECK(is_shown(call(run, aivi_value_int(21), &error), "42") && is_shown(call(run_pure, aivi_value_int(21), &error), "42"));
    CHECK(is_shown(call(run_again, aivi_value_int(4), &error), "8"));
    CHECK(call(run, aivi_value_int(0), &error) == NULL);
    expect(error, AIVI_ERROR_FAULT, "it gave NULL");
    CHECK(call(run, aivi_value_int(1), &error) == NULL);
    expect(error, AIVI_ERROR_FAULT, "expected Int, found Text");
    CHECK(call(run, aivi_value_int(-1), &error) == NULL);
    CHECK(is_shown(aivi_value_clone(aivi_error_value(error)), "\"less\"") && aivi_error_value(NULL) == NULL);
    expect(error, AIVI_ERROR_FAILURE, "less");
    aivi_value *less = aivi_value_int(-1);
    aivi_call *fails = aivi_function_start(run, &less, 1, &error);
    CHECK(aivi_call_wait(fails, -1, NULL, &error) == AIVI_FAILED && aivi_value_kind(aivi_error_value(error)) == AIVI_TEXT);
    expect(error, AIVI_ERROR_FAILURE, "less");
    aivi_call_free(fails);
    CHECK(call(run_pure, aivi_value_int(-1), &error) == NULL);
    expect(error, AIVI_ERROR_FAULT, "less");
    aivi_function_free(run);
    aivi_function_free(run_pure);
    aivi_function_free(run_again);
    aivi_function_free(twice);
    aivi_script_free(script);
    CHECK(atomic_load(&released) == before + 2);
    aivi_engine_free(engine);
    CHECK(atomic_load(&released) == before + 5);

    module = aivi_module_new("host", &error);
    CHECK(aivi_module_add(module, AIVI_HOST_EFFECT, "act : Int -> Int", answer, NULL, release, &error));
    options = aivi_options_new();
    aivi_options_module(options, module);
    CHECK(aivi_engine_new(options, &error) == NULL);
    expect(error, AIVI_ERROR_SYSTEM, "it gives no Effect");
    CHECK(atomic_load(&released) == before + 6);
}

static void *cancel(void *waited) {
    aivi_call_cancel(waited);
    return NULL;
}

static void ends(void *data) {
    atomic_store((atomic_bool *)data, true);
}

static void calls_go_on_and_end(void) {
    aivi_error *error;
    aivi_options *options = aivi_options_new();
    CHECK(aivi_options_allow(options, AIVI_POWER_EXIT, NULL, &error) && error == NULL);
    aivi_engine *engine = aivi_engine_new(options, &error);
    aivi_script *script = compile(engine,
                                  "module m\nuse aivi.concurrency\nuse aivi.system (exit)\nexport *\n\nnap : Int -> Effect Text Int\n"
                                  "nap = ms => do Effect {\n  sleep ms\n  pure ms\n}\n\nleave : Int -> Effect Text Unit\nleave = code => exit code\n");
    aivi_function *nap = function(script, "nap"), *leave = function(script, "leave");
    aivi_value *argument = aivi_value_int(1), *result = NULL;
    aivi_call *short_call = aivi_function_start(nap, &argument, 1, &error);
    CHECK(aivi_call_wait(short_call, -1, &result, &error) == AIVI_DONE && error == NULL && is_shown(result, "1"));
    CHECK(aivi_call_is_finished(short_call) && aivi_call_wait(short_call, -1, &result, &error) == AIVI_FAILED && result == NULL);
    expect(error, AIVI_ERROR_ARGUMENT, "was given before");
    aivi_call_free(short_call);

    argument = aivi_value_int(3600000);
    aivi_call *long_call = aivi_function_start(nap, &argument, 1, &error);
    CHECK(aivi_call_wait(long_call, 0, &result, &error) == AIVI_RUNNING && result == NULL && error == NULL);
    CHECK(!aivi_call_is_finished(long_call));
    char *dump = aivi_engine_dump(engine);
    CHECK(strstr(dump, "sleep") != NULL);
    aivi_text_free(dump);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, cancel, long_call) == 0);
    CHECK(aivi_call_wait(long_call, -1, &result, &error) == AIVI_FAILED);
    expect(error, AIVI_ERROR_CANCELLED, "cancelled");
    CHECK(pthread_join(thread, NULL) == 0);
    aivi_call_free(long_call);

    int before = atomic_load(&released);
    argument = aivi_value_int(1);
    aivi_call *told = aivi_function_start(nap, &argument, 1, &error);
    atomic_bool ended = false;
    CHECK(aivi_call_on_end(told, ends, &ended, release) && !aivi_call_on_end(NULL, ends, NULL, release));
    while (!atomic_load(&ended)) {
        sched_yield();
    }
    CHECK(aivi_call_wait(told, 0, &result, &error) == AIVI_DONE && is_shown(result, "1"));
    atomic_store(&ended, false);
    CHECK(aivi_call_on_end(told, ends, &ended, NULL) && atomic_load(&ended));
    aivi_call_free(told);
    while (atomic_load(&released) != before + 2) {
        sched_yield();
    }

    argument = text("ten");
    aivi_call *wrong = aivi_function_start(nap, &argument, 1, &error);
    CHECK(aivi_call_wait(wrong, -1, NULL, &error) == AIVI_FAILED);
    expect(error, AIVI_ERROR_MISMATCH, "expected Int, found Text");
    aivi_call_free(wrong);

    CHECK(call(leave, aivi_value_int(7), &error) == NULL && aivi_error_exit_code(error) == 7);
    expect(error, AIVI_ERROR_EXIT, "code 7");

    argument = aivi_value_int(3600000);
    aivi_call_free(aivi_function_start(nap, &argument, 1, &error));
    argument = aivi_value_int(3600000);
    aivi_call_detach(aivi_function_start(nap, &argument, 1, &error));
    aivi_function_free(nap);
    aivi_function_free(leave);
    aivi_script_free(script);
    aivi_engine_free(engine);
}

static void limits_are_kept(void) {
    aivi_error *error;
    aivi_options *options = aivi_options_new();
    CHECK(aivi_options_limit(options, AIVI_LIMIT_TIME, 3600000) && aivi_options_limit(options, AIVI_LIMIT_FUEL, 100000));
    CHECK(aivi_options_total(options, AIVI_LIMIT_MEMORY, 64 << 20) && !aivi_options_limit(options, 6, 1));
    CHECK(!aivi_options_total(options, -1, 1) && !aivi_options_limit(NULL, 0, 1) && !aivi_options_total(NULL, 0, 1));
    aivi_engine *engine = aivi_engine_new(options, &error);
    aivi_script *script = compile(engine,
                                  "module m\nexport *\n\nspin : Int -> Int\nspin = n => spin (n + 1)\n\n"
                                  "grow : Text -> Text\ngrow = text => grow \"{text}{text}\"\n");
    aivi_function *spin = function(script, "spin"), *grow = function(script, "grow");
    CHECK(call(spin, aivi_value_int(0), &error) == NULL && aivi_error_limit(error) == AIVI_LIMIT_FUEL);
    expect(error, AIVI_ERROR_LIMIT, "m.aivi:5");
    CHECK(aivi_function_limit(spin, AIVI_LIMIT_FUEL, UINT64_MAX) && aivi_function_limit(spin, AIVI_LIMIT_TIME, 20));
    CHECK(!aivi_function_limit(spin, 6, 1) && !aivi_function_limit(NULL, 0, 1));
    CHECK(call(spin, aivi_value_int(0), &error) == NULL && aivi_error_limit(error) == AIVI_LIMIT_TIME);
    expect(error, AIVI_ERROR_LIMIT, "");
    CHECK(aivi_function_limit(grow, AIVI_LIMIT_MEMORY, 1 << 20));
    CHECK(call(grow, text("x"), &error) == NULL && aivi_error_limit(error) == AIVI_LIMIT_MEMORY);
    expect(error, AIVI_ERROR_LIMIT, "memory");
    CHECK(aivi_error_limit(NULL) == -1);
    aivi_function_free(spin);
    aivi_function_free(grow);
    aivi_script_free(script);
    aivi_engine_free(engine);
}

typedef struct lines {
    char text[64];
    size_t length;
} lines;

static bool keep(void *data, const uint8_t *bytes, size_t length) {
    lines *all = data;
    CHECK(all->length + length < sizeof all->text);
    memcpy(all->text + all->length, bytes, length);
    all->length += length;
    return true;
}

static void scripts_are_saved_and_loaded_and_run(void) {
    aivi_error *error;
    lines out = {{0}, 0};
    aivi_options *options = aivi_options_new();
    aivi_options_without_input(options);
    aivi_options_stdout(options, keep, &out, NULL);
    aivi_options_stderr(options, NULL, NULL, NULL);
    aivi_engine *engine = aivi_engine_new(options, &error);
    aivi_script *script = compile(engine, "module m\n\nmain : Effect Text Unit\nmain = do Effect {\n  println \"hello\"\n  fail \"enough\"\n}\n");
    aivi_value *saved = aivi_script_save(script);
    aivi_script_free(script);
    size_t length = 0;
    const uint8_t *bytes = aivi_value_as_bytes(saved, &length);
    script = aivi_script_load(engine, bytes, length, &error);
    CHECK(script != NULL && !aivi_script_run_main(script, &error));
    expect(error, AIVI_ERROR_FAILURE, "enough");
    aivi_engine_flush(engine);
    CHECK(out.length == 6 && memcmp(out.text, "hello\n", 6) == 0);
    aivi_script_free(script);
    CHECK(aivi_script_load(engine, bytes, length / 2, &error) == NULL);
    expect(error, AIVI_ERROR_LOAD, "");
    aivi_value_free(saved);
    CHECK(aivi_script_function(NULL, NULL, &error) == NULL);
    expect(error, AIVI_ERROR_ARGUMENT, "NULL");
    CHECK(aivi_script_compile_file(engine, "no/such.aivi", &error) == NULL);
    expect(error, AIVI_ERROR_COMPILE, "no/such.aivi");
    script = compile(engine, "module m\nexport f\nuse aivi.concurrency\n\nf : Int -> Int\nf = n => n\n");
    char *warnings = aivi_script_warnings(script);
    CHECK(warnings != NULL && strstr(warnings, "m.aivi:3") != NULL);
    aivi_text_free(warnings);
    CHECK(aivi_script_function(script, "g", &error) == NULL);
    expect(error, AIVI_ERROR_LOOKUP, "'g'");
    aivi_script_free(script);
    aivi_engine_free(engine);
}

static void woken(void *data) {
    (void)data;
}

static void a_driven_engine_has_the_threads_of_its_host(void) {
    aivi_error *error;
    aivi_options *options = aivi_options_new();
    aivi_options_driven(options);
    int before = atomic_load(&released);
    aivi_options_on_wake(options, woken, NULL, release);
    aivi_engine *engine = aivi_engine_new(options, &error);
    aivi_script *script = compile(engine, "module m\nexport nap\nuse aivi.concurrency\n\nnap : Int -> Effect Text Int\nnap = ms => do Effect {\n  sleep ms\n  pure ms\n}\n");
    aivi_function *nap = function(script, "nap");
    aivi_value *argument = aivi_value_int(1), *result = NULL;
    aivi_call *started = aivi_function_start(nap, &argument, 1, &error);
    while (!aivi_call_is_finished(started)) {
        aivi_engine_turn(engine, 1000, NULL);
    }
    CHECK(aivi_call_wait(started, 0, &result, &error) == AIVI_DONE && is_shown(result, "1"));
    aivi_call_free(started);

    argument = aivi_value_int(3600000);
    started = aivi_function_start(nap, &argument, 1, &error);
    uint64_t sleep_us = 0;
    aivi_turn turn = AIVI_TURN_READY;
    while (turn == AIVI_TURN_READY) {
        turn = aivi_engine_turn(engine, 1000, &sleep_us);
    }
    CHECK(turn == AIVI_TURN_SLEEPING && sleep_us > 3000000 && !aivi_call_is_finished(started));
    aivi_call_cancel(started);
    CHECK(aivi_call_wait(started, -1, NULL, &error) == AIVI_FAILED);
    expect(error, AIVI_ERROR_CANCELLED, "");
    CHECK(aivi_engine_turn(engine, 1000, NULL) == AIVI_TURN_FINISHED);
    aivi_call_free(started);
    aivi_function_free(nap);
    aivi_script_free(script);
    CHECK(atomic_load(&released) == before);
    aivi_engine_free(engine);
    CHECK(atomic_load(&released) == before + 1);
}

static void scripts_may_do_what_is_allowed_and_not_denied(void) {
    aivi_error *error;
    aivi_options *options = aivi_options_new();
    CHECK(!aivi_options_allow(NULL, AIVI_POWER_ALL, NULL, &error));
    expect(error, AIVI_ERROR_ARGUMENT, "options is NULL");
    CHECK(!aivi_options_allow(options, 99, NULL, &error));
    expect(error, AIVI_ERROR_ARGUMENT, "no power 99");
    CHECK(!aivi_options_allow(options, AIVI_POWER_CLOCK, "noon", &error));
    expect(error, AIVI_ERROR_ARGUMENT, "without 'noon'");
    CHECK(!aivi_options_deny(options, AIVI_POWER_CONNECT, "localhost:http", &error));
    expect(error, AIVI_ERROR_ARGUMENT, "'http' is no port");
    CHECK(aivi_options_allow(options, AIVI_POWER_ENVIRONMENT, "AIVI_EDGE_*", &error) && error == NULL);
    CHECK(aivi_options_deny(options, AIVI_POWER_ENVIRONMENT, "AIVI_EDGE_KEY", &error) && error == NULL);
    aivi_engine *engine = aivi_engine_new(options, &error);
    aivi_script *script = compile(engine, "module m\nuse aivi.system\nexport get\n\nget : Text -> Effect Text (Option Text)\nget = name => env.get name\n");
    aivi_function *get = function(script, "get");
    CHECK(is_shown(call(get, text("AIVI_EDGE_NONE"), &error), "None"));
    CHECK(call(get, text("AIVI_EDGE_KEY"), &error) == NULL);
    expect(error, AIVI_ERROR_FAILURE, "permission denied");
    CHECK(call(get, text("PATH"), &error) == NULL);
    expect(error, AIVI_ERROR_FAILURE, "permission denied");
    aivi_function_free(get);
    aivi_script_free(script);
    aivi_engine_free(engine);
}

int main(void) {
    null_is_an_error_and_no_crash();
    values_are_made_and_taken_apart();
    functions_of_the_host_keep_to_their_types();
    calls_go_on_and_end();
    limits_are_kept();
    scripts_are_saved_and_loaded_and_run();
    a_driven_engine_has_the_threads_of_its_host();
    scripts_may_do_what_is_allowed_and_not_denied();
    return 0;
}
