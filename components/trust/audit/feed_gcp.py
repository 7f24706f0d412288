"""The audit log of a GKE cluster for the audit stream: Cloud Logging hands it to Pub/Sub, and a pod reads there.

Sources: Google Cloud, "Route logs to supported destinations" (a sink's writer), "Audit log information for GKE" (Admin
Activity logs hold all changes and cannot be switched off), Pub/Sub access control.
"""

from typing import TypedDict

import pulumi
import pulumi_gcp as gcp

from components.cluster.naming import physical_name
from components.eventing.kafka_names import AUDIT_NAMESPACE
from components.storage.gcp import workload_principal
from components.trust.audit.feed import SERVICE_ACCOUNT, Feed
from components.trust.audit.streams import GOOGLE, pubsub_input

KEPT_SECONDS = 7 * 24 * 3600
"""How long Pub/Sub keeps what the collector has not read: a week, the most without a price."""


class GcpAuditFeedArgs(TypedDict):
    """Whose log it is."""

    project: str
    """Project of the cluster."""

    region: str
    """Its region."""

    cluster_name: pulumi.Input[str]
    """Name of the cluster."""

    workload_pool: pulumi.Input[str]
    """Pool of its workload identities."""

    labels: dict[str, str]
    """Labels for billing."""


def log_filter(project: str, region: str, cluster: str) -> str:
    """What the sink hands on: changes to objects of this cluster."""
    return " AND ".join(
        (
            f'logName="projects/{project}/logs/cloudaudit.googleapis.com%2Factivity"',
            'resource.type="k8s_cluster"',
            f'resource.labels.cluster_name="{cluster}"',
            f'resource.labels.location="{region}"',
        )
    )


class GcpAuditFeed(pulumi.ComponentResource):
    """A subscription to the changes to a GKE cluster's objects, which only the collector's pod can read."""

    feed: Feed
    """For the collector."""

    def __init__(self, name: str, args: GcpAuditFeedArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("multimodal:index:GcpAuditFeed", name, {"region": args["region"]}, opts)
        child = pulumi.ResourceOptions(parent=self)
        physical = physical_name(name, pulumi.get_stack())
        topic = gcp.pubsub.Topic(
            f"{name}-changes",
            name=f"{physical}-changes",
            # Records stay where the cluster is.
            message_storage_policy={"allowed_persistence_regions": [args["region"]]},
            labels=args["labels"],
            opts=child,
        )
        sink = gcp.logging.ProjectSink(
            f"{name}-sink",
            name=f"{physical}-sink",
            destination=pulumi.Output.concat("pubsub.googleapis.com/", topic.id),
            filter=pulumi.Output.from_input(args["cluster_name"]).apply(
                lambda cluster: log_filter(args["project"], args["region"], cluster)
            ),
            unique_writer_identity=True,
            opts=child,
        )
        writes = gcp.pubsub.TopicIAMMember(
            f"{name}-writer", topic=topic.id, role="roles/pubsub.publisher", member=sink.writer_identity, opts=child
        )
        subscription = gcp.pubsub.Subscription(
            f"{name}-collector",
            name=f"{physical}-collector",
            topic=topic.id,
            message_retention_duration=f"{KEPT_SECONDS}s",
            # By default it would go when nobody has read for a month.
            expiration_policy={"ttl": ""},
            ack_deadline_seconds=60,
            labels=args["labels"],
            opts=child,
        )
        number = gcp.organizations.get_project_output(
            project_id=args["project"], opts=pulumi.InvokeOutputOptions(parent=self)
        ).number
        reads = gcp.pubsub.SubscriptionIAMMember(
            f"{name}-reader",
            subscription=subscription.id,
            role="roles/pubsub.subscriber",
            member=pulumi.Output.all(number, args["workload_pool"]).apply(
                lambda known: workload_principal(known[0], known[1], AUDIT_NAMESPACE, SERVICE_ACCOUNT)
            ),
            opts=child,
        )
        self.feed = Feed(
            source=pubsub_input(),
            words=GOOGLE,
            environment={"AUDIT_PROJECT": args["project"], "AUDIT_SUBSCRIPTION": subscription.name},
            needs=[writes, reads],
        )
        self.register_outputs({"subscription": subscription.name})
