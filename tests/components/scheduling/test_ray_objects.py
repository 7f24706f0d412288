"""Ray's custom resources, and the holes in a tenant's network that Ray needs."""

from typing import Any

import pytest
import yaml

from components.cluster.api_addresses import api_addresses
from components.scheduling.ray.objects import (
    allow_api,
    allow_operator,
    ray_cluster_spec,
    ray_job_spec,
    ray_service_spec,
)
from components.settings.ray import RayJob, RayService
from tests.components.settings.test_checks import AKS, GKE
from tests.stack_files import settings

NODES: dict[str, Any] = {"rayVersion": "2.53.0"}
GROUPS: dict[str, Any] = {"groups": {"g": {}}}


def job(**changes: Any) -> Any:
    return ray_job_spec(RayJob.model_validate({**GROUPS, "entrypoint": "python train.py", **changes}), NODES, "image")


def service(**changes: Any) -> Any:
    applications = {"captions": {"importPath": "captions.app:build"}}
    return ray_service_spec(RayService.model_validate({**GROUPS, "applications": applications, **changes}), NODES)


def test_a_changed_cluster_restarts_in_its_place_and_needs_no_gpu_twice() -> None:
    assert ray_cluster_spec(NODES)["upgradeStrategy"] == {"type": "Recreate"}


def test_a_jobs_cluster_goes_when_the_job_is_done() -> None:
    spec = job(keepSeconds=60)
    assert (spec["shutdownAfterJobFinishes"], spec["ttlSecondsAfterFinished"]) == (True, 60)


def test_a_job_is_retried_and_ended_as_the_stack_file_says() -> None:
    spec = job(retries=2, deadlineSeconds=3600)
    assert (spec["backoffLimit"], spec["activeDeadlineSeconds"]) == (2, 3600)
    assert "activeDeadlineSeconds" not in job()


def test_the_program_of_a_job_runs_on_a_worker() -> None:
    assert job()["entrypointNumCpus"] == 1


def test_the_submitter_is_fit_for_restricted_namespaces_and_quotas() -> None:
    pod = job()["submitterPodTemplate"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["resources"]["limits"] == {"cpu": "1", "memory": "1Gi"}
    assert container["image"] == "image"


def test_applications_are_handed_to_serve_in_its_own_words() -> None:
    applications = {
        "captions": {
            "importPath": "captions.app:build",
            "routePrefix": "/captions",
            "args": {"captioner": "large"},
            "env": {"HF_HUB_OFFLINE": "1"},
            "deployments": {"Captions": {"num_replicas": 2}},
        }
    }
    assert yaml.safe_load(service(applications=applications)["serveConfigV2"]) == {
        "proxy_location": "EveryNode",
        "applications": [
            {
                "name": "captions",
                "import_path": "captions.app:build",
                "route_prefix": "/captions",
                "args": {"captioner": "large"},
                "runtime_env": {"env_vars": {"HF_HUB_OFFLINE": "1"}},
                "deployments": [{"name": "Captions", "num_replicas": 2}],
            }
        ],
    }


def test_a_service_needs_no_gpu_twice_unless_it_says_so() -> None:
    assert service()["upgradeStrategy"] == {"type": "None"}
    assert service(upgrade="new-cluster")["upgradeStrategy"] == {"type": "NewCluster"}


def test_requests_go_to_workers_only() -> None:
    assert service()["excludeHeadPodFromServeSvc"] is True


def test_the_operator_reaches_the_dashboard_of_heads_and_nothing_else() -> None:
    spec = allow_operator()
    assert spec["podSelector"] == {"matchLabels": {"ray.io/node-type": "head"}}
    (rule,) = spec["ingress"]
    assert rule["from"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kuberay"}}}]
    assert [port["port"] for port in rule["ports"]] == [8265]


def test_only_heads_reach_the_kubernetes_api() -> None:
    spec = allow_api(("10.0.0.0/16",))
    assert spec["podSelector"] == {"matchLabels": {"ray.io/node-type": "head"}}
    (rule,) = spec["egress"]
    assert rule["to"] == [{"ipBlock": {"cidr": "10.0.0.0/16"}}]
    assert [port["port"] for port in rule["ports"]] == [443, 6443]


EXISTING = {"provider": "existing", "gpuPools": {}}


@pytest.mark.parametrize(
    ("cluster", "found"),
    [
        (None, ("10.0.0.0/16", "172.20.0.1/32")),
        (GKE, ("172.16.0.0/28",)),
        (AKS, ("10.0.0.0/16",)),
        ({**AKS, "api": {"publicCidrs": ["203.0.113.0/24"]}}, ()),
        (EXISTING, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")),
    ],
    ids=["eks", "gke", "aks", "aks with a public API", "existing"],
)
def test_where_the_kubernetes_api_answers_follows_from_the_cluster(cluster: Any, found: tuple[str, ...]) -> None:
    made = settings() if cluster is None else settings(cluster=cluster, tenants={})
    assert api_addresses(made.cluster, ()) == found


def test_a_stack_file_that_knows_better_is_believed() -> None:
    assert api_addresses(settings().cluster, ("192.0.2.1/32",)) == ("192.0.2.1/32",)
