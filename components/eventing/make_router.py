"""A tenant's flows: the one place that wires its router, and what wakes and scales the models that it calls."""

from collections.abc import Mapping

import pulumi

from components.catalog.workload_images import workload_image
from components.eventing.kafka_names import ROUTER_SECRET, step_group, step_topic
from components.eventing.logins import Login
from components.eventing.router import Router
from components.serving.scaling import Backlog
from components.settings import Settings
from components.settings.flow_steps import MOST_ROUTERS, fed_by
from components.settings.flows import Flow
from components.settings.model import Environment
from components.settings.set_workloads import with_sets


def backlogs(tenant: str, flows: Mapping[str, Flow], model: str, login: Login) -> list[Backlog]:
    """What waits for `model`: one topic for each step that calls it."""
    return [
        {
            "bootstrap": login.bootstrap,
            "topic": step_topic(tenant, flow, step),
            "group": step_group(tenant, flow, step),
            "authentication": ROUTER_SECRET,
            "login": login.scaler(),
        }
        for flow, step in fed_by(flows, model)
    ]


def make_router(
    name: str,
    tenant: str,
    settings: Settings,
    login: Login,
    images_lock: Mapping[str, str],
    opts: pulumi.ResourceOptions,
) -> None:
    """The tenant's router, where it has flows.

    Args:
        name: Begins the names of the resources.
        tenant: Namespace and queue.
        settings: The stack's.
        login: How it shows Kafka who it is.
        images_lock: Digests by image reference.
        opts: Parent, provider, and what must be there before.
    """
    flows = settings.tenants[tenant].flows
    if not flows or settings.events is None:
        return
    Router(
        f"{name}-router",
        {
            "tenant": tenant,
            "flows": {
                key: flow.model_dump(mode="json", by_alias=True, exclude_defaults=True) for key, flow in flows.items()
            },
            "image": workload_image("bento", lock=images_lock, mirror=settings.trust.mirror),
            "replicas": MOST_ROUTERS if settings.environment is Environment.PROD else 1,
            "outage_hours": settings.events.outage_hours,
            "audited": settings.events.audit is not None,
            "scaled": settings.autoscaling is not None,
        },
        with_sets(settings.cluster, settings.tenants[tenant]),
        login,
        opts,
    )
