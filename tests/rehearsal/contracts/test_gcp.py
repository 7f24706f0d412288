"""What the Google Cloud contract takes and refuses, by exact message."""

from typing import Any

import pytest

from rehearsal.contracts.check import check, text
from rehearsal.contracts.gcp import BINDINGS
from rehearsal.providers.plugin_values import UNKNOWN
from tests.rehearsal.contracts.google_kafka import KAFKA_BAD, KAFKA_GOOD

CLUSTER, POOL = "gcp:container/cluster:Cluster", "gcp:container/nodePool:NodePool"
SUBNETWORK, NAT, FIREWALL = (
    "gcp:compute/subnetwork:Subnetwork",
    "gcp:compute/routerNat:RouterNat",
    "gcp:compute/firewall:Firewall",
)
CRYPTO_KEY, ACCOUNT = "gcp:kms/cryptoKey:CryptoKey", "gcp:serviceaccount/account:Account"
MEMBER, BUCKET = "gcp:projects/iAMMember:IAMMember", "gcp:storage/bucket:Bucket"
BUCKET_MEMBER, FILES = "gcp:storage/bucketIAMMember:BucketIAMMember", "gcp:filestore/instance:Instance"

SUBSCRIPTION = "gcp:pubsub/subscription:Subscription"

GOOD: dict[str, dict[str, Any]] = {
    "gcp:pubsub/topic:Topic": {"name": "n", "messageStoragePolicy": {"allowedPersistenceRegions": ["europe-west4"]}},
    SUBSCRIPTION: {
        "name": "n",
        "topic": UNKNOWN,
        "messageRetentionDuration": "604800s",
        "expirationPolicy": {"ttl": ""},
        "ackDeadlineSeconds": 60,
    },
    "gcp:pubsub/topicIAMMember:TopicIAMMember": {
        "topic": UNKNOWN,
        "role": "roles/pubsub.publisher",
        "member": "serviceAccount:a@b.iam.gserviceaccount.com",
    },
    "gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember": {
        "subscription": UNKNOWN,
        "role": "roles/pubsub.subscriber",
        "member": "serviceAccount:a@b.iam.gserviceaccount.com",
    },
    "gcp:logging/projectSink:ProjectSink": {"destination": UNKNOWN, "filter": "a", "uniqueWriterIdentity": True},
    "gcp:compute/network:Network": {"name": "n", "autoCreateSubnetworks": False, "routingMode": "REGIONAL"},
    SUBNETWORK: {
        "name": "s",
        "network": UNKNOWN,
        "ipCidrRange": "10.0.0.0/20",
        "secondaryIpRanges": [{"rangeName": "pods", "ipCidrRange": "10.4.0.0/14"}],
        "privateIpGoogleAccess": True,
    },
    "gcp:compute/router:Router": {"name": "r", "network": UNKNOWN, "region": "us-central1"},
    NAT: {
        "name": "n",
        "router": UNKNOWN,
        "natIpAllocateOption": "AUTO_ONLY",
        "sourceSubnetworkIpRangesToNat": "ALL_SUBNETWORKS_ALL_IP_RANGES",
        "logConfig": {"enable": True, "filter": "ERRORS_ONLY"},
    },
    FIREWALL: {
        "name": "f",
        "network": UNKNOWN,
        "allows": [{"protocol": "tcp", "ports": ["443", "8000-8080"]}],
        "sourceRanges": ["10.0.0.0/8"],
    },
    "gcp:compute/address:Address": {"name": "a", "addressType": "EXTERNAL"},
    CLUSTER: {
        "name": "c",
        "location": "us-central1",
        "initialNodeCount": 1,
        "removeDefaultNodePool": True,
        "network": UNKNOWN,
        "networkingMode": "VPC_NATIVE",
        "datapathProvider": "ADVANCED_DATAPATH",
        "ipAllocationPolicy": {"clusterSecondaryRangeName": "pods", "servicesSecondaryRangeName": "services"},
        "privateClusterConfig": {"enablePrivateNodes": True, "masterIpv4CidrBlock": "172.16.0.0/28"},
        "masterAuthorizedNetworksConfig": {"cidrBlocks": [{"cidrBlock": "203.0.113.0/24", "displayName": "office"}]},
        "workloadIdentityConfig": {"workloadPool": "p.svc.id.goog"},
        "databaseEncryption": {"state": "ENCRYPTED", "keyName": UNKNOWN},
        "releaseChannel": {"channel": "REGULAR"},
        "loggingConfig": {"enableComponents": ["SYSTEM_COMPONENTS", "APISERVER"]},
        "monitoringConfig": {"managedPrometheus": {"enabled": False}},
        "maintenancePolicy": {
            "recurringWindow": {
                "startTime": "2026-01-04T00:00:00Z",
                "endTime": "2026-01-04T12:00:00Z",
                "recurrence": "FREQ=WEEKLY;BYDAY=SU",
            },
            "maintenanceExclusions": [
                {
                    "exclusionName": "peak",
                    "startTime": "a",
                    "endTime": "b",
                    "exclusionOptions": {"scope": "NO_UPGRADES"},
                }
            ],
        },
        "enableShieldedNodes": True,
    },
    POOL: {
        "name": "h100",
        "cluster": UNKNOWN,
        "location": "us-central1",
        "nodeLocations": ["us-central1-a"],
        "autoscaling": {"totalMinNodeCount": 0, "totalMaxNodeCount": 2, "locationPolicy": "ANY"},
        "management": {"autoRepair": True, "autoUpgrade": True},
        "maxPodsPerNode": 110,
        "nodeConfig": {
            "machineType": "a3-highgpu-8g",
            "guestAccelerators": [
                {
                    "type": "nvidia-h100-80gb",
                    "count": 8,
                    "gpuDriverInstallationConfig": {"gpuDriverVersion": "INSTALLATION_DISABLED"},
                }
            ],
            "taints": [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}],
            "workloadMetadataConfig": {"mode": "GKE_METADATA"},
        },
    },
    ACCOUNT: {"accountId": "nodes-of-c", "displayName": "Nodes"},
    "gcp:serviceaccount/iAMBinding:IAMBinding": {
        "serviceAccountId": UNKNOWN,
        "role": "roles/iam.workloadIdentityUser",
        "members": ["serviceAccount:p.svc.id.goog[n/s]"],
    },
    "gcp:serviceaccount/iAMMember:IAMMember": {
        "serviceAccountId": UNKNOWN,
        "role": "roles/iam.workloadIdentityUser",
        "member": UNKNOWN,
    },
    MEMBER: {"project": "p", "role": "roles/viewer", "member": "group:a@example.com"},
    "gcp:projects/iAMBinding:IAMBinding": {"project": "p", "role": "roles/viewer", "members": ["allUsers"]},
    "gcp:projects/service:Service": {"service": "container.googleapis.com"},
    "gcp:kms/keyRing:KeyRing": {"name": "k", "location": "us-central1"},
    CRYPTO_KEY: {"name": "k", "keyRing": UNKNOWN, "purpose": "ENCRYPT_DECRYPT", "rotationPeriod": "7776000s"},
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": {"cryptoKeyId": UNKNOWN, "role": "roles/x.y", "member": UNKNOWN},
    "gcp:kms/cryptoKeyIAMBinding:CryptoKeyIAMBinding": {"cryptoKeyId": "k", "role": "roles/x.y", "members": []},
    BUCKET: {
        "name": "models-of-acme",
        "location": "US",
        "uniformBucketLevelAccess": True,
        "publicAccessPrevention": "enforced",
        "lifecycleRules": [{"action": {"type": "Delete"}, "condition": {"age": 30, "matchesPrefixes": ["tmp/"]}}],
    },
    "gcp:storage/managedFolder:ManagedFolder": {"bucket": UNKNOWN, "name": "vision/", "forceDestroy": True},
    "gcp:storage/managedFolderIamMember:ManagedFolderIamMember": {
        "bucket": UNKNOWN,
        "managedFolder": UNKNOWN,
        "role": "roles/storage.objectViewer",
        "member": "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p.svc.id.goog/"
        "subject/ns/vision/sa/workloads",
    },
    BUCKET_MEMBER: {
        "bucket": UNKNOWN,
        "role": "roles/storage.objectViewer",
        "member": "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p.svc.id.goog/"
        "subject/ns/a/sa/b",
        "condition": {"title": "until", "expression": "request.time < timestamp('2027-01-01T00:00:00Z')"},
    },
    FILES: {
        "name": "f",
        "location": "us-central1",
        "tier": "REGIONAL",
        "fileShares": {"name": "shared", "capacityGb": 1024},
        "networks": [{"network": UNKNOWN, "modes": ["MODE_IPV4"], "connectMode": "DIRECT_PEERING"}],
        "kmsKeyName": UNKNOWN,
        "deletionProtectionEnabled": True,
    },
    **KAFKA_GOOD,
    "gcp:artifactregistry/repository:Repository": {
        "repositoryId": "models",
        "format": "DOCKER",
        "cleanupPolicies": [{"id": "old", "action": "DELETE", "condition": {"olderThan": "30d"}}],
    },
}


