"""Answers for the receivers of brokers and sinks on Kafka: whether they know one.

The receivers are Java programs in pods. Knative's controller asks them by plain HTTP, at their Services' names, whether
they know a broker or a sink, and calls it ready once they do; they know what stands in their contract, the ConfigMap
that the controller writes. This is a proxy for those questions alone: it looks at that ConfigMap. A receiver would also
sign in to Kafka; that is not seen here.

    python -m rehearsal.receiver --kubeconfig FILE --port PORT

Source: eventing-kafka-broker v0.49.2, control-plane pkg/prober and pkg/contract (JSON of the contract), data-plane
receiver ReceiverVerticle (what a receiver answers).
"""

import argparse
import base64
import json
import sys
from collections.abc import Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rehearsal.controllers.base import value
from rehearsal.kube import JsonObject, Kube, KubeError

CONTRACTS = {
    "kafka-broker-ingress": "kafka-broker-brokers-triggers",
    "kafka-sink-ingress": "kafka-sink-sinks",
}
"""Service of the receivers -> ConfigMap with what they know."""
_PROBE = "K-Network-Probe"
_HASH = "K-Network-Hash"


def contract(found: JsonObject | None) -> JsonObject:
    """What stands in a contract's ConfigMap; nothing where it is not there."""
    text: str = value(found or {}, "binaryData", {}).get("data", "")
    return json.loads(base64.b64decode(text)) if text else {}


def knows(found: JsonObject, path: str) -> bool:
    """Whether a contract has a broker or a sink at this path of requests."""
    resources: list[JsonObject] = found.get("resources", [])
    return any(value(one, "ingress.path") == path for one in resources)


def server(api: Kube, port: int) -> ThreadingHTTPServer:
    """The proxy, on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            service, _, rest = (asked.hostname or "").partition(".")
            name, namespace = CONTRACTS.get(service), rest.partition(".")[0]
            status = HTTPStatus.NOT_FOUND
            if self.headers.get(_PROBE) and name and namespace:
                try:
                    live = api.get(f"/api/v1/namespaces/{namespace}/configmaps/{name}")
                    status = HTTPStatus.OK if knows(contract(live), asked.path) else HTTPStatus.NOT_FOUND
                except KubeError:
                    status = HTTPStatus.BAD_GATEWAY
            self.send_response(status)
            self.send_header(_HASH, self.headers.get(_HASH, ""))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
            """Say nothing: it is asked every second."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.receiver", description="Answers for Kafka's receivers.")
    parser.add_argument("--kubeconfig", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args(arguments)
    server(Kube.from_kubeconfig(options.kubeconfig), options.port).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
