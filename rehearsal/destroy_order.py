"""In which order a stack must go, so that nothing is left behind that somebody pays for.

Pure: the engine's events in, what went wrong out. A pair of groups says that all of the first must be gone before
anything of the second begins to go. Groups are told apart by the URN, which holds the types of a resource and of all
its parents.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from components.eventing.gmk_access import FENCE
from rehearsal.outcome import Moment, Step

Group = Callable[[Step], bool]
"""Whether a resource belongs to it."""


class Order(NamedTuple):
    """One thing that goes before another."""

    first: Group
    then: Group
    why: str


def _types(*tokens: str) -> Group:
    return lambda step: step.type in tokens


def _tenant(step: Step) -> bool:
    return "multimodal:index:Tenant$kubernetes:core/v1:Namespace::" in step.urn


def _in_cluster(step: Step) -> bool:
    return step.type.startswith("kubernetes:")


def _driver(step: Step) -> bool:
    """What deletes volumes on EKS. GKE and AKS run theirs as a part of the cluster."""
    return step.type == "aws:eks/addon:Addon" and step.name.endswith("-csi-driver")


RELEASES = _types("kubernetes:helm.sh/v3:Release")
NODE_POOLS = _types(
    "aws:eks/nodeGroup:NodeGroup", "gcp:container/nodePool:NodePool", "azure-native:containerservice:AgentPool"
)
CONTROL_PLANES = _types(
    "aws:eks/cluster:Cluster", "gcp:container/cluster:Cluster", "azure-native:containerservice:ManagedCluster"
)
ENTRIES = _types("aws:eks/accessEntry:AccessEntry", "aws:eks/accessPolicyAssociation:AccessPolicyAssociation")
"""Who may enter an EKS cluster, Pulumi included."""
IDENTITIES = _types(
    "aws:eks/podIdentityAssociation:PodIdentityAssociation",
    "gcp:storage/bucketIAMMember:BucketIAMMember",
    "azure-native:managedidentity:FederatedIdentityCredential",
)
"""As whom a tenant's pods act in the cloud."""


def _autoscaler(step: Step) -> bool:
    return RELEASES(step) and "multimodal:index:ClusterAutoscaler$" in step.urn


def _autoscalers_identity(step: Step) -> bool:
    return "multimodal:index:EksAutoscalerIdentity$aws:" in step.urn


def _rights(step: Step) -> bool:
    """What control planes and nodes may do."""
    if step.type == "azure-native:authorization:RoleAssignment":
        # Others belong to workloads.
        return "multimodal:index:AksCluster$" in step.urn
    return step.type in ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "gcp:projects/iAMMember:IAMMember")


NETWORKS = _types(
    "aws:ec2/vpc:Vpc",
    "aws:ec2/subnet:Subnet",
    "aws:ec2/natGateway:NatGateway",
    "aws:ec2/internetGateway:InternetGateway",
    "gcp:compute/network:Network",
    "gcp:compute/subnetwork:Subnetwork",
    "gcp:compute/router:Router",
    "gcp:compute/routerNat:RouterNat",
    "azure-native:network:VirtualNetwork",
    "azure-native:network:Subnet",
    "azure-native:network:NatGateway",
    "azure-native:network:PublicIPAddress",
)
SUBNETS = _types(
    "aws:ec2/subnet:Subnet",
    "aws:ec2/vpc:Vpc",
    "gcp:compute/subnetwork:Subnetwork",
    "gcp:compute/network:Network",
    "azure-native:network:Subnet",
    "azure-native:network:VirtualNetwork",
)
STORES = _types(
    "aws:s3/bucket:Bucket",
    "aws:efs/fileSystem:FileSystem",
    "gcp:storage/bucket:Bucket",
    "gcp:filestore/instance:Instance",
)
KEYS = _types(
    "aws:kms/key:Key",
    "gcp:kms/cryptoKey:CryptoKey",
    "azure-native:keyvault:Key",
    "azure-native:compute:DiskEncryptionSet",
)


def _key_of_secrets(step: Step) -> bool:
    return KEYS(step) and "Cluster$" in step.urn


def _key_of_data(step: Step) -> bool:
    return KEYS(step) and "Storage$" in step.urn


LOCKS = _types("azure-native:authorization:ManagementLockByScope")


TOPICS = _types("kubernetes:kafka.strimzi.io/v1:KafkaTopic")
BROKERS = _types("kubernetes:kafka.strimzi.io/v1:Kafka")


