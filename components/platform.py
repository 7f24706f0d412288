"""The platform: the one place that knows the order in which its parts are built."""

from collections.abc import Mapping
from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.autoscaling.cluster_autoscaler import ClusterAutoscaler
from components.autoscaling.keda import Keda
from components.catalog.device_classes import RDMA_CLASS, quota_resource
from components.cluster.make import make_cluster
from components.cluster.naming import physical_name
from components.cluster.outputs import Foundation
from components.cluster.pools import fast_pools, taint_keys
from components.eventing.make import make_events
from components.eventing.outputs import KafkaOutputs
from components.gpu.dra import DraDriver
from components.gpu.drivers import DriverPlan, driver_plan
from components.gpu.efa import EfaDevicePlugin
from components.gpu.layouts import layout_names
from components.gpu.network_operator import NetworkOperator
from components.gpu.operator import GpuOperator
from components.knative.make import make_brokers, make_knative
from components.pipelines.make import make_engine, make_tenant_pipelines
from components.scheduling.kuberay import KubeRay
from components.scheduling.priorities import PriorityClasses
from components.scheduling.queues import deserved
from components.scheduling.volcano import Volcano
from components.serving.make import make_serving
from components.settings import Settings
from components.settings.cluster import EksCluster
from components.settings.density import sentence
from components.settings.drivers import driver_owner
from components.settings.event_topics import sentences
from components.settings.model import Environment
from components.settings.sections import Allocation
from components.settings.set_workloads import densities
from components.settings.supply import EFA, INFINIBAND, adapters, growing, supply
from components.storage.classes import StorageClasses
from components.tenancy.objects import gpu_guarantee
from components.tenancy.queue_guard import QueueGuard
from components.tenancy.tenant import Tenant
from components.tenancy.workloads import tenant_workloads
from components.trust.audit.make import make_audit
from components.trust.kyverno import Kyverno
from components.trust.make import make_certificates


class PlatformArgs(TypedDict):
    """What makes a platform."""

    environment: str
    """dev, staging or prod."""

    settings: dict[str, Any]
    """The stack's settings as they stand in its file, so that policies and state show them."""

    layouts: dict[str, str]
    """Pool -> name of its MIG layout."""

    previousLayouts: pulumi.Output[dict[str, str]]
    """Pool -> name of the layout that it had after the last update, for pools whose layout changes now."""


class InCluster(pulumi.ComponentResource):
    """Parent of everything inside the cluster, which comes after the cluster and goes before it.

    The order is its dependency alone. Were it the provider's, every path through the cluster's parts would count again
    for each thing inside, and an engine that looks for what to leave after a failed deletion walks every path
    (docs/decisions/0002-destroy.md).
    """

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:InCluster", name, None, opts)
        self.register_outputs({})


