#!/usr/bin/env python3
"""Adapter: lets checks that were written for MIDAS live on.

Such a check is a Python program that prints lines such as

    ty_name="ssh_keys" name="/Users/ana/.ssh/authorized_keys" hash="d41d8c" user="ana"

Each line becomes an entry: `ty_name` is its kind, `name` its key (without one, the first value), and everything else a
field that is compared, but for times. Values that are absolute paths of fields called `path`, `program` or
`executable` are measured as programs. Which checks there are, the configuration says:

    [module.midas]
    checks = ["/etc/assay/midas/ssh_keys.py"]

MIDAS is written in Python 2, which is gone: a check has to run under Python 3 (`2to3 -w FILE` does most of that). It
runs in this process, within the same walls: it can read and print, and not write, connect or start a program; so checks
that asked `launchctl` or kept their own database have to be written anew. A check that fails is a gap, and its entries
stay as they were.

A check looks at the running system, so it is run for the root `/` alone, unless it knows of others: one that uses the
global `ROOT` is run for every root, and finds the root folder there. A check is code that root runs. So it, and every
folder above it, must belong to root (or to the user that runs Assay), and be writable by nobody else; and it must lie
where the walls let it be read, below the root or in the libraries of the system.
"""

import contextlib
import io
import os
import re
import stat

from assay_module import compared, entry, gap, kind, kinds, module, shown

CONFIG = {"type": "object", "additionalProperties": False, "properties": {
    "checks": {"type": "array", "items": {"type": "string"}, "description": "paths of the checks"}}}
PAIR = re.compile(r'([A-Za-z_][A-Za-z0-9_]*)="((?:[^"\\]|\\.)*)"')
TIMES = {"time", "timestamp", "date", "datetime", "last_seen"}
PATHS = {"path", "program", "executable"}
MOST_OUTPUT = 16 << 20


@module("midas", "1.0.0", "checks that were written for MIDAS", config=CONFIG)
def collect(root):
    found = []
    for check in root.config.get("checks", []):
        place = below(root.path, check)
        try:
            found += [(place, *line) for line in lines(root, check)]
        # A check may end in any way, by itself or because it needs what the walls refuse: what it listed before stays.
        except BaseException as error:
            yield gap(place, "unparsable", f"{type(error).__name__}: {error}")
    # Two checks may print lines of one name.
    yield kinds(*declared(found))
    for place, name, key, fields in found:
        programs = [value for field, value in fields.items() if field in PATHS]
        yield entry(name, key, place, programs, **{of_entry(field): value for field, value in fields.items()})


def lines(root, check):
    """What one check lists: kind, key and fields of each."""
    source = trusted(check)
    if root.path != "/" and b"ROOT" not in source:
        root.log(f"{check} looks at the running system alone, and is not run for another root")
        return []
    return [line for line in map(understood, output(check, source, root.path).splitlines()) if line]


def trusted(check):
    """The source of a check, if nobody else could have written it."""
    if not os.path.isabs(check) or os.path.realpath(check) != check:
        raise ValueError(f"`{check}` is not an absolute path without links")
    folder = check
    while folder != "/":
        folder = os.path.dirname(folder)
        mine_alone(os.stat(folder), folder)
    with open(os.open(check, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        found = os.fstat(file.fileno())
        mine_alone(found, check)
        if not stat.S_ISREG(found.st_mode):
            raise ValueError(f"`{check}` is not a regular file")
        return file.read()


def mine_alone(found, path):
    if found.st_uid not in (0, os.getuid()):
        raise ValueError(f"`{path}` belongs to user {found.st_uid}; it must belong to root")
    if found.st_mode & 0o002 or (found.st_mode & 0o020 and found.st_gid != 0):
        raise ValueError(f"`{path}` is writable by others; run `chmod go-w {path}`")


def below(top, path):
    """A path of this machine as one of the root, when it is."""
    return path[len(top):] if top != "/" and path.startswith(top + "/") else path


def output(check, source, top):
    """What a check prints. It ends when it is done, by itself or by `sys.exit()`."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(source, check, "exec"), {"__name__": "__main__", "__file__": check, "ROOT": top})
        except SystemExit as end:
            if end.code not in (None, 0):
                raise
    text = printed.getvalue()
    if len(text) > MOST_OUTPUT:
        raise ValueError(f"it printed more than {MOST_OUTPUT} characters")
    return text


def understood(line):
    """Kind, key and fields of a line; `None` when it is none of MIDAS."""
    fields = {name.lower(): re.sub(r"\\(.)", r"\1", value) for name, value in PAIR.findall(line)}
    name = fields.pop("ty_name", None)
    if not name or not fields:
        return None
    key = fields.pop("name", "") or next(iter(fields.values()), "")
    return word(name), key, fields


def word(name):
    """A name as one of a kind: `SSH keys` is `ssh_keys`."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "unnamed"


def of_entry(field):
    """`entry` has parameters of these names."""
    return field + "_" if field in ("kind", "key", "source", "programs", "unparsable") else field


def declared(found):
    """The kinds of all lines, with every field that any of them has."""
    kinds_of = {}
    for _, name, _, fields in found:
        kinds_of.setdefault(name, {}).update(fields)
    for name, fields in kinds_of.items():
        described = []
        for field in fields:
            declare = shown if field in TIMES else compared
            described.append(declare(of_entry(field), "text", f"`{field}`, as the check prints it"))
        yield kind(name, "T1547", f"what a check for MIDAS calls `{name}`", *described, source="content")


if __name__ == "__main__":
    collect()
