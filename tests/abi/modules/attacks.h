/* What every attack is given, and how a list of attacks becomes a module.
 *
 * One process tries one attack: the one that the request's `config` names as `only`. Built as a shared library it is a
 * native module; built with -D SCRIPT it is an executable that speaks the lines itself, which Assay runs as a script
 * module, and which the tests also run as it is, with no walls around it. An attack answers 0 when it worked, and -1
 * with errno when it was denied. */
#ifndef ATTACKS_H
#define ATTACKS_H

#include "common.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

typedef long attack(void);
struct named { const char *name; attack *run; };
#define NAMED(name) {#name, name},
/* Each file of attacks ends in one table of its own, and a name of null ends each table. */
extern const struct named FILES[], TALK[], PROCESSES[], RIGHTS[];

extern assay_bytes REQUEST;

/* A path below the root; the next seven calls leave it as it is. */
static inline const char *in_root(const char *name) {
    static char paths[8][4096];
    static unsigned next;
    return below_root(REQUEST, name, paths[next++ % 8], sizeof *paths);
}
/* A path in the folder beside the root, where an attack has no business. */
#define OUTSIDE(name) in_root("/../outside/" name)

/* What the test left in a file of the root: a process id, a port. 0 when there is no such file. */
static inline int number(const char *name) {
    char text[32] = "";
    int file = open(in_root(name), O_RDONLY);
    if (file < 0 || read(file, text, sizeof text - 1) < 0) {
        return 0;
    }
    close(file);
    return atoi(text);
}
/* Never of an unknown process: 0 and -1 are groups, and everybody. */
static inline int process(const char *name) {
    int pid = number(name);
    if (pid <= 1) {
        fputs("the test left no process to attack\n", stderr);
        _exit(99);
    }
    return pid;
}

/* Opens, and reads one byte: whether the file tells anything. */
static inline long reads(int file) {
    char byte;
    return file < 0 || read(file, &byte, 1) != 1 ? -1 : 0;
}

#endif