class Platform(pulumi.ComponentResource):
    """Cluster, GPUs, scheduler, image trust, serving and tenants of one stack, in an order that comes up and goes."""

    cluster_name: pulumi.Output[str]
    """Name of the cluster."""

    tenants: list[str]
    """Namespaces of the tenants."""

    layouts: dict[str, str]
    """Pool -> name of its MIG layout; the next update reads it back from the stack's outputs."""

    gpu_supply: dict[str, int]
    """GPU resource -> most that the pools can supply."""

    density: dict[str, str]
    """<tenant>/<model set> -> how many of its models are in GPU memory at once."""

    event_storage: dict[str, str]
    """Tenant -> what its topics may take on the brokers; `*` -> all of them, and what brokers offer."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        images_lock: Mapping[str, str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.layouts = layout_names({key: pool.mig for key, pool in settings.cluster.gpu_pools.items()})
        args: PlatformArgs = {
            "environment": settings.environment.value,
            "settings": settings.model_dump(mode="json", by_alias=True),
            "layouts": self.layouts,
            "previousLayouts": previous_layouts(self.layouts),
        }
        super().__init__("multimodal:index:Platform", name, dict(args), opts)
        owner = driver_owner(settings.cluster.provider, settings.gpu.driver)
        plan = driver_plan(settings.cluster.provider, owner, settings.gpu.allocation)
        foundation = make_cluster(name, settings, plan, self)
        cluster = foundation.cluster
        inside = InCluster(f"{name}-inside", pulumi.ResourceOptions(parent=self, depends_on=[cluster]))
        provider = kubernetes.Provider(
            f"{name}-kubernetes",
            kubeconfig=cluster.kubeconfig,
            # Identity apart from the kubeconfig's text: a new token or path must not replace everything behind it.
            cluster_identifier=cluster.identifier,
            opts=pulumi.ResourceOptions(parent=inside),
        )
        self._lock = dict(images_lock)
        self._on_cluster = pulumi.ResourceOptions(parent=inside, provider=provider)
        self.gpu_supply = dict(supply(settings.cluster))
        full = densities(settings.cluster, settings.tenants)
        self.density = {f"{tenant}/{key}": sentence(*found) for (tenant, key), found in full.items()}
        self.event_storage = (
            sentences(settings.events, settings.environment, settings.tenants, settings.brokers_on_kafka)
            if settings.events is not None
            else {}
        )
        if foundation.block_classes:
            StorageClasses(f"{name}-classes", {"classes": foundation.block_classes}, self._on_cluster)
        self._layers(name, settings, plan, foundation)
        self.cluster_name = cluster.cluster_name
        self.tenants = sorted(settings.tenants)
        self.register_outputs({"clusterName": self.cluster_name, "tenants": self.tenants, "gpuSupply": self.gpu_supply})

    def _devices(self, name: str, settings: Settings, plan: DriverPlan) -> list[pulumi.Resource]:
        """What offers GPUs, and the adapters between them, to pods."""
        gpus = GpuOperator(
            f"{name}-gpu",
            {
                "version": settings.versions.gpu_operator,
                "provider": settings.cluster.provider,
                "driver": plan.owner.value,
                "layouts": {key: dict(pool.mig) for key, pool in settings.cluster.gpu_pools.items()},
                "time_slicing": {
                    key: pool.time_slicing for key, pool in settings.cluster.gpu_pools.items() if pool.time_slicing
                },
                "taints": taint_keys(settings.cluster),
                "infiniband": f"requests.{INFINIBAND}" in adapters(settings.cluster),
                "images_lock": self._lock,
                "values": settings.gpu.values,
            },
            plan,
            self._on_cluster,
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
                        "images_lock": self._lock,
                        "values": {},
                    },
                    plan,
                    pulumi.ResourceOptions.merge(self._on_cluster, pulumi.ResourceOptions(depends_on=[gpus])),
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
                            "images_lock": self._lock,
                            "values": {},
                        },
                        self._on_cluster,
                    )
                )
        return made

    def _layers(self, name: str, settings: Settings, plan: DriverPlan, foundation: Foundation) -> None:
        """What rides on the cluster. Tenants come last, so that bounds exist before anything can run in them."""
        storage = foundation.storage
        devices = self._devices(name, settings, plan)
        volcano = Volcano(
            f"{name}-volcano",
            {
                "version": settings.versions.volcano,
                "replicas": settings.scheduling.replicas,
                "gpu_resources": [] if plan.allocation is Allocation.DRA else sorted(self.gpu_supply),
                "claims": plan.allocation is Allocation.DRA or quota_resource(RDMA_CLASS) in adapters(settings.cluster),
                "growing": bool(growing(settings.cluster)),
                "images_lock": self._lock,
                "values": settings.scheduling.values,
            },
            self._on_cluster,
        )
        trust = Kyverno(
            f"{name}-trust",
            {
                "version": settings.versions.kyverno,
                "replicas": 3 if settings.environment is Environment.PROD else 1,
                "enforcement": settings.trust.enforcement.value,
                "attestors": {
                    key: attestor.model_dump(mode="json", by_alias=True, exclude_none=True)
                    for key, attestor in settings.trust.attestors.items()
                },
                "images_lock": self._lock,
                "values": settings.trust.values,
            },
            self._on_cluster,
        )
        if isinstance(settings.cluster, EksCluster):
            # GKE and AKS run one of their own.
            ClusterAutoscaler(
                f"{name}-autoscaler",
                {
                    "version": settings.versions.cluster_autoscaler,
                    "cluster_name": physical_name(f"{name}-cluster", pulumi.get_stack()),
                    "region": settings.cluster.region,
                    "replicas": 2 if settings.environment is Environment.PROD else 1,
                    "images_lock": self._lock,
                    "values": {},
                },
                self._on_cluster,
            )
        priorities = PriorityClasses(f"{name}-priorities", self._on_cluster)
        guard = QueueGuard(f"{name}-queues", self._on_cluster)
        layers: list[pulumi.Resource] = [*devices, volcano, trust, priorities, guard]
        if settings.ray is not None:
            layers.append(
                KubeRay(
                    f"{name}-ray",
                    {
                        "version": settings.versions.kuberay,
                        "replicas": 2 if settings.environment is Environment.PROD else 1,
                        "images_lock": self._lock,
                        "values": settings.ray.values,
                    },
                    # Its clusters are gangs of Volcano's.
                    pulumi.ResourceOptions.merge(self._on_cluster, pulumi.ResourceOptions(depends_on=[volcano])),
                )
            )
        if settings.autoscaling is not None:
            layers.append(
                Keda(
                    f"{name}-keda",
                    {
                        "version": settings.versions.keda,
                        "replicas": 2 if settings.environment is Environment.PROD else 1,
                        "images_lock": self._lock,
                        "values": settings.autoscaling.values,
                    },
                    self._on_cluster,
                )
            )
        knative: list[pulumi.Resource] = []
        if settings.knative is not None:
            knative.append(make_knative(name, settings, settings.knative, self._lock, self._on_cluster))
            layers += knative
        certificates = make_certificates(name, settings, self._lock, self._on_cluster)
        # Made before tenants, these outlive them on a destroy, and their controllers can let go of what tenants made.
        if settings.serving is not None and certificates is not None:
            layers.append(
                make_serving(
                    name, settings, settings.serving, [certificates, *knative], self._lock, self._on_cluster, storage
                )
            )
        kafka: KafkaOutputs | None = foundation.kafka
        if kafka is None and settings.events is not None and certificates is not None:
            kafka = make_events(name, settings, settings.events, certificates, self._lock, self._on_cluster)
        if kafka is not None:
            after_kafka = pulumi.ResourceOptions.merge(self._on_cluster, pulumi.ResourceOptions(depends_on=kafka.ready))
            audit = make_audit(name, settings, foundation, kafka, self._lock, after_kafka)
            layers += kafka.ready if audit is None else [audit]
            layers += make_brokers(name, settings, [*kafka.ready, trust, *knative], self._on_cluster)
        engine = None
        if settings.pipelines is not None:
            engine = make_engine(name, settings, settings.pipelines, self._lock, self._on_cluster)
            layers.append(engine)
        weights = {tenant: chosen.queue.weight for tenant, chosen in settings.tenants.items()}
        granted = {tenant: chosen.quota.gpu_resources for tenant, chosen in settings.tenants.items()}
        for tenant, chosen in settings.tenants.items():
            made = Tenant(
                f"{name}-tenant-{tenant}",
                {
                    "tenant": tenant,
                    "settings": chosen.model_dump(mode="json", by_alias=True, exclude={"ray"}),
                    "gpu_resources": sorted(self.gpu_supply),
                    "adapters": dict(adapters(settings.cluster)),
                    "allocation": plan.allocation.value,
                    "deserved": deserved(tenant, weights, granted, gpu_guarantee(chosen.queue), self.gpu_supply),
                    "provider": settings.cluster.provider,
                    "knative": settings.knative is not None,
                    "registries": list(settings.trust.registries),
                },
                storage.datasets(tenant) if storage is not None else None,
                pulumi.ResourceOptions.merge(self._on_cluster, pulumi.ResourceOptions(depends_on=layers)),
            )
            tenant_workloads(
                f"{name}-tenant-{tenant}",
                tenant,
                settings,
                storage,
                kafka,
                self._lock,
                pulumi.ResourceOptions.merge(self._on_cluster, pulumi.ResourceOptions(depends_on=[made])),
            )
            make_tenant_pipelines(
                f"{name}-tenant-{tenant}",
                tenant,
                settings,
                engine,
                storage,
                self._lock,
                pulumi.ResourceOptions.merge(self._on_cluster, pulumi.ResourceOptions(depends_on=[made])),
            )


def previous_layouts(layouts: Mapping[str, str]) -> pulumi.Output[dict[str, str]]:
    """The layouts that change: pool -> name of what it had after this stack's last update. Empty on the first.

    Policies see no earlier state, so the stack reads its own last outputs.
    """
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    known: pulumi.Output[dict[str, str] | None] = pulumi.StackReference("last-update", stack_name=stack).get_output(
        "layouts"
    )
    return known.apply(lambda before: changed_layouts(before or {}, layouts))


def changed_layouts(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """Pool -> its layout before, for pools that are in both and differ."""
    return {pool: old for pool, old in before.items() if after.get(pool, old) != old}
