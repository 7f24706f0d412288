"""How the real Volcano shares one pool between tenants: who takes back, who is preempted, and what stays whole."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from components.scheduling.queues import queue_spec
from components.scheduling.volcano import SCHEDULER
from components.settings.workloads import Priority
from rehearsal.kube import Kube
from tests.rehearsal.cluster import JOBS, SCHEDULING, Namespace, eventually, pod, pool_selector, priority_classes
from tests.rehearsal.gpu_nodes import LAYOUT, Pools

pytestmark = [
    pytest.mark.control_plane,
    pytest.mark.usefixtures("volcano", "priorities"),
]
GROWING = pytest.mark.parametrize("volcano", [True], indirect=True, ids=["pools grow"])
EITHER = pytest.mark.parametrize("volcano", [False, True], indirect=True, ids=["fixed pools", "pools grow"])

GPU = "nvidia.com/gpu"
RESTART = [{"events": ["PodEvicted", "PodFailed"], "action": "RestartJob"}]
Queues = Callable[..., str]


@pytest.fixture(scope="module")
def priorities(api: Kube) -> Iterator[None]:
    with priority_classes(api):
        yield


@pytest.fixture
def queues(api: Kube, unique: Callable[[str], str]) -> Iterator[Queues]:
    """Makes queues as tenants have them, and removes them after the test."""
    made: list[str] = []

    def make(deserved: int, *, reclaimable: bool = True, guarantee: int = 0) -> str:
        name = unique("tenant")
        spec = queue_spec(
            reclaimable=reclaimable,
            capability={GPU: "16", "cpu": "1000", "memory": "4Ti"},
            deserved={GPU: str(deserved)},
            guarantee={GPU: guarantee} if guarantee else {},
        )
        body = {"apiVersion": "scheduling.volcano.sh/v1beta1", "kind": "Queue", "metadata": {"name": name}}
        api.create(f"{SCHEDULING}/queues", {**body, "spec": spec})
        eventually(
            lambda: (api.get(f"{SCHEDULING}/queues/{name}") or {}).get("status", {}).get("state") == "Open",
            "the queue to open",
        )
        made.append(name)
        return name

    yield make
    for name in made:
        api.delete(f"{SCHEDULING}/queues/{name}")


def submit(
    namespace: Namespace,
    name: str,
    *,
    queue: str,
    pool: str,
    workers: int,
    gpus: int = 2,
    least: int | None = None,
    priority: Priority = Priority.BATCH,
    resource: str = GPU,
) -> None:
    """Submits a gang that restarts as a whole."""
    template = pod("unused", {resource: str(gpus), "cpu": "1"}, nodeSelector=pool_selector(pool))["spec"]
    template |= {"terminationGracePeriodSeconds": 1, "priorityClassName": priority.value}
    least = workers if least is None else least
    spec: dict[str, Any] = {
        "schedulerName": SCHEDULER,
        "queue": queue,
        "minAvailable": least,
        "maxRetry": 50,
        "priorityClassName": priority.value,
        "policies": RESTART if least == workers else [],
        "tasks": [{"name": "worker", "replicas": workers, "minAvailable": least, "template": {"spec": template}}],
    }
    body = {"apiVersion": "batch.volcano.sh/v1alpha1", "kind": "Job", "metadata": {"name": name}, "spec": spec}
    namespace.api.create(f"{JOBS}/namespaces/{namespace.name}/jobs", body)


def running(namespace: Namespace, job: str) -> int:
    return namespace.phases(job)["Running"]


def all_run(namespace: Namespace, job: str, workers: int) -> None:
    eventually(lambda: running(namespace, job) == workers, f"all of {job} to run")


@EITHER
def test_a_tenant_takes_back_what_it_deserves_and_no_more(namespace: Namespace, pools: Pools, queues: Queues) -> None:
    pool, lender, owner = pools().name, queues(4), queues(4)
    for number in range(4):
        submit(namespace, f"lent-{number}", queue=lender, pool=pool, workers=1)
    for number in range(4):
        all_run(namespace, f"lent-{number}", 1)
    submit(namespace, "gang", queue=owner, pool=pool, workers=2)
    all_run(namespace, "gang", 2)
    submit(namespace, "beyond", queue=owner, pool=pool, workers=1)
    time.sleep(2)  # several scheduling cycles
    assert sum(running(namespace, f"lent-{number}") for number in range(4)) == 2
    assert running(namespace, "gang") == 2
    assert running(namespace, "beyond") == 0


@GROWING
def test_a_gang_that_loses_a_member_lets_go_of_all_its_gpus(namespace: Namespace, pools: Pools, queues: Queues) -> None:
    pool, lender, owner = pools().name, queues(4), queues(4)
    submit(namespace, "large", queue=lender, pool=pool, workers=4)
    all_run(namespace, "large", 4)
    submit(namespace, "gang", queue=owner, pool=pool, workers=2)
    all_run(namespace, "gang", 2)
    eventually(lambda: running(namespace, "large") == 0, "the rest of the large gang to stop")


@GROWING
def test_an_elastic_job_shrinks_to_its_share(namespace: Namespace, pools: Pools, queues: Queues) -> None:
    pool, lender, owner = pools().name, queues(4), queues(4)
    submit(namespace, "elastic", queue=lender, pool=pool, workers=4, least=2)
    all_run(namespace, "elastic", 4)
    submit(namespace, "gang", queue=owner, pool=pool, workers=2)
    all_run(namespace, "gang", 2)
    assert running(namespace, "elastic") == 2
    namespace.api.delete(f"{JOBS}/namespaces/{namespace.name}/jobs/gang")
    all_run(namespace, "elastic", 4)


@GROWING
def test_a_gang_that_reclaiming_cannot_place_whole_takes_nothing(
    namespace: Namespace, pools: Pools, queues: Queues
) -> None:
    pool, lender, owner = pools().name, queues(4), queues(4)
    for number in range(4):
        submit(namespace, f"lent-{number}", queue=lender, pool=pool, workers=1)
    for number in range(4):
        all_run(namespace, f"lent-{number}", 1)
    submit(namespace, "too-large", queue=owner, pool=pool, workers=3)
    time.sleep(3)  # several scheduling cycles
    assert sum(running(namespace, f"lent-{number}") for number in range(4)) == 4
    assert running(namespace, "too-large") == 0


@GROWING
def test_a_queue_that_is_not_reclaimable_gives_nothing_back(namespace: Namespace, pools: Pools, queues: Queues) -> None:
    pool, keeper, owner = pools().name, queues(4, reclaimable=False), queues(4)
    submit(namespace, "kept", queue=keeper, pool=pool, workers=4)
    all_run(namespace, "kept", 4)
    submit(namespace, "gang", queue=owner, pool=pool, workers=2)
    time.sleep(3)  # several scheduling cycles
    assert running(namespace, "kept") == 4
    assert running(namespace, "gang") == 0


@GROWING
def test_a_guarantee_stays_free_while_its_queue_is_idle(namespace: Namespace, pools: Pools, queues: Queues) -> None:
    pool, careful, other = pools().name, queues(4, guarantee=4), queues(4)
    for number in range(3):
        submit(namespace, f"other-{number}", queue=other, pool=pool, workers=1)
    eventually(lambda: sum(running(namespace, f"other-{n}") for n in range(3)) == 2, "two jobs to run")
    time.sleep(2)  # several scheduling cycles
    assert sum(running(namespace, f"other-{number}") for number in range(3)) == 2
    submit(namespace, "gang", queue=careful, pool=pool, workers=2)
    all_run(namespace, "gang", 2)
    assert sum(running(namespace, f"other-{number}") for number in range(3)) == 2


@EITHER
def test_interactive_work_preempts_best_effort_before_batch(namespace: Namespace, pools: Pools, queues: Queues) -> None:
    pool, queue = pools().name, queues(8)
    for number in range(2):
        submit(namespace, f"batch-{number}", queue=queue, pool=pool, workers=1)
        submit(namespace, f"spare-{number}", queue=queue, pool=pool, workers=1, priority=Priority.BEST_EFFORT)
    for number in range(2):
        all_run(namespace, f"batch-{number}", 1)
        all_run(namespace, f"spare-{number}", 1)

    def interactive(name: str) -> None:
        body = pod(name, {GPU: "2", "cpu": "1"}, nodeSelector=pool_selector(pool), schedulerName=SCHEDULER)
        body["metadata"]["annotations"] = {"scheduling.volcano.sh/queue-name": queue}
        body["spec"]["priorityClassName"] = Priority.INTERACTIVE.value
        namespace.api.create(namespace.pods_path, body)
        eventually(
            lambda: any(
                p["metadata"]["name"] == name and p["status"].get("phase") == "Running" for p in namespace.pods()
            ),
            f"{name} to run",
        )

    interactive("first")
    assert [running(namespace, f"batch-{n}") for n in range(2)] == [1, 1]
    interactive("second")
    assert [running(namespace, f"batch-{n}") for n in range(2)] == [1, 1]
    assert [running(namespace, f"spare-{n}") for n in range(2)] == [0, 0]
    interactive("third")
    assert sum(running(namespace, f"batch-{n}") for n in range(2)) == 1


@GROWING
def test_batch_does_not_preempt_batch(namespace: Namespace, pools: Pools, queues: Queues) -> None:
    pool, queue = pools().name, queues(8)
    submit(namespace, "first", queue=queue, pool=pool, workers=4)
    all_run(namespace, "first", 4)
    submit(namespace, "second", queue=queue, pool=pool, workers=1)
    time.sleep(2)  # several scheduling cycles
    assert running(namespace, "first") == 4
    assert running(namespace, "second") == 0


@GROWING
def test_slices_fill_the_node_that_is_used_most(namespace: Namespace, pools: Pools, queues: Queues) -> None:
    pool, queue = pools(count=3, gpus=2, layout=LAYOUT).name, queues(8)
    for number in range(8):
        submit(
            namespace,
            f"slice-{number}",
            queue=queue,
            pool=pool,
            workers=1,
            gpus=1,
            resource="nvidia.com/mig-1g.10gb",
        )
        all_run(namespace, f"slice-{number}", 1)
    assert len({pod["spec"]["nodeName"] for pod in namespace.pods()}) == 1
