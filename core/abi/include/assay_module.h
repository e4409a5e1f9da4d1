/* The C ABI between assay-host and a native module of Assay, version 1.0.
 *
 * A module is a shared library that exports one symbol, assay_module_entry. Its records are JSON objects,
 * described in docs/modules.md. Structs grow only at the end, and `size` says how much of one is there;
 * nothing is moved, retyped or removed within a major version. Nobody frees the other's memory, nothing
 * may unwind across a call, and one process loads one module and calls collect once.
 */
#ifndef ASSAY_MODULE_H
#define ASSAY_MODULE_H

#include <stddef.h>
#include <stdint.h>

#define ASSAY_ABI_MAJOR 1
#define ASSAY_ABI_MINOR 0

#ifdef __cplusplus
extern "C" {
#endif

/* UTF-8 text without NUL, lent for the length of one call. */
typedef struct {
    const uint8_t *ptr;
    size_t len;
} assay_bytes;

typedef int32_t assay_status;
enum {
    ASSAY_OK = 0,
    ASSAY_FAILED = 1,       /* the scan failed; nothing that was emitted counts */
    ASSAY_CANCELLED = 2,    /* the host asked to stop */
    ASSAY_UNSUPPORTED = 3,  /* the module cannot work on this system */
    ASSAY_BAD_ARGUMENT = 4, /* the caller passed something that the ABI does not allow */
    ASSAY_PANICKED = 5      /* the module panicked, and that was caught */
};

/* host -> module, valid during collect */
typedef struct {
    uint32_t size;
    uint16_t abi_major, abi_minor;
    void *ctx;
    assay_status (*emit)(void *ctx, assay_bytes record);          /* one JSON object, copied before return */
    void (*log)(void *ctx, uint32_t level, assay_bytes text);     /* 1 error, 2 warning, 3 info, 4 debug */
    int32_t (*cancelled)(void *ctx);                              /* other than 0: stop */
} assay_host;

/* module -> host, static */
typedef struct {
    uint32_t size;
    uint16_t abi_major, abi_minor;
    assay_bytes manifest;                                         /* JSON */
    assay_status (*collect)(const assay_host *host, assay_bytes request);
} assay_module;

/* The only exported symbol. Returns NULL when the module refuses the host's major. */
const assay_module *assay_module_entry(uint16_t host_major);

#ifdef __cplusplus
}
#endif

#endif