def config(**change: Any) -> dict[str, Any]:
    """The good pool with another node configuration."""
    return {"nodeConfig": {**GOOD[POOL]["nodeConfig"], **change}}


def gpus(**change: Any) -> dict[str, Any]:
    """The good pool with another accelerator."""
    return config(guestAccelerators=[{**GOOD[POOL]["nodeConfig"]["guestAccelerators"][0], **change}])


def fast(machine: str, **change: Any) -> dict[str, Any]:
    """The good pool with another machine, wired for multi-node jobs."""
    gpu = {"a3-megagpu-8g": "nvidia-h100-mega-80gb", "a3-ultragpu-8g": "nvidia-h200-141gb"}.get(machine, "nvidia-l4")
    count = 1 if machine == "g2-standard-8" else 8
    nodes = {"machineType": machine, "guestAccelerators": [{"type": gpu, "count": count}], **change}
    return {**config(**nodes), "networkConfig": {"acceleratorNetworkProfile": "auto"}}


def window(start: str, end: str, recurrence: str = "FREQ=WEEKLY;BYDAY=SU") -> dict[str, Any]:
    """A cluster's maintenance policy."""
    return {"maintenancePolicy": {"recurringWindow": {"startTime": start, "endTime": end, "recurrence": recurrence}}}


