/* Attacks on processes: starting others, and harming those that are there. */
#define _GNU_SOURCE
#include "attacks.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

/* What a program that should not run says: the records of a scan in which the attack was done. */
#define BOAST                                                                                                          \
    "echo '" ENTRY "\"key\":\"program\",\"fields\":{\"value\":\"done\"}}'; echo '{\"record\":\"done\",\"entries\":1}'"

/* --- starting ------------------------------------------------------------------------------------------------ */

static long fork_a_child(void) {
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    return child < 0 ? -1 : waitpid(child, NULL, 0) == child ? 0 : -1;
}
static void *idle(void *nothing) { return nothing; }
static long start_a_thread(void) {
    pthread_t thread;
    errno = pthread_create(&thread, NULL, idle, NULL);
    return errno == 0 ? pthread_join(thread, NULL) : -1;
}
static long run_a_shell(void) { return execl("/bin/sh", "sh", "-c", BOAST, NULL); }
static long run_a_shell_by_the_loader(void) {
    return execl("/lib64/ld-linux-x86-64.so.2", "ld.so", "/bin/sh", "-c", BOAST, NULL);
}
static long run_what_is_in_memory(void) {
    int file = open("/bin/sh", O_RDONLY), memory = memfd_create("sh", 0);
    char block[4096];
    for (ssize_t got; memory >= 0 && (got = read(file, block, sizeof block)) > 0;) {
        if (write(memory, block, (size_t)got) != got) {
            return -1;
        }
    }
    return memory < 0 ? -1 : fexecve(memory, (char *[]){"sh", "-c", BOAST, NULL}, (char *[]){NULL});
}

/* --- harming ------------------------------------------------------------------------------------------------- */

static long kill_the_core(void) { return kill(process("/core"), SIGKILL); }
static long kill_another_module(void) { return kill(process("/nobody"), SIGKILL); }
static long kill_by_thread(void) {
    int pid = process("/nobody");
    return syscall(SYS_tgkill, pid, pid, SIGKILL);
}
static long kill_by_descriptor(void) {
    int other = (int)syscall(SYS_pidfd_open, process("/nobody"), 0);
    return other < 0 ? -1 : syscall(SYS_pidfd_send_signal, other, SIGKILL, NULL, 0);
}
static long kill_by_a_ready_pipe(void) { return fcntl(0, F_SETOWN, process("/nobody")); }
static long trace_the_core(void) { return ptrace(PTRACE_SEIZE, process("/core"), NULL, NULL); }
static long trace_another_module(void) { return ptrace(PTRACE_SEIZE, process("/nobody"), NULL, NULL); }
static long read_another_modules_memory(void) {
    /* Nothing is at that address, which the kernel finds out after it has looked at the right to read there. */
    char byte;
    struct iovec own = {&byte, 1}, other = {(void *)8, 1};
    return process_vm_readv(process("/nobody"), &own, 1, &other, 1, 0) < 0 && errno != EFAULT ? -1 : 0;
}
static long slow_another_module(void) { return setpriority(PRIO_PROCESS, (id_t)process("/nobody"), 19); }
static long limit_the_core(void) {
    struct rlimit64 few = {4, 4};
    return prlimit64(process("/core"), RLIMIT_NOFILE, &few, NULL);
}

/* --- outliving ----------------------------------------------------------------------------------------------- */

static long leave_the_session(void) {
    /* A leader of a group may not; then the attack is to leave the group first, to one of another process. */
    return setsid() < 0 && setpgid(0, getpgid(getppid())) != 0 ? -1 : 0;
}
static long live_on_without_the_core(void) { return prctl(PR_SET_PDEATHSIG, 0); }
static long stop_the_clock(void) {
    /* alarm() cannot fail, and hides that it was denied. */
    struct { long interval[2], value[2]; } never = {{0, 0}, {0, 0}};
    return syscall(SYS_setitimer, 0, &never, NULL);
}

const struct named PROCESSES[] = {
    NAMED(fork_a_child) NAMED(start_a_thread) NAMED(run_a_shell) NAMED(run_a_shell_by_the_loader)
    NAMED(run_what_is_in_memory) NAMED(kill_the_core) NAMED(kill_another_module) NAMED(kill_by_thread)
    NAMED(kill_by_descriptor) NAMED(kill_by_a_ready_pipe) NAMED(trace_the_core) NAMED(trace_another_module)
    NAMED(read_another_modules_memory) NAMED(slow_another_module) NAMED(limit_the_core)
    NAMED(leave_the_session) NAMED(live_on_without_the_core) NAMED(stop_the_clock)
    {NULL, NULL},
};
