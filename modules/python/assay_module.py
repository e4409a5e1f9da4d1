"""Write a detection module for Assay in Python 3.8 or later, with nothing but this file.

    #!/usr/bin/env python3
    from assay_module import entry, kind, module, shown

    @module("shells", "1.0.0", "programs that count as login shells",
            kinds=[kind("login_shell", "T1546.004", "a line of /etc/shells",
                        shown("line", "int", "where it stands"))],
            watch=["/etc/shells"])
    def collect(root):
        for number, line in enumerate(root.lines("/etc/shells"), 1):
            if line.startswith("/"):
                yield entry("login_shell", line, "/etc/shells", programs=[line], line=number)

    if __name__ == "__main__":
        collect()

Make the file executable and put it into a folder of modules; its name without the suffix is that of the module. What
a module must keep, and the lines it speaks, are in docs/modules.md: this file speaks them for you. It also sees to it
that what somebody plants on the system cannot stop your scan: read through `root`, which stays below the root folder,
never blocks and turns what cannot be read into gaps. A module is one process without threads; it cannot write, connect
or start a program.

Text is `str`. Bytes that are no UTF-8 are in it as Python writes them (`surrogateescape`) and reach the core unharmed.

To test a module, describe a root and look at what it lists:

    seen = collect.test({"/etc/shells": "/bin/sh\\n# a comment\\n"})
    assert seen.keys("login_shell") == ["/bin/sh"]
"""

import base64
import errno
import fnmatch
import io
import itertools
import json
import os
import re
import stat as stat_module
import sys

__all__ = ["compared", "entry", "fifo", "folder", "gap", "kind", "kinds", "link", "module", "parsed", "shown"]

_TYPES = {"text": (str, bytes, os.PathLike), "int": int, "bool": bool, "list": (list, tuple)}
_MOST = 1 << 20          # bytes of a file, unless a module says otherwise
_MOST_NAMES = 100_000    # names of a folder, or paths of a glob
_MOST_LINKS = 40         # links on the way to a file, as Linux has it
_MOST_DEPTH = 32         # folders below that of a `**`
_MOST_RECORD = 900_000   # bytes of a record; the core takes a mebibyte
_MOST_KEY = 16 << 10     # bytes of a key
_MOST_TEXT = 1000        # characters of a reason
_HANDLE = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class _Unsafe(OSError):
    """What is there is not to be read: a FIFO, a device, a folder where a file belongs, or too much of it."""

    def __init__(self, reason, text):
        super().__init__(errno.EINVAL, text)
        self.reason = reason


# What a module says of itself.


def compared(name, type, meaning):
    """A field whose change is a change of the entry. `type`: `text`, `int`, `bool` or `list`."""
    return {"name": name, "type": type, "meaning": meaning, "compared": True}


def shown(name, type, meaning):
    """A field that is shown and never alerted."""
    return {"name": name, "type": type, "meaning": meaning, "compared": False}


def kind(name, technique, summary, *fields, severity="high", source="owner"):
    """One sort of entry: its ATT&CK technique, how bad a change is (`info` to `critical`), and how much of the file
    that entries come from the core compares besides: its `owner`, its `content`, or `none` of it."""
    return {"name": name, "summary": summary, "technique": technique, "severity": severity, "source": source,
            "fields": list(fields)}


# What a module lists.


def entry(kind, key, source, programs=(), unparsable=None, **fields):
    """One thing that starts by itself. `key`: what makes it the same one tomorrow. `source`: the file it was read
    from. `programs`: the files that it makes run, as absolute paths; others are left out, and so is a field that is
    `None`. `unparsable`: why it makes no sense, if it makes none; the core then compares its bytes."""
    record = {"record": "entry", "kind": kind, "key": key, "source": source, "fields": fields}
    found = [program for program in programs if _str(program).startswith("/")]
    if found:
        record["programs"] = found
    if unparsable is not None:
        record["unparsable"] = _printable(unparsable)
    return record


def gap(path, reason, text="", hides=()):
    """A place that was to be read and could not. `reason`: `permission`, `too_big`, `unparsable`, `timeout` or `io`.
    `hides`: places besides `path` whose entries may be missing because of it."""
    return {"record": "gap", "path": path, "reason": reason, "text": _printable(text), "hides": list(hides)}


