/* A module that tries what a module may not, and lists what came of each try: an entry with the system's answer, or
 * `done`. The test leaves in the root what it is to be tried on. */
#define _GNU_SOURCE
#include "common.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

extern char **environ;

static const assay_host *HOST;
static assay_bytes REQUEST;

static void list(const char *key, const char *value) {
    char record[4096];
    snprintf(record, sizeof record, ENTRY "\"key\":\"%s\",\"fields\":{\"value\":\"%s\"}}", key, value);
    emit(HOST, record);
}
/* One attempt: a call that answers -1 when it is denied. */
#define TRY(call) attempt(#call, (errno = 0, (long)(call)))
static void attempt(const char *call, long result) {
    char key[200];
    size_t length = 0;
    for (; *call != 0 && length < sizeof key - 1; call++) {
        key[length++] = *call == '"' ? '\'' : *call;
    }
    key[length] = 0;
    list(key, result == -1 ? strerror(errno) : "done");
}

static const char *in_root(const char *name) {
    static char paths[4][4096];
    static unsigned next;
    return below_root(REQUEST, name, paths[next++ % 4], sizeof *paths);
}
static int number(const char *name) {
    char text[32] = "";
    int file = open(in_root(name), O_RDONLY);
    if (file < 0 || read(file, text, sizeof text - 1) < 0) {
        return 0;
    }
    close(file);
    return atoi(text);
}

static long truncate_by_openat2(const char *path, unsigned long long flags) {
    struct open_how how = {.flags = flags};
    return syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}
static long connect_to(int family, int kind, const void *address, socklen_t size) {
    int end = socket(family, kind, 0);
    return end < 0 ? -1 : connect(end, address, size);
}
static long tcp(int port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    return connect_to(AF_INET, SOCK_STREAM, &to, sizeof to);
}
static long udp(int port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    return connect_to(AF_INET, SOCK_DGRAM, &to, sizeof to);
}
static long local_socket(const char *name) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    strcpy(to.sun_path, name);
    return connect_to(AF_UNIX, SOCK_STREAM, &to, sizeof to);
}
static long run_child(void) {
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    return child;
}
static void *idle(void *nothing) {
    return nothing;
}
static long start_thread(void) {
    pthread_t thread;
    errno = pthread_create(&thread, NULL, idle, NULL);
    return errno == 0 ? 0 : -1;
}
static long lock(int file) {
    struct flock whole = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    return fcntl(file, F_SETLK, &whole);
}
static long raise_limit(void) {
    struct rlimit limit = {1000, 1000};
    return setrlimit(RLIMIT_NPROC, &limit);
}
static long no_alarm(void) {
    /* alarm() itself cannot fail, and hides that it was denied. */
    struct { long interval[2], value[2]; } never = {{0, 0}, {0, 0}};
    return syscall(SYS_setitimer, 0, &never, NULL);
}

