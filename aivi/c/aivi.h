/* AIVI for C: compile scripts, call their functions, give them functions of the host.
 *
 * An engine holds what the host decides. It compiles texts to scripts, whose exported functions are looked up once and called often.
 * Values go in and out as trees that the host makes and takes apart (`aivi_value`). A call blocks the thread, or goes on by itself and is
 * waited for, asked, or cancelled.
 *
 *     aivi_error *error;
 *     aivi_engine *engine = aivi_engine_new(NULL, &error);
 *     aivi_script *script = aivi_script_compile(engine, "m.aivi", text, strlen(text), &error);
 *     aivi_function *twice = aivi_script_function(script, "twice", &error);
 *     aivi_value *arguments[] = {aivi_value_int(21)};
 *     aivi_value *result = aivi_function_call(twice, arguments, 1, &error);
 *
 * Ownership. What a function gives as a pointer that is not `const` belongs to the caller, who frees it with the function named after its type:
 * `aivi_script_free` and so on; a `char *` with `aivi_text_free`. What it gives as a pointer to `const` belongs to what it was asked of, and lives as
 * long as that is neither freed nor changed. Arguments are lent for the call, unless "takes" is said: then they are not the caller's any more,
 * whatever comes of the call. All `_free` functions accept NULL. Handles keep what they need: an engine may be freed before its scripts.
 *
 * Errors. A function that may not succeed has an `aivi_error **` as its last parameter, which may be NULL. It is set at each call: to NULL, or
 * to an error that the caller frees. A NULL where an object is needed, text that is not UTF-8 and the like are errors (`AIVI_ERROR_ARGUMENT`), or
 * give NULL, false or 0 where there is no such parameter. Pointers that are neither NULL nor live, and lengths that are too large, are not
 * noticed: the host must not pass them.
 *
 * Text is UTF-8. Names, paths and signatures end with a zero byte; source texts and values have a length, and may hold zero bytes.
 *
 * Threads. Engines, scripts, functions and errors may be used from any thread, by several at the same time. So may values that nobody changes; options,
 * modules, and values that are being made, belong to one thread at a time. Calls: see there. Nothing is freed while another thread uses it.
 * Functions of the host are called from threads of the engine, several at the same time, unless the engine is driven and has none.
 * They must not be left by `longjmp` or an exception.
 *
 * What this header promises is kept as spec/embedding/stability.md says; numbers of enumerations do not change, and new ones may be added. */

#ifndef AIVI_H
#define AIVI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct aivi_options aivi_options;
typedef struct aivi_module aivi_module;
typedef struct aivi_engine aivi_engine;
typedef struct aivi_script aivi_script;
typedef struct aivi_function aivi_function;
typedef struct aivi_call aivi_call;
typedef struct aivi_value aivi_value;
typedef struct aivi_error aivi_error;

/* The version of the library, as in "0.1.0". */
const char *aivi_version(void);

/* Frees a text that belongs to the caller. */
void aivi_text_free(char *text);


/* ---- Errors ---- */

typedef enum aivi_error_kind_t {
    AIVI_ERROR_NONE = 0,      /* of NULL */
    AIVI_ERROR_ARGUMENT = 1,  /* the host has given something wrong */
    AIVI_ERROR_COMPILE = 2,   /* the text is not a correct program; see the reports */
    AIVI_ERROR_LOAD = 3,      /* the bytes are no compiled program of this version */
    AIVI_ERROR_LOOKUP = 4,    /* the script exports no such function */
    AIVI_ERROR_MISMATCH = 5,  /* a value is of another type than the function's */
    AIVI_ERROR_FAILURE = 6,   /* the effect failed, as its author meant it */
    AIVI_ERROR_FAULT = 7,     /* a bug in the script, or in a function of the host; the text has lines */
    AIVI_ERROR_CANCELLED = 8, /* the host cancelled the call, or freed all that kept the engine */
    AIVI_ERROR_EXIT = 9,      /* the script asked to exit, with a code */
    AIVI_ERROR_SYSTEM = 10,   /* the engine cannot be made: no threads, or a module is not what it says */
    AIVI_ERROR_PANIC = 11,    /* a bug in AIVI itself */
    AIVI_ERROR_LIMIT = 12     /* the call has reached a limit; the text says which, and where */
} aivi_error_kind_t;

