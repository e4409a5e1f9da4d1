/* A disk that fails: preloaded into `assay`, it lets the calls that change files through until number DISK_FAULT, and
 * fails that one. DISK_MODE says how:
 *
 *   eio    that call alone answers EIO
 *   full   that call and all after it answer ENOSPC
 *   torn   of that write a half gets through, and the call after it answers ENOSPC
 *
 * Only regular files count. When the fault happened, a byte goes to the descriptor DISK_SAID.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum verdict { THROUGH, HALF, FAIL };

static atomic_long calls;
static long fault, said;
static char mode;

__attribute__((constructor)) static void begin(void) {
    const char *number = getenv("DISK_FAULT"), *how = getenv("DISK_MODE"), *where = getenv("DISK_SAID");
    if (number != NULL && how != NULL && where != NULL) {
        fault = atol(number);
        mode = how[0];
        said = atol(where);
    }
}

/* Counts a call, and says what becomes of it. */
static enum verdict next(int can_be_torn) {
    long call = atomic_fetch_add(&calls, 1) + 1;
    if (fault == 0 || call < fault) {
        return THROUGH;
    }
    if (call == fault) {
        syscall(SYS_write, (int)said, "!", 1);
        if (mode == 't' && can_be_torn) {
            return HALF;
        }
    } else if (mode == 'e' || (mode == 't' && call != fault + 1)) {
        return THROUGH;
    }
    errno = mode == 'e' ? EIO : ENOSPC;
    return FAIL;
}

static enum verdict on_file(int fd, int can_be_torn) {
    struct stat meta;
    return fstat(fd, &meta) == 0 && S_ISREG(meta.st_mode) ? next(can_be_torn) : THROUGH;
}

/* The function that is hidden by the one of its name here. */
#define REAL(name) static __typeof__(&name) real; if (real == NULL) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define THROUGH_OR_FAIL(verdict, call) return (verdict) == FAIL ? -1 : (call)

#define WRITES(verdict, whole, half)                                                                                   \
    switch (verdict) {                                                                                                 \
    case FAIL:                                                                                                         \
        return -1;                                                                                                     \
    case HALF:                                                                                                         \
        return half;                                                                                                   \
    default:                                                                                                           \
        return whole;                                                                                                  \
    }

ssize_t write(int fd, const void *bytes, size_t length) {
    REAL(write);
    WRITES(on_file(fd, length > 1), real(fd, bytes, length), real(fd, bytes, length / 2))
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
    REAL(pwrite);
    WRITES(on_file(fd, length > 1), real(fd, bytes, length, at), real(fd, bytes, length / 2, at))
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
    REAL(pwrite64);
    WRITES(on_file(fd, length > 1), real(fd, bytes, length, at), real(fd, bytes, length / 2, at))
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(writev);
    WRITES(on_file(fd, count > 1), real(fd, parts, count), real(fd, parts, count / 2))
}

int fsync(int fd) {
    REAL(fsync);
    THROUGH_OR_FAIL(on_file(fd, 0), real(fd));
}

int fdatasync(int fd) {
    REAL(fdatasync);
    THROUGH_OR_FAIL(on_file(fd, 0), real(fd));
}

int ftruncate(int fd, off_t length) {
    REAL(ftruncate);
    THROUGH_OR_FAIL(on_file(fd, 0), real(fd, length));
}

int ftruncate64(int fd, off64_t length) {
    REAL(ftruncate64);
    THROUGH_OR_FAIL(on_file(fd, 0), real(fd, length));
}

int rename(const char *from, const char *to) {
    REAL(rename);
    THROUGH_OR_FAIL(next(0), real(from, to));
}

int unlink(const char *path) {
    REAL(unlink);
    THROUGH_OR_FAIL(next(0), real(path));
}

int mkdir(const char *path, mode_t rights) {
    REAL(mkdir);
    THROUGH_OR_FAIL(next(0), real(path, rights));
}

static mode_t rights_of(int flags, va_list arguments) {
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

#define OPENS(path, flags)                                                                                             \
    va_list arguments;                                                                                                 \
    va_start(arguments, flags);                                                                                        \
    mode_t rights = rights_of(flags, arguments);                                                                       \
    va_end(arguments);                                                                                                 \
    THROUGH_OR_FAIL((flags & O_CREAT) != 0 ? next(0) : THROUGH, real(path, flags, rights))

int open(const char *path, int flags, ...) {
    REAL(open);
    OPENS(path, flags);
}

int open64(const char *path, int flags, ...) {
    REAL(open64);
    OPENS(path, flags);
}
