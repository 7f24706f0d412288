"""Sends recordings as events and writes down the answers: python produce.py recording.wav ...

Needs kafka-python. The folder KAFKA_FILES (default /kafka) holds ca.crt, tls.crt and tls.key of the Secret
kafka-client, TENANT the tenant's name.
"""

import base64
import json
import os
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BOOTSTRAP = "multimodal-kafka-bootstrap.kafka.svc:9093"


def event(recording: bytes, caller: str) -> dict[str, Any]:
    """A request as a CloudEvent. Sending it again with the same key is told apart from asking again."""
    identity = str(uuid.uuid4())
    return {
        "specversion": "1.0",
        "id": identity,
        "source": "/examples/event-flow",
        "type": "multimodal.request",
        "modality": "audio",
        "idempotencykey": identity,
        "partitionkey": caller,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "datacontenttype": "audio/wav",
        "data_base64": base64.b64encode(recording).decode(),
    }


def first_answers(records: Iterator[dict[str, Any]], asked: set[str]) -> Iterator[dict[str, Any]]:
    """What became of what was asked: each once, though Kafka may bring it again. Ends when nothing is open."""
    open_still = set(asked)
    for record in records:
        key = record.get("idempotencykey", "")
        if key in open_still:
            open_still.discard(key)
            yield record
        if not open_still:
            return


def main(paths: list[str]) -> None:
    """Send, wait, write <recording>.answer.wav beside each."""
    from kafka import KafkaConsumer, KafkaProducer

    tenant, files = os.environ["TENANT"], os.environ.get("KAFKA_FILES", "/kafka")
    client = {
        "bootstrap_servers": os.environ.get("KAFKA_BOOTSTRAP", BOOTSTRAP),
        "security_protocol": "SSL",
        "ssl_cafile": f"{files}/ca.crt",
        "ssl_certfile": f"{files}/tls.crt",
        "ssl_keyfile": f"{files}/tls.key",
    }
    consumer = KafkaConsumer(
        f"{tenant}.results",
        f"{tenant}.dead-letters",
        **client,
        group_id=f"{tenant}.client.example-{uuid.uuid4()}",
        auto_offset_reset="earliest",
    )
    producer = KafkaProducer(**client, acks="all")
    sent: dict[str, str] = {}
    for path in paths:
        made = event(Path(path).read_bytes(), caller=Path(path).stem)
        producer.send(
            f"{tenant}.events",
            json.dumps(made).encode(),
            key=made["partitionkey"].encode(),
            headers=[("content-type", b"application/cloudevents+json")],
        ).get(timeout=30)
        sent[made["idempotencykey"]] = path
    for answer in first_answers((json.loads(record.value) for record in consumer), set(sent)):
        path = sent[answer["idempotencykey"]]
        if answer["type"] == "multimodal.dead-letter":
            print(f"{path}: {answer['reason']} at {answer.get('step', 'the entrance')}: {answer['detail']}")
        else:
            Path(f"{path}.answer.wav").write_bytes(base64.b64decode(answer["data_base64"]))
            print(f"{path}: answered")


if __name__ == "__main__":
    main(sys.argv[1:])
