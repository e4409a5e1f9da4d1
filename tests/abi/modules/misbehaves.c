/* Modules that misbehave, one for each row of the tables below. A module of the first table lists one entry like any
 * other, and does what its name says once the scanned root has a file /misbehave. Those of the second never work. */
#define _GNU_SOURCE
#include "common.h"
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *ROOT_FILE; /* a path below the root that does not exist */

/* Past the host, straight onto the pipe to the core. */
static void write_raw(const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t written = write(1, bytes, count);
        if (written < 0) {
            return;
        }
        bytes += written;
        count -= (size_t)written;
    }
}
static void write_line(const char *line) {
    write_raw(line, strlen(line));
    write_raw("\n", 1);
}
static assay_status denied(const assay_host *host, const char *what) {
    char text[200];
    snprintf(text, sizeof text, "%s: %s", what, strerror(errno));
    complain(host, text);
    return ASSAY_FAILED;
}

/* --- ends ---------------------------------------------------------------------------------------------------- */

static assay_status segfault(const assay_host *host) {
    (void)host;
    *(volatile int *)8 = 1;
    return ASSAY_OK;
}
static volatile int bottom;
static int deeper(int depth) {
    volatile char frame[4096];
    frame[0] = 1;
    return depth == bottom ? 0 : deeper(depth + 1) + frame[0];
}
static assay_status stack_overflow(const assay_host *host) {
    (void)host;
    return deeper(1);
}
static assay_status aborts(const assay_host *host) {
    (void)host;
    fputs("double free or corruption\n", stderr);
    abort();
}
static assay_status exits(const assay_host *host) {
    (void)host;
    exit(0);
}
static assay_status exits_at_once(const assay_host *host) {
    (void)host;
    _exit(0);
}
static assay_status answers_failed(const assay_host *host) {
    complain(host, "the moon is full");
    return ASSAY_FAILED;
}
static assay_status answers_nonsense(const assay_host *host) {
    (void)host;
    return 77;
}
static assay_status complains_at_length(const assay_host *host) {
    static char text[900000];
    memset(text, 'x', sizeof text - 1);
    memcpy(text, "\033[31mred\r\nchange=added", 22);
    complain(host, text);
    return ASSAY_FAILED;
}

/* --- does not end -------------------------------------------------------------------------------------------- */

static assay_status hangs(const assay_host *host) {
    (void)host;
    for (;;) {
        sleep(1000);
    }
    return ASSAY_OK;
}
static assay_status spins(const assay_host *host) {
    (void)host;
    for (volatile unsigned i = 0;; i++) {
    }
    return ASSAY_OK;
}
static assay_status hangs_in_silence(const assay_host *host) {
    close(1);
    close(2);
    return hangs(host);
}
static assay_status drips(const assay_host *host) {
    for (unsigned i = 0;; i++) {
        char record[200];
        snprintf(record, sizeof record, ENTRY "\"key\":\"%u\"}", i);
        emit(host, record);
        usleep(10000);
    }
    return ASSAY_OK;
}

/* --- takes too much ------------------------------------------------------------------------------------------ */

