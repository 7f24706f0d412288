"""The spec of a Ray cluster, which RayCluster, RayJob and RayService all carry.

Sources: KubeRay v1.6.2, ray-operator/apis/ray/v1/raycluster_types.go (fields), controllers/ray/common/pod.go (what the
operator adds to pods), controllers/ray/batchscheduler/volcano (labels), controllers/ray/utils/validation.go.
"""

from collections.abc import Mapping
from typing import Any

from components.catalog.workload_images import workload_image
from components.cluster.naming import digest_of
from components.labels import tenant_labels
from components.manifest import Spec
from components.scheduling.placement import placement
from components.settings.cluster import Cluster
from components.settings.ray import FaultTolerance, RayGroup, RayNodes, autoscales
from components.settings.workloads import Priority

DASHBOARD, METRICS, SERVE = 8265, 8080, 8000
"""Ports of a head's dashboard and job API, of every node's metrics, and of Ray Serve's HTTP proxy."""

_HEAD_PORTS = {"gcs-server": 6379, "dashboard": DASHBOARD, "metrics": METRICS, "serve": SERVE}
"""Ports of the head's Service. The Ray client's (10001), which would be among KubeRay's defaults, is left out: whoever
reaches it runs code."""

POD_SECURITY: Spec = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
"""Of every pod, with `CONTAINER_SECURITY` what the Pod Security level `restricted` wants."""

CONTAINER_SECURITY: Spec = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
"""Of every container. KubeRay copies a worker's into its init container."""

AUTOSCALER_CPU, AUTOSCALER_MEMORY = "500m", "512Mi"
"""What KubeRay gives the autoscaler that it adds to a head."""


def metadata(tenant: str, name: str, priority: Priority) -> Spec:
    """Metadata of the custom resource. KubeRay hands the queue and the priority on to the gang."""
    labels = {
        **tenant_labels(tenant),
        "volcano.sh/queue-name": tenant,
        "ray.io/priority-class-name": priority.value,
    }
    return {"name": name, "namespace": tenant, "labels": labels}


def cluster_spec(
    nodes: RayNodes,
    *,
    cluster: Cluster,
    tenant: str,
    priority: Priority,
    lock: Mapping[str, str],
    mirror: str | None = None,
    account: str | None = None,
    pod_labels: Mapping[str, str] | None = None,
    fault_tolerance: FaultTolerance | None = None,
) -> Spec:
    """Spec of a RayCluster, or of the cluster in a RayJob or RayService.

    The head carries the bare minimum of rights: it alone may talk to the Kubernetes API, and only where it scales; the
    workers alone have `account`, which reads models, and no token for the API.

    Args:
        nodes: Head and groups.
        cluster: Where the pods run; its pools offer what the groups ask for.
        tenant: Namespace and queue.
        priority: Priority class of the pods.
        lock: Digests of the catalog's images.
        mirror: Where copies of them lie; None: they come from their makers.
        account: Service account of the workers; None: the namespace's default one.
        pod_labels: Labels by which the cloud and the network know pods of that account.
        fault_tolerance: Where the head keeps its state.
    """
    scales = autoscales(nodes)
    images = (head_image(nodes, lock, mirror), nodes.image or workload_image("ray-gpu", lock=lock, mirror=mirror))
    spec: Spec = {
        "rayVersion": nodes.ray_version,
        # KubeRay makes a random token in a Secret of the cluster's name; without it nobody submits or reads anything.
        "authOptions": {"mode": "token"},
        "enableInTreeAutoscaling": scales,
        "headGroupSpec": {
            "serviceType": "ClusterIP",
            # No work on the head. (Its dashboard listens on every address, as KubeRay sets it: the operator talks to
            # it, and the tenant's network policies say who else may.)
            "rayStartParams": {"num-cpus": "0", "num-gpus": "0"},
            "template": _head(nodes, images[0], tenant, priority, api_token=scales),
        },
        "workerGroupSpecs": [
            _group(name, group, nodes, images, cluster, tenant, priority, account, pod_labels or {}, scales=scales)
            for name, group in sorted(nodes.groups.items())
        ],
    }
    if scales:
        resources = {"cpu": AUTOSCALER_CPU, "memory": AUTOSCALER_MEMORY}
        spec["autoscalerOptions"] = {
            "version": "v2",
            "resources": {"requests": resources, "limits": resources},
            "securityContext": CONTAINER_SECURITY,
        }
    if fault_tolerance is not None:
        spec["gcsFaultToleranceOptions"] = _fault_tolerance(fault_tolerance)
    return spec


