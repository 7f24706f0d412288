"""What every cluster component gives, whichever cloud it is on."""

from typing import TYPE_CHECKING, NamedTuple, Protocol

import pulumi

from components.eventing.outputs import CaPool, KafkaOutputs
from components.storage.classes import BlockClass
from components.storage.outputs import Storage
from components.trust.audit.feed import Feed

if TYPE_CHECKING:
    # Each imports its cloud's SDK, which nobody should load for another cloud.
    from components.cluster.aks import AksCluster
    from components.cluster.eks import EksCluster
    from components.cluster.existing import ExistingCluster
    from components.cluster.gke import GkeCluster


class ClusterOutputs(Protocol):
    """The common outputs. Code above the cluster takes this and never asks which cloud it is on."""

    kubeconfig: pulumi.Output[str]
    """Kubeconfig as text, a secret. On a cloud it holds no token: a plugin of the cloud's own tools gets one."""

    cluster_name: pulumi.Output[str]
    """Name of the cluster as its cloud knows it."""

    identifier: pulumi.Output[str]
    """Identity that stays while the cluster lives. Give it to the Kubernetes provider as `cluster_identifier`: then a
    change of the kubeconfig's text never replaces the provider and everything behind it."""

    workload_identity: pulumi.Output[str]
    """What pods' cloud identities are bound to: EKS the cluster's name (Pod Identity), GKE the workload pool, AKS the
    OIDC issuer's URL; empty on an existing cluster."""


class Foundation(NamedTuple):
    """What everything else stands on."""

    cluster: "EksCluster | GkeCluster | AksCluster | ExistingCluster"
    """A component with the outputs of `ClusterOutputs`."""

    storage: Storage | None
    """Object stores; None on an existing cluster, which has its own."""

    block_classes: dict[str, BlockClass]
    """Storage classes by name; none on an existing cluster, which has its own."""

    audit_feed: Feed | None = None
    """What the cluster's audit log gives to the audit stream; None where there is no stream, or no way to the log."""

    kafka: KafkaOutputs | None = None
    """Kafka that the cloud runs; None where the platform runs its own, or there is none."""

    kafka_authorities: CaPool | None = None
    """Who signs certificates for clients of that Kafka; None where it asks for none."""
