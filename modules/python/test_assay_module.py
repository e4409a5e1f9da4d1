"""Tests of assay_module.py: `python3 -m unittest` in this folder. Python 3.8 or later, nothing else."""

import errno
import json
import os
import subprocess
import sys
import tempfile
import unittest

import assay_module
from assay_module import (compared, entry, fifo, folder, gap, kind, kinds, link, module, parsed, shown)

HERE = os.path.dirname(os.path.abspath(__file__))
THING = kind("thing", "T1", "a thing", compared("value", "text", "what it is"), shown("line", "int", "where"),
             compared("on", "bool", "whether"), compared("words", "list", "which"))


def of(collect, tree, **more):
    """What a function lists of a tree."""
    return module("things", "1", "things", kinds=[THING])(collect).test(tree, **more)


def looked(look, tree, **more):
    """What `look` gives for a root, and the gaps that came of it."""
    found = []

    def collect(root):
        found.append(look(root))

    return found, of(collect, tree, **more).gaps


class Reading(unittest.TestCase):
    def test_what_is_there_is_read_and_what_is_not_is_silent(self):
        tree = {"/etc/a": "one\ntwo\n", "/etc/b": "no end", "/etc/empty": ""}
        found, gaps = looked(lambda root: (
            root.read("/etc/a"), root.lines("/etc/a"), root.lines("/etc/b"), root.lines("/etc/empty"),
            root.read("/etc/none"), root.read("/etc/a/none"), root.read("/etc/\0"), root.lines("/none"),
            root.open("/etc/a").readline(), root.open("/none").read(), root.list("/etc"), root.list("/none"),
            root.stat("/none"), root.stat("/etc/a").st_size), tree)
        self.assertEqual(found[0], (
            b"one\ntwo\n", ["one", "two"], ["no end"], [], None, None, None, [],
            b"one\n", b"", ["a", "b", "empty"], [], None, 8))
        self.assertEqual(gaps, [])

    def test_links_resolve_inside_the_root(self):
        tree = {"/etc/real/file": "inside", "/etc/up": link("../../../../etc/real"), "/a": link("/etc/up/file"),
                "/passwd": link("/../../etc/passwd"), "/top": link("/")}
        found, gaps = looked(lambda root: (
            root.read("/a"), root.read("/../../etc/up/./file"), root.real("/a"), root.read("/passwd"),
            root.real("/top"), root.list("/top/etc/real"), root.real("/passwd"), root.stat("/a").st_size), tree)
        self.assertEqual(found[0], (
            b"inside", b"inside", "/etc/real/file", None, "/", ["file"], None, len("/etc/up/file")))
        self.assertEqual(gaps, [])

    def test_what_may_not_be_read_is_a_gap(self):
        big = b"x" * 2000
        tree = {"/fifo": fifo(), "/folder": folder(), "/loop": link("loop"), "/big": big, "/file": "x",
                "/to_fifo": link("fifo"), "/long": link("/" + "x" * 300)}
        found, gaps = looked(lambda root: (
            root.read("/fifo"), root.read("/folder"), root.read("/loop"), root.read("/big", limit=1999),
            root.read("/to_fifo"), root.lines("/fifo"), root.read("/long"), root.read("/big", limit=2000)), tree)
        self.assertEqual(found[0], (None, None, None, None, None, [], None, big))
        self.assertEqual([(one["path"], one["reason"]) for one in gaps], [
            ("/fifo", "unparsable"), ("/folder", "unparsable"), ("/loop", "io"), ("/big", "too_big"),
            ("/to_fifo", "unparsable"), ("/long", "io")])

    def test_a_refusal_is_a_gap_with_the_reason_permission(self):
        def refuse(*_):
            raise PermissionError(errno.EACCES, "Permission denied")

        def look(root):
            root._read = refuse
            return root.read("/etc/a")

        found, gaps = looked(look, {"/etc/a": "x"})
        self.assertEqual((found, [(one["path"], one["reason"]) for one in gaps]), ([None], [("/etc/a", "permission")]))

    def test_a_sparse_file_of_a_tebibyte_is_not_read(self):
        with tempfile.TemporaryDirectory() as place:
            with open(os.path.join(place, "huge"), "wb") as file:
                file.truncate(1 << 40)
            records = []
            root = assay_module.Root({"root": place, "host": {"os": "linux"}}, records.append)
            self.assertIsNone(root.read("/huge"))
            self.assertEqual(records[0]["reason"], "too_big")

    def test_a_mount_that_may_never_answer_is_not_touched(self):
        with tempfile.TemporaryDirectory() as place:
            os.makedirs(os.path.join(place, "mnt/dead/folder"))
            os.symlink("/mnt/dead/folder", os.path.join(place, "way"))
            records = []
            request = {"root": place, "host": {"os": "linux"}, "avoid": [os.path.realpath(place) + "/mnt/dead"]}
            root = assay_module.Root(request, records.append)
            self.assertEqual((root.list("/mnt/dead"), root.stat("/way/x"), root.list("/mnt")), ([], None, ["dead"]))
            self.assertEqual({one["reason"] for one in records}, {"timeout"})

    def test_paths_are_absolute(self):
        with self.assertRaises(ValueError):
            looked(lambda root: root.read("etc/a"), {})

    def test_no_descriptor_is_left_open(self):
        def count():
            return len(os.listdir("/dev/fd"))

        def look(root):
            before = count()
            for path in ("/a/b/c", "/a/b/../b/c", "/none/x", "/loop", "/fifo", "/a"):
                root.read(path), root.list(path), root.stat(path), root.real(path)
            return count() - before

        found, _ = looked(look, {"/a/b/c": "x", "/loop": link("loop"), "/fifo": fifo()})
        self.assertEqual(found, [0])


