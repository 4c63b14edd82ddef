/* What programs that test the header say and check with. */

#ifndef CHECK_H
#define CHECK_H

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aivi.h"

#define CHECK(condition)                                                       \
    do {                                                                       \
        if (!(condition)) {                                                    \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                           \
        }                                                                      \
    } while (0)

/* How often data were released. */
static atomic_int released;

static inline void release(void *data) {
    (void)data;
    atomic_fetch_add(&released, 1);
}

/* Checks that an error is of this kind and says this, and frees it. */
static inline void expect(aivi_error *error, aivi_error_kind_t kind, const char *part) {
    if (aivi_error_kind(error) != kind || strstr(aivi_error_text(error), part) == NULL) {
        fprintf(stderr, "expected %d with \"%s\", found %d: %s\n", kind, part, aivi_error_kind(error), aivi_error_text(error));
        exit(1);
    }
    aivi_error_free(error);
}

static inline aivi_value *text(const char *words) {
    return aivi_value_text(words, strlen(words));
}

/* Whether a value is shown so; frees it. */
static inline bool is_shown(aivi_value *value, const char *expected) {
    char *shown = aivi_value_show(value);
    bool is_it = shown != NULL && strcmp(shown, expected) == 0;
    if (!is_it) {
        fprintf(stderr, "shown as %s\n", shown == NULL ? "NULL" : shown);
    }
    aivi_text_free(shown);
    aivi_value_free(value);
    return is_it;
}

static inline aivi_script *compile(const aivi_engine *engine, const char *source) {
    aivi_error *error;
    aivi_script *script = aivi_script_compile(engine, "m.aivi", source, strlen(source), &error);
    if (script == NULL) {
        fprintf(stderr, "%s\n", aivi_error_text(error));
        exit(1);
    }
    CHECK(error == NULL);
    return script;
}

static inline aivi_function *function(const aivi_script *script, const char *name) {
    aivi_error *error;
    aivi_function *found = aivi_script_function(script, name, &error);
    CHECK(found != NULL && error == NULL);
    return found;
}

static inline aivi_value *call(const aivi_function *called, aivi_value *argument, aivi_error **error) {
    return aivi_function_call(called, &argument, 1, error);
}

#endif
