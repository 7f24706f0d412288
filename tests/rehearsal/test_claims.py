"""What the real quota, kube-scheduler and Volcano make of claimed GPUs on simulated nodes."""

from collections.abc import Callable, Iterator

import pytest
import yaml

from components.gpu.dra import dra_values
from components.scheduling.volcano import scheduler_config
from components.settings.sections import Allocation, Quota
from components.tenancy.objects import resource_quota
from rehearsal import fleet, gang
from rehearsal.fleet import NodePool
from rehearsal.kube import JsonObject, Kube, KubeError
from rehearsal.releases import Release
from tests.rehearsal.cluster import Namespace, apply_crds, eventually, install, uninstall, volcano_crds

pytestmark = pytest.mark.control_plane

GPUS = 4


@pytest.fixture(scope="module", autouse=True)
def drivers(api: Kube) -> Iterator[None]:
    """The GPU Operator without a device plugin, and the DRA driver in its place."""
    operator = Release("gpu-operator", "default", "gpu-operator", "v26.7.0", {"devicePlugin": {"enabled": False}})
    driver = Release(
        "dra", "default", "dra-driver-nvidia-gpu", "0.4.1", dra_values("0.4.1", "/", ["nvidia.com/gpu"], {}, {})
    )
    for release in (operator, driver):
        assert install(api, release).controllers == "ready"
    yield
    for release in (driver, operator):
        uninstall(api, release)


@pytest.fixture
def node(api: Kube, unique: Callable[[str], str]) -> Iterator[str]:
    """One node with four GPUs that can be claimed."""
    taints = (("nvidia.com/gpu", "present", "NoSchedule"),)
    pool = NodePool(name=unique("l4"), machine="m", vcpu=48, memory_gib=192, accelerator="L4", gpus=GPUS, taints=taints)
    (name,) = fleet.ensure_pool(api, pool, 1)
    slices = "/apis/resource.k8s.io/v1/resourceslices"
    eventually(lambda: api.get(f"{slices}/{name}-gpu.nvidia.com"), "the node's GPUs to be published")
    yield name
    fleet.remove_pool(api, pool.name)


def claim(api: Kube, namespace: Namespace, name: str, count: int, device_class: str = "gpu.nvidia.com") -> None:
    request = {"name": "gpus", "exactly": {"deviceClassName": device_class, "count": count}}
    body = {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceClaim",
        "metadata": {"name": name},
        "spec": {"devices": {"requests": [request]}},
    }
    api.create(f"/apis/resource.k8s.io/v1/namespaces/{namespace.name}/resourceclaims", body)


def run(namespace: Namespace, name: str) -> JsonObject:
    return namespace.run(name, {"cpu": "1"}, resourceClaims=[{"name": "gpus", "resourceClaimName": name}])


def test_a_pod_runs_where_its_claim_is_met_and_waits_where_no_gpu_is_left(
    api: Kube, namespace: Namespace, node: str
) -> None:
    for name, count in (("first", 3), ("second", 2)):
        claim(api, namespace, name, count)
    run(namespace, "first")
    eventually(lambda: namespace.phases() == {"Running": 1}, "the first pod to run")
    assert namespace.node_of("first") == node
    run(namespace, "second")
    eventually(
        lambda: any(
            "cannot allocate all claims" in condition.get("message", "")
            for pod in namespace.pods()
            if pod["metadata"]["name"] == "second"
            for condition in pod["status"].get("conditions", [])
        ),
        "the scheduler to say that it cannot meet the second claim",
    )


def test_a_tenants_quota_bounds_what_it_claims(api: Kube, namespace: Namespace) -> None:
    hard = resource_quota(Quota(gpus=2), ["nvidia.com/gpu"], {}, Allocation.DRA)
    quotas = f"/api/v1/namespaces/{namespace.name}/resourcequotas"
    body = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "quota"}, "spec": {"hard": hard}}
    api.create(quotas, body)
    eventually(lambda: (api.get(f"{quotas}/quota") or {}).get("status", {}).get("hard"), "the quota to be counted")

    claim(api, namespace, "within", 2)
    for name, device_class in (
        ("over", "gpu.nvidia.com"),
        ("slices", "mig.nvidia.com"),
        ("pass", "vfio.gpu.nvidia.com"),
    ):
        with pytest.raises(KubeError, match="exceeded quota: quota") as refused:
            claim(api, namespace, name, 1, device_class)
        assert refused.value.status == 403
    with pytest.raises(KubeError, match="exceeded quota: quota"):
        namespace.run("counted", {"nvidia.com/gpu": "1", "cpu": "1", "memory": "1Gi"})


@pytest.fixture
def volcano(api: Kube) -> Iterator[None]:
    apply_crds(api, volcano_crds())
    config = yaml.safe_dump(scheduler_config([], scale_from_zero=False, claims=True))
    values = {"custom": {"scheduler_config_override": config, "scheduler_schedule_period": "300ms"}}
    release = Release("volcano", "default", "volcano", "1.15.0", values)
    assert install(api, release).controllers == "ready"
    yield
    uninstall(api, release)


@pytest.mark.usefixtures("volcano")
def test_volcano_places_a_gang_whose_workers_claim_a_gpu_each(api: Kube, namespace: Namespace, node: str) -> None:
    queue = {"apiVersion": "scheduling.volcano.sh/v1beta1", "kind": "Queue", "metadata": {"name": namespace.name}}
    api.create("/apis/scheduling.volcano.sh/v1beta1/queues", {**queue, "spec": {"weight": 1}})
    one = gang.Gang(namespace.name, 2, "nvidia.com/gpu", 1, ("nvidia.com/gpu",), claimed=True)
    gang.submit(api, one)
    eventually(lambda: gang.placement(api, one).placed, "the gang to run")
    assert gang.placement(api, one).nodes == (node, node)
