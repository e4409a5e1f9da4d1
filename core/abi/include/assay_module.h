/* The C ABI between assay-host and a native module of Assay, version 1.0.
 *
 * A module is a shared library that exports one symbol, assay_module_entry. Its records are JSON objects,
 * described in docs/modules.md. Structs grow only at the end, and `size` says how much of one is there;
 * nothing is moved, retyped or removed within a major version. Nobody frees the other's memory, nothing
 * may unwind across a call, and one process loads one module and calls collect once.
 *
 * Made from core/abi/src/lib.rs; do not edit.
 */
#ifndef ASSAY_MODULE_H
#define ASSAY_MODULE_H

#include <stddef.h>
#include <stdint.h>

// A module is loaded when its major equals the host's.
#define ASSAY_ABI_MAJOR 1

// Information only: what changes within a major are JSON fields that older readers ignore.
#define ASSAY_ABI_MINOR 0

// What `collect` and `emit` answer.
typedef int32_t assay_status;

// UTF-8 text without NUL, lent for the length of one call.
typedef struct {
    // First byte; may be null when `len` is 0.
    const uint8_t *ptr;
    // Number of bytes.
    size_t len;
} assay_bytes;

// What the host lends to a module for the length of `collect`.
typedef struct {
    // Bytes of this struct as the host was built.
    uint32_t size;
    // The host's major version.
    uint16_t abi_major;
    // The host's minor version.
    uint16_t abi_minor;
    // Passed back to each function below, and of no meaning to the module.
    void *ctx;
    // Takes one JSON object (an `entry`, `gap`, `kinds` or `inputs` record), copied before it returns. Only to be
    // called on the thread that entered `collect`.
    assay_status (*emit)(void *ctx, assay_bytes record);
    // Takes a message for the operator: level 1 error, 2 warning, 3 information, 4 debug.
    void (*log)(void *ctx, uint32_t level, assay_bytes text);
    // Other than 0 when the module should stop.
    int32_t (*cancelled)(void *ctx);
} assay_host;

// What a module lends to the host for the life of the process.
typedef struct {
    // Bytes of this struct as the module was built.
    uint32_t size;
    // The module's major version.
    uint16_t abi_major;
    // The module's minor version.
    uint16_t abi_minor;
    // The manifest, as JSON.
    assay_bytes manifest;
    // Lists the entries; `request` is one JSON object.
    assay_status (*collect)(const assay_host *host, assay_bytes request);
} assay_module;

// All was done.
#define ASSAY_OK 0

// The scan failed; nothing that was emitted counts.
#define ASSAY_FAILED 1

// The host asked to stop.
#define ASSAY_CANCELLED 2

// The module cannot work on this system.
#define ASSAY_UNSUPPORTED 3

// The caller passed something that the ABI does not allow.
#define ASSAY_BAD_ARGUMENT 4

// The module panicked, and the panic was caught before it crossed the border.
#define ASSAY_PANICKED 5

#ifdef __cplusplus
extern "C"
#endif
// The only exported symbol. Returns NULL when the module refuses the host's major.
const assay_module *assay_module_entry(uint16_t host_major);

#endif