static assay_status fork_bomb(const assay_host *host) {
    for (int i = 0; i < 1000000; i++) {
        pid_t child = fork();
        if (child < 0) {
            return denied(host, "fork");
        }
        if (child == 0) {
            setsid();
        }
    }
    return hangs(host);
}
static assay_status two_gigabytes(const assay_host *host) {
    for (int i = 0; i < 64; i++) {
        size_t size = 32 << 20;
        char *piece = malloc(size);
        if (piece == NULL) {
            return denied(host, "malloc");
        }
        memset(piece, i + 1, size);
    }
    return hangs(host);
}
static assay_status endless_lines(const assay_host *host) {
    static char record[60000];
    for (unsigned i = 0;; i++) {
        int head = snprintf(record, sizeof record, ENTRY "\"key\":\"%u\",\"fields\":{\"value\":\"", i);
        memset(record + head, 'x', sizeof record - (size_t)head);
        strcpy(record + sizeof record - 4, "\"}}");
        emit(host, record); /* whatever it answers */
    }
    return ASSAY_OK;
}
static assay_status endless_records(const assay_host *host) {
    static const char gap[] = "{\"record\":\"gap\",\"path\":\"/\",\"reason\":\"io\"}\n";
    static char many[1000 * sizeof gap];
    for (unsigned i = 0; i < 1000; i++) {
        strcat(many + i * (sizeof gap - 1), gap);
    }
    for (unsigned i = 0; i <= 1000; i++) {
        write_raw(many, strlen(many));
    }
    (void)host;
    return ASSAY_OK;
}
static assay_status endless_line(const assay_host *host) {
    static char piece[65536];
    memset(piece, 'x', sizeof piece);
    for (int i = 0; i < 100000; i++) {
        write_raw(piece, sizeof piece);
    }
    (void)host;
    return ASSAY_OK;
}
/* Small on the wire, twenty times as big in the memory of whoever reads it. */
static assay_status unfolds(const assay_host *host) {
    static char record[1000000];
    for (unsigned i = 0; i < 250; i++) {
        int at = snprintf(record, sizeof record, ENTRY "\"key\":\"%u\",\"fields\":{\"values\":[\"\"", i);
        while ((size_t)at < sizeof record - 10) {
            memcpy(record + at, ",\"\"", 3);
            at += 3;
        }
        strcpy(record + at, "]}}");
        emit(host, record);
    }
    return ASSAY_OK;
}

/* --- says what it may not ------------------------------------------------------------------------------------ */

static assay_status invalid_json(const assay_host *host) {
    emit(host, "{\"record\":\"entry\",\"kind\":");
    return ASSAY_OK;
}
static assay_status garbage(const assay_host *host) {
    write_raw("\0\377\033[2J\n\n\200", 8);
    (void)host;
    return ASSAY_OK;
}
static assay_status wrong_count(const assay_host *host) {
    write_line(ENTRY "\"key\":\"one more\"}");
    (void)host;
    return ASSAY_OK;
}
static assay_status duplicate_keys(const assay_host *host) {
    emit(host, ENTRY "\"key\":\"twin\"}");
    emit(host, ENTRY "\"key\":\"twin\"}");
    return ASSAY_OK;
}
static assay_status unknown_kind(const assay_host *host) {
    return emit(host, "{\"record\":\"entry\",\"kind\":\"other\",\"key\":\"a\"," SOURCE "}");
}
static assay_status wrong_type(const assay_host *host) {
    return emit(host, ENTRY "\"key\":\"a\",\"fields\":{\"value\":[\"a list\"]}}");
}
static assay_status relative_path(const assay_host *host) {
    return emit(host, ENTRY "\"key\":\"a\",\"programs\":[\"etc/passwd\"]}");
}
static assay_status too_deep(const assay_host *host) {
    return emit(host, ENTRY "\"key\":\"a\",\"more\":[[[[[[[[[[]]]]]]]]]]}");
}
static assay_status early_done(const assay_host *host) {
    write_line("{\"record\":\"done\",\"entries\":0}");
    (void)host;
    return ASSAY_OK;
}
static assay_status second_hello(const assay_host *host) {
    write_line("{\"record\":\"hello\",\"v\":1,\"manifest\":" MANIFEST(MODULE) "}");
    (void)host;
    return ASSAY_OK;
}
static assay_status forged_walls(const assay_host *host) {
    write_line("{\"record\":\"sandbox\",\"active\":[\"everything\"],\"missing\":[]}");
    (void)host;
    return ASSAY_OK;
}
static assay_status unknown_record(const assay_host *host) {
    return emit(host, "{\"record\":\"order\",\"run\":\"/bin/sh\"}") == ASSAY_BAD_ARGUMENT ? ASSAY_OK : 78;
}
static assay_status goes_on_after_refusal(const assay_host *host) {
    emit(host, "{\"record\":\"log\",\"level\":\"info\",\"text\":\"by the wrong door\"}");
    return ASSAY_OK;
}

/* --- tries what it may not, and gives up --------------------------------------------------------------------- */

