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
 * Threads. Engines, budgets, scripts, functions, completions and errors may be used from any thread, by several at the same time. So may values and limits that
 * nobody changes; options, modules, and what is being made, belong to one thread at a time. Calls: see there. Nothing is freed while another thread uses it.
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
typedef struct aivi_limits aivi_limits;
typedef struct aivi_engine aivi_engine;
typedef struct aivi_budget aivi_budget;
typedef struct aivi_script aivi_script;
typedef struct aivi_function aivi_function;
typedef struct aivi_call aivi_call;
typedef struct aivi_value aivi_value;
typedef struct aivi_completion aivi_completion;
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

typedef enum aivi_level {
    AIVI_LEVEL_NONE = 0,   /* of what is no AIVI_ERROR_LIMIT */
    AIVI_LEVEL_CALL = 1,   /* the call's own limit */
    AIVI_LEVEL_BUDGET = 2, /* that of a budget: of all calls within it together */
    AIVI_LEVEL_ENGINE = 3  /* that of the engine: of all its calls together */
} aivi_level;

/* Whose limit an AIVI_ERROR_LIMIT is of, and the name of the budget: NULL if it is none's. The text belongs to the error. */
aivi_level aivi_error_level(const aivi_error *error);
const char *aivi_error_budget(const aivi_error *error);

/* The code of an AIVI_ERROR_EXIT. */
int32_t aivi_error_exit_code(const aivi_error *error);

/* Reports of an AIVI_ERROR_COMPILE. `aivi_error_report` is false if there is none of this index. */
size_t aivi_error_report_count(const aivi_error *error);
bool aivi_error_report(const aivi_error *error, size_t index, aivi_report *report);

void aivi_error_free(aivi_error *error);


/* ---- Values ---- */

/* Tells the host something; called by any thread, perhaps by several at the same time: it should only wake the host's loop. */
typedef void (*aivi_wake)(void *data);

/* Releases data of the host; called once, when nothing needs it any more, by any thread. */
typedef void (*aivi_release)(void *data);

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
    AIVI_OPAQUE = 14,      /* a handle, a function whose type has variables: it can be shown, and goes back where its script takes all types */
    AIVI_OBJECT = 15,      /* of the host: aivi_value_object */
    AIVI_FUNCTION = 16     /* of a script: it can be called, and goes back as what is opaque: aivi_value_as_function */
} aivi_kind;

/* Values have no types of their own: what a host makes is compared with the type of the function that it goes into.
 *
 * These give NULL for what is not a character of Unicode, not UTF-8, or NULL itself, but for NULL of length 0, which is empty. Bytes are copied. */
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

/* An object of the host: a pointer that scripts hold and pass on, and cannot look into, of the opaque type `name` (`aivi_module_object`). It goes
 * where a script takes values of that type, or of all types. Copies and what scripts have of it are the same object: `release`, which may be NULL, is called
 * once for its pointer when the last of them is gone, by any thread: also when a script was cancelled or an engine ended. It must not use
 * engines, scripts, functions and calls. NULL if the name is; then, too, it is called. In scripts two are equal when they are the same. */
aivi_value *aivi_value_object(const char *name, void *data, aivi_release release);

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

/* The pointer of an object of this type; false if it is none, or of another. It is live as long as the value is, or another copy. */
bool aivi_value_as_object(const aivi_value *value, const char *name, void **data);

/* A function or effect that a script gave to the host, as a handle that belongs to the caller: it can be called, started, limited and put into budgets like one
 * that was looked up, also when the value and the call that gave it are gone, and keeps its script and its engine. NULL if it is none. An effect
 * has no arguments. Who keeps one in an object that its script holds keeps both for ever. */
aivi_function *aivi_value_as_function(const aivi_value *value);

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


/* A module that scripts `use` by this name, as in "game" or "game.map". */
aivi_module *aivi_module_new(const char *name, aivi_error **error);

/* Adds a function with its AIVI type: "damage : Int -> Int -> Int", "load : Text -> Effect Text Int". Types are those of the language, tuples,
 * records, and the module's opaque ones; the result has neither functions nor type variables. That a signature is none is told by
 * `aivi_engine_new`. `release` may be NULL. It is called in every case, also when the function is not added. */
bool aivi_module_add(aivi_module *module, int32_t kind, const char *signature, aivi_host_function function, void *data,
                     aivi_release release, aivi_error **error);

