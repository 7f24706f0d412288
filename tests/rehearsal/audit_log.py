"""Entries of an API server's audit log, as tests of the audit stream have them."""

from typing import Any

DEPLOYED: dict[str, Any] = {
    "kind": "Event",
    "apiVersion": "audit.k8s.io/v1",
    "auditID": "a-1",
    "stage": "ResponseComplete",
    "verb": "create",
    "user": {"username": "ada@acme.org", "groups": ["vision-team"]},
    "sourceIPs": ["192.0.2.7"],
    "objectRef": {"apiGroup": "apps", "resource": "deployments", "namespace": "acme", "name": "web"},
    "responseStatus": {"code": 201},
    "requestReceivedTimestamp": "2026-11-24T12:00:00.000000Z",
}
LOOKED: dict[str, Any] = {**DEPLOYED, "auditID": "a-2", "verb": "get"}
OPENED: dict[str, Any] = {
    **DEPLOYED,
    "auditID": "a-3",
    "verb": "get",
    "objectRef": {"resource": "pods", "subresource": "exec", "namespace": "acme", "name": "web-0"},
    "responseStatus": {"code": 101},
}
KUBELET: dict[str, Any] = {**DEPLOYED, "auditID": "a-4", "user": {"username": "system:node:n1"}}
RENEWED: dict[str, Any] = {
    **DEPLOYED,
    "auditID": "a-5",
    "objectRef": {"resource": "leases", "namespace": "acme", "name": "l"},
}
