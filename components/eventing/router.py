"""A tenant's router: takes its events, has its models answer them step by step, and keeps what nobody could answer."""

from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.eventing import router_objects as objects
from components.eventing.bento import PORT
from components.eventing.logins import Login
from components.eventing.router_config import digest, flow_files, memory_mib, own_files
from components.settings.sections import Tenant


class RouterArgs(TypedDict):
    """What a router is made of."""

    tenant: str
    """Its tenant: namespace and queue."""

    flows: dict[str, Any]
    """The tenant's flows as they stand in the stack file."""

    image: str
    """Bento's."""

    replicas: int
    """Routers, which share the partitions."""

    outage_hours: float
    """How long a step waits for a model that cannot be asked."""

    audited: bool
    """Whether it tells the audit stream what it does."""

    scaled: bool
    """Whether KEDA is there and reads backlogs."""


class Router(pulumi.ComponentResource):
    """Routers of one tenant, and the job that replays its dead letters. Topics and users are made elsewhere."""

    def __init__(
        self,
        name: str,
        args: RouterArgs,
        settings: Tenant,
        login: Login,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`settings`: the tenant's, with model sets among its models. `login`: how it shows Kafka who it is."""
        super().__init__("multimodal:index:Router", name, dict(args), opts)
        tenant = args["tenant"]
        child = pulumi.ResourceOptions(parent=self)
        broker = login.broker(objects.CERTIFICATES)
        own = own_files(tenant, settings, broker, address=f"0.0.0.0:{PORT}", audited=args["audited"])
        files = {"config": own["config"], "streams": own["streams"]}
        files |= {
            f"flow-{key}": flow_files(tenant, settings, key, broker, args["outage_hours"])
            for key in sorted(args["flows"])
        }
        # Named by what is in them: pods of an earlier version keep theirs until they are gone.
        names = {key: f"{objects.NAME}-{key}-{digest(text)}" for key, text in files.items()}
        maps = [
            kubernetes.core.v1.ConfigMap(
                f"{name}-{key}",
                metadata=objects.metadata(tenant, names[key]),
                data=dict(text),
                immutable=True,
                opts=child,
            )
            for key, text in files.items()
        ]
        behind = pulumi.ResourceOptions(parent=self, depends_on=maps)
        kubernetes.apps.v1.Deployment(
            f"{name}-deployment",
            opts=pulumi.ResourceOptions.merge(
                behind, pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="15m", update="15m"))
            ),
            **objects.deployment(
                tenant,
                login,
                image=args["image"],
                replicas=args["replicas"],
                memory_mib=memory_mib(settings),
                config=names["config"],
                streams=[names[key] for key in names if key != "config"],
            ),
        )
        kubernetes.batch.v1.CronJob(
            f"{name}-replay",
            opts=behind,
            **objects.replay_job(tenant, login, image=args["image"], config=names["config"]),
        )
        if args["replicas"] > 1:
            kubernetes.policy.v1.PodDisruptionBudget(f"{name}-budget", opts=child, **objects.disruption_budget(tenant))
        if args["scaled"]:
            kubernetes.apiextensions.CustomResource(
                f"{name}-authentication",
                api_version="keda.sh/v1alpha1",
                kind="TriggerAuthentication",
                opts=child,
                **objects.authentication(tenant, login),
            )
        self.register_outputs({})