/* Adds an opaque type, whose values are objects that the host makes: "Sprite". Signatures of the module's functions name it. That the name is none
 * is told by `aivi_engine_new`. */
bool aivi_module_object(aivi_module *module, const char *name, aivi_error **error);

/* Begins something that ends later, and returns at once: it holds up a thread of the engine. `arguments` and `data` are as above; what is
 * needed of the arguments later is cloned. The completion belongs to the host, and may be used from any thread. */
typedef void (*aivi_begin)(void *data, const aivi_value *arguments, aivi_completion *completion);

/* Adds an effect whose fiber waits until the host completes it, which holds up no thread: for hosts with a loop or threads of their own. Otherwise as
 * `aivi_module_add`. */
bool aivi_module_add_later(aivi_module *module, const char *signature, aivi_begin begin, void *data, aivi_release release, aivi_error **error);

void aivi_module_free(aivi_module *module);

/* The fiber goes on with this value, or with this failure of the effect; takes it. The completion stays the host's. False, and without effect,
 * if it was completed before, the fiber has been cancelled, or the value is NULL. A value of another type than the signature says is
 * a fault of the fiber. */
bool aivi_completion_done(const aivi_completion *completion, aivi_value *value);
bool aivi_completion_fail(const aivi_completion *completion, aivi_value *failure);

/* Has `tell` called once when the fiber is cancelled before it is completed; at once if it has been. It is called by a thread of the engine, which it
 * holds up: it should only have the work stopped, and may complete and free the completion. Another one replaces it. `release` may be NULL. False, with
 * `tell` never called, if it is completed. */
bool aivi_completion_on_cancel(const aivi_completion *completion, aivi_wake tell, void *data, aivi_release release);

/* Was the fiber cancelled before it was completed? Then nobody waits for the result. */
bool aivi_completion_is_cancelled(const aivi_completion *completion);

/* One that was neither completed nor cancelled is a fault of the fiber. */
void aivi_completion_free(aivi_completion *completion);


/* ---- Limits ---- */

/* What a call, or several together, may use; without end unless it is said. Who reaches a limit is cancelled: its cleanups run, on a reserve, and the
 * call ends with an AIVI_ERROR_LIMIT. */
typedef enum aivi_limit {
    AIVI_LIMIT_FUEL = 0,     /* calls of functions and turns of loops */
    AIVI_LIMIT_MEMORY = 1,   /* bytes at the same time */
    AIVI_LIMIT_TIME = 2,     /* milliseconds from the beginning of the call; for a budget from when it was made */
    AIVI_LIMIT_FIBERS = 3,   /* at the same time */
    AIVI_LIMIT_MESSAGES = 4, /* that stand in channels at the same time */
    AIVI_LIMIT_OUTPUT = 5    /* bytes written */
} aivi_limit;

/* Several limits, for budgets; none at first. Where they are lent, NULL stands for none. */
aivi_limits *aivi_limits_new(void);

/* Says one of them. False if there is no such limit. */
bool aivi_limits_set(aivi_limits *limits, int32_t limit, uint64_t amount);

void aivi_limits_free(aivi_limits *limits);


/* ---- Engines ---- */

/* Takes bytes that a script has written; false if that is not possible: they are gone then. One call at a time, from any thread. */
typedef bool (*aivi_output)(void *data, const uint8_t *bytes, size_t length);

/* A worker for each processor, the streams of the process for output, no modules; scripts may do nothing else outside of themselves. */
aivi_options *aivi_options_new(void);

/* Threads that run scripts; at least one, and at most 64: a larger number is taken for 64. */
void aivi_options_workers(aivi_options *options, size_t count);

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

typedef enum aivi_event_kind {
    AIVI_EVENT_BEGAN = 0,     /* a fiber was made; `by`: the fiber that made it, 0 for a call of the host; `what`: its function; `at`: where */
    AIVI_EVENT_RUNS = 1,      /* a worker runs it */
    AIVI_EVENT_WAITS = 2,     /* `what`: for what, in words; `at`: where it stands */
    AIVI_EVENT_WOKEN = 3,     /* its wait is over */
    AIVI_EVENT_YIELDED = 4,   /* it has run for long enough, and is ready again; `at`: where it stands */
    AIVI_EVENT_CANCELLED = 5, /* it was asked to end; `what`: why, in words */
    AIVI_EVENT_ENDED = 6      /* `end`: how */
} aivi_event_kind;

