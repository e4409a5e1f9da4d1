/* What the test modules share: their manifest, and emitting one entry. */
#ifndef COMMON_H
#define COMMON_H

#include "assay_module.h"
#include <stdio.h>
#include <string.h>

#define QUOTE_(text) #text
#define QUOTE(text) QUOTE_(text)
/* -D NAME=segfault: the name of the module, and of what it does. */
#define MODULE QUOTE(NAME)

#define BYTES(text) ((assay_bytes){(const uint8_t *)(text), strlen(text)})
#define FIELD(name, type)                                                                                              \
    "{\"name\":\"" name "\",\"type\":\"" type "\",\"meaning\":\"" name "\",\"compared\":true}"
#define MANIFEST(name)                                                                                                 \
    "{\"name\":\"" name "\",\"version\":\"1\",\"summary\":\"a test\",\"platforms\":[\"linux\",\"macos\"],\"kinds\":["  \
    "{\"name\":\"thing\",\"summary\":\"a thing\",\"technique\":\"T1546\",\"severity\":\"high\",\"fields\":["           \
    FIELD("value", "text") "," FIELD("values", "list") "]}]}"
/* A file that every fixture has. */
#define SOURCE "\"source\":\"/etc/os-release\""
#define ENTRY "{\"record\":\"entry\",\"kind\":\"thing\"," SOURCE ","

static inline assay_status emit(const assay_host *host, const char *record) {
    return host->emit(host->ctx, BYTES(record));
}

static inline void complain(const assay_host *host, const char *text) {
    host->log(host->ctx, 1, BYTES(text));
}

/* Writes the path of a file below the scanned root into `path`. */
static inline const char *below_root(assay_bytes request, const char *name, char *path, size_t size) {
    const char *text = (const char *)request.ptr;
    const char *root = (const char *)memmem(text, request.len, "\"root\":\"", 8);
    if (root == NULL) {
        return NULL;
    }
    root += 8;
    const char *end = (const char *)memchr(root, '"', request.len - (size_t)(root - text));
    snprintf(path, size, "%.*s%s", (int)(end - root), root, name);
    return path;
}

#endif
