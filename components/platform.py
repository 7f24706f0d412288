"""The platform: the one place that knows the order in which its parts are built."""

from collections.abc import Mapping
from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.autoscaling.make import make_autoscaling
from components.cluster.make import make_cluster
from components.cluster.outputs import Foundation
from components.eventing.make import make_events
from components.eventing.outputs import KafkaOutputs
from components.gpu.drivers import DriverPlan, driver_plan
from components.gpu.layouts import layout_names
from components.gpu.make import make_devices
from components.knative.make import make_brokers, make_knative
from components.order import after
from components.pipelines.make import make_engine
from components.scheduling.make import make_scheduling
from components.serving.make import make_serving
from components.settings import Settings
from components.settings.density import sentence
from components.settings.drivers import driver_owner
from components.settings.event_topics import sentences
from components.settings.set_workloads import densities
from components.settings.supply import supply
from components.storage.classes import StorageClasses
from components.tenancy.make import make_tenants
from components.tenancy.queue_guard import QueueGuard
from components.trust.audit.make import make_audit
from components.trust.make import make_certificates, make_signatures


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

    def _layers(self, name: str, settings: Settings, plan: DriverPlan, foundation: Foundation) -> None:
        """What rides on the cluster. Tenants come last, so that bounds exist before anything can run in them; made
        before tenants, controllers outlive them on a destroy and can let go of what tenants made."""
        lock, inside, storage = self._lock, self._on_cluster, foundation.storage
        signatures = make_signatures(name, settings, lock, inside)
        layers: list[pulumi.Resource] = [
            *make_devices(name, settings, plan, lock, inside),
            *make_scheduling(name, settings, plan, lock, inside),
            *make_autoscaling(name, settings, lock, inside),
            signatures,
            QueueGuard(f"{name}-queues", inside),
        ]
        knative: list[pulumi.Resource] = []
        if settings.knative is not None:
            knative.append(make_knative(name, settings, settings.knative, lock, inside))
            layers += knative
        certificates = make_certificates(name, settings, lock, inside)
        if settings.serving is not None and certificates is not None:
            before = [certificates, *knative]
            layers.append(make_serving(name, settings, settings.serving, before, lock, inside, storage))
        events = make_events(name, settings, foundation, certificates, lock, inside)
        kafka: KafkaOutputs | None = None
        if events is not None:
            kafka, ready = events
            audit = make_audit(name, settings, foundation, kafka, lock, after(inside, *ready))
            layers += ready if audit is None else [audit]
            layers += make_brokers(name, settings, [*ready, signatures, *knative], inside)
        engine = None
        if settings.pipelines is not None:
            engine = make_engine(name, settings, settings.pipelines, lock, inside)
            layers.append(engine)
        make_tenants(name, settings, plan, storage, kafka, engine, layers, lock, inside)


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
