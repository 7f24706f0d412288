"""Simulated volumes: which claims are served, and that the real controller manager and scheduler take them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rehearsal import fleet, volumes
from rehearsal.fleet import NodePool
from rehearsal.kube import JsonObject, Kube
from rehearsal.providers.csi_drivers import csi_drivers
from tests.rehearsal.cluster import Namespace, eventually, pod, pool_selector

DRIVER = "disk.example"


def storage_class(name: str, mode: str = "Immediate", driver: str = DRIVER) -> JsonObject:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": driver,
        "volumeBindingMode": mode,
        "reclaimPolicy": "Delete",
    }


def claim(name: str, class_name: str, **metadata: Any) -> JsonObject:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": "team", "uid": "u1", **metadata},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "10Gi"}},
            "storageClassName": class_name,
        },
    }


CLASSES = {"now": storage_class("now"), "late": storage_class("late", "WaitForFirstConsumer")}


def test_a_claim_gets_a_volume_of_its_size_promised_to_it() -> None:
    made = volumes.volume_for(claim("data", "now"), CLASSES, {DRIVER})
    assert made is not None
    spec = made["spec"]
    assert (spec["capacity"], spec["accessModes"]) == ({"storage": "10Gi"}, ["ReadWriteOnce"])
    assert (spec["claimRef"]["namespace"], spec["claimRef"]["name"], spec["claimRef"]["uid"]) == ("team", "data", "u1")
    assert spec["csi"]["driver"] == DRIVER


@pytest.mark.parametrize(
    ("class_name", "drivers"),
    [("late", {DRIVER}), ("now", set[str]()), ("unknown", {DRIVER}), ("", {DRIVER})],
    ids=["waits for its first pod", "no such driver", "no such class", "no class"],
)
def test_a_claim_that_nobody_provisions_gets_none(class_name: str, drivers: set[str]) -> None:
    assert volumes.volume_for(claim("data", class_name), CLASSES, drivers) is None


def test_a_claim_is_served_once_the_scheduler_has_chosen_a_node() -> None:
    chosen = claim("data", "late", annotations={volumes.SELECTED_NODE: "n1"})
    assert volumes.volume_for(chosen, CLASSES, {DRIVER}) is not None


def test_a_volume_that_a_person_made_is_never_removed() -> None:
    spec, status = {"persistentVolumeReclaimPolicy": "Delete"}, {"phase": "Released"}
    made = {"pv.kubernetes.io/provisioned-by": DRIVER}
    assert volumes.is_left_over({"metadata": {"annotations": made}, "spec": spec, "status": status})
    assert not volumes.is_left_over({"metadata": {}, "spec": spec, "status": status})
    assert not volumes.is_left_over({"metadata": {"annotations": made}, "spec": spec, "status": {"phase": "Bound"}})
    kept = {"persistentVolumeReclaimPolicy": "Retain"}
    assert not volumes.is_left_over({"metadata": {"annotations": made}, "spec": kept, "status": status})


@pytest.mark.parametrize(
    ("token", "inputs", "drivers"),
    [
        ("aws:eks/addon:Addon", {"addonName": "aws-ebs-csi-driver"}, ["ebs.csi.aws.com"]),
        ("aws:eks/addon:Addon", {"addonName": "aws-efs-csi-driver"}, ["efs.csi.aws.com"]),
        ("aws:eks/addon:Addon", {"addonName": "coredns"}, []),
        ("gcp:container/cluster:Cluster", {}, ["pd.csi.storage.gke.io"]),
        (
            "gcp:container/cluster:Cluster",
            {
                "addonsConfig": {
                    "gcePersistentDiskCsiDriverConfig": {"enabled": False},
                    "gcpFilestoreCsiDriverConfig": {"enabled": True},
                }
            },
            ["filestore.csi.storage.gke.io"],
        ),
        ("azure-native:containerservice:ManagedCluster", {}, ["disk.csi.azure.com", "file.csi.azure.com"]),
        (
            "azure-native:containerservice:ManagedCluster",
            {"storageProfile": {"fileCSIDriver": {"enabled": False}}},
            ["disk.csi.azure.com"],
        ),
        ("gcp:container/nodePool:NodePool", {}, []),
    ],
)
def test_a_cluster_has_the_drivers_that_its_cloud_gives_it(
    token: str, inputs: dict[str, Any], drivers: list[str]
) -> None:
    assert csi_drivers(token, inputs) == drivers


def test_an_existing_clusters_default_class_is_served_by_its_own_driver() -> None:
    class Recorder:
        def __init__(self) -> None:
            self.applied: dict[str, JsonObject] = {}

        def apply(self, path: str, body: JsonObject, manager: str) -> None:  # noqa: ARG002
            self.applied[path.rsplit("/", 1)[-1]] = body

    recorder = Recorder()
    volumes.default_class(recorder)  # type: ignore[arg-type]
    kind = recorder.applied["standard"]
    assert kind["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] == "true"
    chosen = claim("data", "standard", annotations={volumes.SELECTED_NODE: "n1"})
    drivers = {name for name, body in recorder.applied.items() if body["kind"] == "CSIDriver"}
    assert volumes.volume_for(chosen, {"standard": kind}, drivers) is not None


@pytest.fixture
def driver(api: Kube, unique: Callable[[str], str]) -> Iterator[str]:
    name = unique("disk.example")
    volumes.install(api, name)
    yield name
    volumes.remove(api, name)


@pytest.fixture
def make_class(api: Kube, unique: Callable[[str], str]) -> Iterator[Callable[[str, str], str]]:
    """Makes storage classes, gone after the test."""
    names: list[str] = []

    def make(driver: str, mode: str = "Immediate") -> str:
        names.append(unique("class"))
        api.create(volumes.CLASSES, storage_class(names[-1], mode, driver))
        return names[-1]

    yield make
    for name in names:
        api.delete(f"{volumes.CLASSES}/{name}")


def put_claim(namespace: Namespace, class_name: str) -> str:
    path = f"/api/v1/namespaces/{namespace.name}/persistentvolumeclaims"
    body = claim("data", class_name, namespace=namespace.name)
    del body["metadata"]["uid"]
    namespace.api.create(path, body)
    return f"{path}/data"


def phase(api: Kube, path: str) -> str:
    found = api.get(path)
    return found["status"].get("phase", "") if found else "gone"


@pytest.mark.control_plane
def test_a_claim_binds_and_its_volume_goes_with_it(
    api: Kube, namespace: Namespace, driver: str, make_class: Callable[..., str]
) -> None:
    path = put_claim(namespace, make_class(driver))
    eventually(lambda: phase(api, path) == "Bound", "the claim is bound")
    volume = f"{volumes.VOLUMES}/{(api.get(path) or {})['spec']['volumeName']}"
    api.delete(path)
    eventually(lambda: api.get(volume) is None, "the volume is gone")


@pytest.mark.control_plane
def test_a_claim_that_waits_for_its_pod_binds_when_the_pod_is_scheduled(
    api: Kube, namespace: Namespace, driver: str, make_class: Callable[..., str], unique: Callable[[str], str]
) -> None:
    path = put_claim(namespace, make_class(driver, "WaitForFirstConsumer"))
    pool = NodePool(name=unique("pool"), machine="m7i.xlarge", vcpu=4, memory_gib=16)
    fleet.ensure_pool(api, pool)
    try:
        mounted = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
        user = pod("user", {"cpu": "1"}, volumes=[mounted], nodeSelector=pool_selector(pool.name))
        assert phase(api, path) == "Pending"
        api.create(namespace.pods_path, user)
        eventually(lambda: phase(api, path) == "Bound", "the claim is bound")
        eventually(lambda: namespace.phases()["Running"] == 1, "the pod runs")
    finally:
        fleet.remove_pool(api, pool.name)


@pytest.mark.control_plane
def test_a_claim_stays_pending_where_its_driver_is_missing(
    api: Kube, namespace: Namespace, driver: str, make_class: Callable[..., str]
) -> None:
    missing = put_claim(namespace, make_class("missing.example"))
    bystander = f"{missing.removesuffix('data')}other"
    body = claim("other", make_class(driver), namespace=namespace.name)
    del body["metadata"]["uid"]
    api.create(missing.removesuffix("/data"), body)
    eventually(lambda: phase(api, bystander) == "Bound", "a claim made later is bound")
    assert phase(api, missing) == "Pending"
