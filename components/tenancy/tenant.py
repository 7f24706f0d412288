"""A tenant: one team's bounded part of the platform."""

from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.labels import tenant_labels
from components.manifest import Spec
from components.scheduling.queues import queue_spec
from components.serving.network import allow_gateway, allow_gateway_to_graphs, allow_knative, allow_stores
from components.settings.sections import Allocation
from components.settings.sections import Tenant as TenantSettings
from components.storage.outputs import Volume
from components.tenancy import objects
from components.tenancy.datasets import CLAIM, claim_spec, volume_name, volume_spec

EMPTYING = "20m"
"""How long a destroy waits for a tenant's namespace: its pods end in their own time, then its volumes are detached and
deleted. Pulumi's own limit is 10 minutes."""


class TenantArgs(TypedDict):
    """What a tenant is made of."""

    tenant: str
    """Name of the namespace and of the queue."""

    settings: dict[str, Any]
    """The tenant's settings as they stand in the stack file."""

    gpu_resources: list[str]
    """Every GPU resource that the cluster's pools offer; the quota names them all."""

    adapters: dict[str, int]
    """Network adapters that the cluster's pools offer, by quota resource."""

    allocation: str
    """How pods get GPUs: device-plugin or dra."""

    deserved: dict[str, str]
    """GPU resource -> the queue's share when tenants compete."""

    provider: str
    """eks, gke, aks or existing."""

    knative: bool
    """Whether the cluster has Knative."""

    registries: list[str]
    """Registries, or paths in them, from which the tenant's images may come."""


class Tenant(pulumi.ComponentResource):
    """Namespace, quota, limits, network policies, roles, queue and shared volume of one team. Runs no workloads."""

    namespace: pulumi.Output[str]
    """The tenant's namespace."""

    def __init__(
        self,
        name: str,
        args: TenantArgs,
        datasets: Volume | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`datasets`: the tenant's shared volume; None: it has none."""
        super().__init__("multimodal:index:Tenant", name, dict(args), opts)
        self._name, self._tenant = name, args["tenant"]
        settings = TenantSettings.model_validate(args["settings"])
        allocation = Allocation(args["allocation"])
        level = settings.pod_security.value
        queue = kubernetes.apiextensions.CustomResource(
            f"{name}-queue",
            api_version="scheduling.volcano.sh/v1beta1",
            kind="Queue",
            metadata={"name": self._tenant, "labels": tenant_labels(self._tenant)},
            spec=queue_spec(
                reclaimable=settings.queue.reclaimable,
                capability=objects.queue_capability(
                    settings.quota, args["gpu_resources"], args["adapters"], allocation
                ),
                deserved=objects.queue_share(args["deserved"], allocation),
                guarantee=objects.queue_share(
                    {name: str(number) for name, number in objects.gpu_guarantee(settings.queue).items()}, allocation
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        before: list[pulumi.Resource] = [queue]
        if datasets is not None:
            before.append(
                kubernetes.core.v1.PersistentVolume(
                    f"{name}-volume",
                    metadata={"name": volume_name(self._tenant), "labels": tenant_labels(self._tenant)},
                    spec=volume_spec(datasets, self._tenant),
                    opts=pulumi.ResourceOptions(parent=self),
                )
            )
        namespace = kubernetes.core.v1.Namespace(
            f"{name}-namespace",
            metadata={
                "name": self._tenant,
                "labels": {
                    **tenant_labels(self._tenant),
                    **{f"pod-security.kubernetes.io/{mode}": level for mode in ("enforce", "audit", "warn")},
                },
            },
            opts=pulumi.ResourceOptions(
                parent=self,
                # On destroy the jobs go before the queue that they are in, and the claim before its volume.
                depends_on=before,
                custom_timeouts=pulumi.CustomTimeouts(delete=EMPTYING),
            ),
        )
        self.namespace = namespace.metadata.name
        # What lives in the namespace goes with it, even when the API no longer answers for each object.
        self._child = pulumi.ResourceOptions(parent=self, deleted_with=namespace)
        self._bounds(settings, args, datasets.size_gib if datasets else 0)
        self._network(settings, args["provider"], knative=args["knative"])
        self._access(settings)
        if datasets is not None:
            kubernetes.core.v1.PersistentVolumeClaim(
                f"{name}-{CLAIM}",
                metadata=self._metadata(CLAIM),
                spec=claim_spec(datasets, self._tenant),
                opts=self._child,
            )
        self.register_outputs({"namespace": self.namespace})

    def _metadata(self, name: str) -> Spec:
        return {"name": name, "namespace": self.namespace, "labels": tenant_labels(self._tenant)}

    def _bounds(self, settings: TenantSettings, args: TenantArgs, datasets_gib: int) -> None:
        kubernetes.core.v1.ResourceQuota(
            f"{self._name}-quota",
            metadata=self._metadata("quota"),
            spec={
                "hard": objects.resource_quota(
                    settings.quota,
                    args["gpu_resources"],
                    args["adapters"],
                    Allocation(args["allocation"]),
                    datasets_gib,
                )
            },
            opts=self._child,
        )
        kubernetes.core.v1.LimitRange(
            f"{self._name}-limits", metadata=self._metadata("limits"), spec=objects.limit_range(), opts=self._child
        )

    def _network(self, settings: TenantSettings, provider: str, *, knative: bool) -> None:
        transformers = any(model.transformer is not None for model in settings.models.values())
        policies = {
            "default-deny": objects.default_deny(),
            "allow-dns": objects.allow_dns(),
            "allow-within": objects.allow_within(),
            **{f"allow-{key}": objects.allowance_policy(hole) for key, hole in settings.allow.items()},
            **(
                {"models-from-gateway": allow_gateway(transformers=transformers)}
                if settings.served or settings.model_sets
                else {}
            ),
            **(
                {"workloads-to-stores": allow_stores(provider)}
                if settings.served or settings.model_sets or settings.training or settings.ray or settings.pipelines
                else {}
            ),
            **({"graphs-from-gateway": allow_gateway_to_graphs()} if settings.graphs else {}),
            **({"services-from-knative": allow_knative()} if knative else {}),
        }
        for key, spec in policies.items():
            kubernetes.networking.v1.NetworkPolicy(
                f"{self._name}-{key}", metadata=self._metadata(key), spec=spec, opts=self._child
            )

    def _access(self, settings: TenantSettings) -> None:
        roles = {
            "developer": (objects.developer_rules(), settings.access.developers),
            "viewer": (objects.viewer_rules(), settings.access.viewers),
        }
        for key, (rules, groups) in roles.items():
            kubernetes.rbac.v1.Role(f"{self._name}-{key}", metadata=self._metadata(key), rules=rules, opts=self._child)
            if groups:
                kubernetes.rbac.v1.RoleBinding(
                    f"{self._name}-{key}s",
                    metadata=self._metadata(f"{key}s"),
                    role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": key},
                    subjects=[
                        {"api_group": "rbac.authorization.k8s.io", "kind": "Group", "name": group} for group in groups
                    ],
                    opts=self._child,
                )
