"""What the real schedulers and admission make of GPU work on simulated nodes."""

import time
from collections.abc import Callable

import pytest

from components.scheduling.queues import queue_spec
from rehearsal.kube import Kube, KubeError
from tests.rehearsal.cluster import SCHEDULING, Namespace, eventually, pool_selector
from tests.rehearsal.gpu_nodes import LAYOUT, Pools, grow

pytestmark = pytest.mark.control_plane

GROWING = pytest.mark.parametrize("volcano", [True], indirect=True, ids=["pools grow"])


def test_a_pod_within_quota_runs_on_a_gpu_node_and_one_over_quota_is_refused(
    api: Kube, namespace: Namespace, pools: Pools
) -> None:
    pool = pools()
    quotas = f"/api/v1/namespaces/{namespace.name}/resourcequotas"
    hard = {"requests.nvidia.com/gpu": "4"}
    api.create(
        quotas, {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "gpus"}, "spec": {"hard": hard}}
    )
    eventually(lambda: (api.get(f"{quotas}/gpus") or {}).get("status", {}).get("hard"), "the quota to be counted")

    namespace.run("within", {"nvidia.com/gpu": "3"})
    eventually(lambda: namespace.phases()["Running"] == 1, "the pod to run")
    assert namespace.node_of("within") == f"{pool.name}-0"

    with pytest.raises(KubeError, match="exceeded quota: gpus") as refused:
        namespace.run("over", {"nvidia.com/gpu": "2"})
    assert refused.value.status == 403
    assert namespace.node_of("over") is None


def test_a_pod_that_asks_for_a_slice_lands_only_where_the_layout_has_one(namespace: Namespace, pools: Pools) -> None:
    pools(count=2)
    sliced = pools(layout=LAYOUT)
    for number in range(4):
        namespace.run(f"slice-{number}", {"nvidia.com/mig-1g.10gb": "8"})
    namespace.run("larger-slice", {"nvidia.com/mig-3g.40gb": "8"})
    namespace.run("slice-of-no-layout", {"nvidia.com/mig-2g.20gb": "1"})
    eventually(lambda: namespace.phases()["Running"] == 5, "all slices of the node to be used")

    nodes = {pod["metadata"]["name"]: pod["spec"].get("nodeName") for pod in namespace.pods()}
    assert nodes.pop("slice-of-no-layout") is None
    assert set(nodes.values()) == {f"{sliced.name}-0"}

    namespace.run("one-slice-too-many", {"nvidia.com/mig-1g.10gb": "1"})
    eventually(
        lambda: "Insufficient nvidia.com/mig-1g.10gb" in _why_pending(namespace, "one-slice-too-many"), "a reason"
    )


def test_a_whole_gpu_is_never_taken_from_a_sliced_node(namespace: Namespace, pools: Pools) -> None:
    sliced = pools(layout=LAYOUT)
    namespace.run("whole", {"nvidia.com/gpu": "1"}, nodeSelector=pool_selector(sliced.name))
    eventually(lambda: "Insufficient nvidia.com/gpu" in _why_pending(namespace, "whole"), "a reason")


@pytest.mark.parametrize("volcano", [False, True], indirect=True, ids=["fixed pools", "pools grow"])
@pytest.mark.usefixtures("volcano")
def test_a_gang_that_does_not_fit_stays_whole_in_pending_while_a_smaller_one_runs_and_starts_when_a_node_is_added(
    api: Kube, namespace: Namespace, pools: Pools
) -> None:
    pool = pools()
    namespace.submit("large", replicas=3, gpus=4, pool=pool.name)
    eventually(lambda: _group_phase(api, namespace, "large"), "Volcano to take up the large gang")
    namespace.submit("small", replicas=2, gpus=4, pool=pool.name)

    eventually(lambda: namespace.phases("small") == {"Running": 2}, "the smaller gang to run")
    time.sleep(2)  # several scheduling cycles, in which no part of the large gang may start
    assert set(namespace.phases("large")) <= {"Pending"}
    assert namespace.gpus_by_node() == {f"{pool.name}-0": 8}

    grow(api, pool, 3)
    eventually(lambda: namespace.phases("large") == {"Running": 3}, "the large gang to start on the new nodes")


@GROWING
@pytest.mark.usefixtures("volcano")
def test_binpack_fills_a_node_before_it_opens_another(namespace: Namespace, pools: Pools) -> None:
    pool = pools(count=3)
    for number in range(5):
        namespace.submit(f"job-{number}", replicas=1, gpus=2, pool=pool.name)
    eventually(lambda: namespace.phases() == {"Running": 5}, "all jobs to run")
    assert sorted(namespace.gpus_by_node().values()) == [2, 8]


@GROWING
@pytest.mark.usefixtures("volcano")
def test_a_queue_cannot_exceed_its_capability(
    api: Kube, namespace: Namespace, pools: Pools, unique: Callable[[str], str]
) -> None:
    pool, queue = pools(), unique("tenant")
    spec = queue_spec(
        reclaimable=True, capability={"nvidia.com/gpu": "4"}, deserved={"nvidia.com/gpu": "4"}, guarantee={}
    )
    body = {"apiVersion": "scheduling.volcano.sh/v1beta1", "kind": "Queue", "metadata": {"name": queue}, "spec": spec}
    api.create(f"{SCHEDULING}/queues", body)
    eventually(
        lambda: (api.get(f"{SCHEDULING}/queues/{queue}") or {}).get("status", {}).get("state") == "Open",
        "the queue to open",
    )
    namespace.submit("first", replicas=1, gpus=4, pool=pool.name, queue=queue)
    eventually(lambda: namespace.phases("first") == {"Running": 1}, "the job within the capability to run")
    namespace.submit("beyond", replicas=1, gpus=2, pool=pool.name, queue=queue)
    namespace.submit("elsewhere", replicas=1, gpus=2, pool=pool.name)
    eventually(lambda: namespace.phases("elsewhere") == {"Running": 1}, "another queue's job to run on the same node")
    time.sleep(2)  # several scheduling cycles
    assert set(namespace.phases("beyond")) <= {"Pending"}

    api.delete(f"/apis/batch.volcano.sh/v1alpha1/namespaces/{namespace.name}/jobs/first")
    eventually(lambda: namespace.phases("beyond") == {"Running": 1}, "the job to run once its queue has room")


def _why_pending(namespace: Namespace, name: str) -> str:
    found = next(pod for pod in namespace.pods() if pod["metadata"]["name"] == name)
    assert not found["spec"].get("nodeName"), f"{name} was placed on {found['spec'].get('nodeName')}"
    return " ".join(one.get("message", "") for one in found["status"].get("conditions", []))


def _group_phase(api: Kube, namespace: Namespace, job: str) -> str:
    groups = api.items(f"{SCHEDULING}/namespaces/{namespace.name}/podgroups")
    return next(
        (str(one.get("status", {}).get("phase", "")) for one in groups if one["metadata"]["name"].startswith(job)), ""
    )