/* A place in a script and what is wrong there. The texts belong to the error. */
typedef struct aivi_report {
    const char *code;    /* as in "E3000": spec/errors.md explains it */
    const char *message; /* one line */
    const char *path;    /* the name that was given to the text, or the file */
    uint32_t line;       /* from 1 */
    uint32_t column;     /* from 1, in characters */
} aivi_report;

aivi_error_kind_t aivi_error_kind(const aivi_error *error);

/* What is wrong, for a person: of a text that was not compiled all reports with their lines. "" for NULL. */
const char *aivi_error_text(const aivi_error *error);

/* What an effect failed with, of an AIVI_ERROR_FAILURE of a call; else NULL. It belongs to the error. */
const aivi_value *aivi_error_value(const aivi_error *error);

/* The aivi_limit of an AIVI_ERROR_LIMIT; else -1. */
int32_t aivi_error_limit(const aivi_error *error);

/* The code of an AIVI_ERROR_EXIT. */
int32_t aivi_error_exit_code(const aivi_error *error);

/* Reports of an AIVI_ERROR_COMPILE. `aivi_error_report` is false if there is none of this index. */
size_t aivi_error_report_count(const aivi_error *error);
bool aivi_error_report(const aivi_error *error, size_t index, aivi_report *report);

void aivi_error_free(aivi_error *error);


/* ---- Values ---- */

typedef enum aivi_kind {
    AIVI_NONE = 0, /* of NULL */
    AIVI_UNIT = 1,
    AIVI_BOOL = 2,
    AIVI_INT = 3,
    AIVI_FLOAT = 4,
    AIVI_CHAR = 5,
    AIVI_TEXT = 6,
    AIVI_BYTES = 7,
    AIVI_LIST = 8,
    AIVI_TUPLE = 9,
    AIVI_RECORD = 10,
    AIVI_CONSTRUCTOR = 11, /* of an Option, a Result or a sum type, with its arguments */
    AIVI_MAP = 12,
    AIVI_SET = 13,
    AIVI_OPAQUE = 14 /* a function, a handle: it can be shown, and goes back where its script takes all types */
} aivi_kind;

/* Values have no types of their own: what a host makes is compared with the type of the function that it goes into.
 *
 * These give NULL for what is not a character of Unicode, not UTF-8, or NULL itself. Bytes are copied. */
aivi_value *aivi_value_unit(void);
aivi_value *aivi_value_bool(bool value);
aivi_value *aivi_value_int(int64_t number);
aivi_value *aivi_value_float(double number);
aivi_value *aivi_value_char(uint32_t letter);
aivi_value *aivi_value_text(const char *text, size_t length);
aivi_value *aivi_value_bytes(const uint8_t *bytes, size_t length);

/* Empty ones, to be filled. A constructor without arguments is complete: aivi_value_constructor("None"). */
aivi_value *aivi_value_list(void);
aivi_value *aivi_value_tuple(void);
aivi_value *aivi_value_set(void);
aivi_value *aivi_value_map(void);
aivi_value *aivi_value_record(void);
aivi_value *aivi_value_constructor(const char *name);

/* Adds an item to a list, tuple or set, or an argument to a constructor. Takes the part. False if the value is nothing of that kind, the
 * part is NULL, or values would hold each other more than 128 deep. */
bool aivi_value_push(aivi_value *value, aivi_value *part);

/* Adds an entry to a map; of several with the same key the last one counts. Takes both. False as above. */
bool aivi_value_put(aivi_value *value, aivi_value *key, aivi_value *part);

/* Gives a record a field, or the field another value. Takes the part. False as above. */
bool aivi_value_set_field(aivi_value *value, const char *name, aivi_value *part);

aivi_kind aivi_value_kind(const aivi_value *value);