static assay_status writes_a_file(const assay_host *host) {
    int file = open(ROOT_FILE, O_WRONLY | O_CREAT, 0644);
    return file < 0 ? denied(host, "open") : hangs(host);
}
static assay_status opens_a_socket(const assay_host *host) {
    return socket(AF_INET, SOCK_STREAM, 0) < 0 ? denied(host, "socket") : hangs(host);
}
static assay_status runs_a_program(const assay_host *host) {
    execl("/bin/sleep", "sleep", "1000", NULL);
    return denied(host, "exec");
}
static void *wait_for_ever(void *nothing) {
    for (;;) {
        sleep(1000);
    }
    return nothing;
}
static assay_status starts_a_thread(const assay_host *host) {
    pthread_t thread;
    errno = pthread_create(&thread, NULL, wait_for_ever, NULL);
    return errno != 0 ? denied(host, "thread") : hangs(host);
}

#define ROW(name) {#name, name}
static const struct {
    const char *name;
    assay_status (*act)(const assay_host *host);
} BEHAVIOURS[] = {
    ROW(segfault), ROW(stack_overflow), ROW(aborts), ROW(exits), ROW(exits_at_once), ROW(answers_failed),
    ROW(answers_nonsense), ROW(complains_at_length),
    ROW(hangs), ROW(spins), ROW(hangs_in_silence), ROW(drips),
    ROW(fork_bomb), ROW(two_gigabytes), ROW(endless_lines), ROW(endless_records), ROW(endless_line), ROW(unfolds),
    ROW(invalid_json), ROW(garbage), ROW(wrong_count), ROW(duplicate_keys), ROW(unknown_kind), ROW(wrong_type),
    ROW(relative_path), ROW(too_deep), ROW(early_done), ROW(second_hello), ROW(forged_walls), ROW(unknown_record),
    ROW(goes_on_after_refusal),
    ROW(writes_a_file), ROW(opens_a_socket), ROW(runs_a_program), ROW(starts_a_thread),
};

static assay_status collect(const assay_host *host, assay_bytes request) {
    static char trigger[4096], file[4096];
    emit(host, ENTRY "\"key\":\"steady\",\"fields\":{\"value\":\"the same\"}}");
    ROOT_FILE = below_root(request, "/written-by-a-module", file, sizeof file);
    /* Not access(): it asks as the real user would, without the right to pass through root's own folders. */
    struct stat there;
    if (stat(below_root(request, "/misbehave", trigger, sizeof trigger), &there) != 0) {
        return ASSAY_OK;
    }
    for (size_t i = 0; i < sizeof BEHAVIOURS / sizeof *BEHAVIOURS; i++) {
        if (strcmp(BEHAVIOURS[i].name, MODULE) == 0) {
            return BEHAVIOURS[i].act(host);
        }
    }
    complain(host, "no such behaviour");
    return ASSAY_FAILED;
}

/* The second table: what is wrong with the description itself, or with being loaded. */
static bool is(const char *name) {
    return strcmp(MODULE, name) == 0;
}

__attribute__((constructor)) static void on_load(void) {
    if (is("exits_on_load")) {
        _exit(0);
    }
    if (is("hangs_on_load")) {
        hangs(NULL);
    }
    if (is("speaks_on_load")) {
        write_line("{\"record\":\"hello\",\"v\":1,\"manifest\":" MANIFEST("speaks_on_load") "}");
    }
}

const assay_module *assay_module_entry(uint16_t host_major) {
    static assay_module module = {sizeof module, ASSAY_ABI_MAJOR, ASSAY_ABI_MINOR, {NULL, 0}, collect};
    module.manifest = BYTES(MANIFEST(MODULE));
    if (is("other_major")) {
        module.abi_major = 2;
    } else if (is("refuses")) {
        return host_major == 1 ? NULL : &module;
    } else if (is("smaller_struct")) {
        module.size = 24;
    } else if (is("no_collect")) {
        module.collect = NULL;
    } else if (is("no_manifest")) {
        module.manifest = (assay_bytes){NULL, 0};
    } else if (is("broken_manifest")) {
        module.manifest.len -= 3;
    } else if (is("wild_manifest")) {
        module.manifest = (assay_bytes){(const uint8_t *)16, 1000};
    } else if (is("other_name")) {
        module.manifest = BYTES(MANIFEST("cron"));
    }
    return &module;
}