def kinds(*more):
    """Kinds besides those of the decorator, for a module that learns them from its configuration."""
    return {"record": "kinds", "kinds": list(more)}


def parsed(loads, content):
    """What `loads` makes of a file's content, and why it makes nothing of it: one of the two is `None`. What somebody
    planted may raise any exception in a parser, and deep nesting exhausts the stack."""
    try:
        return loads(content), None
    except Exception as error:
        return None, f"{type(error).__name__}: {error}"[:_MOST_TEXT]


# The files of the root.


def _str(text):
    """As `str`; bytes that are no UTF-8 are escaped."""
    text = os.fspath(text)
    return text.decode("utf-8", "surrogateescape") if isinstance(text, bytes) else text


def _names(path):
    return [name for name in path.split("/") if name not in ("", ".")]


class Root:
    """The files below the root folder that a scan is of. Every path is absolute below it, and links resolve inside it.

    `os`: the system of the root, `linux` or `macos`. `path`: where the root folder is on this machine. `config`: the
    table `[module.NAME]` of the configuration."""

    def __init__(self, request, send):
        self.os = request["host"]["os"]
        self.config = request.get("config", {})
        self._send = send
        self._told = set()
        self.path = os.path.realpath(request["root"])
        self._top = os.open(self.path, _HANDLE)
        prefix = self.path.rstrip("/") + "/"
        avoid = (_str(_decoded(mount)) for mount in request.get("avoid", ()))
        self._avoided = {"/" + mount[len(prefix):] for mount in avoid if mount.startswith(prefix)}

    def read(self, path, limit=_MOST):
        """The bytes of a regular file. `None` when nothing is there; and, after a gap, when it cannot be read."""
        return self._try(path, lambda: self._read(path, limit))

    def open(self, path, limit=_MOST):
        """The same as a file to read bytes from, which is empty where `read` gives `None`."""
        return io.BytesIO(self.read(path, limit) or b"")

    def lines(self, path, limit=_MOST):
        """The lines of a file, without their ends; none where `read` gives `None`."""
        lines = _str(self.read(path, limit) or b"").split("\n")
        return lines if lines[-1] else lines[:-1]

    def list(self, path):
        """The names in a folder, sorted; none when it is not there and, after a gap, when it cannot be read."""
        return self._try(path, lambda: self._list(path)) or []

    def stat(self, path):
        """What is at a path, a link being a link, as an `os.stat_result`; or `None`."""
        return self._try(path, lambda: self._at(path, False, _stat))

    def real(self, path):
        """The path of what a path leads to, every link resolved; or `None`."""
        return self._try(path, lambda: self._at(path, True, lambda folder, name, real: _stat(folder, name) and real))

    def glob(self, pattern):
        """The paths that match, sorted: `*`, `?`, `[…]`, `**` for folders at any depth, `{a,b}`, and `~` for every
        home. Hidden names match like others; `**` does not follow links."""
        found, looks = set(), itertools.count()
        for plain in _alternatives(pattern):
            if _names(plain).count("**") > 1:
                raise ValueError(f"{pattern!r} has more than one `**`, which may take for ever")
            for path in [home + plain[1:] for home in self.homes()] if plain.startswith("~") else [plain]:
                found.update(self._glob("", _names(path), looks))
        return sorted(found)

    def homes(self):
        """The home folders of the root's accounts: of /etc/passwd, on a Mac those of /Users and root's."""
        if self.os == "macos":
            homes = ["/Users/" + name for name in self.list("/Users")] + ["/private/var/root"]
        else:
            homes = [line.split(":")[5] for line in self.lines("/etc/passwd", 16 << 20) if line.count(":") >= 5]
        real = {self.real(home) for home in homes if len(_names(home)) > 0 and home.startswith("/")}
        return sorted(home for home in real if home and self._is_folder(home))

    def gap(self, path, reason, text=""):
        """Sends a gap, once."""
        if (path, reason) not in self._told:
            self._told.add((path, reason))
            self._send(gap(path, reason, text))

    def log(self, text, level="info"):
        """Tells the operator something: `error`, `warning`, `info` or `debug`."""
        self._send({"record": "log", "level": level, "text": _printable(text)})

    def _try(self, path, look):
        try:
            return look()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            reason = getattr(error, "reason", None)
            if reason is None and error.errno in (errno.EACCES, errno.EPERM):
                reason = "permission"
            self.gap(_str(path), reason or "io", error.strerror or str(error))
            return None

    def _at(self, path, follow, act):
        """Calls `act` with the open folder that a path's last name is in, that name, and the path with links resolved.
        One name at a time, so that no link leads out of the root, whatever is swapped meanwhile."""
        path = _str(path)
        if not path.startswith("/"):
            raise ValueError(f"{path!r} is not an absolute path")
        if "\0" in path:
            raise FileNotFoundError(errno.ENOENT, "no file has such a name")
        names, folders, walked, links = _names(path)[::-1], [os.dup(self._top)], [], 0
        try:
            while names:
                name = names.pop()
                if name == "..":
                    if walked:
                        walked.pop()
                        os.close(folders.pop())
                    continue
                real = "/" + "/".join(walked + [name])
                if real in self._avoided:
                    raise _Unsafe("timeout", "it is on a file system that may never answer")
                target = _link(folders[-1], name) if names or follow else None
                if target is not None:
                    links += 1
                    if links > _MOST_LINKS:
                        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
                    while target.startswith("/") and walked:
                        walked.pop()
                        os.close(folders.pop())
                    names.extend(_names(target)[::-1])
                elif names:
                    folders.append(os.open(name, _HANDLE, dir_fd=folders[-1]))
                    walked.append(name)
                else:
                    return act(folders[-1], name, real)
            return act(folders[-1], ".", "/" + "/".join(walked))
        finally:
            for descriptor in folders:
                os.close(descriptor)

    def _read(self, path, limit):
        def act(folder, name, _):
            # A FIFO or a device is not even opened; should it come there now, opening it does not wait.
            _regular(_stat(folder, name))
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
            with open(os.open(name, flags, dir_fd=folder), "rb") as file:
                if _regular(os.fstat(file.fileno())).st_size <= limit:
                    content = file.read(limit + 1)
                    if len(content) <= limit:
                        return content
                raise _Unsafe("too_big", f"more than {limit} bytes")
        return self._at(path, True, act)

    def _list(self, path):
        def act(folder, name, _):
            descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            try:
                with os.scandir(descriptor) as found:
                    names = [item.name for item in itertools.islice(found, _MOST_NAMES + 1)]
            finally:
                os.close(descriptor)
            if len(names) > _MOST_NAMES:
                raise _Unsafe("too_big", f"more than {_MOST_NAMES} names")
            return sorted(names)
        return self._at(path, True, act)

    def _glob(self, base, names, looks, depth=0):
        if depth > _MOST_DEPTH or next(looks) > _MOST_NAMES:
            self.gap(base or "/", "too_big", "too many files or folders to look through")
            return
        if not names:
            if self.stat(base or "/") is not None:
                yield base or "/"
            return
        name, rest = names[0], names[1:]
        if name == "**":
            yield from self._glob(base, rest, looks)
            for child in self.list(base or "/"):
                if self._is_folder(f"{base}/{child}"):
                    yield from self._glob(f"{base}/{child}", names, looks, depth + 1)
        elif any(character in name for character in "*?["):
            matches = re.compile(fnmatch.translate(name)).match
            for child in filter(matches, self.list(base or "/")):
                yield from self._glob(f"{base}/{child}", rest, looks)
        else:
            yield from self._glob(f"{base}/{name}", rest, looks)

    def _is_folder(self, path):
        found = self.stat(path)
        return found is not None and stat_module.S_ISDIR(found.st_mode)


