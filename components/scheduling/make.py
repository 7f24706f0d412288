"""What places pods, and what makes gangs of them."""

from collections.abc import Mapping

import pulumi

from components.catalog.device_classes import RDMA_CLASS, quota_resource
from components.gpu.drivers import DriverPlan
from components.order import after
from components.scheduling.kuberay import KubeRay
from components.scheduling.priorities import PriorityClasses
from components.scheduling.volcano import Volcano
from components.settings import Settings
from components.settings.model import Environment
from components.settings.sections import Allocation
from components.settings.supply import adapters, growing, supply


def make_scheduling(
    name: str, settings: Settings, plan: DriverPlan, lock: Mapping[str, str], on_cluster: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Volcano and its priorities, and KubeRay where the stack has Ray; tenants depend on all of it.

    Args:
        name: Begins the names of the resources.
        settings: The stack's.
        plan: How GPUs are allocated.
        lock: Digests by image reference.
        on_cluster: Parent and provider.
    """
    claimed = plan.allocation is Allocation.DRA
    volcano = Volcano(
        f"{name}-volcano",
        {
            "version": settings.versions.volcano,
            "replicas": settings.scheduling.replicas,
            "gpu_resources": [] if claimed else sorted(supply(settings.cluster)),
            "claims": claimed or quota_resource(RDMA_CLASS) in adapters(settings.cluster),
            "growing": bool(growing(settings.cluster)),
            "images_lock": dict(lock),
            "values": settings.scheduling.values,
        },
        on_cluster,
    )
    made: list[pulumi.Resource] = [volcano, PriorityClasses(f"{name}-priorities", on_cluster)]
    if settings.ray is not None:
        made.append(
            KubeRay(
                f"{name}-ray",
                {
                    "version": settings.versions.kuberay,
                    "replicas": 2 if settings.environment is Environment.PROD else 1,
                    "images_lock": dict(lock),
                    "values": settings.ray.values,
                },
                # Its clusters are gangs of Volcano's.
                after(on_cluster, volcano),
            )
        )
    return made
