/* Attacks that want more: rights, parts of the kernel, and more memory and descriptors than there should be. */
#define _GNU_SOURCE
#include "attacks.h"
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

/* --- rights -------------------------------------------------------------------------------------------------- */

static long become_root(void) { return setresuid(0, 0, 0); }
static long become_another_user(void) { return setresuid(12345, 12345, 12345); }
static long take_capabilities(void) {
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct all[2] = {{1u << CAP_SYS_ADMIN, 1u << CAP_SYS_ADMIN, 0}, {0, 0, 0}};
    return syscall(SYS_capset, &head, all);
}
static long raise_a_limit(void) {
    struct rlimit more = {4096, 4096};
    return setrlimit(RLIMIT_NOFILE, &more);
}
static long namespace_of_users(void) { return unshare(CLONE_NEWUSER); }
static long mount_over_a_folder(void) {
    /* In a namespace of its own: where the attack works, it must not harm who runs the tests. */
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
        return -1;
    }
    return mount("none", in_root("/"), "tmpfs", 0, NULL);
}
static long change_root(void) { return chroot(in_root("/")); }
static long rename_the_machine(void) {
    struct utsname now;
    uname(&now);
    return sethostname(now.nodename, strlen(now.nodename));
}
static long randomness_off(void) { return personality(ADDR_NO_RANDOMIZE) < 0 ? -1 : 0; }
static long filter_of_its_own(void) {
    struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {1, &allow};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ? -1
                                                      : syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

/* --- the kernel ---------------------------------------------------------------------------------------------- */

static long load_a_program_into_the_kernel(void) {
    union bpf_attr map = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
    return syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof map) < 0 ? -1 : 0;
}
static long input_past_the_filter(void) {
    struct io_uring_params parameters = {0};
    return syscall(SYS_io_uring_setup, 1, &parameters) < 0 ? -1 : 0;
}
static long keys_of_the_kernel(void) {
    return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 1) < 0 ? -1 : 0;
}
static long count_events(void) {
    struct perf_event_attr event = {.type = PERF_TYPE_SOFTWARE, .size = sizeof event, .config = PERF_COUNT_SW_CPU_CLOCK};
    return syscall(SYS_perf_event_open, &event, -1, 0, -1, 0) < 0 ? -1 : 0;
}
static long handle_page_faults(void) { return syscall(SYS_userfaultfd, 0) < 0 ? -1 : 0; }
static long calls_of_another_abi(void) {
    /* getpid of 32 bits: a filter that looks at the number alone takes it for writev. */
    long pid = 20;
#ifdef __x86_64__
    __asm__ volatile("int $0x80" : "+a"(pid) : : "r8", "r9", "r10", "r11", "memory");
#endif
    return pid == getpid() ? 0 : -1;
}

/* --- more ---------------------------------------------------------------------------------------------------- */

static long four_gigabytes(void) {
    void *memory = mmap(NULL, 4ul << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? -1 : 0;
}
static long many_descriptors(void) {
    for (int i = 0; i < 300; i++) {
        if (open(in_root("/shared"), O_RDONLY) < 0) {
            return -1;
        }
    }
    return 0;
}
static long lock_memory(void) {
    static char memory[1 << 20];
    return mlock(memory, sizeof memory);
}

const struct named RIGHTS[] = {
    NAMED(become_root) NAMED(become_another_user) NAMED(take_capabilities) NAMED(raise_a_limit)
    NAMED(namespace_of_users) NAMED(mount_over_a_folder) NAMED(change_root) NAMED(rename_the_machine)
    NAMED(randomness_off) NAMED(filter_of_its_own)
    NAMED(load_a_program_into_the_kernel) NAMED(input_past_the_filter) NAMED(keys_of_the_kernel) NAMED(count_events)
    NAMED(handle_page_faults) NAMED(calls_of_another_abi)
    NAMED(four_gigabytes) NAMED(many_descriptors) NAMED(lock_memory)
    {NULL, NULL},
};
