"""Tests of firewall.py: `python3 -m unittest` in this folder."""

import plistlib
import struct
import unittest

from assay_module import fifo
from firewall import PLACES, alias_path, collect


def alias(path, volume=None, version=2):
    """An alias record that leads to a path."""
    record = b"\0\0\0\0\0\0" + struct.pack(">H", version)
    record += b"\0" * ({2: 150, 3: 58}[version] - len(record))
    for item, content in [(0, b"name"), (18, path), (19, volume)]:
        if content is not None:
            record += struct.pack(">HH", item, len(content)) + content + b"\0" * (len(content) % 2)
    return record + b"\xff\xff\0\0"


MAC = {
    "globalstate": 1, "stealthenabled": 1, "loggingenabled": 0, "allowsignedenabled": 1, "version": "1.6",
    "applications": [
        {"bundleid": "org.example.chat", "state": 2, "alias": alias(b"Applications/Chat.app", b"/")},
        {"state": 3, "alias": alias(b"tool", b"/Volumes/Stick", version=3)},
    ],
    "exceptions": [{"path": "/usr/libexec/configd", "state": 3}],
    "firewall": {"Remote Login - SSH": {"proc": "sshd-keygen-wrapper", "state": 0}},
    "explicitauths": [{"id": "org.python.python.app"}, {"id": "com.apple.ruby"}],
}


def seen(settings, **more):
    content = settings if isinstance(settings, (bytes, fifo)) else plistlib.dumps(settings, **more)
    return collect.test({PLACES[0]: content}, os="macos")


class Firewall(unittest.TestCase):
    def test_a_mac(self):
        for form in (plistlib.FMT_XML, plistlib.FMT_BINARY):
            all_of_it = seen(MAC, fmt=form)
            self.assertEqual(all_of_it.gaps, [])
            fields = {one["key"].rpartition(": ")[2]: one["fields"] for one in all_of_it.entries}
            self.assertEqual(fields[PLACES[0]], {
                "state": "on", "stealth": True, "logging": False, "allows_signed": True})
            self.assertEqual(fields["org.example.chat"], {"rule": "block", "path": "/Applications/Chat.app"})
            self.assertEqual(fields["/Volumes/Stick/tool"], {"rule": "allow", "path": "/Volumes/Stick/tool"})
            self.assertEqual(fields["/usr/libexec/configd"], {"rule": "allow"})
            self.assertEqual(fields["Remote Login - SSH"], {"rule": "off", "process": "sshd-keygen-wrapper"})
            self.assertEqual(all_of_it.keys("firewall_interpreter"), [
                PLACES[0] + ": org.python.python.app", PLACES[0] + ": com.apple.ruby"])
            self.assertEqual(all_of_it.entry("firewall_exception", PLACES[0] + ": /usr/libexec/configd")["programs"],
                             ["/usr/libexec/configd"])

    def test_turned_off_and_unknown_states(self):
        for number, state in [(0, "off"), (2, "blocks all"), (7, "7")]:
            self.assertEqual(seen({"globalstate": number}).entries[0]["fields"], {"state": state})

    def test_what_makes_no_sense(self):
        for content in (b"", b"bplist00" + b"\xff" * 40, b"<plist><dict><key>", plistlib.dumps([1])):
            one, = seen(content).entries
            self.assertTrue(one["unparsable"], content)
        odd = {"globalstate": "on", "applications": {"a": 1}, "exceptions": [1, {"path": 2}, {}], "firewall": [1],
               "explicitauths": "x", "stealthenabled": [1]}
        self.assertEqual([one["kind"] for one in seen(odd).entries], ["firewall"])

    def test_absent_and_unreadable(self):
        nothing = collect.test({}, os="macos")
        self.assertEqual((nothing.entries, nothing.gaps), ([], []))
        self.assertEqual([one["path"] for one in seen(fifo()).gaps], [PLACES[0]])
        self.assertEqual(collect.test({PLACES[0]: plistlib.dumps(MAC)}, os="linux").entries, [])

    def test_an_alias_that_is_cut_anywhere(self):
        whole = alias("caf\u00e9".encode(), b"/")
        self.assertEqual(alias_path(whole), "/caf\u00e9")
        for end in range(len(whole)):
            alias_path(whole[:end])
        self.assertIsNone(alias_path(b"\0" * 40))


if __name__ == "__main__":
    unittest.main()