def _stat(folder, name, _=None):
    return os.stat(name, dir_fd=folder, follow_symlinks=False)


def _link(folder, name):
    try:
        return os.readlink(name, dir_fd=folder)
    except OSError as error:
        if error.errno == errno.EINVAL:  # It is none.
            return None
        raise


def _regular(found):
    if not stat_module.S_ISREG(found.st_mode):
        raise _Unsafe("unparsable", "it is not a regular file")
    return found


def _alternatives(pattern):
    """`/{a,b}/c` as `/a/c` and `/b/c`."""
    found = re.search(r"\{([^{}]*)\}", pattern)
    if not found:
        return [pattern]
    parts = (pattern[:found.start()] + part + pattern[found.end():] for part in found.group(1).split(","))
    return [plain for part in parts for plain in _alternatives(part)]


# The lines between a module and the core.


def _printable(text):
    """What is for people alone, without what JSON cannot hold."""
    return str(text)[:_MOST_TEXT].encode("utf-8", "replace").decode("utf-8")


def _bytes(text):
    """The bytes that a text came from. Half a character, as JSON may hold, comes from nowhere and is kept as it is."""
    if isinstance(text, bytes):
        return text
    try:
        return _str(text).encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return _str(text).encode("utf-8", "surrogatepass")


def _text(text):
    """A text as JSON has it: a string, or base64 of bytes that are no UTF-8."""
    whole = _bytes(text)
    try:
        return whole.decode("utf-8")
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(whole).decode("ascii")}


