"""Specs of RayCluster, RayJob and RayService beside that of the cluster in them, and the network that Ray needs."""

from typing import Any

import yaml

from components.cluster import api_addresses
from components.manifest import Spec
from components.scheduling.kuberay import NAMESPACE
from components.scheduling.ray.nodes import CONTAINER_SECURITY, DASHBOARD, POD_SECURITY
from components.settings.ray import Application, RayJob, RayService, Upgrade

_HEAD: Spec = {"matchLabels": {"ray.io/node-type": "head"}}
"""Selects every Ray head, also those that a team makes itself (KubeRay sets the label)."""


def ray_cluster_spec(nodes: Spec) -> Spec:
    """Spec of a RayCluster that stays. A changed template restarts all of its pods: running ones never change."""
    return {**nodes, "upgradeStrategy": {"type": "Recreate"}}


def ray_job_spec(job: RayJob, nodes: Spec, image: str) -> Spec:
    """Spec of a RayJob; `image` is the submitter's."""
    spec: Spec = {
        "entrypoint": job.entrypoint,
        # The head has no processors to give, so the program runs on a worker, which has the tenant's account.
        "entrypointNumCpus": 1,
        "submissionMode": "K8sJobMode",
        "submitterPodTemplate": _submitter(image),
        "rayClusterSpec": nodes,
        "backoffLimit": job.retries,
        "shutdownAfterJobFinishes": True,
        "ttlSecondsAfterFinished": job.keep_seconds,
    }
    if job.deadline_seconds is not None:
        spec["activeDeadlineSeconds"] = job.deadline_seconds
    return spec


def _submitter(image: str) -> dict[str, Any]:
    """The pod that hands the program to the head and follows its log; KubeRay writes its command."""
    return {
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "securityContext": POD_SECURITY,
            "containers": [
                {
                    "name": "ray-job-submitter",
                    "image": image,
                    "resources": {
                        "requests": {"cpu": "200m", "memory": "512Mi"},
                        "limits": {"cpu": "1", "memory": "1Gi"},
                    },
                    "securityContext": CONTAINER_SECURITY,
                }
            ],
        }
    }


def ray_service_spec(service: RayService, nodes: Spec) -> Spec:
    """Spec of a RayService. Its Service `<name>-serve-svc` leads to workers only: replicas never run on the head."""
    return {
        "serveConfigV2": yaml.safe_dump(serve_config(service), sort_keys=False),
        "rayClusterConfig": nodes,
        "excludeHeadPodFromServeSvc": True,
        "upgradeStrategy": {"type": "NewCluster" if service.upgrade is Upgrade.NEW_CLUSTER else "None"},
    }


def serve_config(service: RayService) -> dict[str, Any]:
    """Ray Serve's own configuration (Ray documentation, Serve config files)."""
    return {
        "proxy_location": "EveryNode",
        "applications": [_application(name, chosen) for name, chosen in sorted(service.applications.items())],
    }


def _application(name: str, chosen: Application) -> dict[str, Any]:
    made: dict[str, Any] = {"name": name, "import_path": chosen.import_path, "route_prefix": chosen.route_prefix}
    if chosen.args:
        made["args"] = chosen.args
    if chosen.env:
        made["runtime_env"] = {"env_vars": dict(chosen.env)}
    if chosen.deployments:
        made["deployments"] = [{"name": key, **options} for key, options in sorted(chosen.deployments.items())]
    return made


def allow_operator() -> Spec:
    """KubeRay reaches the heads' dashboards: there it submits applications and asks how jobs are."""
    operator = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}}}
    return {
        "podSelector": _HEAD,
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [operator], "ports": [{"protocol": "TCP", "port": DASHBOARD}]}],
    }


def allow_api(addresses: tuple[str, ...]) -> Spec:
    """The autoscaler in a head reaches the Kubernetes API at `addresses`, of `api_addresses`."""
    return api_addresses.allow_api(_HEAD, addresses)
