"""Stands in for `python -m MODULE ...`: a warm parent forks for it, and it ends as that ended.

Run by its file name, with -I -S, as `launcher.py ADDRESS NAMES -m MODULE ARGUMENT...`: it needs the
standard library only. An argument among NAMES (joined by commas) asks for the parent that has the
large libraries too. Without a parent it becomes the plain interpreter.
"""

import contextlib
import json
import os
import signal
import socket
import struct
import sys
from pathlib import Path
from types import FrameType

SMALL, LARGE = b"s", b"l"
_RELAYED = (signal.SIGTERM, signal.SIGINT)


def run_warm(address: str, names: str, command: list[str]) -> int | None:
    """Run a command in a warm process; return its exit code, None where there was no warm one."""
    size = LARGE if set(names.split(",")) & set(command) else SMALL
    wanted = {"arguments": command, "folder": str(Path.cwd()), "environment": dict(os.environ)}
    # A signal waits until it is known whom to hand it on to: the program may be there already.
    signal.pthread_sigmask(signal.SIG_BLOCK, _RELAYED)
    with socket.socket(socket.AF_UNIX) as link, link.makefile("rb") as answers:
        try:
            link.connect(f"\0{address}")
            if not is_ours(link):
                raise PermissionError("another user's process")
            socket.send_fds(link, [size], [0, 1, 2])
            link.sendall(json.dumps(wanted).encode() + b"\n")
            process, _, reason = answers.readline().decode().partition(" ")
        except OSError as error:
            process, reason = "", str(error)
        if process:
            _relay(int(process))
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _RELAYED)
            # Without a last word the process was ended together with its parent.
            return int(answers.readline() or 1)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _RELAYED)
    sys.stderr.write(f"no warm start, {reason.strip() or 'no answer'}\n")
    return None


def is_ours(link: socket.socket) -> bool:
    """Return whether the process at the other end belongs to the same user."""
    size = struct.calcsize("3i")
    _, user, _ = struct.unpack("3i", link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return bool(user == os.getuid())


def _relay(process: int) -> None:
    def relay(number: int, _: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)

    for number in _RELAYED:
        signal.signal(number, relay)


def main(command: list[str], code: int | None) -> None:
    """End as the warm process did: with its exit code, or by the signal -code.

    Without one, None, become the plain interpreter.
    """
    if code is None:
        sys.stderr.flush()
        os.execv(sys.executable, [sys.executable, *command])
    if code < 0:
        if -code not in {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    main(sys.argv[3:], run_warm(sys.argv[1], sys.argv[2], sys.argv[3:]))