def _decoded(text):
    return base64.b64decode(text["b64"]) if isinstance(text, dict) else text


class Module:
    """What `module` makes of a function. Called without arguments, it answers the one request of its process."""

    def __init__(self, manifest, collect):
        self.manifest = manifest
        self.__doc__ = collect.__doc__
        self._collect = collect

    def __call__(self):
        # Standard output belongs to the records; what the module prints is for its author.
        out, sys.stdout = open(1, "wb", closefd=False), sys.stderr

        def write(record):
            out.write(json.dumps(record).encode("ascii") + b"\n")

        try:
            request = json.loads(sys.stdin.buffer.readline())
            write({"record": "hello", "v": 1, "manifest": self.manifest})
            count = self._answer(request, write) if request["op"] == "collect" else 0
            write({"record": "done", "entries": count})
        except Exception as error:
            import traceback  # Here and below: what most scans do without takes longer to load than they last.
            last = traceback.extract_tb(error.__traceback__)[-1]
            text = f"in {last.name}, line {last.lineno}: {type(error).__name__}: {error}"
            write({"record": "log", "level": "error", "text": _printable(text)})
            sys.exit(1)
        finally:
            out.flush()

    def _answer(self, request, write):
        """Sends all that the module lists, and gives the number of entries."""
        scan = _Scan(self.manifest, write)
        for record in self._collect(Root(request, scan.send)) or ():
            scan.send(record)
        return scan.count

    def test(self, tree, os="linux", config=None):
        """Lists a root made for this one test, in this process, and gives a `Seen`. `tree`: by path, the content of a
        file as text or bytes, or a `link`, `folder` or `fifo`. Fails when the module breaks what its manifest says."""
        import tempfile
        with tempfile.TemporaryDirectory() as place:
            for path, content in tree.items():
                _plant(place, path, content)
            request = {"v": 1, "op": "collect", "root": place, "config": config or {}, "host": {"os": os}}
            records = []
            count = self._answer(request, lambda record: records.append(json.loads(json.dumps(record))))
            return Seen(self.manifest, records, count)


def module(name, version, summary, kinds=(), watch=(), platforms=("linux", "macos"), config=None):
    """Makes a module of a function that takes a `Root` and yields `entry` and `gap`. `watch`: the places it reads, as
    globs. `config`: a JSON Schema of the table `[module.NAME]` of the configuration, if it takes one."""
    manifest = {"name": name, "version": version, "summary": summary, "platforms": list(platforms),
                "kinds": list(kinds), "watch": list(watch)}
    if config is not None:
        manifest["config"] = config
    return lambda collect: Module(manifest, collect)


