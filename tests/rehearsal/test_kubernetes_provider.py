"""The rehearsal's Kubernetes provider: its rules alone, and its behaviour on a real API server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from rehearsal import custom_kinds, fleet, releases, supervisor
from rehearsal.fleet import NodePool
from rehearsal.kube import Kube
from rehearsal.providers import kubernetes_api, kubernetes_rules, kubernetes_wait
from rehearsal.providers.kubernetes import RELEASE, KubernetesProvider
from rehearsal.providers.plugin import UNKNOWN, NotReadyError, Props, ProviderError
from rehearsal.providers.plugin_diff import compare
from rehearsal.providers.plugin_server import allowed_time
from tests.rehearsal.cluster import Namespace, eventually

NAMESPACE = "kubernetes:core/v1:Namespace"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
QUOTA = "kubernetes:core/v1:ResourceQuota"
POD = "kubernetes:core/v1:Pod"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
JOB = "kubernetes:batch/v1:Job"


def urn(type_: str, name: str = "thing") -> str:
    return f"urn:pulumi:dev::multimodal::{type_}::{name}"


# Rules, without an API server.


@pytest.mark.parametrize(
    ("type_", "inputs", "expected"),
    [
        (NAMESPACE, {}, ("v1", "Namespace")),
        ("kubernetes:rbac.authorization.k8s.io/v1:Role", {}, ("rbac.authorization.k8s.io/v1", "Role")),
        ("kubernetes:scheduling.volcano.sh/v1beta1:Queue", {}, ("scheduling.volcano.sh/v1beta1", "Queue")),
        ("kubernetes:core/v1:NamespacePatch", {}, ("v1", "Namespace")),
        ("kubernetes:core/v1:X", {"apiVersion": "a/v2", "kind": "Y"}, ("a/v2", "Y")),
    ],
)
def test_the_type_token_says_version_and_kind(type_: str, inputs: Props, expected: tuple[str, str]) -> None:
    assert kubernetes_rules.group_version_kind(type_, inputs) == expected


def test_an_object_without_a_name_gets_the_same_one_every_time() -> None:
    first = kubernetes_rules.with_name(urn(CONFIG_MAP, "Settings"), {"metadata": {"labels": {"a": "b"}}})
    assert first == kubernetes_rules.with_name(urn(CONFIG_MAP, "Settings"), {"metadata": {"labels": {"a": "b"}}})
    assert first["metadata"]["name"].startswith("settings-")
    assert first["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}


@pytest.mark.parametrize("metadata", [{"name": "given"}, {"name": UNKNOWN}, {"generateName": "x-"}])
def test_an_object_with_a_name_keeps_it(metadata: Props) -> None:
    assert kubernetes_rules.with_name(urn(CONFIG_MAP), {"metadata": metadata}) == {"metadata": metadata}


@pytest.mark.parametrize(
    ("type_", "old", "new", "replaces"),
    [
        (NAMESPACE, {"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}, True),
        (NAMESPACE, {"metadata": {"labels": {"a": "1"}}}, {"metadata": {"labels": {"a": "2"}}}, False),
        (CONFIG_MAP, {"data": {"a": "1"}}, {"data": {"a": "2"}}, True),
        ("kubernetes:core/v1:Secret", {"type": "a"}, {"type": "b"}, True),
        ("kubernetes:core/v1:Service", {"spec": {"ports": [{"port": 1}]}}, {"spec": {"ports": [{"port": 2}]}}, False),
        (JOB, {"spec": {"template": {"a": 1}}}, {"spec": {"template": {"a": 2}}}, True),
        (DEPLOYMENT, {"spec": {"template": {"a": 1}}}, {"spec": {"template": {"a": 2}}}, False),
        (DEPLOYMENT, {"spec": {"selector": {"matchLabels": {"a": "1"}}}}, {"spec": {"selector": {}}}, True),
        ("kubernetes:apps/v1:StatefulSet", {"spec": {"volumeClaimTemplates": [1]}}, {"spec": {}}, True),
        ("kubernetes:storage.k8s.io/v1:StorageClass", {"parameters": {"a": "1"}}, {}, True),
        ("kubernetes:scheduling.volcano.sh/v1beta1:Queue", {"spec": {"weight": 1}}, {"spec": {"weight": 2}}, False),
    ],
)
def test_what_cannot_change_in_place_replaces_the_object(type_: str, old: Props, new: Props, replaces: bool) -> None:
    changes = compare(old, new, kubernetes_rules.replace_on(type_))
    assert changes
    assert any(change.replaces for change in changes) is replaces


def test_data_of_config_maps_changes_in_place_when_the_provider_is_told_so() -> None:
    provider = KubernetesProvider(None)
    assert "data" in provider.replace_on(CONFIG_MAP)
    provider.configure({"enableConfigMapMutable": True})
    assert "data" not in provider.replace_on(CONFIG_MAP)


@pytest.mark.parametrize(
    ("type_", "inputs", "reason"),
    [
        (CONFIG_MAP, {"metadata": {"name": "Upper"}}, "metadata.name: 'Upper' is not allowed"),
        (CONFIG_MAP, {"metadata": {"name": "a" * 254}}, "at most 253"),
        (NAMESPACE, {"metadata": {"name": "a.b"}}, "'a.b' is no namespace name"),
        (CONFIG_MAP, {"metadata": {"name": "a", "namespace": "a_b"}}, "'a_b' is not a namespace name"),
        (CONFIG_MAP, {"metadata": {"name": "a", "labels": {"a/b/c": "x"}}}, "'a/b/c' is not a label key"),
        (CONFIG_MAP, {"metadata": {"name": "a", "labels": {"a": "x y"}}}, "'x y' is not a label value"),
        (CONFIG_MAP, {"metadata": {"name": "a"}, "status": {"x": 1}}, "status: is set by the cluster"),
        ("kubernetes:core/v1:NamespacePatch", {"metadata": {}}, "NamespacePatch needs the name"),
        ("kubernetes:yaml:ConfigFile", {}, "not available in a rehearsal"),
    ],
)
def test_objects_that_no_api_server_takes_are_refused_without_one(type_: str, inputs: Props, reason: str) -> None:
    (failure,) = KubernetesProvider(None).check_resource(type_, inputs, False, urn(type_))
    assert reason in failure[1]


@pytest.mark.parametrize(
    ("type_", "metadata"),
    [
        ("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", {"name": "system:node"}),
        (CONFIG_MAP, {"name": "a.b-c", "labels": {"my.org/App_1": "", "b": "A.b_c-1"}}),
        (CONFIG_MAP, {"name": UNKNOWN, "labels": UNKNOWN}),
    ],
)
def test_names_and_labels_that_an_api_server_takes_pass(type_: str, metadata: Props) -> None:
    assert list(kubernetes_rules.check(type_, {"metadata": metadata})) == []


def test_only_what_somebody_else_changed_counts_as_drift() -> None:
    inputs = {
        "metadata": {"name": "a", "labels": {"x": "1"}},
        "spec": {"cpu": "1000m", "list": [{"name": "b", "v": 1}, {"name": "c", "v": 2}], "plain": [1, 2]},
        "stringData": {"k": "v"},
    }
    recorded = {
        "metadata": {"name": "a", "labels": {"x": "1", "added": "y"}, "uid": "u"},
        "spec": {"cpu": "1", "list": [{"name": "b", "v": 1}, {"name": "c", "v": 2}], "plain": [1, 2], "extra": True},
    }
    assert kubernetes_rules.drifted_inputs(inputs, recorded, recorded) == inputs
    live = json.loads(json.dumps(recorded))
    live["metadata"]["labels"]["x"] = "2"
    live["spec"]["list"] = [{"name": "sidecar", "v": 0}, {"name": "c", "v": 5}]
    live["spec"]["plain"] = [3]
    live["spec"]["extra"] = False
    found = kubernetes_rules.drifted_inputs(inputs, recorded, live)
    assert found["metadata"]["labels"] == {"x": "2"}
    assert found["spec"] == {"cpu": "1000m", "list": [{"name": "c", "v": 5}], "plain": [3]}


def test_a_field_that_somebody_removed_is_drift() -> None:
    inputs = {"metadata": {"labels": {"x": "1", "y": "2"}}}
    found = kubernetes_rules.drifted_inputs(inputs, inputs, {"metadata": {"labels": {"y": "2"}}})
    assert found == {"metadata": {"labels": {"y": "2"}}}


def test_a_kubeconfig_that_is_not_known_yet_does_not_keep_the_provider_from_checking() -> None:
    assert KubernetesProvider(None).check_config({"kubeconfig": UNKNOWN, "namespace": "a"}) == {"namespace": "a"}


def test_without_a_control_plane_a_preview_says_what_it_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REHEARSAL_REPORT", str(tmp_path / "report"))
    inputs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    assert KubernetesProvider(None).create_resource(CONFIG_MAP, urn(CONFIG_MAP), inputs, True) == ("", inputs)
    assert "no control plane runs" in json.loads((tmp_path / "report").read_text())["reason"]


def test_without_a_control_plane_nothing_can_be_created() -> None:
    with pytest.raises(ProviderError, match=r"REHEARSAL_KUBECONFIG is not set.*make up"):
        KubernetesProvider(None).create_resource(CONFIG_MAP, urn(CONFIG_MAP), {"metadata": {"name": "a"}}, False)


def test_a_kubeconfig_that_is_missing_or_broken_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match=r"REHEARSAL_KUBECONFIG: cannot read .*absent: No such file"):
        kubernetes_api.connect(tmp_path / "absent")
    (tmp_path / "broken").write_text("a: b")
    with pytest.raises(ProviderError, match=r"broken is not the kubeconfig of an embedded control plane"):
        kubernetes_api.connect(tmp_path / "broken")


def test_yaml_is_decoded_for_the_sdk() -> None:
    result = KubernetesProvider(None).invoke("kubernetes:yaml:decode", {"text": "a: 1\n---\n---\nb: [2]\n"})
    assert result == {"result": [{"a": 1}, {"b": [2]}]}


# On a real API server.


@pytest.fixture(scope="session")
def cluster(control_plane: supervisor.Supervisor) -> kubernetes_api.Cluster:
    return kubernetes_api.connect(control_plane.kubeconfig)


class Applied:
    """A provider with its report, and short forms of its hooks."""

    def __init__(self, cluster: kubernetes_api.Cluster, report: Path) -> None:
        self.provider = KubernetesProvider(cluster)
        self.report = report

    def create(self, type_: str, inputs: Props, *, preview: bool = False, name: str = "thing") -> tuple[str, Props]:
        normal = self.provider.normalize_inputs(type_, urn(type_, name), self._typed(type_, inputs), {})
        return self.provider.create_resource(type_, urn(type_, name), normal, preview)

    def update(self, type_: str, id_: str, inputs: Props, *, preview: bool = False) -> Props:
        typed = self._typed(type_, inputs)
        return self.provider.update_resource(type_, urn(type_), id_, typed, {}, {}, preview)

    def delete(self, type_: str, id_: str, outputs: Props, *, seconds: float = 0) -> None:
        with allowed_time(seconds):
            self.provider.delete_resource(type_, urn(type_), id_, outputs)

    @staticmethod
    def _typed(type_: str, inputs: Props) -> Props:
        if type_ == RELEASE:
            return inputs
        api_version, kind = kubernetes_rules.group_version_kind(type_, {})
        return {"apiVersion": api_version, "kind": kind, **inputs}

    def lines(self, kind: str) -> list[dict[str, str]]:
        text = self.report.read_text() if self.report.exists() else ""
        return [line for line in map(json.loads, text.splitlines()) if line["kind"] == kind]


@pytest.fixture
def applied(cluster: kubernetes_api.Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Applied:
    monkeypatch.setenv("REHEARSAL_REPORT", str(tmp_path / "report.jsonl"))
    return Applied(cluster, tmp_path / "report.jsonl")


def pod_template(gpus: int = 0, **spec: Any) -> Props:
    container: Props = {"name": "main", "image": "registry.invalid/main:1"}
    if gpus:
        container["resources"] = {"limits": {"nvidia.com/gpu": str(gpus)}}
    return {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [container], **spec}}


def deployment(name: str, namespace: str, **template: Any) -> Props:
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "x"}}, "template": pod_template(**template)}
    return {"metadata": {"name": name, "namespace": namespace}, "spec": spec}


@pytest.fixture
def node(api: Kube, unique: Callable[[str], str]) -> Iterator[str]:
    """A simulated node without GPUs."""
    pool = unique("plain")
    fleet.ensure_pool(api, NodePool(name=pool, machine="m5.xlarge", vcpu=4, memory_gib=16))
    yield pool
    fleet.remove_pool(api, pool)


@pytest.mark.control_plane
def test_an_object_is_created_read_changed_and_deleted(applied: Applied, api: Kube, namespace: Namespace) -> None:
    metadata = {"name": "settings", "namespace": namespace.name}
    id_, outputs = applied.create(CONFIG_MAP, {"metadata": metadata, "data": {"a": "1"}})
    assert id_ == f"{namespace.name}/settings"
    assert outputs["data"] == {"a": "1"}
    assert "managedFields" not in outputs["metadata"]
    outputs = applied.update(CONFIG_MAP, id_, {"metadata": metadata, "data": {"b": "2"}})
    assert outputs["data"] == {"b": "2"}  # the field that is ours no more is gone
    applied.delete(CONFIG_MAP, id_, outputs)
    path = f"/api/v1/namespaces/{namespace.name}/configmaps/settings"
    assert api.get(path) is None
    applied.delete(CONFIG_MAP, id_, outputs)  # gone already is no error


@pytest.mark.control_plane
def test_an_object_without_a_namespace_lands_in_the_providers_own_unless_it_belongs_to_none(
    applied: Applied, namespace: Namespace
) -> None:
    applied.provider.configure({"namespace": namespace.name})
    id_, _ = applied.create(CONFIG_MAP, {"metadata": {"name": "a"}})
    assert id_ == f"{namespace.name}/a"
    whole = applied.provider.normalize_inputs(NAMESPACE, urn(NAMESPACE), {"metadata": {"name": "x"}}, {})
    assert whole["metadata"] == {"name": "x"}


@pytest.mark.control_plane
def test_a_dry_run_refuses_in_a_preview_what_the_api_server_would(applied: Applied, namespace: Namespace) -> None:
    inputs = {"metadata": {"name": "q", "namespace": namespace.name}, "spec": {"hard": {"cpu": "a lot"}}}
    with pytest.raises(ProviderError, match=rf"ResourceQuota {namespace.name}/q: cannot create it: .*quantities"):
        applied.create(QUOTA, inputs, preview=True)


@pytest.mark.control_plane
def test_a_field_that_does_not_exist_is_refused_and_nothing_is_created(
    applied: Applied, api: Kube, namespace: Namespace
) -> None:
    inputs = {"metadata": {"name": "q", "namespace": namespace.name}, "spec": {"hrad": {"cpu": "1"}}}
    with pytest.raises(ProviderError, match="hrad"):
        applied.create(QUOTA, inputs)
    assert api.get(f"/api/v1/namespaces/{namespace.name}/resourcequotas/q") is None


@pytest.mark.control_plane
def test_a_preview_changes_nothing_and_reports_what_it_could_not_ask(
    applied: Applied, api: Kube, namespace: Namespace
) -> None:
    inside = {"metadata": {"name": "a", "namespace": namespace.name}, "data": {"k": "v"}}
    applied.create(CONFIG_MAP, inside, preview=True)
    assert api.get(f"/api/v1/namespaces/{namespace.name}/configmaps/a") is None
    assert [line["by"] for line in applied.lines("checked")] == ["kube-apiserver dry run v1 ConfigMap"]
    applied.create(CONFIG_MAP, {"metadata": {"name": "a", "namespace": "not-yet"}}, preview=True)
    applied.create("kubernetes:x.org/v1:Thing", {"metadata": {"name": "a"}}, preview=True)
    applied.create(CONFIG_MAP, {**inside, "data": {"k": UNKNOWN}}, preview=True)
    assert [line["reason"] for line in applied.lines("skipped")] == [
        "namespace not-yet is created in the same update",
        "the kind Thing in x.org/v1 is created in the same update",
        "a value of it is not known until the update",
    ]


@pytest.mark.control_plane
def test_the_preview_of_a_replacement_is_not_stopped_by_the_object_that_it_replaces(
    applied: Applied, namespace: Namespace
) -> None:
    metadata = {"name": "settings", "namespace": namespace.name}
    applied.create(CONFIG_MAP, {"metadata": metadata, "immutable": True, "data": {"a": "1"}})
    _, outputs = applied.create(CONFIG_MAP, {"metadata": metadata, "data": {"a": "2"}}, preview=True)
    assert outputs["data"] == {"a": "2"}


@pytest.mark.control_plane
def test_two_resources_for_one_object_are_found_out(applied: Applied, namespace: Namespace) -> None:
    metadata = {"name": "settings", "namespace": namespace.name}
    applied.create(CONFIG_MAP, {"metadata": metadata, "data": {"a": "1"}}, name="first")
    with pytest.raises(ProviderError, match=r"conflict with \"pulumi-kubernetes-.*pulumi.com/patchForce"):
        applied.create(CONFIG_MAP, {"metadata": metadata, "data": {"a": "2"}}, name="second")
    forced = {**metadata, "annotations": {"pulumi.com/patchForce": "true"}}
    _, outputs = applied.create(CONFIG_MAP, {"metadata": forced, "data": {"a": "2"}}, name="second")
    assert outputs["data"] == {"a": "2"}


@pytest.mark.control_plane
def test_drift_shows_when_an_object_is_read_and_what_is_gone_reads_as_gone(
    applied: Applied, api: Kube, namespace: Namespace
) -> None:
    inputs = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "q", "namespace": namespace.name},
        "spec": {"hard": {"cpu": "1000m", "requests.nvidia.com/gpu": "4"}},
    }
    id_, outputs = applied.create(QUOTA, inputs)
    assert applied.provider.read_resource(QUOTA, urn(QUOTA), id_, inputs, outputs) == (inputs, outputs)
    path = f"/api/v1/namespaces/{namespace.name}/resourcequotas/q"
    api.merge(path, {"spec": {"hard": {"requests.nvidia.com/gpu": "8"}}})
    found = applied.provider.read_resource(QUOTA, urn(QUOTA), id_, inputs, outputs)
    assert found is not None
    assert found[0]["spec"]["hard"] == {"cpu": "1000m", "requests.nvidia.com/gpu": "8"}
    api.delete(path)
    assert applied.provider.read_resource(QUOTA, urn(QUOTA), id_, inputs, outputs) is None


@pytest.mark.control_plane
def test_a_patch_resource_gives_its_fields_up_and_leaves_the_object(
    applied: Applied, api: Kube, namespace: Namespace
) -> None:
    patch = "kubernetes:core/v1:NamespacePatch"
    id_, outputs = applied.create(patch, {"metadata": {"name": namespace.name, "labels": {"mine": "1"}}})
    path = f"/api/v1/namespaces/{namespace.name}"
    assert (api.get(path) or {})["metadata"]["labels"]["mine"] == "1"
    applied.delete(patch, id_, outputs)
    assert "mine" not in (api.get(path) or {})["metadata"]["labels"]
    with pytest.raises(ProviderError, match="there is no such object to patch"):
        applied.create(patch, {"metadata": {"name": "nowhere", "labels": {"mine": "1"}}})


@pytest.mark.control_plane
def test_a_kind_that_is_not_served_is_refused_with_what_to_do(
    applied: Applied, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kubernetes_api, "_KIND_PATIENCE", 0.1)
    with pytest.raises(ProviderError, match=r"serves no Thing in x.org/v1: is the chart .* \(depends_on\)"):
        applied.create("kubernetes:x.org/v1:Thing", {"metadata": {"name": "a"}})


@pytest.mark.control_plane
def test_a_finalizer_that_holds_an_object_is_named(applied: Applied, api: Kube, namespace: Namespace) -> None:
    metadata = {"name": "held", "namespace": namespace.name, "finalizers": ["example.org/slow"]}
    id_, outputs = applied.create(CONFIG_MAP, {"metadata": metadata})
    with pytest.raises(ProviderError, match=r"ConfigMap .*/held: cannot delete it: .*after 1 s.*example.org/slow"):
        applied.delete(CONFIG_MAP, id_, outputs, seconds=1)
    api.merge(f"/api/v1/namespaces/{namespace.name}/configmaps/held", {"metadata": {"finalizers": None}})
    applied.delete(CONFIG_MAP, id_, outputs)


@pytest.mark.control_plane
def test_a_namespace_that_a_finalizer_holds_names_the_object_the_finalizer_and_what_to_do(
    applied: Applied, api: Kube, unique: Callable[[str], str]
) -> None:
    id_, outputs = applied.create(NAMESPACE, {"metadata": {"name": unique("held")}})
    kept = {"metadata": {"name": "job", "finalizers": ["example.org/gone"]}}
    api.create(f"/api/v1/namespaces/{id_}/configmaps", kept)
    with pytest.raises(ProviderError) as refused:
        applied.delete(NAMESPACE, id_, outputs, seconds=2)
    told = str(refused.value)
    assert told.startswith(f"Namespace {id_}: cannot delete it: it is still there after 2 s")
    assert f"held: configmaps {id_}/job by example.org/gone." in told
    patch = """--type merge -p '{"metadata":{"finalizers":null}}'. Then destroy again"""
    assert told.endswith(f"kubectl -n {id_} patch configmaps job {patch}")
    api.merge(f"/api/v1/namespaces/{id_}/configmaps/job", {"metadata": {"finalizers": None}})
    applied.delete(NAMESPACE, id_, outputs)


@pytest.mark.control_plane
def test_a_deletion_is_waited_for_no_longer_than_a_rehearsal_allows(
    applied: Applied, api: Kube, namespace: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kubernetes_wait, "DELETE_SECONDS", 0.5)
    metadata = {"name": "held", "namespace": namespace.name, "finalizers": ["example.org/slow"]}
    id_, outputs = applied.create(CONFIG_MAP, {"metadata": metadata})
    with pytest.raises(ProviderError, match=r"still there after 0.5 s"):
        applied.delete(CONFIG_MAP, id_, outputs, seconds=1200)
    api.merge(f"/api/v1/namespaces/{namespace.name}/configmaps/held", {"metadata": {"finalizers": None}})


@pytest.mark.control_plane
def test_a_deployment_is_waited_for(applied: Applied, namespace: Namespace, node: str) -> None:
    applied.create(DEPLOYMENT, deployment("web", namespace.name))
    (pod,) = namespace.pods()
    assert pod["status"]["phase"] == "Running"
    assert pod["spec"]["nodeName"].startswith(node)


@pytest.mark.control_plane
def test_a_deployment_that_cannot_be_scheduled_goes_into_the_state_with_the_schedulers_reason(
    applied: Applied, namespace: Namespace, node: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kubernetes_wait, "READY_SECONDS", 3.0)
    with pytest.raises(NotReadyError) as caught:
        applied.create(DEPLOYMENT, deployment("web", namespace.name, gpus=8))
    assert caught.value.resource_id == f"{namespace.name}/web"
    assert "0 of 1 replicas are available" in caught.value.reasons[0]
    assert "Insufficient nvidia.com/gpu" in caught.value.reasons[1]


@pytest.mark.control_plane
def test_waiting_can_be_turned_off_by_annotation(applied: Applied, namespace: Namespace) -> None:
    inputs = deployment("web", namespace.name, gpus=8)
    inputs["metadata"]["annotations"] = {"pulumi.com/skipAwait": "true"}
    assert applied.create(DEPLOYMENT, inputs)[0] == f"{namespace.name}/web"


@pytest.mark.control_plane
def test_a_pod_over_quota_is_refused_by_the_api_server_in_the_preview_too(
    applied: Applied, namespace: Namespace
) -> None:
    quota = {"metadata": {"name": "q", "namespace": namespace.name}, "spec": {"hard": {"requests.nvidia.com/gpu": "2"}}}
    applied.create(QUOTA, quota)
    path = f"/api/v1/namespaces/{namespace.name}/resourcequotas/q"
    eventually(lambda: (namespace.api.get(path) or {}).get("status", {}).get("used"), "the quota is counted")
    inputs = {"metadata": {"name": "p", "namespace": namespace.name}, "spec": pod_template(gpus=4)["spec"]}
    with pytest.raises(ProviderError, match=r"exceeded quota: q, requested: requests\.nvidia\.com/gpu=4"):
        applied.create(POD, inputs, preview=True)


@pytest.mark.control_plane
def test_a_job_is_waited_for_until_it_completes(applied: Applied, namespace: Namespace, node: str) -> None:
    template = pod_template(restartPolicy="Never")
    template["metadata"]["annotations"] = {"rehearsal.multimodal.dev/run-seconds": "1"}
    inputs = {"metadata": {"name": "once", "namespace": namespace.name}, "spec": {"template": template}}
    _, outputs = applied.create(JOB, inputs)
    assert outputs["spec"]["completions"] == 1


@pytest.fixture
def chart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unique: Callable[[str], str]) -> str:
    """A chart of no project, with one CRD, of which nobody runs controllers."""
    name = unique("chart")
    crds = tmp_path / "upstream" / name / "crds"
    crds.mkdir(parents=True)
    kind = custom_kinds.CustomKind(f"{name}.example.org", "v1", "Thing", "things")
    (crds / "things.yaml").write_text(yaml.safe_dump(custom_kinds.permissive_definition(kind)))
    monkeypatch.setenv("REHEARSAL_UPSTREAM", str(tmp_path / "upstream"))
    return name


def release(chart: str, namespace: str, **inputs: Any) -> Props:
    return {"name": "r", "namespace": namespace, "chart": chart, "version": "1.2.3", "values": {"a": 1}, **inputs}


def definition(api: Kube, chart: str) -> dict[str, Any] | None:
    return api.get(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.{chart}.example.org")


@pytest.mark.control_plane
def test_a_release_brings_its_crds_and_record_and_takes_them_away(
    applied: Applied, api: Kube, namespace: Namespace, chart: str
) -> None:
    id_, outputs = applied.create(RELEASE, release(chart, namespace.name))
    assert id_ == f"{namespace.name}/r"
    (found,) = [one for one in releases.list_releases(api) if one.namespace == namespace.name]
    assert (found.chart, found.version, found.values) == (chart, "1.2.3", {"a": 1})
    assert "no controllers for the chart" in applied.lines("skipped")[0]["reason"]
    thing = f"kubernetes:{chart}.example.org/v1:Thing"
    thing_id, thing_outputs = applied.create(thing, {"metadata": {"name": "t", "namespace": namespace.name}})
    applied.delete(thing, thing_id, thing_outputs)
    assert applied.update(RELEASE, id_, release(chart, namespace.name, values={"a": 2}))["values"] == {"a": 2}
    applied.delete(RELEASE, id_, outputs)
    assert definition(api, chart) is None
    assert not [one for one in releases.list_releases(api) if one.namespace == namespace.name]
    assert "Helm would leave" in applied.lines("note")[0]["reason"]


@pytest.mark.control_plane
def test_a_release_whose_delete_was_interrupted_takes_its_crds_away_the_next_time(
    applied: Applied, api: Kube, namespace: Namespace, chart: str
) -> None:
    id_, outputs = applied.create(RELEASE, release(chart, namespace.name))
    api.delete(f"/api/v1/namespaces/{namespace.name}/secrets/{releases.secret_name('r')}")
    assert definition(api, chart) is not None
    applied.delete(RELEASE, id_, outputs)
    assert definition(api, chart) is None


@pytest.mark.control_plane
def test_a_crd_that_goes_right_after_it_came_does_not_hang(applied: Applied, unique: Callable[[str], str]) -> None:
    type_ = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
    group = f"{unique('brief')}.example.org"
    made: list[tuple[str, Props]] = []
    for number in range(4):
        kind = custom_kinds.CustomKind(group, "v1", f"Thing{number}", f"things{number}")
        inputs = custom_kinds.permissive_definition(kind)
        made.append(applied.create(type_, inputs))
    for id_, outputs in made:
        applied.delete(type_, id_, outputs, seconds=20)


@pytest.mark.control_plane
def test_a_release_can_bring_its_namespace(
    applied: Applied, api: Kube, chart: str, unique: Callable[[str], str]
) -> None:
    name = unique("brought")
    id_, outputs = applied.create(RELEASE, release(chart, name, createNamespace=True))
    assert api.get(f"/api/v1/namespaces/{name}") is not None
    applied.delete(RELEASE, id_, outputs)
    assert api.get(f"/api/v1/namespaces/{name}") is None


@pytest.mark.control_plane
def test_a_release_into_a_namespace_that_is_missing_leaves_nothing_behind(
    applied: Applied, api: Kube, chart: str
) -> None:
    with pytest.raises(ProviderError, match='namespaces "nowhere" not found'):
        applied.create(RELEASE, release(chart, "nowhere"))
    assert definition(api, chart) is None


@pytest.mark.control_plane
def test_a_release_name_cannot_be_used_twice(applied: Applied, namespace: Namespace, chart: str) -> None:
    id_, outputs = applied.create(RELEASE, release(chart, namespace.name))
    with pytest.raises(ProviderError, match="cannot re-use a name that is still in use"):
        applied.create(RELEASE, release(chart, namespace.name), name="other")
    applied.delete(RELEASE, id_, outputs)


@pytest.mark.control_plane
def test_a_release_reads_back_its_record_and_reads_as_gone_without_one(
    applied: Applied, api: Kube, namespace: Namespace, chart: str
) -> None:
    inputs = release(chart, namespace.name)
    id_, outputs = applied.create(RELEASE, inputs)
    assert applied.provider.read_resource(RELEASE, urn(RELEASE), id_, inputs, outputs) == (inputs, outputs)
    applied.delete(RELEASE, id_, outputs)
    assert applied.provider.read_resource(RELEASE, urn(RELEASE), id_, inputs, outputs) is None


@pytest.mark.control_plane
@pytest.mark.parametrize("atomic", [False, True])
def test_a_release_whose_controllers_fail_is_kept_or_rolled_back_as_helm_would(
    applied: Applied, api: Kube, namespace: Namespace, atomic: bool
) -> None:
    # The scheduler's configuration is what the supervisor hands to the real scheduler.
    values = {"custom": {"scheduler_config_override": "actions: nonsense"}}
    inputs = {**release("volcano", namespace.name, values=values), "skipCrds": True, "atomic": atomic}
    with pytest.raises(ProviderError, match="the controllers of chart volcano did not start") as caught:
        applied.create(RELEASE, inputs)
    kept = [one for one in releases.list_releases(api) if one.namespace == namespace.name]
    assert isinstance(caught.value, NotReadyError) is not atomic
    assert bool(kept) is not atomic
    if kept:
        applied.delete(RELEASE, f"{namespace.name}/r", inputs)
