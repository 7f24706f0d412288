"""What offers GPUs, and the adapters between them, to pods."""

from collections.abc import Mapping

import pulumi

from components.cluster.pools import fast_pools, taint_keys
from components.gpu.dra import DraDriver
from components.gpu.drivers import DriverPlan
from components.gpu.efa import EfaDevicePlugin
from components.gpu.network_operator import NetworkOperator
from components.gpu.operator import GpuOperator
from components.order import after
from components.settings import Settings
from components.settings.sections import Allocation
from components.settings.supply import EFA, INFINIBAND, adapters


def make_devices(
    name: str, settings: Settings, plan: DriverPlan, lock: Mapping[str, str], on_cluster: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """The GPU Operator, and what the stack's pools need beside it; tenants depend on all of it.

    Args:
        name: Begins the names of the resources.
        settings: The stack's.
        plan: Who owns the driver, and how GPUs are allocated.
        lock: Digests by image reference.
        on_cluster: Parent and provider.
    """
    pools = settings.cluster.gpu_pools
    gpus = GpuOperator(
        f"{name}-gpu",
        {
            "version": settings.versions.gpu_operator,
            "provider": settings.cluster.provider,
            "driver": plan.owner.value,
            "layouts": {key: dict(pool.mig) for key, pool in pools.items()},
            "time_slicing": {key: pool.time_slicing for key, pool in pools.items() if pool.time_slicing},
            "taints": taint_keys(settings.cluster),
            "infiniband": f"requests.{INFINIBAND}" in adapters(settings.cluster),
            "images_lock": dict(lock),
            "values": settings.gpu.values,
        },
        plan,
        on_cluster,
    )
    made: list[pulumi.Resource] = [gpus]
    if plan.allocation is Allocation.DRA:
        made.append(
            DraDriver(
                f"{name}-dra",
                {
                    "version": settings.versions.dra_driver,
                    "driver_root": plan.driver_root,
                    "taints": taint_keys(settings.cluster),
                    "images_lock": dict(lock),
                    "values": {},
                },
                plan,
                after(on_cluster, gpus),
            )
        )
    for offers, title, resource, version in (
        (EfaDevicePlugin, "efa", EFA, settings.versions.efa_device_plugin),
        (NetworkOperator, "infiniband", INFINIBAND, settings.versions.network_operator),
    ):
        if f"requests.{resource}" in adapters(settings.cluster):
            made.append(
                offers(
                    f"{name}-{title}",
                    {
                        "version": version,
                        "pools": fast_pools(settings.cluster),
                        "taints": taint_keys(settings.cluster),
                        "images_lock": dict(lock),
                        "values": {},
                    },
                    on_cluster,
                )
            )
    return made
