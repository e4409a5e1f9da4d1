#!/usr/bin/env python3
"""Attacks as one would write them in Python: a script module that makes the one that its configuration names."""

import ctypes
import errno
import json
import multiprocessing
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading

REQUEST = json.loads(sys.stdin.readline())
ROOT = REQUEST["root"]
INTERPRETER = os.readlink("/proc/self/exe")
BOAST = (
    'print(\'{"record":"entry","kind":"thing","key":"program","source":"/etc/os-release","fields":{"value":"done"}}\');'
    'print(\'{"record":"done","entries":1}\')'
)


def inside(name):
    return os.path.join(ROOT, name)


def number(name):
    with open(inside(name)) as file:
        return int(file.read())


def write_a_file():
    with open(inside("planted"), "w") as file:
        file.write("x")


def temporary_file():
    tempfile.TemporaryFile().close()


def database():
    sqlite3.connect(inside("planted")).execute("CREATE TABLE planted (x)")


def connect():
    socket.create_connection(("127.0.0.1", number("tcp")), 5).close()


def resolve_a_name():
    # The question itself depends on who answers names on this machine.
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()


def run_a_program():
    subprocess.run(["/bin/sh", "-c", "exit 0"], check=True)


def run_a_shell_line():
    if os.system("exit 0") != 0:
        raise RuntimeError("no shell")


def become_another_program():
    sys.stdout.flush()
    os.execv("/bin/sh", ["sh", "-c", "exec " + INTERPRETER + ' -c "$0"', BOAST])


def become_itself_again():
    sys.stdout.flush()
    os.execv(INTERPRETER, [INTERPRETER, "-c", BOAST])


def fork():
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def start_a_process():
    process = multiprocessing.get_context("fork").Process(target=int)
    process.start()
    process.join()


def start_a_thread():
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()


def kill_the_core():
    os.kill(number("core"), signal.SIGKILL)


def call_the_kernel():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mkdir(inside("planted").encode(), 0o755) != 0:
        raise OSError(ctypes.get_errno(), "mkdir")


def raise_a_limit():
    resource.setrlimit(resource.RLIMIT_NOFILE, (1000, 1000))


def read_outside():
    with open(os.path.join(ROOT, "../outside/secret")) as file:
        file.read(1)


def read_through_a_link():
    with open(inside("link")) as file:
        file.read(1)


def read_the_cores_environment():
    with open("/proc/%d/environ" % number("core")) as file:
        file.read(1)


ATTACKS = {
    attack.__name__: attack
    for attack in [
        write_a_file, temporary_file, database, connect, resolve_a_name, run_a_program, run_a_shell_line,
        become_another_program, become_itself_again, fork, start_a_process, start_a_thread, kill_the_core,
        call_the_kernel, raise_a_limit, read_outside, read_through_a_link, read_the_cores_environment,
    ]
}  # fmt: skip

FIELD = {"name": "value", "type": "text", "meaning": "what came of it", "compared": True}
KIND = {"name": "thing", "summary": "an attack", "technique": "T1546", "severity": "high", "fields": [FIELD]}
MANIFEST = {"name": "attacks", "version": "1", "summary": "attacks", "platforms": ["linux"], "kinds": [KIND]}


def say(record, **members):
    print(json.dumps(dict(record=record, **members)), flush=True)


say("hello", v=1, manifest=MANIFEST)
name = REQUEST["config"]["only"]
try:
    ATTACKS[name]()
    outcome = "done"
except OSError as error:
    outcome = errno.errorcode[error.errno]
except (RuntimeError, ValueError, sqlite3.Error) as error:
    # Python's own word for it, which does not tell what the system call said.
    outcome = type(error).__name__
say("entry", kind="thing", key=name, source="/etc/os-release", fields={"value": outcome})
say("done", entries=1)
