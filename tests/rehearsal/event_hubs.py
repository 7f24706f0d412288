"""Event Hubs and Entra ID as the collector meets them: a broker's listener that takes tokens, and who gives them.

The broker believes tokens without a signature, which Kafka has for tests; who they are of and until when is checked.
"""

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from rehearsal import processes
from rehearsal.kafka.broker import Broker

_LISTENER = "EVENTHUBS"
_LOGIN = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;"


class TokenBroker(Broker):
    """A broker with one more listener, which asks for tokens over TLS and ends connections when theirs run out."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._tokens_port = processes.free_port()

    @property
    def hub(self) -> str:
        """Where it takes tokens."""
        return f"127.0.0.1:{self._tokens_port}"

    def properties(self) -> dict[str, str]:
        made, where = super().properties(), f"{_LISTENER}://{self.hub}"
        prefix = f"listener.name.{_LISTENER.lower()}"
        return {
            **made,
            "listeners": f"{made['listeners']},{where}",
            "advertised.listeners": f"{made['advertised.listeners']},{where}",
            "listener.security.protocol.map": f"{made['listener.security.protocol.map']},{_LISTENER}:SASL_SSL",
            f"{prefix}.ssl.keystore.type": "PEM",
            f"{prefix}.ssl.keystore.location": str(self.folder / f"{self.doors[0].listener.name}.pem"),
            f"{prefix}.sasl.enabled.mechanisms": "OAUTHBEARER",
            f"{prefix}.oauthbearer.sasl.jaas.config": _LOGIN,
            # At most; a token that runs out earlier ends a connection earlier.
            f"{prefix}.oauthbearer.connections.max.reauth.ms": "3600000",
        }


class TokenEndpoint:
    """Entra ID's token endpoint on loopback, for one client."""

    def __init__(self, client: str, *, seconds: int) -> None:
        """Args: whose tokens it gives, and for how long they are good."""
        self._client, self._seconds = client, seconds
        self._port = processes.free_port()
        self._server: ThreadingHTTPServer | None = None
        self.asked: list[tuple[str, dict[str, str]]] = []
        """Path and form of each request."""

    @property
    def address(self) -> str:
        """As AZURE_AUTHORITY_HOST has it."""
        return f"http://127.0.0.1:{self._port}/"

    def open(self) -> None:
        """Answer from now on."""
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
                assert self.headers["Content-Type"] == "application/x-www-form-urlencoded"
                form = {key: values[0] for key, values in parse_qs(sent, strict_parsing=True).items()}
                endpoint.asked.append((self.path, form))
                answer = {"token_type": "Bearer", "expires_in": endpoint._seconds, "access_token": endpoint._token()}
                body = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class' name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Answer no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _token(self) -> str:
        now = time.time()
        parts = ({"alg": "none"}, {"sub": self._client, "iat": now, "exp": now + self._seconds})
        written = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
        return ".".join([*written, ""])


def as_azure_writes(entries: list[Any]) -> bytes:
    """One message of Azure Monitor's with entries of an API server's audit log; text stands there as it is."""
    return json.dumps({"records": [_record(entry) for entry in entries]}).encode()


def _record(entry: Any) -> dict[str, Any]:
    log = entry if isinstance(entry, str) else json.dumps(entry, separators=(",", ":")) + "\n"
    cluster = "MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/PLATFORM-CLUSTER"
    return {
        "operationName": "Microsoft.ContainerService/managedClusters/diagnosticLogs/Read",
        "category": "kube-audit-admin",
        "ccpNamespace": "65b1c2d3e4f5a60001a2b3c4",
        "resourceId": f"/SUBSCRIPTIONS/00000000-0000-4000-8000-000000000002/RESOURCEGROUPS/G/PROVIDERS/{cluster}",
        "properties": {"log": log, "stream": "stdout", "pod": "kube-apiserver-6f7b9c-x2x4z"},
        "time": "2026-11-24T12:00:00.5000000Z",
        "Cloud": "AzureCloud",
        "Environment": "prod",
    }