/* What a value holds; false if it is of another kind. */
bool aivi_value_as_bool(const aivi_value *value, bool *result);
bool aivi_value_as_int(const aivi_value *value, int64_t *result);
bool aivi_value_as_float(const aivi_value *value, double *result);
bool aivi_value_as_char(const aivi_value *value, uint32_t *result);

/* Its bytes, NULL if it is of another kind. No zero byte follows them: printf("%.*s", (int)length, text). */
const char *aivi_value_as_text(const aivi_value *value, size_t *length);
const uint8_t *aivi_value_as_bytes(const aivi_value *value, size_t *length);

/* The name of a constructor, as with texts; and whether it is this one. */
const char *aivi_value_name(const aivi_value *value, size_t *length);
bool aivi_value_is(const aivi_value *value, const char *name);

/* How many items, arguments, fields or entries it has, and these in their order; of a map the values. NULL beyond the last. */
size_t aivi_value_count(const aivi_value *value);
const aivi_value *aivi_value_at(const aivi_value *value, size_t index);

/* The key of an entry of a map. Maps that come from scripts are sorted by their keys. */
const aivi_value *aivi_value_key(const aivi_value *value, size_t index);

/* A field of a record by its name, NULL if there is none; and the name of the field at an index, as with texts. */
const aivi_value *aivi_value_field(const aivi_value *value, const char *name);
const char *aivi_value_field_name(const aivi_value *value, size_t index, size_t *length);

/* A value as the language writes it: texts have quotes. */
char *aivi_value_show(const aivi_value *value);

aivi_value *aivi_value_clone(const aivi_value *value);
void aivi_value_free(aivi_value *value);


/* ---- Functions of the host ---- */

typedef enum aivi_host_kind {
    AIVI_HOST_FUNCTION = 0, /* without effects: the same for the same arguments; called more or less often than written */
    AIVI_HOST_EFFECT = 1,   /* acts, quickly: it holds up a thread of the engine. The signature gives an Effect */
    AIVI_HOST_BLOCKING = 2  /* may block or compute for long: it runs on a thread of its own. Likewise */
} aivi_host_kind;

/* Gives its result, which the engine takes; with *failed set to true that is the error with which the effect fails. NULL is a fault of the
 * script, and so are results of other types than the signature says, and what a function without effects fails with. `arguments` is a
 * tuple with one item for each arrow of the signature. `data` is what was given with the function. It must not wait for calls into
 * scripts, unless it is one that may block. */
typedef aivi_value *(*aivi_host_function)(void *data, const aivi_value *arguments, bool *failed);

/* Releases the data that was given with a function of the host; called once, when nothing needs the function any more. */
typedef void (*aivi_release)(void *data);

/* A module that scripts `use` by this name, as in "game" or "game.map". */
aivi_module *aivi_module_new(const char *name, aivi_error **error);

/* Adds a function with its AIVI type: "damage : Int -> Int -> Int", "load : Text -> Effect Text Int". Types are those of the language, tuples, and
 * records; the result has neither functions nor type variables. That a signature is none is told by `aivi_engine_new`. `release` may be NULL.
 * It is called in every case, also when the function is not added. */
bool aivi_module_add(aivi_module *module, int32_t kind, const char *signature, aivi_host_function function, void *data,
                     aivi_release release, aivi_error **error);

void aivi_module_free(aivi_module *module);


/* ---- Engines ---- */

/* Takes bytes that a script has written; false if that is not possible: they are gone then. One call at a time, from any thread. */
typedef bool (*aivi_output)(void *data, const uint8_t *bytes, size_t length);

/* Called by any thread: it should only wake the host's loop. */
typedef void (*aivi_wake)(void *data);

/* A worker for each processor, the streams of the process for output, no modules; scripts may do nothing else outside of themselves. */
aivi_options *aivi_options_new(void);

/* Threads that run scripts; at least one. */
void aivi_options_workers(aivi_options *options, size_t count);

/* What a call may use; without end unless it is said. Who reaches a limit is cancelled: its cleanups run, on a reserve, and the call ends with an
 * AIVI_ERROR_LIMIT. */