class _Scan:
    """What was sent. What the core would refuse because of what it read on the system is put right here: otherwise
    one planted line could end every scan, and hide all else."""

    def __init__(self, manifest, write):
        self.count = 0
        self._write = write
        self._sent, self._keys, self._numbers = set(), set(), {}
        self._types = {}
        self._learn(manifest["kinds"])

    def _learn(self, more):
        for one in more:
            self._types[one["name"]] = {field["name"]: field["type"] for field in one["fields"]}

    def send(self, record):
        if record["record"] == "entry":
            record = self._entry(record)
            if record is None:
                return
            self.count += 1
        elif record["record"] == "gap":
            record = dict(record, path=_text(record["path"]), hides=[_text(path) for path in record["hides"]])
        elif record["record"] == "kinds":
            self._learn(record["kinds"])
        self._write(record)

    def _entry(self, record):
        types = self._types.get(record["kind"], {})
        fields, wrong = {}, []
        for name, value in record["fields"].items():
            if value is None:
                continue
            value = _value(value, types.get(name))
            if value is None:
                wrong.append(name)
            else:
                fields[name] = value
        record = dict(record, key=_str(_key(record["key"])), source=_text(record["source"]), fields=fields)
        record["programs"] = [_text(program) for program in record.get("programs", ())]
        if wrong:
            record["unparsable"] = f"{', '.join(wrong)}: not of the type that it should have"
        if len(json.dumps(record)) > _MOST_RECORD:
            record = dict(record, fields={}, programs=[], unparsable="it is too long")
        return self._distinct(record)

    def _distinct(self, record):
        """An entry that was sent already is left out; another of the same key gets a number."""
        kind, key, whole = record["kind"], record["key"], json.dumps(record, sort_keys=True)
        if whole in self._sent:
            return None
        self._sent.add(whole)
        name, number = key, self._numbers.get((kind, key), 1)
        while (kind, name) in self._keys:
            number += 1
            name = f"{key} #{number}"
        self._numbers[kind, key] = number
        self._keys.add((kind, name))
        return dict(record, key=_text(name))


def _key(key):
    """A key that fits into a record: of one that is too long its beginning, and a digest that tells it from others."""
    whole = _bytes(key)
    if len(whole) <= _MOST_KEY:
        return key
    import hashlib
    return whole[:1024] + f" ... ({len(whole)} bytes, {hashlib.sha256(whole).hexdigest()[:16]})".encode()


def _value(value, type):
    """A value as JSON has it; `None` when it is not of its field's type, which the field of no manifest has not."""
    if type is None:
        raise ValueError("a field is not in the manifest")
    if not isinstance(value, _TYPES[type]) or (type == "int" and isinstance(value, bool)):
        return None
    if type == "int":
        return value if -(1 << 63) <= value < 1 << 63 else None
    if type == "text":
        return _text(value)
    if type == "list":
        texts = all(isinstance(item, _TYPES["text"]) for item in value)
        return [_text(item) for item in value] if texts else None
    return value


# For tests.


class link(str):
    """A symbolic link in the tree of a test."""


class folder:
    """An empty folder in the tree of a test."""


class fifo:
    """A FIFO in the tree of a test: whoever opens it for reading hangs."""


def _plant(place, path, content):
    path = os.path.join(place, path.lstrip("/"))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if isinstance(content, link):
        os.symlink(content, path)
    elif isinstance(content, folder):
        os.makedirs(path, exist_ok=True)
    elif isinstance(content, fifo):
        os.mkfifo(path)
    else:
        with open(path, "wb") as file:
            file.write(content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content)


class Seen:
    """What a module listed: `entries`, `gaps` and `log`, in the order they came, as the core gets them."""

    def __init__(self, manifest, records, count):
        of = {name: [record for record in records if record["record"] == name] for name in ("entry", "gap", "log")}
        self.entries, self.gaps, self.log = of["entry"], of["gap"], [record["text"] for record in of["log"]]
        known = {one["name"]: one for one in manifest["kinds"]}
        known.update((one["name"], one) for record in records for one in record.get("kinds", ()))
        assert count == len(self.entries)
        for one in known.values():
            assert one["summary"] and all(field["meaning"] for field in one["fields"]), f"no prose in {one}"
        for one in self.entries:
            assert one["kind"] in known, f"{one['kind']} is not in the manifest"
            assert _str(_decoded(one["source"])).startswith("/"), f"{one['source']} is not an absolute path"

    def entry(self, kind, key):
        """The entry of that kind and key."""
        found = [one for one in self.entries if one["kind"] == kind and one["key"] == _text(key)]
        assert found, f"no {kind} {key!r} among {self.entries}"
        return found[0]

    def keys(self, kind):
        """The keys of a kind, in the order they came."""
        return [_str(_decoded(one["key"])) for one in self.entries if one["kind"] == kind]
