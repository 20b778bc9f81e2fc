"""A webhook and a mail server on this machine, with answers that a test chooses."""

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from local_servers import Quiet, answering, running


@dataclass
class Webhook:
    """Answers with `statuses` in turn, then 200."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


@contextmanager
def webhook(*statuses: int) -> Iterator[Webhook]:
    state = Webhook(statuses=list(statuses))

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            state.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(state.statuses.pop(0) if state.statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    with answering(Handler) as url:
        state.url = f"{url}/services/T0/B0/secret"
        yield state


@dataclass
class Mailbox:
    """Answers the end of each letter with `codes` in turn, then 250."""

    port: int = 0
    codes: list[int] = field(default_factory=list)
    letters: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    password_asked: bool = False


@contextmanager
def mailbox(*codes: int, password_asked: bool = False) -> Iterator[Mailbox]:
    state = Mailbox(codes=list(codes), password_asked=password_asked)

    class Handler(socketserver.StreamRequestHandler):
        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

        def handle(self) -> None:
            self.say("220 here")
            for line in self.rfile:
                word = line.decode().strip()
                command = word[:4].upper()
                if command == "EHLO":
                    self.say("250-here")
                    self.say("250-AUTH PLAIN" if state.password_asked else "250-8BITMIME")
                    self.say("250 HELP")
                elif command == "AUTH":
                    state.logins.append(word)
                    self.say("235 welcome")
                elif command == "DATA":
                    self.say("354 go on")
                    self._letter()
                elif command == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 fine")

        def _letter(self) -> None:
            text = ""
            while (line := self.rfile.readline()) not in {b".\r\n", b""}:
                text += line.decode()
            code = state.codes.pop(0) if state.codes else 250
            if code == 250:
                state.letters.append(text)
            self.say(f"{code} so be it")

    with running(socketserver.TCPServer(("127.0.0.1", 0), Handler)) as port:
        state.port = port
        yield state