typedef enum aivi_limit {
    AIVI_LIMIT_FUEL = 0,     /* calls of functions and turns of loops */
    AIVI_LIMIT_MEMORY = 1,   /* bytes at the same time */
    AIVI_LIMIT_TIME = 2,     /* milliseconds from the beginning of the call */
    AIVI_LIMIT_FIBERS = 3,   /* at the same time */
    AIVI_LIMIT_MESSAGES = 4, /* that stand in channels at the same time */
    AIVI_LIMIT_OUTPUT = 5    /* bytes written */
} aivi_limit;

/* Limits each call that does not say otherwise, or all calls of the engine together. False if there is no such limit. */
bool aivi_options_limit(aivi_options *options, int32_t limit, uint64_t amount);
bool aivi_options_total(aivi_options *options, int32_t limit, uint64_t amount);

/* No threads: scripts run while the host is in `aivi_engine_turn`, or waits for a call. (Functions that block still have threads.) */
void aivi_options_driven(aivi_options *options);

/* In a driven engine: what to call when something has become ready and nobody works. `release` may be NULL here and below. */
void aivi_options_on_wake(aivi_options *options, aivi_wake wake, void *data, aivi_release release);

/* Where scripts write; NULL instead of a function drops everything. Output comes in pieces, at the latest when all fibers wait or
 * at `aivi_engine_flush`. */
void aivi_options_stdout(aivi_options *options, aivi_output write, void *data, aivi_release release);
void aivi_options_stderr(aivi_options *options, aivi_output write, void *data, aivi_release release);

/* What a script can do outside of itself. */
typedef enum aivi_power {
    AIVI_POWER_ALL = 0,         /* everything */
    AIVI_POWER_READ = 1,        /* read files: a path, with what is below if it is a directory */
    AIVI_POWER_WRITE = 2,       /* write, make and remove files: likewise */
    AIVI_POWER_CONNECT = 3,     /* connect: "example.org:443", "10.0.0.0/8:8000-8999", "[::1]:80", "*.example.org" */
    AIVI_POWER_LISTEN = 4,      /* accept connections: "127.0.0.1:8080" */
    AIVI_POWER_ENVIRONMENT = 5, /* variables of the environment: a name, or how names begin: "MY_*" */
    AIVI_POWER_INPUT = 6,       /* standard input */
    AIVI_POWER_EXIT = 7,        /* end with an exit code */
    AIVI_POWER_CLOCK = 8        /* the time of day */
} aivi_power;

/* Allows scripts something; `what` is a path, host or name as above, NULL for all of its kind. Denials win over what is allowed, whichever is
 * said first. False, with an error, for what cannot be. */
bool aivi_options_allow(aivi_options *options, int32_t power, const char *what, aivi_error **error);
bool aivi_options_deny(aivi_options *options, int32_t power, const char *what, aivi_error **error);

/* Scripts that may read standard input find its end. */
void aivi_options_without_input(aivi_options *options);

/* Gives scripts a module. Takes it. */
void aivi_options_module(aivi_options *options, aivi_module *module);

void aivi_options_free(aivi_options *options);

/* Makes an engine. Takes the options; NULL stands for those of `aivi_options_new`. Threads start when something runs. */
aivi_engine *aivi_engine_new(aivi_options *options, aivi_error **error);

typedef enum aivi_turn {
    AIVI_TURN_FINISHED = 0, /* nothing is left to do */
    AIVI_TURN_READY = 1,    /* there is more to do, at once */
    AIVI_TURN_SLEEPING = 2, /* nothing for *sleep_us microseconds, unless something comes from outside before */
    AIVI_TURN_WAITING = 3   /* nothing until something comes from outside */
} aivi_turn;

/* In a driven engine: runs what is ready on this thread, for so many microseconds at most, and waits for nothing. */
aivi_turn aivi_engine_turn(const aivi_engine *engine, uint64_t budget_us, uint64_t *sleep_us);

/* Hands on what scripts have written. */
void aivi_engine_flush(const aivi_engine *engine);

/* Every fiber that lives, where it stands and what it waits for, for a person. NULL for NULL. */
char *aivi_engine_dump(const aivi_engine *engine);

