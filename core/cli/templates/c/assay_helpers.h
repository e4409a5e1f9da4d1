/* What a small module in C needs besides assay_module.h, in one file to copy: reading a file below the root, lines,
 * and JSON. Standard C and POSIX; include it once. Memory is never given back: one process is one scan. */
#ifndef ASSAY_HELPERS_H
#define ASSAY_HELPERS_H

#include "assay_module.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ASSAY_BYTES(text) ((assay_bytes){(const uint8_t *)(text), strlen(text)})
enum {
    ASSAY_MAX_PATH = 8192,
    ASSAY_MAX_DEPTH = 128, /* folders on the way to a file */
    ASSAY_MAX_LINKS = 40,  /* links on the way, as Linux has it */
    ASSAY_MAX_LINE = 16384 /* six times as many when JSON escapes each byte, and a record has 1 MiB */
};

/* Text that grows. When memory ends, so does the process, and the scan has failed. */
typedef struct {
    char *ptr;
    size_t len, room;
} assay_buffer;

static inline void assay_add_bytes(assay_buffer *to, const void *bytes, size_t len) {
    if (len > to->room - to->len) {
        size_t room = (to->len + len) * 2 + 256;
        char *more = (char *)realloc(to->ptr, room);
        if (more == NULL) {
            fputs("no memory left\n", stderr);
            abort();
        }
        to->ptr = more;
        to->room = room;
    }
    memcpy(to->ptr + to->len, bytes, len);
    to->len += len;
}

/* Adds text as it is. */
static inline void assay_add(assay_buffer *to, const char *text) {
    assay_add_bytes(to, text, strlen(text));
}

/* Bytes of the UTF-8 sequence that begins here; 0 when it is none. */
static inline size_t assay_utf8(const uint8_t *at, size_t left) {
    size_t len = at[0] < 0x80 ? 1 : at[0] >= 0xc2 && at[0] < 0xe0 ? 2 : (at[0] & 0xf0) == 0xe0 ? 3 : 4;
    if (len > left || (len == 4 && (at[0] < 0xf0 || at[0] > 0xf4))) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool overlong = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xf0 && at[1] < 0x90);
    bool outside = (at[0] == 0xed && at[1] > 0x9f) || (at[0] == 0xf4 && at[1] > 0x8f);
    return overlong || outside ? 0 : len;
}

static inline void assay_add_base64(assay_buffer *to, assay_bytes text) {
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < text.len; i += 3) {
        size_t left = text.len - i;
        unsigned long bits = (unsigned long)text.ptr[i] << 16;
        bits |= left > 1 ? (unsigned long)text.ptr[i + 1] << 8 : 0;
        bits |= left > 2 ? text.ptr[i + 2] : 0;
        char group[4] = {DIGITS[bits >> 18], DIGITS[bits >> 12 & 63], DIGITS[bits >> 6 & 63], DIGITS[bits & 63]};
        memset(group + 1 + (left < 3 ? left : 3), '=', 3 - (left < 3 ? left : 3));
        assay_add_bytes(to, group, 4);
    }
}

/* Adds text as a JSON string, or as {"b64":"..."} when it is no UTF-8: a path is bytes, and none is lost. */
static inline void assay_add_text(assay_buffer *to, assay_bytes text) {
    for (size_t i = 0, step; i < text.len; i += step) {
        if ((step = assay_utf8(text.ptr + i, text.len - i)) == 0) {
            assay_add(to, "{\"b64\":\"");
            assay_add_base64(to, text);
            assay_add(to, "\"}");
            return;
        }
    }
    assay_add(to, "\"");
    for (size_t i = 0; i < text.len; i++) {
        char escaped[8];
        if (text.ptr[i] < 0x20 || text.ptr[i] == '"' || text.ptr[i] == '\\') {
            snprintf(escaped, sizeof escaped, "\\u%04x", text.ptr[i]);
            assay_add(to, escaped);
        } else {
            assay_add_bytes(to, text.ptr + i, 1);
        }
    }
    assay_add(to, "\"");
}

