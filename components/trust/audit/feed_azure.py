"""The audit log of an AKS cluster for the audit stream: Azure Monitor hands it to Event Hubs, and a pod reads there.

Sources: Event Hubs documentation, "Authorize access with Microsoft Entra ID" (roles and scopes) and "Allow access via
private endpoints"; github.com/Azure/azure-event-hubs-for-kafka issue 159.
"""

from typing import TypedDict

import pulumi

from components.cluster.aks_audit_log import AuditLog
from components.cluster.aks_identity import workload_identity
from components.cluster.aks_roles import EVENT_HUBS_DATA_RECEIVER, grant
from components.eventing.kafka_names import AUDIT_NAMESPACE
from components.storage.azure_private import Neighbourhood, private_endpoint
from components.trust.audit.event_hubs import CACHES, PORT, event_hubs_input
from components.trust.audit.feed import SERVICE_ACCOUNT, Feed
from components.trust.audit.streams import KUBERNETES


class AzureAuditFeedArgs(TypedDict):
    """Whose log it is, and where it is read from."""

    subscription_id: str
    location: str
    cluster_group: pulumi.Input[str]
    """Resource group of the cluster."""

    vnet_id: pulumi.Input[str]
    endpoint_subnet_id: pulumi.Input[str]
    issuer: pulumi.Input[str]
    """URL of the cluster's OIDC issuer."""

    tags: dict[str, str]


class AzureAuditFeed(pulumi.ComponentResource):
    """A way to the log of changes to an AKS cluster's objects, which only the collector's pod can go."""

    feed: Feed
    """For the collector."""

    def __init__(
        self, name: str, args: AzureAuditFeedArgs, log: AuditLog, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """`log`: where it is."""
        super().__init__("multimodal:index:AzureAuditFeed", name, {"location": args["location"]}, opts)
        child = pulumi.ResourceOptions(parent=self)
        location, group, tags = args["location"], args["cluster_group"], args["tags"]
        where = Neighbourhood(group, location, args["vnet_id"], args["endpoint_subnet_id"], tags, self)
        reader = workload_identity(
            f"{name}-reader",
            namespace=AUDIT_NAMESPACE,
            service_account=SERVICE_ACCOUNT,
            issuer=args["issuer"],
            location=location,
            group=group,
            tags=tags,
            opts=child,
        )
        reads = grant(
            f"{name}-reader",
            role=EVENT_HUBS_DATA_RECEIVER,
            # It holds the one hub. A role on the hub alone may not do: the client asks for all topics first, for which
            # Event Hubs has closed the connection of whoever has no role on the namespace.
            scope=log.namespace_id,
            principal=reader.principal,
            subscription=args["subscription_id"],
            opts=child,
        )
        reached = private_endpoint(name, "namespace", log.namespace_id, where)
        self.feed = Feed(
            source=event_hubs_input(),
            words=KUBERNETES,
            environment={"AUDIT_HOST": log.host},
            identity=reader.identity,
            needs=[log.setting, reached, reader.trusts, reads],
            caches=CACHES,
            ports=(PORT,),
        )
        self.register_outputs({})
