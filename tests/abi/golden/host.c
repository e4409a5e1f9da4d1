/* A host of ABI 1.0 as it lies in the field: it knows itself and its module as bytes (host.txt, module.txt), and no
 * header. `host MODULE REQUEST` prints the manifest and what the module emits, a line each. */
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct text {
    const char *bytes;
    size_t length;
};

static int32_t emit(void *ctx, struct text record) {
    (void)ctx;
    printf("%.*s\n", (int)record.length, record.bytes);
    return 0;
}

static void complain(void *ctx, uint32_t level, struct text text) {
    (void)ctx;
    fprintf(stderr, "%u: %.*s\n", level, (int)text.length, text.bytes);
}

static int32_t cancelled(void *ctx) {
    (void)ctx;
    return 0;
}

static unsigned char host[] __attribute__((aligned(8))) = {HOST};

int main(int argc, char **argv) {
    void *library = argc == 3 ? dlopen(argv[1], RTLD_NOW) : NULL;
    const unsigned char *(*entry)(uint16_t) = NULL;
    if (library != NULL) {
        *(void **)&entry = dlsym(library, "assay_module_entry");
    }
    if (entry == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 9;
    }
    const unsigned char *module = entry(1);
    uint32_t size;
    uint16_t major;
    struct text manifest, request = {argv[2], strlen(argv[2])};
    int32_t (*collect)(const void *, struct text), (*emits)(void *, struct text) = emit, (*stops)(void *) = cancelled;
    void (*logs)(void *, uint32_t, struct text) = complain;
    memcpy(&size, module + MODULE_size, sizeof size);
    memcpy(&major, module + MODULE_abi_major, sizeof major);
    if (size < MODULE_BYTES || major != 1) {
        return 8;
    }
    memcpy(&manifest.bytes, module + MODULE_manifest_ptr, sizeof manifest.bytes);
    memcpy(&manifest.length, module + MODULE_manifest_len, sizeof manifest.length);
    memcpy(&collect, module + MODULE_collect, sizeof collect);
    memcpy(host + HOST_emit, &emits, sizeof emits);
    memcpy(host + HOST_log, &logs, sizeof logs);
    memcpy(host + HOST_cancelled, &stops, sizeof stops);
    printf("%.*s\n", (int)manifest.length, manifest.bytes);
    return collect(host, request);
}
