"""Models as flows meet them: HTTP servers on loopback that answer, fail, hang, talk nonsense, sleep and wake."""

import base64
import contextlib
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from rehearsal.processes import free_port

Answer = Callable[[dict[str, Any]], dict[str, Any]]
"""Body of a call -> body of the answer."""


def listener(body: dict[str, Any]) -> dict[str, Any]:
    """Speech to text, as Triton answers it."""
    heard = base64.b64decode(body["inputs"][0]["data"][0]).decode()
    return {"outputs": [{"name": "text", "datatype": "BYTES", "shape": [1], "data": [f"heard {heard}"]}]}


def writer(body: dict[str, Any]) -> dict[str, Any]:
    """A language model, as vLLM answers it."""
    return {"choices": [{"message": {"role": "assistant", "content": f"answer to {body['messages'][0]['content']}"}}]}


def speaker(body: dict[str, Any]) -> dict[str, Any]:
    """Text to speech, as Triton answers it."""
    spoken = base64.b64encode(f"spoken {body['inputs'][0]['data'][0]}".encode()).decode()
    return {"outputs": [{"name": "audio", "datatype": "BYTES", "shape": [1], "data": [spoken]}]}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class FakeModel:
    """One model's server. What is wrong with it is said by words in the body of a call: see `faults`."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._port = free_port()
        self._server: _Server | None = None
        self.calls: Counter[str] = Counter()
        """Idempotency key -> calls."""
        self.faults: dict[str, str] = {}
        """Word in an idempotency key -> 500, 404, hang, nonsense, or twice (500 for the first two calls)."""
        self.loading_until = 0.0
        """Until this time it says that it is not ready: 503."""

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._port}"

    def wake(self, loads_seconds: float = 0) -> None:
        """Begin to listen; ready only after so many seconds."""
        self.loading_until = time.monotonic() + loads_seconds
        self._server = _Server(("127.0.0.1", self._port), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def sleep(self) -> None:
        """Stop listening: whoever calls is refused the connection."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _respond(self, key: str, body: bytes) -> tuple[int, bytes]:
        if time.monotonic() < self.loading_until:
            return 503, b"loading"
        self.calls[key] += 1
        fault = next((fault for word, fault in self.faults.items() if word in key), "")
        if fault == "hang":
            time.sleep(6)
        if fault == "nonsense":
            return 200, b"<html>welcome</html>"
        if fault in ("500", "404") or (fault == "twice" and self.calls[key] <= 2):
            return (404 if fault == "404" else 500), b'{"error": "as the test wants it"}'
        return 200, json.dumps(self._answer(json.loads(body))).encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"] or 0))
                status, answer = model._respond(self.headers["idempotency-key"] or "", body)
                # Who hung up does not wait for an answer.
                with contextlib.suppress(OSError):
                    self.send_response(status)
                    self.send_header("content-length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
                """Says nothing."""

        return Handler