def without_bounds(spec: Spec) -> Spec:
    """The cluster's spec less what KubeRay changes in a running cluster: the numbers of workers."""
    bounds = {"minReplicas", "maxReplicas", "replicas"}
    groups = [{key: value for key, value in group.items() if key not in bounds} for group in spec["workerGroupSpecs"]]
    return {**spec, "workerGroupSpecs": groups}


def fingerprint(plain: Spec) -> str:
    """Short text that differs when the data does."""
    return digest_of(plain)


def head_image(nodes: RayNodes, lock: Mapping[str, str], mirror: str | None = None) -> str:
    """Image of the head and of workers without GPUs."""
    return nodes.image or workload_image("ray", lock=lock, mirror=mirror)


def _head(nodes: RayNodes, image: str, tenant: str, priority: Priority, *, api_token: bool) -> dict[str, Any]:
    resources = {"cpu": str(nodes.head.cpu), "memory": f"{nodes.head.memory_gib}Gi"}
    container = _container("ray-head", image, nodes.env, resources, _HEAD_PORTS)
    # Where it scales, KubeRay gives it a service account with just the rights that scaling takes.
    return _template(container, tenant, priority, {} if api_token else {"automountServiceAccountToken": False})


def _group(
    name: str,
    group: RayGroup,
    nodes: RayNodes,
    images: tuple[str, str],
    cluster: Cluster,
    tenant: str,
    priority: Priority,
    account: str | None,
    pod_labels: Mapping[str, str],
    *,
    scales: bool,
) -> dict[str, Any]:
    resources = {"cpu": str(group.cpu), "memory": f"{group.memory_gib}Gi"}
    pod: dict[str, Any] = {"automountServiceAccountToken": False}
    image, gpu_image = images
    if account is not None:
        pod["serviceAccountName"] = account
    if group.gpu is not None:
        place = placement(cluster, group.gpu)
        resources |= place["gpus"]
        pod |= {"tolerations": place["tolerations"], "affinity": place["affinity"]}
        image = gpu_image
    container = _container("ray-worker", image, nodes.env, resources, {"metrics": METRICS, "serve": SERVE})
    template = _template(container, tenant, priority, pod)
    template["metadata"]["labels"] |= pod_labels
    return {
        "groupName": name,
        "minReplicas": group.min,
        "maxReplicas": group.max,
        # Where Ray scales, the number is Ray's; the operator raises it to the minimum by itself.
        **({"idleTimeoutSeconds": group.idle_seconds} if scales else {"replicas": group.min}),
        # KubeRay counts only resources whose name ends with "gpu", and would take a worker on a slice for one without.
        "rayStartParams": {"num-gpus": str(group.ray_gpus)},
        "template": template,
    }


def _container(
    name: str, image: str, env: Mapping[str, str], resources: Mapping[str, str], ports: Mapping[str, int]
) -> dict[str, Any]:
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "env": [{"name": key, "value": value} for key, value in sorted(env.items())],
        "ports": [{"name": key, "containerPort": port} for key, port in ports.items()],
        "resources": {"requests": dict(resources), "limits": dict(resources)},
        "securityContext": CONTAINER_SECURITY,
    }


def _template(container: dict[str, Any], tenant: str, priority: Priority, pod: Mapping[str, Any]) -> dict[str, Any]:
    scrape = {"scrape": "true", "port": str(METRICS), "path": "/metrics"}
    return {
        "metadata": {
            "labels": tenant_labels(tenant),
            "annotations": {f"prometheus.io/{key}": value for key, value in scrape.items()},
        },
        "spec": {
            "priorityClassName": priority.value,
            "securityContext": POD_SECURITY,
            "containers": [container],
            **pod,
        },
    }


def _fault_tolerance(chosen: FaultTolerance) -> dict[str, Any]:
    secret = chosen.password_secret
    if secret is None:
        return {"redisAddress": chosen.redis}
    reference = {"name": secret.name, "key": secret.key}
    return {"redisAddress": chosen.redis, "redisPassword": {"valueFrom": {"secretKeyRef": reference}}}
