"""A simulated Kyverno: its rules that change objects hold, by the API server's own hand.

A MutatingPolicy has the form of Kubernetes' MutatingAdmissionPolicy, which the API server of a rehearsal has turned
on. Each one becomes such a policy with its binding, so the very expressions of the stack are compiled and run for real.
What is Kyverno's alone is not: its further functions in CEL, images' signatures, background scans. A policy that says
nothing of them works alike; one whose expressions the API server refuses is not ready, in the API server's own words.

Source: kyverno v1.19, its CRD MutatingPolicy (fields, conditionStatus) and pkg/admissionpolicy (how Kyverno makes
MutatingAdmissionPolicies itself, where asked to).
"""

from typing import Any
from urllib.parse import quote

from rehearsal.controllers.base import SimulatedController, Values, value
from rehearsal.kube import JsonObject, Kube, KubeError
from rehearsal.providers.plugin_values import is_list, is_map

_POLICIES = "/apis/policies.kyverno.io/v1/mutatingpolicies"
_ADMISSION = "/apis/admissionregistration.k8s.io/v1beta1"
_MANAGER = "rehearsal-kyverno"
_OWN = {"rehearsal.multimodal.dev/of": "kyverno"}
_SAME = ("failurePolicy", "matchConditions", "matchConstraints", "variables")
"""Fields of the spec that mean the same to both."""


def reconcile(api: Kube, _values: Values) -> None:
    """Brings the API server's policies to what Kyverno's say. Writes only what differs."""
    wanted = {f"kyverno-{one['metadata']['name']}": one for one in api.items(_POLICIES)}
    for name in _present(api) - wanted.keys():
        _remove(api, name)
    for name, policy in wanted.items():
        metadata = {"name": name, "labels": _OWN}
        binding = {"policyName": name}
        try:
            _ensure(api, "MutatingAdmissionPolicy", metadata, admission_policy(policy["spec"]))
            _ensure(api, "MutatingAdmissionPolicyBinding", metadata, binding)
        except KubeError as error:
            _say(api, policy, ready=False, message=str(error))
        else:
            _say(api, policy, ready=True, message="Webhook configured.")


def admission_policy(spec: JsonObject) -> JsonObject:
    """Spec of the API server's own policy that does what Kyverno's does. Pure."""
    return {
        **{key: spec[key] for key in _SAME if key in spec},
        "reinvocationPolicy": spec.get("reinvocationPolicy") or "Never",
        "mutations": spec.get("mutations") or [],
    }


def withdraw(api: Kube) -> None:
    """Takes the API server's policies away."""
    for name in _present(api):
        _remove(api, name)


def _present(api: Kube) -> set[str]:
    found = api.items(f"{_ADMISSION}/mutatingadmissionpolicies")
    return {one["metadata"]["name"] for one in found if _OWN.items() <= value(one, "metadata.labels", {}).items()}


def _remove(api: Kube, name: str) -> None:
    for plural in ("mutatingadmissionpolicybindings", "mutatingadmissionpolicies"):
        api.delete(f"{_ADMISSION}/{plural}/{quote(name)}")


def _ensure(api: Kube, kind: str, metadata: JsonObject, spec: JsonObject) -> None:
    body: dict[str, Any] = {
        "apiVersion": "admissionregistration.k8s.io/v1beta1",
        "kind": kind,
        "metadata": metadata,
        "spec": spec,
    }
    plural = "mutatingadmissionpolicybindings" if kind.endswith("Binding") else "mutatingadmissionpolicies"
    path = f"{_ADMISSION}/{plural}/{quote(metadata['name'])}"
    live = api.get(path)
    if live is None or not _within(spec, live["spec"]):
        api.apply(path, body, _MANAGER)


def _within(wanted: Any, live: Any) -> bool:
    """Whether all of `wanted` stands in `live`, which may have defaults beside it."""
    if is_map(wanted) and is_map(live):
        return all(_within(one, live.get(key)) for key, one in wanted.items())
    if is_list(wanted) and is_list(live):
        return len(wanted) == len(live) and all(map(_within, wanted, live))
    return wanted == live


def _say(api: Kube, policy: JsonObject, *, ready: bool, message: str) -> None:
    said = {"ready": ready, "message": message}
    status: JsonObject = value(policy, "status.conditionStatus", {})
    if {key: status.get(key) for key in said} != said:
        path = f"{_POLICIES}/{quote(policy['metadata']['name'])}/status"
        api.merge(path, {"status": {"conditionStatus": said}})


KYVERNO = SimulatedController(chart="kyverno", reconcile=reconcile, withdraw=withdraw)
"""MutatingPolicies, by the API server's own hand; other policies are checked against their CRDs."""
