"""What Knative's operator installs from in a rehearsal: manifests that it carries, and those that it would fetch. Pure.

Only what the API server would call is changed in them: a webhook whose program is run is reached at a port of this
machine, by a Service that names `localhost`; webhooks of parts that are not run are left out.

Source: knative/operator v0.49.3 cmd/operator (kodata), pkg/reconciler/common/releases.go; eventing-kafka-broker v0.49.2
data-plane/config and hack/data-plane.sh (how a release's file is made of it).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from rehearsal.controllers.base import value
from rehearsal.kube import JsonObject

Place = tuple[str, str]
"""Namespace and name of a Service."""

_WEBHOOK_KIND = re.compile(r"^kind: (Validating|Mutating)WebhookConfiguration$", re.M)
_SERVICE_KIND = re.compile(r"^kind: Service$", re.M)
_CONVERTED = re.compile(r"^ +strategy: Webhook$", re.M)
_SEPARATOR = re.compile(r"^---\s*$", re.M)


def here(manifest: str, hooks: Mapping[Place, int]) -> str:
    """A manifest of the operator's as it is installed in a rehearsal: what the API server would call is reached here.

    Args:
        manifest: YAML of several documents.
        hooks: Service of each webhook that is run -> where it listens.
    """
    return "\n---\n".join(_here(manifest, hooks))


def _here(manifest: str, hooks: Mapping[Place, int]) -> Iterator[str]:
    for document in _SEPARATOR.split(manifest):
        if _WEBHOOK_KIND.search(document):
            body: Any = yaml.safe_load(document)
            services = [one["clientConfig"]["service"] for one in body["webhooks"]]
            if all(_reach(one, hooks) for one in services):
                yield yaml.safe_dump(body)
        elif _SERVICE_KIND.search(document):
            body = yaml.safe_load(document)
            if _place(body["metadata"]) in hooks:
                body["spec"] = {"type": "ExternalName", "externalName": "localhost"}
                yield yaml.safe_dump(body)
            else:
                yield document
        elif _CONVERTED.search(document):
            body = yaml.safe_load(document)
            _reach(value(body, "spec.conversion.webhook.clientConfig.service"), hooks)
            yield yaml.safe_dump(body)
        else:
            yield document


def _reach(service: JsonObject, hooks: Mapping[Place, int]) -> bool:
    """Give the API server's way to a webhook the port here; whether the webhook is run."""
    port = hooks.get(_place(service))
    if port is not None:
        service["port"] = port
    return port is not None


def _place(found: JsonObject) -> Place:
    return found["namespace"], found["name"]


def release(files: Iterable[str], version: str) -> str:
    """One file of a release of Knative's Kafka parts, which the operator would fetch, from its sources.

    Its images stay without a name: nothing here runs them.

    Args:
        files: The sources, in the order of their names.
        version: Of the release, such as `1.22.2`.
    """
    text = "\n---\n".join(files).replace("app.kubernetes.io/version: devel", f'app.kubernetes.io/version: "{version}"')
    return text.replace("runAsNonRoot: true", "runAsUser: 1001")
