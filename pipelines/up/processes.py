"""Child processes that end with this one, whatever ends it."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

from components.common.errors import ServerError
from components.common.warm.fork_safety import die_with_parent
from components.common.warm.owner import child_environment
from pipelines.up.services import Service
from serving.client.http_pool import HttpPool
from serving.client.retry import PassingError
from serving.server.launch import last_lines

GRACE_S = 30.0  # for requests under way and for the log
_MOST_RESTARTS, _WITHIN_S = 3, 600.0
_POLL_S = 0.1
_ANSWER_S = 2.0


class ServiceProcess:
    """A service that runs, and runs again after it has ended by itself."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._http = HttpPool(service.url)
        self._restarts: list[float] = []
        service.log_path.write_bytes(b"")
        self.process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        parent = os.getpid()

        def bound() -> None:
            # Politely: the gateway still writes its log.
            die_with_parent(by=signal.SIGTERM)
            if os.getppid() != parent:
                os._exit(1)

        # Ctrl-C is not theirs to take: they are stopped in order.
        environment = {"TF_CPP_MIN_LOG_LEVEL": "3", **child_environment()}
        with self.service.log_path.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *self.service.words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
                preexec_fn=bound,
            )

    def healthy(self) -> bool:
        """Ask it once."""
        with contextlib.suppress(PassingError, ServerError, TimeoutError):
            answer = self._http.request(
                "GET", self.service.health, body=None, headers={}, timeout_s=_ANSWER_S
            )
            return answer.code == 200
        return False

    def wait_healthy(self, *, timeout_s: float) -> None:
        """Wait until it is well.

        Raises:
            ServerError: it ended instead, or time ran out.
        """
        deadline = time.monotonic() + timeout_s
        while not self.healthy():
            code = self.process.poll()
            if code is not None or time.monotonic() > deadline:
                received = "no answer" if code is None else f"its end with code {code}"
                raise ServerError(
                    f"the {self.service.name} to answer at {self.service.url} within "
                    f"{timeout_s:g} s",
                    received=received,
                    do=f"read {self.service.log_path}, which ends:\n"
                    f"{last_lines(self.service.log_path)}",
                )
            time.sleep(_POLL_S)

    def revive(self) -> str:
        """Start it again if it has ended; return what there is to say of that, "" if it runs.

        Raises:
            ServerError: it ends again and again.
        """
        code = self.process.poll()
        if code is None:
            return ""
        now = time.monotonic()
        self._restarts = [*(at for at in self._restarts if now - at < _WITHIN_S), now]
        name, log_path = self.service.name, self.service.log_path
        if len(self._restarts) > _MOST_RESTARTS:
            raise ServerError(
                f"the {name} to keep running",
                received=f"its end with code {code}, after {_MOST_RESTARTS} restarts within "
                f"{_WITHIN_S / 60:.0f} minutes",
                do=f"read {log_path}; everything is stopped now",
            )
        self.process = self._start()
        return f"the {name} ended with code {code} and is started again (log: {log_path})"

    def stop(self) -> None:
        """End it politely, and by force after 30 s or when this is interrupted again."""
        try:
            if self.process.poll() is None:
                self.process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(GRACE_S)
        finally:
            # Its own children too; without any there is no such group.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self._http.close()


@contextlib.contextmanager
def running(services: Sequence[Service]) -> Iterator[list[ServiceProcess]]:
    """Start services, and stop them in the opposite order at the end of the block."""
    with contextlib.ExitStack() as stack:
        started = []
        for service in services:
            process = ServiceProcess(service)
            stack.callback(process.stop)
            started.append(process)
        yield started
