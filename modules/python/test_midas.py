"""Tests of midas.py: `python3 -m unittest` in this folder."""

import os
import stat
import tempfile
import unittest
from unittest import mock

import midas


def listed(*sources, **more):
    """What the adapter makes of checks with these sources; that they are trusted is another test."""
    checks = [f"/etc/midas/{number}.py" for number in range(len(sources))]
    with mock.patch("midas.trusted", lambda check: sources[checks.index(check)]):
        return midas.collect.test({}, config={"checks": checks}, **more)


class Lines(unittest.TestCase):
    def test_what_midas_prints(self):
        for line, expected in [
            ('ty_name="ssh_keys" name="/a" hash="d4" user="ana"', ("ssh_keys", "/a", {"hash": "d4", "user": "ana"})),
            ('Jan 1 host midas: ty_name="SSH Keys" Path="/a b"', ("ssh_keys", "/a b", {"path": "/a b"})),
            ('ty_name="k" name="say \\"hi\\" \\\\"', ("k", 'say "hi" \\', {})),
            ('ty_name="k" name="" x="1"', ("k", "1", {"x": "1"})),
            ('name="/a"', None), ('ty_name="k"', None), ("hello", None), ("", None), ('ty_name="k', None),
        ]:
            self.assertEqual(midas.understood(line), expected, line)

    def test_its_names_become_kinds_and_fields(self):
        seen = listed(b"ROOT\nprint('ty_name=\"plist\" name=\"a\" program=\"/opt/x\" key=\"k\" date=\"today\"')",
                      b"ROOT\nprint('ty_name=\"plist\" name=\"b\" user=\"ana\"')\nprint('ty_name=\"kext\" id=\"c\"')")
        self.assertEqual(seen.keys("plist"), ["a", "b"])
        self.assertEqual(seen.keys("kext"), ["c"])
        first = seen.entry("plist", "a")
        self.assertEqual(first["fields"], {"program": "/opt/x", "key_": "k", "date": "today"})
        self.assertEqual((first["programs"], first["source"]), (["/opt/x"], "/etc/midas/0.py"))

    def test_times_are_shown_and_all_else_is_compared(self):
        one, = midas.declared([("/c", "plist", "a", {"date": "1", "user": "x"})])
        self.assertEqual({field["name"]: field["compared"] for field in one["fields"]}, {"date": False, "user": True})

    def test_a_check_that_fails_is_a_gap_and_the_others_go_on(self):
        good = b"ROOT\nprint('ty_name=\"k\" name=\"a\"')\nimport sys\nsys.exit()"
        for bad in (b"ROOT; print 'Python 2'", b"ROOT; 1 / 0", b"ROOT; raise SystemExit(3)", b"ROOT\0", b"\xff ROOT",
                    b"ROOT; raise KeyboardInterrupt", b"def ROOT(): ROOT()\nROOT()"):
            seen = listed(bad, good)
            self.assertEqual(seen.keys("k"), ["a"], bad)
            self.assertEqual([(one["path"], one["reason"]) for one in seen.gaps], [("/etc/midas/0.py", "unparsable")])

    def test_a_check_that_knows_no_other_root_is_left_out_there(self):
        seen = listed(b"print('ty_name=\"k\" name=\"a\"')")
        self.assertEqual((seen.entries, seen.gaps), ([], []))
        self.assertIn("running system alone", seen.log[0])


class Trust(unittest.TestCase):
    def test_code_that_others_could_have_written_is_refused(self):
        mine = os.getuid()
        for mode, owner, group, words in [
            (0o644, 0, 5, None), (0o664, mine, 0, None), (0o644, mine, 5, None),
            (0o646, 0, 0, "chmod go-w"), (0o664, 0, 5, "chmod go-w"), (0o644, mine + 7, 0, "belongs to user"),
        ]:
            found = os.stat_result((stat.S_IFREG | mode, 0, 0, 1, owner, group, 0, 0, 0, 0))
            if words is None:
                midas.mine_alone(found, "/c")
            else:
                with self.assertRaisesRegex(ValueError, words):
                    midas.mine_alone(found, "/c")

    def test_the_folders_above_are_looked_at_and_links_are_not_followed(self):
        with tempfile.TemporaryDirectory() as place:
            place = os.path.realpath(place)
            check, link = os.path.join(place, "check.py"), os.path.join(place, "link.py")
            with open(check, "w") as file:
                file.write("x")
            os.symlink(check, link)
            with mock.patch("midas.mine_alone") as looked:
                self.assertEqual(midas.trusted(check), b"x")
                self.assertEqual({call[0][1] for call in looked.call_args_list} >= {check, place, "/"}, True)
                for wrong in (link, "check.py", place):
                    with self.assertRaises((ValueError, OSError)):
                        midas.trusted(wrong)
            with mock.patch("midas.mine_alone", side_effect=[ValueError("no")]), self.assertRaises(ValueError):
                midas.trusted(check)


if __name__ == "__main__":
    unittest.main()
