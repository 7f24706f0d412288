"""What a tenant runs on Ray."""

from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.cluster.api_addresses import api_addresses
from components.labels import tenant_labels
from components.manifest import Spec
from components.scheduling.ray.cluster import RayCluster
from components.scheduling.ray.job import RayJob
from components.scheduling.ray.nodes import cluster_spec, head_image, metadata
from components.scheduling.ray.objects import allow_api, allow_operator
from components.scheduling.ray.service import RayService
from components.settings.cluster import Cluster
from components.settings.ray import RayJob as RayJobSettings
from components.settings.ray import RayService as RayServiceSettings
from components.settings.ray import RayWorkloads, Workload


class TenantRayArgs(TypedDict):
    """Whose Ray it is, and what is in it."""

    tenant: str
    """The tenant, whose namespace and queue have the same name."""

    settings: dict[str, Any]
    """The tenant's `ray` as it stands in the stack file, without what it leaves to defaults."""

    api_server: list[str]
    """Where pods reach the Kubernetes API, as the stack file says; empty: worked out from the cluster."""

    account: str | None
    """Service account of workers; None where the stack has no storage."""

    pod_labels: dict[str, str]
    """Labels by which the cloud and the network know pods of that account."""

    images_lock: dict[str, str]
    """Digests by image reference; empty pins by tag."""

    mirror: str | None
    """Where copies of Ray's images lie; None: they come from their makers."""


class TenantRay(pulumi.ComponentResource):
    """A tenant's Ray clusters, jobs and services, and the holes that they need in its closed network."""

    def __init__(
        self, name: str, args: TenantRayArgs, cluster: Cluster, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("multimodal:index:TenantRay", name, dict(args), opts)
        self._name, self._args, self._cluster = name, args, cluster
        self._child = pulumi.ResourceOptions(parent=self)
        addresses = api_addresses(cluster, tuple(args["api_server"]))
        self._policy("operator", allow_operator())
        if addresses:
            self._policy("api", allow_api(addresses))
        for _, key, chosen in RayWorkloads.model_validate(args["settings"]).everything():
            self._workload(key, chosen)
        self.register_outputs({})

    def _policy(self, key: str, spec: Spec) -> None:
        tenant = self._args["tenant"]
        kubernetes.networking.v1.NetworkPolicy(
            f"{self._name}-{key}",
            metadata={"name": f"ray-{key}", "namespace": tenant, "labels": tenant_labels(tenant)},
            spec=spec,
            opts=self._child,
        )

    def _workload(self, key: str, chosen: Workload) -> None:
        tenant, lock, mirror = self._args["tenant"], self._args["images_lock"], self._args["mirror"]
        nodes = cluster_spec(
            chosen,
            cluster=self._cluster,
            tenant=tenant,
            priority=chosen.priority,
            lock=lock,
            mirror=mirror,
            account=self._args["account"],
            pod_labels=self._args["pod_labels"],
            fault_tolerance=None if isinstance(chosen, RayJobSettings) else chosen.fault_tolerance,
        )
        name, own = f"{self._name}-{key}", metadata(tenant, key, chosen.priority)
        settings = chosen.model_dump(mode="json", by_alias=True, exclude_unset=True)
        match chosen:
            case RayJobSettings():
                image = head_image(chosen, lock, mirror)
                RayJob(name, {"metadata": own, "settings": settings, "nodes": nodes, "image": image}, self._child)
            case RayServiceSettings():
                RayService(name, {"metadata": own, "settings": settings, "nodes": nodes}, self._child)
            case _:
                RayCluster(name, {"metadata": own, "nodes": nodes}, self._child)