class Finding(unittest.TestCase):
    TREE = {"/etc/a.conf": "", "/etc/.b.conf": "", "/etc/d/c.conf": "", "/etc/d/e/f.conf": "", "/etc/link": link("d"),
            "/etc/passwd": "root:x:0:0::/root:/bin/sh\nana:x:1:1::/home/ana:/bin/sh\nno:x:2:2::/:/bin/sh\nbad\n",
            "/root/.rc": "", "/home/ana/.rc": "", "/Users/eve/.rc": "", "/private/var/root/.rc": ""}

    def find(self, pattern, **more):
        found, gaps = looked(lambda root: root.glob(pattern), self.TREE, **more)
        self.assertEqual(gaps, [])
        return found[0]

    def test_globs(self):
        for pattern, expected in [
            ("/etc/*.conf", ["/etc/.b.conf", "/etc/a.conf"]),
            ("/etc/{a,b}.conf", ["/etc/a.conf"]),
            ("/etc/?.conf", ["/etc/a.conf"]),
            ("/etc/[a-c].conf", ["/etc/a.conf"]),
            ("/etc/**/*.conf", ["/etc/.b.conf", "/etc/a.conf", "/etc/d/c.conf", "/etc/d/e/f.conf"]),
            ("/etc/*/c.conf", ["/etc/d/c.conf", "/etc/link/c.conf"]),
            ("/etc/none*", []), ("/none/*", []), ("/etc/a.conf", ["/etc/a.conf"]),
            ("~/.rc", ["/home/ana/.rc", "/root/.rc"]),
        ]:
            self.assertEqual(self.find(pattern), expected, pattern)
        self.assertEqual(self.find("~/.rc", os="macos"), ["/Users/eve/.rc", "/private/var/root/.rc"])
        with self.assertRaises(ValueError):
            self.find("/**/a/**/b")

    def test_a_tree_without_end_is_a_gap(self):
        found, gaps = looked(lambda root: len(root.glob("/a/**/x")), {"/a" + "/d" * 60 + "/x": ""})
        self.assertEqual((found, [one["reason"] for one in gaps]), ([0], ["too_big"]))


