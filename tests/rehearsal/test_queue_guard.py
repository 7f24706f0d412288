"""The real API server keeps tenants' work in their own queues, and at priorities that are meant for them."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import pytest

from components.labels import TENANT
from components.scheduling.volcano import SCHEDULER
from components.tenancy.queue_guard import queue_policy
from rehearsal.kube import JsonObject, Kube, KubeError
from tests.rehearsal.cluster import JOBS, SCHEDULING, apply_crds, eventually, pod, priority_classes, volcano_crds

pytestmark = pytest.mark.control_plane

ADMISSION = "/apis/admissionregistration.k8s.io/v1"
QUEUE = "scheduling.volcano.sh/queue-name"
CPU = {"cpu": "1"}


@pytest.fixture(scope="module")
def tenant(api: Kube) -> Iterator[str]:
    """A tenant's namespace under the rule, which has begun to work."""
    name = "guarded"
    apply_crds(api, volcano_crds())
    classes = ExitStack()
    classes.enter_context(priority_classes(api))
    for kind, spec in {
        "ValidatingAdmissionPolicy": queue_policy(),
        "ValidatingAdmissionPolicyBinding": {"policyName": "tenant-queues", "validationActions": ["Deny"]},
    }.items():
        body = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": "tenant-queues"}}
        plural = "validatingadmissionpolicies" if kind.endswith("Policy") else "validatingadmissionpolicybindings"
        api.create(f"{ADMISSION}/{plural}", {**body, "spec": spec})
    metadata = {"name": name, "labels": {TENANT: name}}
    api.create("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    eventually(lambda: api.get(f"/api/v1/namespaces/{name}/serviceaccounts/default"), "the service account")
    eventually(lambda: all(served(api, kind) for kind in ("jobs", "podgroups")), "Volcano's kinds")
    eventually(lambda: refused(api, name, group(f"probe-{next(_PROBES)}", queue="other")), "the rule to work")
    yield name
    api.delete(f"{ADMISSION}/validatingadmissionpolicybindings/tenant-queues")
    api.delete(f"{ADMISSION}/validatingadmissionpolicies/tenant-queues")
    classes.close()
    api.delete(f"/api/v1/namespaces/{name}")


_PROBES = itertools.count(1)


def served(api: Kube, kind: str) -> bool:
    group = "batch.volcano.sh/v1alpha1" if kind == "jobs" else "scheduling.volcano.sh/v1beta1"
    try:
        return api.get(f"/apis/{group}/namespaces/default/{kind}") is not None
    except KubeError:  # its storage is still being made
        return False


_PATHS = {"Pod": "/api/v1/namespaces/{}/pods", "Job": JOBS + "/namespaces/{}/jobs"}


def create(api: Kube, namespace: str, body: JsonObject) -> None:
    path = _PATHS.get(body["kind"], SCHEDULING + "/namespaces/{}/podgroups")
    api.create(path.format(namespace), body)


def refused(api: Kube, namespace: str, body: JsonObject) -> str:
    """Why the object was refused; "" when it was not."""
    try:
        create(api, namespace, body)
    except KubeError as error:
        assert error.status == 403, error
        return str(error)
    return ""


def tried(api: Kube, namespace: str, body: JsonObject) -> str:
    """Why the object would be refused; "" when it would not be."""
    query = {"dryRun": "All"}
    try:
        api.request("POST", _PATHS["Pod"].format(namespace), body, query=query)
    except KubeError as error:
        assert error.status == 403, error
        return str(error)
    return ""


def test_a_pod_that_knatives_webhook_tries_passes_and_one_that_stays_does_not(api: Kube, tenant: str) -> None:
    trial = pod("x", CPU, schedulerName=SCHEDULER)
    trial["metadata"] = {"generateName": "dry-run-validation"}
    assert tried(api, tenant, trial) == ""
    assert "runs in its own queue only" in refused(api, tenant, trial)
    trial["metadata"] = {"generateName": "other"}
    assert "runs in its own queue only" in tried(api, tenant, trial)


def a_pod(name: str, annotations: Mapping[str, str] | None = None, **spec: Any) -> JsonObject:
    body = pod(name, CPU, schedulerName=SCHEDULER, **spec)
    body["metadata"]["annotations"] = dict(annotations or {})
    return body


def group(name: str, **spec: Any) -> JsonObject:
    return {
        "apiVersion": "scheduling.volcano.sh/v1beta1",
        "kind": "PodGroup",
        "metadata": {"name": name},
        "spec": {"minMember": 1, **spec},
    }


def job(name: str, *, template: Mapping[str, Any] | None = None, **spec: Any) -> JsonObject:
    pods = {"spec": {**pod("unused", CPU)["spec"], **(template or {})}}
    return {
        "apiVersion": "batch.volcano.sh/v1alpha1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"minAvailable": 1, "tasks": [{"name": "worker", "replicas": 1, "template": pods}], **spec},
    }


ALLOWED = [
    a_pod("own-queue", {QUEUE: "guarded"}),
    a_pod("of-a-group", {"scheduling.k8s.io/group-name": "own"}, priorityClassName="interactive"),
    pod("default-scheduler", CPU),
    job("own-queue", queue="guarded", priorityClassName="batch"),
    group("own-queue", queue="guarded", priorityClassName="best-effort"),
]
OTHERS = 'queue "language": work of tenant guarded runs in its own queue only; name guarded'
NONE = 'queue "": work of tenant guarded runs in its own queue only; name guarded'
CRITICAL = "priorityClassName system-cluster-critical: a tenant may use interactive, batch, best-effort"
REFUSED = {
    "a pod in another tenant's queue": (a_pod("p", {QUEUE: "language"}), OTHERS),
    "a pod in no queue, which would be the default one": (a_pod("p"), NONE),
    "a job in another tenant's queue": (job("j", queue="language"), OTHERS),
    "a job in the default queue": (job("j"), OTHERS.replace("language", "default")),
    "a group in another tenant's queue": (group("g", queue="language"), OTHERS),
    "a pod at a system's priority": (
        a_pod("p", {QUEUE: "guarded"}, priorityClassName="system-cluster-critical"),
        CRITICAL,
    ),
    "a pod of the default scheduler at a system's priority": (
        pod("p", CPU, priorityClassName="system-cluster-critical"),
        CRITICAL,
    ),
    "a job at a system's priority": (job("j", queue="guarded", priorityClassName="system-cluster-critical"), CRITICAL),
    "a job whose pods have a system's priority": (
        job("j", queue="guarded", template={"priorityClassName": "system-cluster-critical"}),
        CRITICAL,
    ),
}


@pytest.mark.parametrize("body", ALLOWED, ids=lambda body: f"{body['kind']}-{body['metadata']['name']}")
def test_a_tenant_uses_its_own_queue(api: Kube, tenant: str, body: JsonObject) -> None:
    create(api, tenant, body)


@pytest.mark.parametrize(("body", "told"), REFUSED.values(), ids=REFUSED)
def test_a_tenant_is_refused(api: Kube, tenant: str, body: JsonObject, told: str) -> None:
    assert told in refused(api, tenant, body)


def test_a_job_cannot_be_moved_to_another_queue(api: Kube, tenant: str) -> None:
    create(api, tenant, job("moved", queue=tenant))
    with pytest.raises(KubeError, match="runs in its own queue only"):
        api.merge(f"{JOBS}/namespaces/{tenant}/jobs/moved", {"spec": {"queue": "language"}})


@pytest.mark.usefixtures("tenant")
def test_the_rule_leaves_others_alone(api: Kube, unique: Callable[[str], str]) -> None:
    create(api, "default", group(unique("free"), queue="anything"))