SUNDAY = "2026-01-04T02:00:00Z"
FILESTORE = "the Filestore API (projects.locations.instances.create)"
AT = "nodeConfig.guestAccelerators[0]"
GKE, POOLS = "the GKE API (clusters.create)", "the GKE API (nodePools.create)"
BAD: list[tuple[str, dict[str, Any], str]] = [
    *KAFKA_BAD,
    (CLUSTER, {"name": "C"}, f'name "C": must be 1-40 lowercase letters, digits and hyphens; {GKE} refuses it'),
    (
        CLUSTER,
        {"name": "c" * 41},
        f'name "{"c" * 41}": must be 1-40 lowercase letters, digits and hyphens; {GKE} refuses it',
    ),
    (
        CLUSTER,
        {"releaseChannel": {"channel": "SLOW"}},
        f'releaseChannel.channel "SLOW": not one of UNSPECIFIED, RAPID, REGULAR, STABLE, EXTENDED; {GKE} refuses it',
    ),
    (
        CLUSTER,
        {"loggingConfig": {"enableComponents": ["SYSTEM_COMPONENTS", "API"]}},
        'loggingConfig.enableComponents[1] "API": not one of SYSTEM_COMPONENTS, WORKLOADS, APISERVER, SCHEDULER, '
        f"CONTROLLER_MANAGER, KCP_SSHD, KCP_CONNECTION, KCP_HPA, KCP_VPA; {GKE} refuses it",
    ),
    (
        CLUSTER,
        {"databaseEncryption": {"state": "ENCRYPTED"}},
        f"databaseEncryption.keyName: missing when state is ENCRYPTED; {GKE} needs it",
    ),
    (
        CLUSTER,
        {"datapathProvider": "DATAPLANE_V2"},
        'datapathProvider "DATAPLANE_V2": not one of LEGACY_DATAPATH, ADVANCED_DATAPATH, MIGRATE_TO_ADVANCED_DATAPATH, '
        f"MIGRATE_TO_LEGACY_DATAPATH; {GKE} refuses it",
    ),
    (
        CLUSTER,
        {"privateClusterConfig": {"masterIpv4CidrBlock": "172.16.0.0/24"}},
        'privateClusterConfig.masterIpv4CidrBlock "172.16.0.0/24": must have a prefix length from /28 to /28; '
        f"{GKE} refuses it",
    ),
    (
        CLUSTER,
        {"masterAuthorizedNetworksConfig": {"cidrBlocks": [{"cidrBlock": "203.0.113.0"}]}},
        'masterAuthorizedNetworksConfig.cidrBlocks[0].cidrBlock "203.0.113.0": is not a CIDR block such as '
        "10.0.0.0/16; "
        f"{GKE} refuses it",
    ),
    (CLUSTER, {"enableShieldedNodes": "yes"}, f'enableShieldedNodes "yes": must be true or false; {GKE} refuses it'),
    (CLUSTER, {"networkingMode": "FLAT"}, f'networkingMode "FLAT": not one of VPC_NATIVE, ROUTES; {GKE} refuses it'),
    (
        CLUSTER,
        {"ipAllocationPolicy": {"clusterSecondaryRangeName": "pods", "clusterIpv4CidrBlock": "/14"}},
        'ipAllocationPolicy.clusterIpv4CidrBlock "/14": cannot be combined with clusterSecondaryRangeName; '
        f"{GKE} refuses it",
    ),
    (
        CLUSTER,
        {"initialNodeCount": None},
        f"initialNodeCount: missing: a cluster starts with a node pool; {GKE} needs it",
    ),
    (
        CLUSTER,
        {
            "maintenancePolicy": {
                "maintenanceExclusions": [{"exclusionName": "a", "exclusionOptions": {"scope": "ALL"}}]
            }
        },
        'maintenancePolicy.maintenanceExclusions[0].exclusionOptions.scope "ALL": not one of NO_UPGRADES, '
        f"NO_MINOR_UPGRADES, NO_MINOR_OR_NODE_UPGRADES; {GKE} refuses it",
    ),
    (POOL, config(diskSizeGb="big"), f'nodeConfig.diskSizeGb "big": must be a whole number; {POOLS} refuses it'),
    (
        POOL,
        config(taints=[{"key": "a", "value": "b", "effect": "NoSchedule"}]),
        f'nodeConfig.taints[0].effect "NoSchedule": not one of NO_SCHEDULE, PREFER_NO_SCHEDULE, NO_EXECUTE; '
        f"{POOLS} refuses it",
    ),
    (
        POOL,
        gpus(type="nvidia-l4"),
        f'{AT}.type "nvidia-l4": machine type a3-highgpu-8g has nvidia-h100-80gb; {POOLS} refuses it',
    ),
    (POOL, gpus(count=4), f"{AT}.count 4: machine type a3-highgpu-8g has 8 GPUs; {POOLS} refuses it"),
    (
        POOL,
        gpus(gpuPartitionSize="1g.5gb"),
        f'{AT}.gpuPartitionSize "1g.5gb": not one of 1g.10gb, 1g.20gb, 2g.20gb, 3g.40gb, 4g.40gb, 7g.80gb; '
        f"{POOLS} refuses it",
    ),
    (
        POOL,
        gpus(gpuDriverInstallationConfig={"gpuDriverVersion": "NONE"}),
        f'{AT}.gpuDriverInstallationConfig.gpuDriverVersion "NONE": not one of INSTALLATION_DISABLED, DEFAULT, LATEST, '
        f"SPECIFIC; {POOLS} refuses it",
    ),
    (
        POOL,
        gpus(gpuSharingConfig={"gpuSharingStrategy": "SLICES"}),
        f'{AT}.gpuSharingConfig.gpuSharingStrategy "SLICES": not one of TIME_SHARING, MPS; {POOLS} refuses it',
    ),
    (
        POOL,
        config(machineType="n2-standard-4"),
        f'{AT} "nvidia-h100-80gb": machine type n2-standard-4 takes no GPUs; {POOLS} refuses it',
    ),
    (
        POOL,
        config(spot=True, preemptible=True),
        f"nodeConfig.preemptible true: cannot be combined with spot; {POOLS} refuses it",
    ),
    (
        POOL,
        config(reservationAffinity={"consumeReservationType": "SPECIFIC_RESERVATION"}),
        f"nodeConfig.reservationAffinity.values: missing: a specific reservation is named; {POOLS} needs it",
    ),
    (
        POOL,
        {"autoscaling": {"minNodeCount": 3, "maxNodeCount": 1}},
        f"autoscaling.minNodeCount 3: must not be above maxNodeCount 1; {POOLS} refuses it",
    ),
    (
        POOL,
        {"queuedProvisioning": {"enabled": True}, "autoscaling": {"totalMinNodeCount": 1}},
        f"autoscaling.minNodeCount 1: must be 0 with queuedProvisioning; {POOLS} refuses it",
    ),
    (POOL, {"nodeCfg": {}}, f"nodeCfg: no such property; {POOLS} refuses it"),
    (
        SUBNETWORK,
        {"secondaryIpRanges": [{"rangeName": "pods", "ipCidrRange": "10.0.8.0/24"}]},
        'secondaryIpRanges[0].ipCidrRange "10.0.8.0/24": overlaps ipCidrRange 10.0.0.0/20; '
        "the Compute Engine API (subnetworks.insert) refuses it",
    ),
    (
        NAT,
        {"natIpAllocateOption": "MANUAL_ONLY"},
        "natIps: missing when natIpAllocateOption is MANUAL_ONLY; the Compute Engine API (routers.patch) needs it",
    ),
    (
        FIREWALL,
        {"allows": [{"protocol": "tcp", "ports": ["90000"]}]},
        'allows[0].ports[0] "90000": must be a port or a range such as 80-443; '
        "the Compute Engine API (firewalls.insert) refuses it",
    ),
    (
        FIREWALL,
        {"sourceRanges": None},
        "sourceRanges: missing: an ingress rule has sourceRanges, sourceTags or sourceServiceAccounts; "
        "the Compute Engine API (firewalls.insert) needs it",
    ),
    (
        CRYPTO_KEY,
        {"rotationPeriod": "3600s"},
        'rotationPeriod "3600s": must be at least 86400s, written as seconds with an s; '
        "the Cloud KMS API (cryptoKeys.create) refuses it",
    ),
    (
        ACCOUNT,
        {"accountId": "n"},
        'accountId "n": must be 6-30 lowercase letters, digits and hyphens; '
        "the IAM API (projects.serviceAccounts.create) refuses it",
    ),
    (
        MEMBER,
        {"member": "a@example.com"},
        'member "a@example.com": must have a kind, such as serviceAccount:<email>; '
        "the Resource Manager API (projects.setIamPolicy) refuses it",
    ),
    (
        MEMBER,
        {"role": "viewer"},
        'role "viewer": must be roles/<name> or projects/<project>/roles/<name>; '
        "the Resource Manager API (projects.setIamPolicy) refuses it",
    ),
    (
        BUCKET,
        {"name": "Google"},
        'name "Google": must be 3-63 lowercase letters, digits, - _ and dots, and not begin with goog; '
        "the Cloud Storage API (buckets.insert) refuses it",
    ),
    (
        CLUSTER,
        window(SUNDAY, "2026-01-04T08:00:00Z"),
        'maintenancePolicy.recurringWindow.recurrence "FREQ=WEEKLY;BYDAY=SU": leaves 24 hours in 32 days, and 48 are '
        f"needed; {GKE} refuses it",
    ),
    (
        CLUSTER,
        window(SUNDAY, "2026-01-04T05:00:00Z", "FREQ=DAILY"),
        'maintenancePolicy.recurringWindow.endTime "2026-01-04T05:00:00Z": must be at least 4 hours after startTime; '
        f"{GKE} refuses it",
    ),
    (
        CLUSTER,
        window("Sunday", "2026-01-04T14:00:00Z"),
        'maintenancePolicy.recurringWindow.startTime "Sunday": must be a time such as 2026-01-04T02:00:00Z; '
        f"{GKE} refuses it",
    ),
    (
        CLUSTER,
        window(SUNDAY, "2026-01-04T14:00:00Z", "every Sunday"),
        'maintenancePolicy.recurringWindow.recurrence "every Sunday": must be an RRULE such as FREQ=WEEKLY;BYDAY=SU; '
        f"{GKE} refuses it",
    ),
    (
        POOL,
        {**config(flexStart=True), "management": {"autoRepair": True}},
        f"management.autoRepair true: must be false with flexStart; {POOLS} refuses it",
    ),
    (
        POOL,
        config(flexStart=True, spot=True),
        f"nodeConfig.spot true: cannot be combined with flexStart; {POOLS} refuses it",
    ),
    (
        POOL,
        {**config(flexStart=True), "nodeCount": 2},
        f"nodeCount 2: cannot be combined with flexStart; {POOLS} refuses it",
    ),
    (
        POOL,
        config(flexStart=True, maxRunDuration="604801s"),
        f'nodeConfig.maxRunDuration "604801s": must be 1s to 604800s, seven days, with flexStart; {POOLS} refuses it',
    ),
    (
        POOL,
        config(flexStart=True, maxRunDuration="7d"),
        f'nodeConfig.maxRunDuration "7d": must be 1s to 604800s, seven days, with flexStart; {POOLS} refuses it',
    ),
    (
        POOL,
        config(
            spot=True,
            reservationAffinity={"consumeReservationType": "SPECIFIC_RESERVATION", "key": "k", "values": ["r"]},
        ),
        f'nodeConfig.reservationAffinity "SPECIFIC_RESERVATION": must be NO_RESERVATION with spot; {POOLS} refuses it',
    ),
    (
        POOL,
        {**config(flexStart=True), "placementPolicy": {"type": "COMPACT"}},
        'placementPolicy.type "COMPACT": with flexStart only a3-ultragpu, a4, h4d machines are placed close together; '
        f"{POOLS} refuses it",
    ),
    (
        POOL,
        {"placementPolicy": {"type": "COMPACT"}, "nodeLocations": ["us-central1-a", "us-central1-b"]},
        f'placementPolicy.type "COMPACT": a compact pool lies in one zone; {POOLS} refuses it',
    ),
    (
        POOL,
        {"placementPolicy": {"type": "COMPACT"}, "upgradeSettings": {"strategy": "BLUE_GREEN"}},
        f'placementPolicy.type "COMPACT": cannot be combined with blue-green upgrades; {POOLS} refuses it',
    ),
    (
        POOL,
        {"placementPolicy": {"type": "COMPACT"}, "queuedProvisioning": {"enabled": True}},
        f'placementPolicy.type "COMPACT": cannot be combined with queuedProvisioning; {POOLS} refuses it',
    ),
    (
        POOL,
        {**fast("a3-megagpu-8g"), "nodeLocations": ["us-central1-a", "us-central1-b"]},
        f'networkConfig.acceleratorNetworkProfile "auto": the pool must lie in exactly one zone; {POOLS} refuses it',
    ),
    (
        POOL,
        fast("g2-standard-8"),
        'networkConfig.acceleratorNetworkProfile "auto": is there for a3-megagpu-, a3-ultragpu-, a4-, a4x-, ct6e- '
        f"machines only; {POOLS} refuses it",
    ),
    (
        POOL,
        {**fast("a3-megagpu-8g"), "networkConfig": {"acceleratorNetworkProfile": "fast"}},
        f'networkConfig.acceleratorNetworkProfile "fast": not one of auto; {POOLS} refuses it',
    ),
    (
        POOL,
        fast("a3-megagpu-8g", gpudirectStrategy="RDMA"),
        f'nodeConfig.gpudirectStrategy "RDMA": is there for a3-ultragpu-, a4- machines only; {POOLS} refuses it',
    ),
    (
        POOL,
        fast("a3-ultragpu-8g", gpudirectStrategy="TCPX"),
        f'nodeConfig.gpudirectStrategy "TCPX": not one of RDMA; {POOLS} refuses it',
    ),
    (
        POOL,
        config(ephemeralStorageLocalSsdConfig={"localSsdCount": 4}),
        f"nodeConfig.ephemeralStorageLocalSsdConfig.localSsdCount 4: machine type a3-highgpu-8g has 16; "
        f"{POOLS} refuses it",
    ),
    (
        BUCKET_MEMBER,
        {"member": "vision/workloads"},
        'member "vision/workloads": must have a kind, such as serviceAccount:<email>; '
        "the Cloud Storage API (buckets.setIamPolicy) refuses it",
    ),
    (
        "gcp:storage/managedFolder:ManagedFolder",
        {"name": "vision"},
        'name "vision": must be a path that ends with a slash, such as team/;'
        " the Cloud Storage API (managedFolders.insert) refuses it",
    ),
    (BUCKET_MEMBER, {"bucket": None}, "bucket: missing; the Cloud Storage API (buckets.setIamPolicy) needs it"),
    (
        FILES,
        {"tier": "GOLD"},
        'tier "GOLD": not one of STANDARD, PREMIUM, BASIC_HDD, BASIC_SSD, HIGH_SCALE_SSD, ENTERPRISE, ZONAL, REGIONAL; '
        f"{FILESTORE} refuses it",
    ),
    (
        FILES,
        {"fileShares": {"name": "shared", "capacityGb": 1000}},
        "fileShares.capacityGb 1000: a REGIONAL instance has 1024 to 9984 by 256 or 10240 to 102400 by 2560 GiB; "
        f"{FILESTORE} refuses it",
    ),
    (
        FILES,
        {"fileShares": {"name": "shared-files", "capacityGb": 1024}},
        'fileShares.name "shared-files": must be 1-63 lowercase letters, digits and underscores, and begin with a '
        f"letter; {FILESTORE} refuses it",
    ),
    (
        FILES,
        {"location": "us-central1-a"},
        f'location "us-central1-a": a REGIONAL instance lies in a region, not in a zone; {FILESTORE} refuses it',
    ),
    (
        FILES,
        {"tier": "ZONAL"},
        f'location "us-central1": a ZONAL instance lies in a zone, not in a region; {FILESTORE} refuses it',
    ),
    (
        FILES,
        {"tier": "BASIC_HDD", "kmsKeyName": "k"},
        f'kmsKeyName "k": the tier BASIC_HDD has no keys of one\'s own; {FILESTORE} refuses it',
    ),
    (
        FILES,
        {"networks": [{"network": "n", "modes": ["IPV4"]}]},
        f'networks[0].modes[0] "IPV4": not one of MODE_IPV4, MODE_IPV6; {FILESTORE} refuses it',
    ),
]


