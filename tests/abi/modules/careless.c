/* Modules that mean well and forget one thing each, which `assay module check` has to find. All list the lines of one
 * file, /etc/careless.conf; what a row forgets is what its name says. */
#define _GNU_SOURCE
#include "common.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATH "/etc/careless.conf"
#define LIMIT (1 << 20)
#define NOTHING "{\"record\":\"entry\",\"kind\":\"line\",\"source\":\"" PATH "\",\"key\":"

static bool is(const char *name) {
    return strcmp(MODULE, name) == 0;
}

static assay_status gap(const assay_host *host, const char *reason) {
    char record[300];
    snprintf(record, sizeof record, "{\"record\":\"gap\",\"path\":\"" PATH "\",\"reason\":\"%s\"}", reason);
    return is("says_nothing_of_fifos") ? ASSAY_OK : emit(host, record);
}

/* An entry whose key is this text, as it comes. */
static assay_status entry(const assay_host *host, const char *text, size_t len, const char *rest) {
    size_t room = len * 6 + 500, at;
    char *record = malloc(room);
    at = (size_t)snprintf(record, room, NOTHING "\"");
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];
        bool raw = is("sends_raw_bytes") && byte >= 0x80;
        bool plain = byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
        at += (size_t)snprintf(record + at, room - at, plain || raw ? "%c" : "\\u%04x", byte);
    }
    snprintf(record + at, room - at, "\"%s}", rest);
    assay_status status = emit(host, record);
    free(record);
    return status;
}

static int brackets(const char *at, const char *end) {
    volatile char frame[256];
    frame[0] = at < end ? *at : 0;
    return frame[0] == '[' ? brackets(at + 1, end) + frame[0] : 0;
}

static int by_line(const void *one, const void *other) {
    return strcmp(*(char *const *)one, *(char *const *)other);
}

static assay_status lines(const assay_host *host, char *text, const struct stat *file) {
    static char *line[LIMIT];
    size_t count = 0;
    for (char *at = strtok(text, "\n"); at != NULL && count < LIMIT; at = strtok(NULL, "\n")) {
        line[count++] = at;
    }
    qsort(line, count, sizeof *line, by_line);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && strcmp(line[i], line[i - 1]) == 0 && !is("lists_twice")) {
            continue;
        }
        char key[9000];
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        size_t len = strlen(line[i]);
        if (len > 8000 && !is("writes_long_lines")) {
            gap(host, "too_big");
            continue;
        }
        const char *rest = is("sends_what_it_did_not_declare") ? ",\"fields\":{\"more\":\"x\"}" : "";
        if (is("keys_with_times")) {
            snprintf(key, sizeof key, "%s at %ld", line[i], now.tv_nsec);
        } else if (is("keys_with_inodes")) {
            snprintf(key, sizeof key, "%s in %lu", line[i], (unsigned long)file->st_ino);
        }
        bool changed = is("keys_with_times") || is("keys_with_inodes");
        assay_status status = entry(host, changed ? key : line[i], changed ? strlen(key) : len, rest);
        if (status != ASSAY_OK) {
            return status;
        }
    }
    return ASSAY_OK;
}

static assay_status collect(const assay_host *host, assay_bytes request) {
    static char path[8192], content[LIMIT + 1];
    struct stat is_there;
    below_root(request, PATH, path, sizeof path);
    if (memmem(request.ptr, request.len, "\"macos\"", 7) != NULL && !is("lists_on_every_system")) {
        return ASSAY_OK;
    }
    if (is("lists_what_is_not_there") || (is("lists_on_every_system") && memmem(request.ptr, request.len, "\"macos\"", 7))) {
        return entry(host, "always", 6, "");
    }
    if (is("names_the_root_folder")) {
        return stat(path, &is_there) == 0 ? entry(host, path, strlen(path), "") : ASSAY_OK;
    }
    if (stat(path, &is_there) != 0) {
        bool absent = errno == ENOENT || errno == ENOTDIR;
        return absent && !is("gaps_where_nothing_is") ? ASSAY_OK : gap(host, errno == EACCES ? "permission" : "io");
    }
    if (!S_ISREG(is_there.st_mode) && !(is("waits_for_fifos") && S_ISFIFO(is_there.st_mode))) {
        return gap(host, "unparsable");
    }
    if (is_there.st_size > LIMIT && is("reads_without_bound")) {
        char *all = malloc((size_t)is_there.st_size);
        if (all == NULL) {
            complain(host, "no memory");
            return ASSAY_FAILED;
        }
    }
    if (is_there.st_size > LIMIT) {
        return gap(host, "too_big");
    }
    int file = open(path, O_RDONLY);
    if (file < 0) {
        if (is("fails_without_rights")) {
            complain(host, "cannot read it");
            return ASSAY_FAILED;
        }
        return gap(host, errno == EACCES ? "permission" : "io");
    }
    ssize_t got = read(file, content, LIMIT);
    if (is("recurses_without_bound") && got > 0) {
        brackets(content, content + got);
    }
    return got < 0 ? gap(host, "io") : lines(host, content, &is_there);
}

#define MEANING(text)                                                                                                  \
    "{\"name\":\"" MODULE "\",\"version\":\"1\",\"summary\":\"lines of a file\",\"platforms\":[\"linux\"],\"kinds\":["   \
    "{\"name\":\"line\",\"summary\":\"" text "\",\"technique\":\"T1546\",\"severity\":\"low\",\"fields\":[]}],"          \
    "\"watch\":[\"" PATH "\"]}"

const assay_module *assay_module_entry(uint16_t host_major) {
    static assay_module module = {sizeof module, ASSAY_ABI_MAJOR, ASSAY_ABI_MINOR, {NULL, 0}, collect};
    module.manifest = is("says_nothing_of_itself") ? BYTES(MEANING("line")) : BYTES(MEANING("a line of the file"));
    return host_major == ASSAY_ABI_MAJOR ? &module : NULL;
}
