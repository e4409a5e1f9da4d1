/* Attacks on files: changing what is there, and reading what is not below the root. */
#define _GNU_SOURCE
#include "attacks.h"
#include <dirent.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

static long opens(const char *path, int flags) {
    return open(path, flags, 0644) < 0 ? -1 : 0;
}

/* --- changing ------------------------------------------------------------------------------------------------ */

static long create_below_the_root(void) { return opens(in_root("/planted"), O_CREAT | O_WRONLY); }
static long create_outside(void) { return opens(OUTSIDE("planted"), O_CREAT | O_WRONLY); }
static long create_without_a_name(void) { return opens(in_root("/"), O_TMPFILE | O_RDWR); }
static long overwrite_what_all_may_write(void) { return opens(in_root("/shared"), O_WRONLY); }
static long overwrite_what_root_may_write(void) { return opens(in_root("/private"), O_WRONLY); }
static long overwrite_a_module(void) { return opens(OUTSIDE("module.so"), O_WRONLY); }
static long truncate_by_name(void) { return truncate(in_root("/shared"), 0); }
static long truncate_while_opening(void) { return opens(in_root("/shared"), O_RDONLY | O_TRUNC); }
static long truncate_by_openat2(void) {
    /* The flags are behind a pointer, where a filter of system calls cannot look. */
    struct open_how how = {.flags = O_TRUNC};
    return syscall(SYS_openat2, AT_FDCWD, in_root("/shared"), &how, sizeof how) < 0 ? -1 : 0;
}
static long fill_the_disk(void) {
    static const char block[1 << 16];
    int file = open(in_root("/planted"), O_CREAT | O_WRONLY, 0644);
    for (int i = 0; i < 64; i++) {
        if (file < 0 || write(file, block, sizeof block) != sizeof block) {
            return -1;
        }
    }
    return 0;
}
static long make_a_folder(void) { return mkdir(in_root("/planted"), 0755); }
static long make_a_fifo(void) { return mkfifo(in_root("/planted"), 0644); }
static long make_a_link(void) { return symlink("/", in_root("/planted")); }
static long make_a_hard_link(void) { return link(in_root("/shared"), in_root("/planted")); }
static long rename_a_file(void) { return rename(in_root("/shared"), in_root("/planted")); }
static long remove_a_file(void) { return unlink(in_root("/shared")); }
static long change_mode(void) { return chmod(in_root("/private"), 04777); }
static long change_owner(void) { return chown(in_root("/private"), 1, 1); }
static long change_times(void) { return utimensat(AT_FDCWD, in_root("/shared"), NULL, 0); }
static long change_attributes(void) { return setxattr(in_root("/shared"), "user.planted", "x", 1, 0); }
static long lock_a_file(void) {
    struct flock whole = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    return fcntl(open(in_root("/shared"), O_RDONLY), F_SETLK, &whole);
}
static long flock_a_file(void) { return flock(open(in_root("/shared"), O_RDONLY), LOCK_EX); }
static long command_a_device(void) {
    int waiting;
    return ioctl(open(in_root("/shared"), O_RDONLY), FIONREAD, &waiting);
}
static long keep_a_file_in_memory(void) { return memfd_create("planted", 0) < 0 ? -1 : 0; }
static long keep_memory_behind(void) {
    int memory = shmget(IPC_PRIVATE, 4096, 0600);
    return memory < 0 ? -1 : shmctl(memory, IPC_RMID, NULL);
}

/* --- reading ------------------------------------------------------------------------------------------------- */

static long read_through_dots(void) { return reads(open(OUTSIDE("secret"), O_RDONLY)); }
static long read_through_a_link(void) { return reads(open(in_root("/link"), O_RDONLY)); }
static long read_the_systems_files(void) { return reads(open("/etc/passwd", O_RDONLY)); }
static long read_after_chdir(void) { return chdir(OUTSIDE("")) != 0 ? -1 : reads(open("secret", O_RDONLY)); }
static long read_through_proc(void) {
    char path[4200];
    snprintf(path, sizeof path, "/proc/self/root%s", OUTSIDE("secret"));
    return reads(open(path, O_RDONLY));
}
/* What CAP_DAC_READ_SEARCH allows, and every container was once left by: opening by number, past all folders. */
static long read_by_handle(void) {
    static struct { struct file_handle head; unsigned char room[MAX_HANDLE_SZ]; } handle;
    int mount;
    handle.head.handle_bytes = MAX_HANDLE_SZ;
    if (name_to_handle_at(AT_FDCWD, OUTSIDE("secret"), &handle.head, &mount, 0) != 0) {
        return -1;
    }
    return reads(open_by_handle_at(open(in_root("/"), O_RDONLY), &handle.head, O_RDONLY));
}
static long list_a_folder_outside(void) { return opendir(OUTSIDE("")) == NULL ? -1 : 0; }
static long read_the_cores_environment(void) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/environ", process("/core"));
    return reads(open(path, O_RDONLY));
}
static long read_the_cores_memory(void) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", process("/core"));
    int memory = open(path, O_RDONLY);
    /* Any address would do; what counts is that it could be opened. */
    return memory < 0 ? -1 : 0;
}
static long watch_a_folder(void) {
    return inotify_add_watch(inotify_init1(0), in_root("/"), IN_ALL_EVENTS) < 0 ? -1 : 0;
}
static long map_a_file_to_write(void) {
    int file = open(in_root("/shared"), O_RDWR);
    return file < 0 || mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) == MAP_FAILED ? -1 : 0;
}

/* --- reading that nothing stops ------------------------------------------------------------------------------ */

static long read_what_root_may_read(void) { return reads(open(in_root("/private"), O_RDONLY)); }
static long read_a_device(void) { return reads(open(in_root("/device"), O_RDONLY)); }
static long look_at_what_is_outside(void) {
    struct stat seen;
    return stat(OUTSIDE("secret"), &seen);
}

const struct named FILES[] = {
    NAMED(create_below_the_root) NAMED(create_outside) NAMED(create_without_a_name)
    NAMED(overwrite_what_all_may_write) NAMED(overwrite_what_root_may_write) NAMED(overwrite_a_module)
    NAMED(truncate_by_name) NAMED(truncate_while_opening) NAMED(truncate_by_openat2) NAMED(map_a_file_to_write)
    NAMED(fill_the_disk) NAMED(make_a_folder) NAMED(make_a_fifo) NAMED(make_a_link) NAMED(make_a_hard_link)
    NAMED(rename_a_file) NAMED(remove_a_file) NAMED(change_mode) NAMED(change_owner) NAMED(change_times)
    NAMED(change_attributes) NAMED(lock_a_file) NAMED(flock_a_file) NAMED(command_a_device)
    NAMED(keep_a_file_in_memory) NAMED(keep_memory_behind)
    NAMED(read_through_dots) NAMED(read_through_a_link) NAMED(read_the_systems_files) NAMED(read_after_chdir)
    NAMED(read_through_proc) NAMED(read_by_handle) NAMED(list_a_folder_outside) NAMED(read_the_cores_environment)
    NAMED(read_the_cores_memory) NAMED(watch_a_folder)
    NAMED(read_what_root_may_read) NAMED(read_a_device) NAMED(look_at_what_is_outside)
    {NULL, NULL},
};