/* Sends a record, and makes room for the next. Anything but ASSAY_OK: end the scan with it. */
static inline assay_status assay_emit(const assay_host *host, assay_buffer *record) {
    assay_status status = host->emit(host->ctx, (assay_bytes){(const uint8_t *)record->ptr, record->len});
    record->len = 0;
    return status;
}

/* Says that a place could not be read: permission, too_big, unparsable, timeout or io. */
static inline void assay_gap(const assay_host *host, const char *path, const char *reason, const char *text) {
    assay_buffer record = {0};
    assay_add(&record, "{\"record\":\"gap\",\"path\":");
    assay_add_text(&record, ASSAY_BYTES(path));
    assay_add(&record, ",\"reason\":\"");
    assay_add(&record, reason);
    assay_add(&record, "\",\"text\":");
    assay_add_text(&record, ASSAY_BYTES(text));
    assay_add(&record, "}");
    assay_emit(host, &record);
    free(record.ptr);
}

/* The root folder of the request, which the core writes before anything of the configuration. False for a path that
 * JSON has to escape: then every place is a gap. */
static inline bool assay_root(assay_bytes request, char *root, size_t size) {
    static const char MEMBER[] = "\"root\":\"";
    const size_t skip = sizeof MEMBER - 1;
    for (size_t i = 0; i + skip < request.len; i++) {
        if (memcmp(request.ptr + i, MEMBER, skip) == 0) {
            const char *start = (const char *)request.ptr + i + skip;
            const char *end = (const char *)memchr(start, '"', request.len - i - skip);
            if (end == NULL || memchr(start, '\\', (size_t)(end - start)) != NULL || (size_t)(end - start) >= size) {
                return false;
            }
            memcpy(root, start, (size_t)(end - start));
            root[end - start] = '\0';
            return true;
        }
    }
    return false;
}

/* Opens a regular file below the root: one component at a time, every link resolved inside the root, nothing that is
 * no file. The descriptor, or -1 with errno, which is EINVAL for what is no regular file. */
