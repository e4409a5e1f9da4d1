/* ABI 1.0 on a 64-bit system, byte for byte: a change here breaks every module in the field. */
#include "assay_module.h"

#define AT(type, member, offset) _Static_assert(offsetof(type, member) == (offset), #type "." #member " moved")
#define SIZE(type, size) _Static_assert(sizeof(type) == (size), #type " changed its size")
#define IS(value, number) _Static_assert((value) == (number), #value " changed")

SIZE(assay_bytes, 16);
AT(assay_bytes, ptr, 0);
AT(assay_bytes, len, 8);

SIZE(assay_host, 40);
AT(assay_host, size, 0);
AT(assay_host, abi_major, 4);
AT(assay_host, abi_minor, 6);
AT(assay_host, ctx, 8);
AT(assay_host, emit, 16);
AT(assay_host, log, 24);
AT(assay_host, cancelled, 32);

SIZE(assay_module, 32);
AT(assay_module, size, 0);
AT(assay_module, abi_major, 4);
AT(assay_module, abi_minor, 6);
AT(assay_module, manifest, 8);
AT(assay_module, collect, 24);

SIZE(assay_status, 4);
IS(ASSAY_OK, 0);
IS(ASSAY_FAILED, 1);
IS(ASSAY_CANCELLED, 2);
IS(ASSAY_UNSUPPORTED, 3);
IS(ASSAY_BAD_ARGUMENT, 4);
IS(ASSAY_PANICKED, 5);
IS(ASSAY_ABI_MAJOR, 1);
IS(ASSAY_ABI_MINOR, 0);