class Listing(unittest.TestCase):
    def test_bytes_that_are_no_utf_8_reach_the_core(self):
        name = b"/etc/caf\xe9".decode("utf-8", "surrogateescape")

        def collect(root):
            for line in root.lines(root.glob("/etc/*")[0]):
                yield entry("thing", line, name, programs=[name], value=b"\xff", words=["a", line])

        seen = of(collect, {name: b"gr\xc3\xbcn\nna\xefve\n"})
        encoded = {"b64": "bmHvdmU="}
        self.assertEqual([one["key"] for one in seen.entries], ["gr\u00fcn", encoded])
        self.assertEqual(seen.entries[1]["fields"], {"value": {"b64": "/w=="}, "words": ["a", encoded]})
        self.assertEqual(seen.entries[1]["source"], seen.entries[1]["programs"][0])
        self.assertEqual(seen.entry("thing", b"na\xefve"), seen.entries[1])
        lone = of(lambda root: [entry("thing", "\ud800", "/s")], {})
        self.assertEqual(lone.entries[0]["key"], {"b64": "7aCA"})

    def test_nothing_that_is_planted_ends_the_scan(self):
        def collect(root):
            yield entry("thing", "plain", "/s", programs=["relative", "/p"], value="v", line=None)
            for value in (1 << 63, True, "7", 1.5, {}):
                yield entry("thing", f"line {value}", "/s", line=value)
            yield entry("thing", "list", "/s", words=["a", {"b": 1}])
            yield entry("thing", "on", "/s", on="yes")
            yield entry("thing", "huge", "/s", value="x" * (2 << 20))
            yield entry("thing", "k" * (2 << 20), "/s")
            yield entry("thing", "why", "/s", unparsable="\ud800" * (1 << 20))

        seen = of(collect, {})
        self.assertEqual((seen.entries[0]["programs"], seen.entries[0]["fields"]), (["/p"], {"value": "v"}))
        self.assertEqual(len(seen.entries), 11)
        for one in seen.entries[1:9]:
            self.assertTrue(one["unparsable"] and not one["fields"].get("line"), one)
        for one in seen.entries:
            line = json.dumps(one)
            self.assertLess(len(line), 1 << 20)
            self.assertNotIn("\\ud800", line)

    def test_a_key_comes_once(self):
        def collect(root):
            for line in ("a=1", "a=1", "a #2=x", "a=2", "a=3", "a=2", "a #2=y"):
                yield entry("thing", line.split("=")[0], "/s", value=line.split("=")[1])

        seen = of(collect, {})
        self.assertEqual(seen.keys("thing"), ["a", "a #2", "a #3", "a #4", "a #2 #2"])
        self.assertEqual([one["fields"]["value"] for one in seen.entries], ["1", "x", "2", "3", "y"])

    def test_kinds_may_come_later(self):
        more = kind("other", "T2", "another", compared("value", "text", "what"))
        seen = of(lambda root: [kinds(more), entry("other", "k", "/s", value="v")], {})
        self.assertEqual(seen.keys("other"), ["k"])

    def test_gaps_and_messages(self):
        def collect(root):
            root.log("hello", "warning")
            yield gap("/g", "io", "why", hides=["/h"])

        seen = of(collect, {})
        self.assertEqual(seen.gaps, [{"record": "gap", "path": "/g", "reason": "io", "text": "why", "hides": ["/h"]}])
        self.assertEqual(seen.log, ["hello"])

    def test_a_mistake_of_the_author_is_said(self):
        with self.assertRaises(ValueError):
            of(lambda root: [entry("thing", "k", "/s", colour="red")], {})
        with self.assertRaises(AssertionError):
            of(lambda root: [entry("other", "k", "/s")], {})
        with self.assertRaises(AssertionError):
            of(lambda root: [entry("thing", "k", "relative")], {})

    def test_a_parser_that_is_led_astray_is_not_the_end(self):
        self.assertEqual(parsed(json.loads, b"[1]"), ([1], None))
        for content in (b"{", b"\xff", b"[" * 100000):
            value, why = parsed(json.loads, content)
            self.assertTrue(value is None and why, content[:8])


class Speaking(unittest.TestCase):
    """In a process of its own, as the core starts it."""

    def ask(self, body, op="collect", root="/"):
        program = "\n".join(["import sys", "sys.path.insert(0, %r)" % HERE, "from assay_module import *",
                             "@module('m', '1', 's', kinds=[kind('k', 'T', 's')], config={'type': 'object'})",
                             "def collect(root):", *("    " + line for line in body), "collect()"])
        request = {"v": 1, "op": op, "root": root, "config": {"c": 1}, "host": {"os": "linux", "arch": "x"}}
        ran = subprocess.run([sys.executable, "-c", program], input=json.dumps(request).encode() + b"\n",
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        return ran.returncode, [json.loads(line) for line in ran.stdout.splitlines()], ran.stderr.decode()

    def test_a_whole_scan(self):
        code, records, errors = self.ask(["print('for the author')", "yield entry('k', str(root.config), '/s')"])
        self.assertEqual((code, errors), (0, "for the author\n"))
        self.assertEqual([one["record"] for one in records], ["hello", "entry", "done"])
        self.assertEqual((records[0]["v"], records[0]["manifest"]["name"]), (1, "m"))
        self.assertEqual((records[1]["key"], records[2]["entries"]), ("{'c': 1}", 1))

    def test_describe_looks_at_nothing(self):
        code, records, _ = self.ask(["raise SystemError"], op="describe")
        self.assertEqual((code, [one["record"] for one in records]), (0, ["hello", "done"]))

    def test_a_scan_that_breaks_off_says_where(self):
        code, records, _ = self.ask(["yield entry('k', 'a', '/s')", "yield 1 / 0"])
        self.assertEqual((code, [one["record"] for one in records]), (1, ["hello", "entry", "log"]))
        self.assertEqual(records[2]["text"], "in collect, line 7: ZeroDivisionError: division by zero")


if __name__ == "__main__":
    unittest.main()