def _kafkas_operator(step: Step) -> bool:
    return RELEASES(step) and "multimodal:index:Strimzi$" in step.urn


MANAGED_BROKERS = _types("aws:msk/cluster:Cluster", "gcp:managedkafka/cluster:Cluster")
ACLS = _types("gcp:managedkafka/acl:Acl")


def _key_of_records(step: Step) -> bool:
    return KEYS(step) and ("Msk$" in step.urn or "Gmk$" in step.urn)


def _fence(step: Step) -> bool:
    return ACLS(step) and step.urn.endswith(tuple(f"-{acl}" for acl in FENCE))


def _fenced(step: Step) -> bool:
    return ACLS(step) and not _fence(step)


def _locked(step: Step) -> bool:
    """What the lock of an AKS cluster covers: settings on it are a part of it."""
    return step.type.startswith(("azure-native:containerservice:", "azure-native:monitor:DiagnosticSetting"))


ORDERS: tuple[Order, ...] = (
    Order(_tenant, RELEASES, "a tenant's workloads and volumes go while the controllers that clean up after them run"),
    Order(TOPICS, BROKERS, "a topic's finalizer goes when the brokers have deleted it"),
    Order(BROKERS, _kafkas_operator, "its operator takes the brokers away"),
    Order(_fenced, _fence, "what no ACL is about is open to everybody who has a certificate"),
    Order(MANAGED_BROKERS, SUBNETS, "their endpoints are in it"),
    Order(MANAGED_BROKERS, _key_of_records, "records are encrypted under it"),
    Order(_in_cluster, NODE_POOLS, "what is in the cluster may own load balancers, volumes and nodes"),
    Order(_in_cluster, _driver, "volumes are deleted by their driver"),
    Order(_in_cluster, ENTRIES, "without an entry the cluster lets nobody in to remove it"),
    Order(_tenant, IDENTITIES, "a tenant's pods use it until they are gone"),
    Order(_autoscaler, _autoscalers_identity, "the autoscaler acts in the cloud until it is gone"),
    Order(_driver, NODE_POOLS, "drivers run on nodes"),
    Order(NODE_POOLS, CONTROL_PLANES, "nodes are drained and deleted through the control plane"),
    Order(NODE_POOLS, _rights, "nodes need their rights to leave"),
    Order(CONTROL_PLANES, _rights, "the control plane needs its rights to remove its network interfaces"),
    Order(NODE_POOLS, NETWORKS, "nodes hold addresses in it and reach the control plane through it"),
    Order(CONTROL_PLANES, SUBNETS, "its network interfaces are in it"),
    Order(CONTROL_PLANES, _key_of_secrets, "its secrets are encrypted under it"),
    Order(STORES, _key_of_data, "what is encrypted under a key cannot be read without it"),
    Order(LOCKS, _locked, "nothing under a lock can be deleted"),
)
"""Who goes first."""


class _Deletion(NamedTuple):
    step: Step
    began: int
    ended: int | None


def violations(moments: Iterable[Moment], orders: Sequence[Order] = ORDERS) -> list[str]:
    """What began to go too early, one line each; empty for a destroy in good order.

    Args:
        moments: The beginnings and ends of a destroy's steps, in the order in which they happened. Those of an
            interrupted destroy and of the ones that finish it count as one, one after the other.
        orders: What goes before what.
    """
    deletions = _deletions(moments)
    found: list[str] = []
    for order in orders:
        first = [deletion for deletion in deletions if order.first(deletion.step)]
        for later in deletions:
            if not order.then(later.step):
                continue
            there = next((one for one in first if one.ended is None or one.ended > later.began), None)
            if there is not None:
                found.append(f"{_name(later)} began to go while {_name(there)} was still there: {order.why}")
    return found


def _deletions(moments: Iterable[Moment]) -> list[_Deletion]:
    """Each resource with its first attempt and its success."""
    began: dict[str, tuple[Step, int]] = {}
    ended: dict[str, int] = {}
    for at, (step, done) in enumerate(moments):
        if step.operation != "delete":
            continue
        began.setdefault(step.urn, (step, at))
        if done:
            ended[step.urn] = at
    return [_Deletion(step, at, ended.get(urn)) for urn, (step, at) in began.items()]


def _name(deletion: _Deletion) -> str:
    return f"{deletion.step.type} {deletion.step.name}"