def problems(token: str, inputs: dict[str, Any]) -> list[str]:
    binding = BINDINGS[token]
    return [text(binding, violation) for violation in check(binding, inputs)]


@pytest.mark.parametrize("token", GOOD)
def test_a_good_resource_passes(token: str) -> None:
    assert problems(token, GOOD[token]) == []


@pytest.mark.parametrize(("token", "change", "message"), BAD, ids=[message[:50] for _, _, message in BAD])
def test_a_bad_value_is_refused_with_this_message(token: str, change: dict[str, Any], message: str) -> None:
    assert message in problems(token, {**GOOD[token], **change})


def test_an_unlisted_machine_of_a_gpu_family_is_doubted_rather_than_known_to_fail() -> None:
    found = problems(POOL, {**GOOD[POOL], **config(machineType="a3-highgpu-16g", guestAccelerators=None)})
    assert len(found) == 1
    assert found[0].startswith('nodeConfig.machineType "a3-highgpu-16g": is not among the catalogue\'s machines')
    assert found[0].endswith("the GKE API (nodePools.create) would most likely refuse it")


@pytest.mark.parametrize(
    "change",
    [
        window(SUNDAY, "2026-01-04T08:00:00Z", "FREQ=WEEKLY;BYDAY=SA,SU"),
        window("2026-01-04T02:00:00-05:00", "2026-01-04T08:00:00-05:00", "FREQ=DAILY"),
        window(SUNDAY, "2026-01-05T14:00:00Z", "FREQ=MONTHLY;BYSETPOS=1;BYDAY=SU"),
    ],
)
def test_a_window_that_leaves_google_time_enough_passes(change: dict[str, Any]) -> None:
    assert problems(CLUSTER, {**GOOD[CLUSTER], **change}) == []


def test_a_fast_pool_of_machines_that_google_wires_passes() -> None:
    whole = fast("a3-ultragpu-8g", gpudirectStrategy="RDMA", flexStart=True, maxRunDuration="604800s")
    pool = {**GOOD[POOL], **whole, "placementPolicy": {"type": "COMPACT"}, "management": {"autoRepair": False}}
    assert problems(POOL, pool) == []


def test_every_google_type_has_a_good_example() -> None:
    assert set(BINDINGS) == set(GOOD)
