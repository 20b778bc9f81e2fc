"""The process that imports once and forks for each program: `python -m ... ADDRESS SMALL LARGE`.

SMALL and LARGE are modules, joined by commas. The small ones are imported at once. A second
process, forked from the first, imports the large ones as soon as some program has run for
`_WORKS_S`, since a run that takes everything from the cache has no use for them. Both end with the
owner, which holds the other end of their standard input, and take what they have forked with them.
"""

import atexit
import contextlib
import json
import math
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from components.common.warm import owner
from components.common.warm.fork_safety import check_alike, die_with_parent, import_all
from components.common.warm.launcher import LARGE, is_ours

# A program that takes longer works, and one that needs the large libraries will follow. One that
# asks for them and has had to import them itself may be the last.
_WORKS_S = 1.0
_WORKS_LARGE_S = 5.0
_PATIENCE_S = 5.0


@dataclass
class WarmParent:
    """Waits for launchers and forks for them.

    requests: where launchers are met: a listening socket, or for the parent with the large
        libraries the socket over which the first one hands them on.
    large: modules that a larger parent imports; () for that one itself.

    Of the programs that run it keeps the time from which on they count as working.
    """

    requests: socket.socket
    large: tuple[str, ...] = ()
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _running: dict[int, float] = field(default_factory=dict)
    _larger: socket.socket | None = None
    _larger_process: int = 0

    def serve(self) -> NoReturn:
        """Fork for whoever asks until the owner is gone."""
        self._selector.register(0, selectors.EVENT_READ, self._stop)
        self._selector.register(self.requests, selectors.EVENT_READ, self._meet)
        while True:
            for key, _ in self._selector.select(_WORKS_S / 4):
                # One event may have ended what the next one speaks of.
                if self._selector.get_map().get(key.fd) is key:
                    key.data()
            if self.large and time.monotonic() > min(self._running.values(), default=math.inf):
                self._enlarge()

    def _stop(self) -> NoReturn:
        for process in self._running:
            _end_group(process)
        if self._larger_process:
            os.kill(self._larger_process, signal.SIGKILL)
        # Who asks for the processor time of a run gets that of all its programs.
        for process in filter(None, (*self._running, self._larger_process)):
            os.waitpid(process, 0)
        os._exit(0)

    def _meet(self) -> None:
        """Take one launcher, and fork for it or hand it on; one that is left becomes plain."""
        if self.requests.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            link, _ = self.requests.accept()
            if not is_ours(link):
                link.close()
                return
            link.settimeout(_PATIENCE_S)
            size, streams, *_ = socket.recv_fds(link, 1, 3)
        else:
            size, found, *_ = socket.recv_fds(self.requests, 1, 4)
            if not found:
                self._stop()
            link, streams = socket.socket(fileno=found[0]), found[1:]
            link.settimeout(_PATIENCE_S)
        try:
            if size == LARGE and self._larger is not None:
                socket.send_fds(self._larger, [size], [link.fileno(), *streams])
                link.close()
            else:
                self._fork(link, streams, _WORKS_LARGE_S if size == LARGE else _WORKS_S)
        except (OSError, ValueError) as error:
            with contextlib.suppress(OSError):
                link.sendall(f" {error}\n".encode())
            link.close()
        finally:
            for stream in streams:
                os.close(stream)

    def _fork(self, link: socket.socket, streams: list[int], works_s: float) -> None:
        with link.makefile("rb") as words:
            wanted = json.loads(words.readline())
        check_alike(wanted)
        process = os.fork()
        if not process:
            link.close()
            self._become(wanted, streams)
        with contextlib.suppress(OSError):
            os.setpgid(process, process)
        self._running[process] = time.monotonic() + works_s
        ended = os.pidfd_open(process)

        def forget() -> None:
            self._selector.unregister(ended)
            self._selector.unregister(link)
            code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
            del self._running[process]
            os.close(ended)
            with contextlib.suppress(OSError):
                link.sendall(f"{code}\n".encode())
            link.close()

        def abandoned() -> None:
            # The launcher was killed. What it stands for must not outlive it.
            _end_group(process)
            forget()

        self._selector.register(ended, selectors.EVENT_READ, forget)
        self._selector.register(link, selectors.EVENT_READ, abandoned)
        link.sendall(f"{process}\n".encode())

    def _become(self, wanted: dict[str, Any], streams: list[int]) -> NoReturn:
        os.setpgid(0, 0)
        die_with_parent()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        self._leave()
        os.environ.update(wanted["environment"])
        _, module, *arguments = wanted["arguments"]  # "-m" comes first
        sys.argv = [module, *arguments]
        code = 0
        try:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
            if isinstance(end.code, str):
                sys.stderr.write(f"{end.code}\n")
        except BaseException:
            sys.excepthook(*sys.exc_info())
            code = 1
        _quit(code)

    def _leave(self) -> None:
        """Close what is the parent's alone."""
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
            elif key.fd > 2:
                os.close(key.fd)
        self._selector.close()
        if self._larger is not None:
            self._larger.close()

    def _enlarge(self) -> None:
        large, self.large = self.large, ()
        ours, theirs = socket.socketpair()
        self._larger_process = os.fork()
        if not self._larger_process:
            die_with_parent()
            self._leave()
            ours.close()
            import_all(large)
            WarmParent(theirs).serve()
        theirs.close()
        self._larger = ours


def _end_group(process: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)


def _quit(code: int) -> NoReturn:
    """End without taking the libraries apart, which takes longer than to start them."""
    ends: tuple[Callable[[], object], ...] = (
        threading._shutdown,  # type: ignore[attr-defined]
        atexit._run_exitfuncs,
        sys.stdout.flush,
        sys.stderr.flush,
    )
    for end in ends:
        with contextlib.suppress(Exception):
            end()
    os._exit(code)


def main(address: str, small: str, large: str) -> NoReturn:
    """Meet launchers at an abstract address, which leaves no file behind."""
    owner.belongs_to(address)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"\0{address}")
    listener.listen(64)
    import_all(tuple(small.split(",")))
    WarmParent(listener, tuple(large.split(","))).serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
