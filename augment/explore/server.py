"""The playground's page over HTTP, for the browser of this machine alone.

It listens on 127.0.0.1, answers no other host's name (a page elsewhere could rebind its name to this address), and asks
for a token that only the printed address holds, so that neither another page nor another user of the machine reads
images or writes picks. No part of a request names a file.
"""

import errno
import json
import os
import secrets
import socketserver
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from augment.core.errors import AugmentError
from augment.core.progress import say
from augment.explore.page import page
from augment.explore.playground import SLIDERS, Playground
from augment.gan.generators.class_generator import MAX_INDEX
from augment.synthesis.picks import Choice

HOST = "127.0.0.1"
MAX_BODY_BYTES = 10_000
MOST_AT_ONCE = 48  # samples of one answer
MAX_MOVE = 10.0  # spreads of a latent number
HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Request(BaseModel):
    """Which sample of which class, a position in the page's list."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
    label: int = Field(ge=0)
    seed: int = Field(ge=0, lt=MAX_INDEX)
    number: int = Field(ge=0, lt=MAX_INDEX - MOST_AT_ONCE)


class Samples(Request):
    count: int = Field(ge=1, le=MOST_AT_ONCE)


class Closer(Request):
    moves: list[Annotated[float, Field(ge=-MAX_MOVE, le=MAX_MOVE)]] = Field([], max_length=SLIDERS)


class Pick(Request):
    choice: Choice


QUESTIONS: dict[str, type[Samples] | type[Closer] | type[Pick]] = {
    "/samples": Samples,
    "/closer": Closer,
    "/choose": Pick,
}


class Server(ThreadingHTTPServer):
    """Serves one playground; answers one request after the other, though browsers hold several connections open."""

    daemon_threads = True
    allow_reuse_address = os.name == "posix"  # elsewhere it would share a port that is in use

    def __init__(self, playground: Playground, port: int) -> None:
        self.playground, self.lock, self.token = playground, Lock(), secrets.token_urlsafe(18)
        super().__init__((HOST, port), Handler)

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)  # HTTPServer's own asks the network for this machine's name
        self.server_name, self.server_port = HOST, self.server_address[1]

    @property
    def address(self) -> str:
        """What a person opens."""
        return f"http://{HOST}:{self.server_port}/?token={self.token}"

    def answer(self, path: str, values: Any) -> dict[str, Any] | None:
        """The JSON for a request; None where there is no such path. Raises `ValidationError` for values that are not
        allowed, `AugmentError` with words for the page."""
        if path not in QUESTIONS:
            return None
        request, shown = QUESTIONS[path].model_validate(values), self.playground
        if request.label >= len(shown.labels):
            raise AugmentError(f"there are {len(shown.labels)} classes")
        label = shown.labels[request.label]
        with self.lock:
            if isinstance(request, Samples):
                return shown.samples(label, request.seed, request.number, request.count)
            if isinstance(request, Pick):
                return shown.choose(label, (request.seed, request.number), request.choice)
            return shown.closer(label, request.seed, request.number, request.moves)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that went away is no fault; anything else is said in a line, and the page asks again."""
        error = sys.exception()
        if not isinstance(error, ConnectionError):
            say(f"explore: {type(error).__name__}: {' '.join(str(error).split())[:200]}")


class Handler(BaseHTTPRequestHandler):
    """GET / is the page; every question of it is a POST with the token in a header, which no form of another page can
    set."""

    server: Server
    server_version, sys_version = "augment", ""
    timeout = 30  # seconds; browsers open connections ahead and leave them idle

    def do_GET(self) -> None:
        place = urlsplit(self.path)
        given = parse_qs(place.query).get("token", [""])[0]
        if not self._is_ours(given):
            return
        if place.path != "/":
            self._send(404, "text/plain", b"There is only one page here.\n")
            return
        nonce = secrets.token_urlsafe(12)
        html = page(self.server.playground.state(), self.server.token, nonce)
        policy = (
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src data:; "
            "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        self._send(200, "text/html; charset=utf-8", html.encode(), {"Content-Security-Policy": policy})

    def do_POST(self) -> None:
        if not self._is_ours(self.headers.get("X-Token", "")):
            return
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal()) or int(length) > MAX_BODY_BYTES:
            self._send_error(400, "a request has a body of known, small length")
            return
        body = self.rfile.read(int(length))
        self._answer(lambda: self.server.answer(urlsplit(self.path).path, json.loads(body)))

    def _answer(self, ask: Callable[[], dict[str, Any] | None]) -> None:
        try:
            found = ask()
        except ValidationError as error:
            first = error.errors()[0]
            self._send_error(400, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
        except (ValueError, RecursionError):
            self._send_error(400, "the request is not JSON")
        except (AugmentError, OSError) as error:
            self._send_error(409, str(error))
        else:
            if found is None:
                self._send_error(404, "there is no such question")
            else:
                self._send(200, "application/json", json.dumps(found).encode())

    def _is_ours(self, token: str) -> bool:
        """Whether a request names this host and bears the token; else it is refused."""
        port = self.server.server_port
        named = self.headers.get("Host", "") in (f"{HOST}:{port}", f"localhost:{port}")
        if named and secrets.compare_digest(token.encode(), self.server.token.encode()):
            return True
        words = b"Open the whole address that `augment explore` printed, with its token.\n"
        self._send(403, "text/plain; charset=utf-8", words)
        return False

    def _send_error(self, status: int, message: str) -> None:
        self._send(status, "application/json", json.dumps({"error": message}).encode())

    def _send(self, status: int, kind: str, content: bytes, more: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(content)),
            **HEADERS,
            **(more or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a person looks at the page, and its address holds the token."""


def open_server(playground: Playground, port: int) -> Server:
    """A server that listens on this machine alone; port 0: any free one. Raises `AugmentError` where it cannot."""
    try:
        return Server(playground, port)
    except OSError as error:
        in_use = error.errno == errno.EADDRINUSE
        what = (
            "in use by another program, perhaps another `augment explore`" if in_use else f"refused ({error.strerror})"
        )
        raise AugmentError(f"--port {port}: {what}; name another, or 0 for any that is free") from error