typedef enum aivi_end {
    AIVI_END_NONE = 0, /* it has not ended */
    AIVI_END_DONE = 1, /* with a value */
    AIVI_END_FAILED = 2,
    AIVI_END_FAULTED = 3,
    AIVI_END_CANCELLED = 4
} aivi_end;

/* Something that happened to a fiber. What its kind does not have is 0 or NULL. Later versions may add kinds, and fields at the end. */
typedef struct aivi_event {
    uint64_t time_ns; /* nanoseconds since the engine made its first call */
    uint64_t fiber;   /* the number of the fiber, unique in the engine */
    uint64_t by;
    uint32_t worker; /* the worker that noted it */
    int32_t kind;    /* an aivi_event_kind */
    int32_t end;     /* an aivi_end */
    const char *what;
    const char *at; /* "path:line:column" */
} aivi_event;

/* Is told what happens; the event and its texts live until it returns. */
typedef void (*aivi_listen)(void *data, const aivi_event *event);

/* Has `listen` told what happens to fibers, by the threads that run them, several at the same time: what one thread does in its order, and at the
 * latest when it has nothing to do. That holds up the fibers: `listen` should only note what it is told. It must not use engines, scripts,
 * functions and calls, which may wait for the very thread that tells it, and must not be left by `longjmp` or an exception. Every call is a fiber
 * then, so calls cost more. */
void aivi_options_on_events(aivi_options *options, aivi_listen listen, void *data, aivi_release release);

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

/* Every fiber that lives, where it stands and what it waits for, for a person. NULL for NULL. Everything stops for that moment; so a function that a
 * script has called on a worker (any but a blocking one) is told that nothing can be shown. */
char *aivi_engine_dump(const aivi_engine *engine);

/* The same as a line of JSON, with the fields that spec/reports.md names: fibers with their states, places and waits, and channels. */
char *aivi_engine_dump_json(const aivi_engine *engine);

/* The engine ends when its scripts, functions and calls are freed as well: then what still runs is cancelled, and its threads end. */
void aivi_engine_free(aivi_engine *engine);


/* ---- Budgets ----
 *
 * What the calls of some functions may use together: one tenant's share of an engine, or one request's share of the tenant's. Of fuel and output a
 * budget has so much in all, of memory, fibers and messages so much at the same time; its time begins when it is made. Of calls that share a budget
 * the one that asks for more is stopped, with an AIVI_ERROR_LIMIT of the level AIVI_LEVEL_BUDGET, which need not be the one that floods: calls should
 * have limits of their own as well. */

/* A budget of an engine, whose total limits count as well; and a part of a budget, of which the whole has to do with what it uses. Names
 * are for reports and need not differ. The limits are read now. */
aivi_budget *aivi_budget_new(const aivi_engine *engine, const char *name, const aivi_limits *limits, aivi_error **error);
aivi_budget *aivi_budget_nested(const aivi_budget *budget, const char *name, const aivi_limits *limits, aivi_error **error);

char *aivi_budget_name(const aivi_budget *budget);

typedef enum aivi_usage {
    AIVI_USED_FUEL = 0,
    AIVI_USED_MEMORY = 1,        /* bytes now */
    AIVI_USED_MOST_MEMORY = 2,   /* the most bytes at the same time */
    AIVI_USED_MOST_FIBERS = 3,   /* the most fibers at the same time */
    AIVI_USED_MOST_MESSAGES = 4, /* the most messages in channels at the same time */
    AIVI_USED_OUTPUT = 5,        /* bytes written */
    AIVI_USED_HOST_TIME = 6      /* nanoseconds in functions of the library and the host that act */
} aivi_usage;

/* How much of something its calls have used so far; what threads have counted for less than a 64th of a limit may be missing. 0 if there is
 * no such aivi_usage. */
uint64_t aivi_budget_used(const aivi_budget *budget, int32_t usage);

/* How many milliseconds of its time are left; -1 if that is without end, and of NULL. */
int64_t aivi_budget_time_left(const aivi_budget *budget);

/* Cancels all calls within it and within its parts, as `aivi_call_cancel` does, and waits for nothing. Says how many that are; later calls
 * are not among them. */
size_t aivi_budget_cancel(const aivi_budget *budget);

/* Stops nothing: calls within it go on, and are counted. */
void aivi_budget_free(aivi_budget *budget);


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

/* The same function, as another handle, each call of which counts for this budget and for no other. Both have their own limits from now on. */
aivi_function *aivi_function_within(const aivi_function *function, const aivi_budget *budget, aivi_error **error);

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