/* The engine ends when its scripts, functions and calls are freed as well: then what still runs is cancelled, and its threads end. */
void aivi_engine_free(aivi_engine *engine);


/* ---- Scripts ---- */

/* Compiles a text that uses no modules but the library's and the host's. `name` is shown in reports. */
aivi_script *aivi_script_compile(const aivi_engine *engine, const char *name, const char *text, size_t length,
                                 aivi_error **error);

/* Compiles a file with the modules that it uses. */
aivi_script *aivi_script_compile_file(const aivi_engine *engine, const char *path, aivi_error **error);

/* Takes up a program that was compiled before, by `aivi_script_save` or `aivi build`. The bytes may come from anybody: they are verified, and
 * can do what a script can do and no more. */
aivi_script *aivi_script_load(const aivi_engine *engine, const uint8_t *bytes, size_t length, aivi_error **error);

/* The compiled program as a value of kind AIVI_BYTES. */
aivi_value *aivi_script_save(const aivi_script *script);

/* The warnings of the compiler, NULL if there are none. */
char *aivi_script_warnings(const aivi_script *script);

/* Looks up something that the script exports; it has its AIVI type. */
aivi_function *aivi_script_function(const aivi_script *script, const char *name, aivi_error **error);

/* Runs `main`, and returns when everything that it started has ended. */
bool aivi_script_run_main(const aivi_script *script, aivi_error **error);

void aivi_script_free(aivi_script *script);


/* ---- Functions of scripts ---- */

/* Its type, as the language writes it, and the number of arguments that a call needs. */
char *aivi_function_type(const aivi_function *function);
size_t aivi_function_arity(const aivi_function *function);

/* Limits each call that begins from now on; other limits stay as they are. Not while another thread uses the function. False if there is no such
 * limit. */
bool aivi_function_limit(aivi_function *function, int32_t limit, uint64_t amount);

/* Calls it, and waits until it and everything that it started has ended; this thread works for the script meanwhile. An effect is run, and
 * its value is the result. Takes the arguments, each of which is another value; the array stays the caller's. */
aivi_value *aivi_function_call(const aivi_function *function, aivi_value *const *arguments, size_t count,
                               aivi_error **error);

/* Calls it, and does not wait. Otherwise the same; a wrong argument is told by `aivi_call_wait`. */
aivi_call *aivi_function_start(const aivi_function *function, aivi_value *const *arguments, size_t count,
                               aivi_error **error);

void aivi_function_free(aivi_function *function);


/* ---- Calls that go on ----
 *
 * Any thread may ask or cancel a call, also while another one waits for it. One thread at a time waits. */

typedef enum aivi_state {
    AIVI_FAILED = 0, /* it has ended without a value: see the error */
    AIVI_DONE = 1,   /* it has ended with a value */
    AIVI_RUNNING = 2 /* the time is up and it goes on */
} aivi_state;

/* Waits for so many milliseconds at most, without limit if they are negative, and not at all for 0. Sets *result to the value that the
 * caller frees, or to NULL; `result` may be NULL. An ending is told once; asking again is an AIVI_ERROR_ARGUMENT, as is waiting beside another
 * thread. */
aivi_state aivi_call_wait(const aivi_call *call, int64_t milliseconds, aivi_value **result, aivi_error **error);

/* Has it, with everything that it has started, ended? False while another thread waits for it. */
bool aivi_call_is_finished(const aivi_call *call);

/* Calls `tell` once when it has ended, from any thread, perhaps before this returns: for a host that waits for several things at once. It
 * should only wake the host's loop. Another one replaces it. `release` may be NULL. False, with `tell` never called, while another thread waits. */
bool aivi_call_on_end(const aivi_call *call, aivi_wake tell, void *data, aivi_release release);

/* Asks it to end: it does so at its next checkpoint, in pure code as well, and its cleanups run. Without effect when it has ended. */
void aivi_call_cancel(const aivi_call *call);

/* Lets it go on by itself. Takes the call. */
void aivi_call_detach(aivi_call *call);

/* A call that goes on is cancelled. */
void aivi_call_free(aivi_call *call);

#ifdef __cplusplus
}
#endif

#endif