static void attempts(void) {
    static char victim[4096];
    below_root(REQUEST, "/victim", victim, sizeof victim);
    int pid = number("/pid"), port = number("/port"), file = open(victim, O_RDONLY);

    TRY(open(in_root("/planted"), O_CREAT | O_WRONLY, 0644));
    TRY(open(in_root("/../planted"), O_CREAT | O_WRONLY, 0644));
    TRY(open(victim, O_WRONLY));
    TRY(open(victim, O_RDONLY | O_TRUNC));
    TRY(open(in_root("/"), O_TMPFILE | O_RDWR, 0644));
    TRY(truncate_by_openat2(victim, O_TRUNC));
    TRY(truncate_by_openat2(victim, O_RDWR));
    TRY(truncate(victim, 0));
    TRY(open("/proc/self/fd/3", O_WRONLY));
    TRY(mkdir(in_root("/planted"), 0755));
    TRY(unlink(victim));
    TRY(rename(victim, in_root("/planted")));
    TRY(link(victim, in_root("/planted")));
    TRY(symlink("/", in_root("/planted")));
    TRY(mkfifo(in_root("/planted"), 0644));
    TRY(chmod(victim, 0600));
    TRY(chown(victim, 1, 1));
    TRY(utimensat(AT_FDCWD, victim, NULL, 0));
    TRY(lock(file));
    TRY(flock(file, LOCK_SH));

    TRY(open(in_root("/../secret"), O_RDONLY));
    TRY(opendir("/etc") == NULL ? -1 : 0);
    TRY(open("/proc/self/environ", O_RDONLY));

    TRY(tcp(port));
    TRY(udp(port));
    TRY(local_socket(in_root("/socket")));
    TRY(socketpair(AF_UNIX, SOCK_STREAM, 0, (int[2]){0, 0}));
    TRY(socket(AF_NETLINK, SOCK_RAW, 0));

    TRY(run_child());
    TRY(start_thread());
    TRY(execl("/bin/true", "true", NULL));
    /* Never of an unknown process: -1 would be all of them. */
    if (getppid() > 1) {
        TRY(kill(getppid(), SIGKILL));
    }
    if (pid > 1) {
        TRY(kill(pid, SIGKILL));
        TRY(syscall(SYS_tgkill, pid, pid, SIGKILL));
        TRY(syscall(SYS_pidfd_open, pid, 0));
        TRY(fcntl(0, F_SETOWN, pid));
        TRY(fcntl(0, F_SETSIG, SIGKILL));
        TRY(ptrace(PTRACE_ATTACH, pid, NULL, NULL));
        TRY(syscall(SYS_process_vm_readv, pid, NULL, 0, NULL, 0, 0));
        TRY(setpriority(PRIO_PROCESS, (id_t)pid, 19));
    }

    TRY(raise_limit());
    TRY(no_alarm());
    TRY(prctl(PR_SET_PDEATHSIG, 0));
    TRY(setsid());
    TRY(setpgid(0, 0));
    TRY(setuid(0));
    TRY(unshare(CLONE_NEWUSER));
    TRY(mount("none", in_root("/"), "tmpfs", 0, NULL));
    TRY(chroot("/"));
    TRY(syscall(SYS_memfd_create, "x", 0));
    TRY(syscall(SYS_io_uring_setup, 1, NULL));
    TRY(syscall(SYS_bpf, 0, NULL, 0));
    TRY(syscall(SYS_keyctl, 0, 0));
    TRY(syscall(SYS_inotify_init1, 0));
    TRY(syscall(SYS_shmget, 0, 4096, 01600));
    TRY(syscall(SYS_seccomp, 0, 0, NULL));

    int opened = 0;
    while (opened < 100000 && open(victim, O_RDONLY) >= 0) {
        opened++;
    }
    list("many descriptors", opened < 256 ? "denied" : "done");
}

/* What the core gave it to begin with. */
static void surroundings(void) {
    char text[2048] = "";
    int count = 0;
    for (char **variable = environ; variable != NULL && *variable != NULL; variable++) {
        count++;
    }
    snprintf(text, sizeof text, "%d", count);
    list("environment", text);
    for (int i = text[0] = 0; i < 1024; i++) {
        if (fcntl(i, F_GETFD) != -1) {
            snprintf(text + strlen(text), 8, " %d", i);
        }
    }
    list("descriptors", text);
    size_t at = 0;
    for (size_t i = 0; i < REQUEST.len && at < sizeof text - 3; i++) {
        if (REQUEST.ptr[i] == '"' || REQUEST.ptr[i] == '\\') {
            text[at++] = '\\';
        }
        text[at++] = (char)REQUEST.ptr[i];
    }
    text[at] = 0;
    list("request", text);
}

static assay_status collect(const assay_host *host, assay_bytes request) {
    HOST = host;
    REQUEST = request;
    surroundings();
    attempts();
    return ASSAY_OK;
}

const assay_module *assay_module_entry(uint16_t host_major) {
    static assay_module module = {sizeof module, ASSAY_ABI_MAJOR, ASSAY_ABI_MINOR, {NULL, 0}, collect};
    module.manifest = BYTES(MANIFEST(MODULE));
    return host_major == ASSAY_ABI_MAJOR ? &module : NULL;
}