static inline int assay_open(const char *root, const char *path) {
    int folders[ASSAY_MAX_DEPTH], depth = 0, links = 0, file = -1;
    char todo[ASSAY_MAX_PATH], name[ASSAY_MAX_PATH], target[ASSAY_MAX_PATH];
    const int how = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    if ((folders[0] = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
        return -1;
    }
    errno = (size_t)snprintf(todo, sizeof todo, "%s", path) < sizeof todo ? 0 : ENAMETOOLONG;
    while (errno == 0) {
        size_t start = strspn(todo, "/"), len = strcspn(todo + start, "/");
        if (len == 0) {
            errno = EINVAL; /* it ends at a folder */
            break;
        }
        memcpy(name, todo + start, len);
        name[len] = '\0';
        memmove(todo, todo + start + len, strlen(todo + start + len) + 1);
        bool last = strspn(todo, "/") == strlen(todo);
        struct stat is;
        if (strcmp(name, ".") == 0) {
            continue;
        }
        if (strcmp(name, "..") == 0) {
            if (depth > 0) {
                close(folders[depth--]);
            }
            continue;
        }
        if (fstatat(folders[depth], name, &is, AT_SYMLINK_NOFOLLOW) != 0) {
            break;
        }
        if (S_ISLNK(is.st_mode)) {
            ssize_t got = readlinkat(folders[depth], name, target, sizeof target - 1);
            if (got < 0 || ++links > ASSAY_MAX_LINKS || (size_t)got + strlen(todo) + 2 > sizeof todo) {
                errno = got < 0 ? errno : links > ASSAY_MAX_LINKS ? ELOOP : ENAMETOOLONG;
                break;
            }
            target[got] = '\0';
            while (target[0] == '/' && depth > 0) {
                close(folders[depth--]);
            }
            memmove(todo + got + 1, todo, strlen(todo) + 1);
            memcpy(todo, target, (size_t)got);
            todo[got] = '/';
        } else if (S_ISDIR(is.st_mode)) {
            int folder = depth + 1 < ASSAY_MAX_DEPTH ? openat(folders[depth], name, how | O_DIRECTORY) : -1;
            if (folder < 0) {
                errno = depth + 1 < ASSAY_MAX_DEPTH ? errno : ELOOP;
                break;
            }
            folders[++depth] = folder;
        } else if (!last) {
            errno = ENOTDIR;
        } else if (!S_ISREG(is.st_mode)) {
            errno = EINVAL;
        } else {
            file = openat(folders[depth], name, how);
            break;
        }
    }
    for (int error = errno; depth >= 0; depth--) {
        close(folders[depth]);
        errno = error;
    }
    return file;
}

/* Reads a file below the root, of at most `limit` bytes. False when nothing is there; and when it cannot be read,
 * after a gap. */
static inline bool assay_read(const assay_host *host, assay_bytes request, const char *path, size_t limit,
                              assay_buffer *content) {
    char root[ASSAY_MAX_PATH];
    struct stat is;
    if (!assay_root(request, root, sizeof root)) {
        assay_gap(host, path, "io", "the request names no root");
        return false;
    }
    int file = assay_open(root, path);
    if (file < 0 || fstat(file, &is) != 0) {
        if (errno != ENOENT && errno != ENOTDIR) {
            bool denied = errno == EACCES || errno == EPERM;
            const char *reason = denied ? "permission" : errno == EINVAL ? "unparsable" : "io";
            assay_gap(host, path, reason, errno == EINVAL ? "is no regular file" : strerror(errno));
        }
        return false;
    }
    char piece[16384];
    ssize_t got = 1;
    /* Its size is looked at first: a sparse file of a tebibyte costs nothing to plant. */
    while (is.st_size <= (off_t)limit && content->len <= limit && (got = read(file, piece, sizeof piece)) > 0) {
        assay_add_bytes(content, piece, (size_t)got);
    }
    close(file);
    if (got != 0) {
        assay_gap(host, path, got < 0 ? "io" : "too_big", got < 0 ? strerror(errno) : "larger than the module reads");
    }
    return got == 0;
}

static inline int assay_compare(const void *one, const void *other) {
    const assay_bytes *a = (const assay_bytes *)one, *b = (const assay_bytes *)other;
    int order = memcmp(a->ptr, b->ptr, a->len < b->len ? a->len : b->len);
    return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

/* The lines of a file without the blanks around them: each once, sorted, none of them empty or without end. A line
 * that is longer than an entry may be is a gap. The number of lines; they are in `lines`. */
static inline size_t assay_lines(const assay_host *host, const char *path, const assay_buffer *content,
                                 assay_bytes **lines) {
    assay_buffer found = {0};
    const char *at = content->ptr, *end = content->ptr + content->len;
    while (at < end) {
        const char *newline = (const char *)memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline != NULL ? newline : end, *next = newline != NULL ? newline + 1 : end;
        while (at < stop && strchr(" \t\r", *at) != NULL && *at != '\0') {
            at++;
        }
        while (stop > at && strchr(" \t\r", stop[-1]) != NULL && stop[-1] != '\0') {
            stop--;
        }
        assay_bytes line = {(const uint8_t *)at, (size_t)(stop - at)};
        if (line.len > ASSAY_MAX_LINE) {
            assay_gap(host, path, "too_big", "a line is longer than the module reads");
        } else if (line.len > 0) {
            assay_add_bytes(&found, &line, sizeof line);
        }
        at = next;
    }
    size_t count = found.len / sizeof(assay_bytes), kept = 0;
    assay_bytes *all = (assay_bytes *)(void *)found.ptr;
    if (count > 0) {
        qsort(all, count, sizeof *all, assay_compare);
    }
    for (size_t i = 0; i < count; i++) {
        if (kept == 0 || assay_compare(&all[kept - 1], &all[i]) != 0) {
            all[kept++] = all[i];
        }
    }
    *lines = all;
    return kept;
}

#endif
