/* A module that makes one attack, as native module or as script. See attacks.h. */
#define _GNU_SOURCE
#include "attacks.h"

assay_bytes REQUEST;

static const struct named *const TABLES[] = {FILES, TALK, PROCESSES, RIGHTS};

static attack *find(const char *name) {
    for (size_t table = 0; table < sizeof TABLES / sizeof *TABLES; table++) {
        for (const struct named *row = TABLES[table]; row->name != NULL; row++) {
            if (strcmp(row->name, name) == 0) {
                return row->run;
            }
        }
    }
    return NULL;
}

/* The attack that the request names, as a record. */
static void outcome(char *record, size_t size) {
    char name[64] = "";
    const char *only = memmem(REQUEST.ptr, REQUEST.len, "\"only\":\"", 8);
    if (only != NULL) {
        sscanf(only + 8, "%63[a-z0-9_]", name);
    }
    attack *run = find(name);
    errno = 0;
    const char *said = run == NULL ? "no such attack" : run() == 0 ? "done" : strerrorname_np(errno);
    snprintf(record, size, ENTRY "\"key\":\"%s\",\"fields\":{\"value\":\"%s\"}}", name, said);
}

#ifdef SCRIPT
int main(void) {
    static char request[1 << 16];
    char record[4096];
    ssize_t length = read(0, request, sizeof request);
    if (length <= 0) {
        return 1;
    }
    REQUEST = (assay_bytes){(const uint8_t *)request, (size_t)length};
    puts("{\"record\":\"hello\",\"v\":1,\"manifest\":" MANIFEST(MODULE) "}");
    /* What the attack starts writes here, too, and what is not written yet would be written twice. */
    fflush(stdout);
    outcome(record, sizeof record);
    printf("%s\n{\"record\":\"done\",\"entries\":1}\n", record);
    return 0;
}
#else
static assay_status collect(const assay_host *host, assay_bytes request) {
    char record[4096];
    REQUEST = request;
    outcome(record, sizeof record);
    return emit(host, record);
}

const assay_module *assay_module_entry(uint16_t host_major) {
    static assay_module module = {sizeof module, ASSAY_ABI_MAJOR, ASSAY_ABI_MINOR, {NULL, 0}, collect};
    module.manifest = BYTES(MANIFEST(MODULE));
    return host_major == ASSAY_ABI_MAJOR ? &module : NULL;
}
#endif
