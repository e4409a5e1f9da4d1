/* A module that lists one word, by which a test tells which of two files it was that ran. */
#define _GNU_SOURCE
#include "common.h"

static assay_status collect(const assay_host *host, assay_bytes request) {
    (void)request;
    return emit(host, ENTRY "\"key\":\"word\",\"fields\":{\"value\":\"" QUOTE(WORD) "\"}}");
}

const assay_module *assay_module_entry(uint16_t host_major) {
    static assay_module module = {sizeof module, ASSAY_ABI_MAJOR, ASSAY_ABI_MINOR, {NULL, 0}, collect};
    module.manifest = BYTES(MANIFEST(MODULE));
    return host_major == ASSAY_ABI_MAJOR ? &module : NULL;
}
