"""The job that every tenant is shown with."""

from components.settings.supply import supply
from rehearsal import gang
from tests.stack_files import settings

TWO = {
    "vision": {"quota": {"gpus": 4, "slices": {"1g.10gb": 8}}},
    "language": {"quota": {"gpus": 4, "slices": {"1g.10gb": 8}}},
}


def test_whole_gpus_and_slices_are_both_shown() -> None:
    plan = gang.plan(settings(tenants=TWO))
    assert [(one.tenant, one.workers, one.resource) for one in plan] == [
        ("vision", 2, "nvidia.com/gpu"),
        ("language", 2, "nvidia.com/mig-1g.10gb"),
    ]


def test_all_gangs_fit_on_the_smallest_fleet() -> None:
    scarce = settings(
        **{"cluster.gpuPools": {"l4": {"machine": "g6.xlarge", "maxNodes": 8}}},
        tenants={
            "a": {"quota": {"gpus": 2}},
            "b": {"quota": {"gpus": 2}},
        },
    )
    plan = gang.plan(scarce)
    assert [(one.tenant, one.workers) for one in plan] == [("a", 1)]
    assert supply(scarce.cluster, lambda _: 1) == {"nvidia.com/gpu": 1}


def test_a_tenant_without_gpus_gets_no_job() -> None:
    assert gang.plan(settings(tenants={"web": {"quota": {"gpus": 0}}})) == []


def test_the_pods_meet_pod_security_restricted() -> None:
    (one, _) = gang.plan(settings(tenants=TWO))
    (task,) = gang.manifest(one)["spec"]["tasks"]
    (container,) = task["template"]["spec"]["containers"]
    assert container["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "1"


def test_where_pods_claim_gpus_each_worker_has_a_claim_of_its_own_and_counts_none() -> None:
    pools = {"l4": {"machine": "g6.12xlarge", "minNodes": 1, "maxNodes": 1}}
    stack = settings(
        **{"cluster.gpuPools": pools}, gpu={"allocation": "dra"}, tenants={"vision": {"quota": {"gpus": 4}}}
    )
    (one,) = gang.plan(stack)
    pod = gang.manifest(one)["spec"]["tasks"][0]["template"]["spec"]
    assert pod["containers"][0]["resources"]["claims"] == [{"name": "gpus"}]
    assert "nvidia.com/gpu" not in pod["containers"][0]["resources"]["limits"]
    template = gang.claim_template(one)
    assert pod["resourceClaims"] == [{"name": "gpus", "resourceClaimTemplateName": template["metadata"]["name"]}]
    (request,) = template["spec"]["spec"]["devices"]["requests"]
    assert request["exactly"] == {"deviceClassName": "gpu.nvidia.com", "count": 1}


def test_the_gang_waits_for_all_its_workers_in_its_tenants_queue() -> None:
    (one, _) = gang.plan(settings(tenants=TWO))
    spec = gang.manifest(one)["spec"]
    assert (spec["minAvailable"], spec["queue"], spec["schedulerName"]) == (2, "vision", "volcano")
