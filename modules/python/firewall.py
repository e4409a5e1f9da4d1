#!/usr/bin/env python3
"""Detection module: the application firewall of macOS, as MIDAS watched it.

Who turns it off, lets a program through or removes an interpreter from those that must ask lets a backdoor listen
(T1562.004). Read are the property list of the firewall in /Library/Preferences and the one it begins with, in
/usr/libexec/ApplicationFirewall, up to macOS 14. Since macOS 15 the settings are in no property list, and nothing is
seen of them: `socketfilterfw` would have to be asked. Rules of pf(4) are files of their own and not looked at here.

Keys: `man socketfilterfw`; MIDAS, modules/firewall; and files of macOS 10.7 to 14. An alias record: "Alias Manager" in
Inside Macintosh: Files, and CoreServices/CarbonCore/Aliases.h.
"""

import plistlib
import struct

from assay_module import compared, entry, kind, module, parsed

PLACES = ["/Library/Preferences/com.apple.alf.plist", "/usr/libexec/ApplicationFirewall/com.apple.alf.plist"]
T = "T1562.004"
STATES = {0: "off", 1: "on", 2: "blocks all"}
RULES = {0: "allow", 2: "block", 3: "allow", 4: "block"}
SWITCHES = [
    ("stealth", "stealthenabled", "whether it answers no probes"),
    ("logging", "loggingenabled", "whether it writes a log"),
    ("allows_signed", "allowsignedenabled", "whether signed programs of Apple may listen without being asked for"),
    ("allows_downloaded", "allowdownloadsignedenabled", "whether other signed programs may"),
    ("unloaded", "firewallunload", "whether it is not loaded at all"),
]
KINDS = [
    kind("firewall", T, "the application firewall as a whole",
         compared("state", "text", "off, on, or blocks all that comes in"),
         *(compared(name, "bool", meaning) for name, _, meaning in SWITCHES)),
    kind("firewall_application", T, "a program that somebody decided about",
         compared("rule", "text", "whether it may listen"),
         compared("path", "text", "where its alias leads"), severity="medium"),
    kind("firewall_exception", T, "a program that the firewall lets through unasked",
         compared("rule", "text", "whether it may listen"), severity="medium"),
    kind("firewall_service", T, "a service of the system that has a switch in Sharing",
         compared("rule", "text", "whether it may listen"),
         compared("process", "text", "the program that serves it"), severity="medium"),
    kind("firewall_interpreter", T, "an interpreter, which has to ask though it is signed", severity="medium"),
]


@module("firewall", "1.0.0", "the application firewall of macOS: state, exceptions, programs let through",
        kinds=KINDS, watch=PLACES, platforms=["macos"])
def collect(root):
    if root.os != "macos":
        return
    for place in PLACES:
        content = root.read(place)
        if content is None:
            continue
        settings, why = parsed(plistlib.loads, content)
        if why is None and not isinstance(settings, dict):
            why = "it is no dictionary"
        if why is not None:
            yield entry("firewall", place, place, unparsable=why)
            continue
        yield from listed(place, settings)


def listed(place, settings):
    """The entries of one property list. The key of each begins with the place, which tells the two lists apart."""
    switches = {name: on(settings.get(key)) for name, key, _ in SWITCHES}
    yield entry("firewall", place, place, state=word(settings.get("globalstate"), STATES), **switches)
    for one in dictionaries(settings.get("applications")):
        path = alias_path(one.get("alias"))
        name = one.get("bundleid") or path
        if isinstance(name, str):
            yield entry("firewall_application", f"{place}: {name}", place, programs=[path] if path else [],
                        rule=word(one.get("state"), RULES), path=path)
    for one in dictionaries(settings.get("exceptions")):
        path = one.get("path")
        if isinstance(path, str):
            yield entry("firewall_exception", f"{place}: {path}", place, programs=[path],
                        rule=word(one.get("state"), RULES))
    services = settings.get("firewall")
    for name, one in services.items() if isinstance(services, dict) else ():
        if isinstance(one, dict):
            yield entry("firewall_service", f"{place}: {name}", place, rule=word(one.get("state"), {0: "off", 1: "on"}),
                        process=one.get("proc"))
    for one in dictionaries(settings.get("explicitauths")):
        if isinstance(one.get("id"), str):
            yield entry("firewall_interpreter", f"{place}: {one['id']}", place)


def dictionaries(items):
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def on(value):
    return None if value is None else value != 0


def word(value, words):
    """A state as a word. A number that no macOS before has used is shown as it is."""
    return None if value is None else words.get(value, str(value)) if isinstance(value, int) else str(value)


def alias_path(alias):
    """The path in an alias record: among what follows its fixed part, items of type, length and content, that of
    type 18 is the path below its volume, and that of type 19 where the volume was mounted."""
    if not isinstance(alias, bytes) or len(alias) < 8:
        return None
    position = {2: 150, 3: 58}.get(struct.unpack_from(">H", alias, 6)[0], len(alias))
    found = {}
    while position + 4 <= len(alias):
        item, length = struct.unpack_from(">HH", alias, position)
        found.setdefault(item, alias[position + 4:position + 4 + length])
        position += 4 + length + length % 2
    if 18 not in found:
        return None
    parts = [found.get(19, b"/").strip(b"/"), found[18].strip(b"/")]
    return "/" + b"/".join(part for part in parts if part).decode("utf-8", "surrogateescape")


if __name__ == "__main__":
    collect()
