"""What a person is told who got something wrong: one table of mistakes, one clear message each, nothing created."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from rehearsal.__main__ import main
from tests.rehearsal.bad_cache import CACHE_CASES
from tests.rehearsal.bad_ensembles import ENSEMBLE_CASES
from tests.rehearsal.bad_events import EVENT_CASES
from tests.rehearsal.bad_flows import FLOW_CASES
from tests.rehearsal.bad_knative import KNATIVE_CASES
from tests.rehearsal.bad_mesh import MESH_CASES
from tests.rehearsal.bad_pipelines import PIPELINE_CASES
from tests.rehearsal.bad_ray import RAY_CASES
from tests.rehearsal.bad_serving import SERVING_CASES
from tests.rehearsal.bad_sets import SET_CASES
from tests.stack_files import REMOVE, sections

GKE = {
    "provider": "gke",
    "project": "acme-multimodal",
    "region": "us-central1",
    "gpuPools": {"l4": {"machine": "g2-standard-24", "maxNodes": 2, "zones": ["us-central1-a"]}},
}
AKS = {
    "provider": "aks",
    "subscriptionId": "00000000-0000-4000-8000-000000000001",
    "location": "eastus2",
    "adminGroups": ["00000000-0000-4000-8000-0000000000aa"],
    "gpuPools": {"a100": {"machine": "Standard_NC24ads_A100_v4", "maxNodes": 2}},
}
GKE_POOL: dict[str, Any] = {"machine": "a3-megagpu-8g", "maxNodes": 2, "zones": ["us-central1-a"]}
AKS_POOL: dict[str, Any] = {"machine": "Standard_ND96isr_H100_v5", "maxNodes": 2}
EKS_BLOCK: dict[str, Any] = {
    "machine": "p5.48xlarge",
    "maxNodes": 2,
    "capacity": "capacity-block",
    "reservation": "cr-0123456789abcdef0",
    "zones": ["us-east-1a"],
}
SUBNETS = {"us-east-1a": "subnet-0000000a", "us-east-1b": "subnet-0000000b"}
VPC = {"vpcId": "vpc-00000000", "privateSubnetIds": SUBNETS}
EXISTING = {"provider": "existing", "gpuPools": {"h100": {"accelerator": "H100-80", "gpus": 8, "nodes": 1}}}
AKS_ID = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/g/providers"
AKS_GROUP = f"{AKS_ID}/Microsoft.Compute/capacityReservationGroups/r"
AKS_SUBNET = f"{AKS_ID}/Microsoft.Network/virtualNetworks/hub/subnets/aks"
SUBNETWORK = {
    "network": "projects/acme-net/global/networks/shared",
    "subnetwork": "projects/acme-net/regions/us-central1/subnetworks/gpus",
    "podsRange": "pods",
    "servicesRange": "services",
}
CLAIMS: dict[str, Any] = {
    "gpu": {"allocation": "dra"},
    "cluster.gpuPools": {"l4": {"machine": "g6.12xlarge", "minNodes": 1, "maxNodes": 3}},
    "tenants": {},
}
SMALL: dict[str, Any] = {"vision": {"quota": {"gpus": 1}}}
KEYLESS = {"keyless": {"issuer": "https://issuer.example", "subject": "x"}}


def gke(pool: dict[str, Any] | None = None, **cluster: Any) -> dict[str, Any]:
    """A GKE stack with one large pool, changed."""
    return {"cluster": {**GKE, "gpuPools": {"p": {**GKE_POOL, **(pool or {})}}, **cluster}, "tenants": {}}


def aks(pool: dict[str, Any] | None = None, **cluster: Any) -> dict[str, Any]:
    """An AKS stack with one large pool, changed."""
    return {"cluster": {**AKS, "gpuPools": {"p": {**AKS_POOL, **(pool or {})}}, **cluster}, "tenants": {}}


def eks(**pool: Any) -> dict[str, Any]:
    """The EKS stack with one more pool from a capacity block, changed; a value of None takes the key away."""
    return {"cluster.gpuPools.p": {key: value for key, value in {**EKS_BLOCK, **pool}.items() if value is not None}}


def train(cluster: dict[str, Any] | None = None, **job: Any) -> dict[str, Any]:
    """A training job of one worker with one GPU, changed; on other pools where some are given."""
    made = {"image": "ghcr.io/acme/train@sha256:" + "a" * 64, "gpu": {"count": 1}, **job}
    pools = {"cluster.gpuPools": cluster, "tenants.vision.quota": {"gpus": 4}} if cluster else {}
    return {**pools, "tenants.vision.training": {"t": made}}


ND = "Standard_ND96isr_H100_v5"
FAST_JOB = {
    "training": {"t": {"image": "ghcr.io/acme/train@sha256:" + "a" * 64, "gpu": {"count": 8}, "fastNetwork": True}}
}


class Case(NamedTuple):
    """One mistake in a stack file."""

    name: str
    changes: dict[str, Any]
    """Dotted path -> value, on top of a valid stack."""

    told: str
    """Part of the message."""


CASES = [
    Case("unknown section", {"tennants": {}}, "multimodal:tennants: unknown key; did you mean tenants?"),
    Case("missing section", {"trust": REMOVE}, "multimodal:trust: missing; it has no default"),
    Case("unknown environment", {"environment": "live"}, 'environment = "live": allowed: dev, staging, prod'),
    Case(
        "unknown key in a pool",
        {"cluster.gpuPools.l4.machin": "x"},
        'l4.machin = "x": unknown key; did you mean machine?',
    ),
    Case(
        "unknown key in a tenant",
        {"tenants.vision.quotas": {}},
        "tenants.vision.quotas = {}: unknown key; did you mean quota?",
    ),
    Case("unknown provider", {"cluster.provider": "oke"}, 'cluster.provider = "oke": allowed: eks, gke, aks, existing'),
    Case("no provider", {"cluster.provider": REMOVE}, "cluster.provider: missing; allowed: aks, eks, existing, gke"),
    Case(
        "machine type that AWS lacks",
        {"cluster.gpuPools.l4.machine": "g6.7xlarge"},
        "aws has no machine type 'g6.7xlarge'",
    ),
    Case(
        "machine type of another cloud",
        {"cluster": {**GKE, "gpuPools": {"l4": {**GKE["gpuPools"]["l4"], "machine": "g6.2xlarge"}}}, "tenants": SMALL},  # type: ignore[index]
        "gcp has no machine type 'g6.2xlarge'",
    ),
    Case("GPU pool without GPUs", {"cluster.gpuPools.l4.machine": "m7i.xlarge"}, '"m7i.xlarge": has no GPU'),
    Case(
        "system pool with GPUs",
        {"cluster.systemPool": {"machine": "g6.xlarge"}},
        "has GPUs, which controllers would leave idle",
    ),
    Case("layout that does not fit", {"cluster.gpuPools.h100.mig": {"3g.40gb": 3}}, "at most 2"),
    Case("mix that does not fit", {"cluster.gpuPools.h100.mig": {"4g.40gb": 1, "2g.20gb": 2}}, "does not fit"),
    Case("profile of another GPU", {"cluster.gpuPools.h100.mig": {"1g.5gb": 7}}, "1g.10gb"),
    Case("layout on a GPU without MIG", {"cluster.gpuPools.l4.mig": {"1g.10gb": 1}}, "MIG"),
    Case("no slices", {"cluster.gpuPools.h100.mig": {"1g.10gb": 0}}, "greater than or equal to 1"),
    Case(
        "more nodes at least than at most", {"cluster.gpuPools.l4.minNodes": 9}, "minNodes = 9: more than maxNodes = 3"
    ),
    Case(
        "negative size",
        {"cluster.gpuPools.l4.maxNodes": -1},
        "maxNodes = -1: input should be greater than or equal to 1",
    ),
    Case(
        "words for a number",
        {"cluster.gpuPools.l4.maxNodes": "two"},
        'maxNodes = "two": input should be a valid integer',
    ),
    Case("unknown capacity", {"cluster.gpuPools.l4.capacity": "cheap"}, 'capacity = "cheap": allowed: on-demand, spot'),
    Case(
        "small disk", {"cluster.gpuPools.l4.diskGib": 20}, "diskGib = 20: input should be greater than or equal to 100"
    ),
    Case(
        "label of the platform",
        {"cluster/gpuPools/l4/labels": {"nvidia.com/mig.config": "x"}},
        "sets multimodal.dev, nvidia.com labels itself",
    ),
    Case(
        "label of Kubernetes",
        {"cluster/gpuPools/l4/labels": {"team.k8s.io/x": "y"}},
        "kubelets may not set labels under kubernetes.io",
    ),
    Case(
        "Kubernetes outside the matrix",
        {"versions": {"kubernetes": "1.31"}},
        'versions.kubernetes = "1.31": not supported; use one of 1.33, 1.34, 1.35',
    ),
    Case("Kubernetes as a number", {"versions": {"kubernetes": 1.34}}, 'write it in quotes, as "1.34"'),
    Case(
        "component outside the matrix",
        {"versions": {"gpuOperator": "v24.9.0"}},
        'versions.gpuOperator = "v24.9.0": not in the matrix',
    ),
    Case(
        "claims on a Kubernetes that may be too old",
        {**CLAIMS, "versions": {"kubernetes": "1.34"}},
        "NVIDIA DRA driver works with Kubernetes 1.35 to 1.36, not 1.34",
    ),
    Case(
        "claims of MIG slices",
        {
            **CLAIMS,
            "cluster.gpuPools.l4": {"machine": "p4d.24xlarge", "minNodes": 1, "maxNodes": 1, "mig": {"1g.5gb": 7}},
        },
        'gpu.allocation = "dra": gpuPools.l4 has a MIG layout, and slices of all sizes are claimed by one class, so'
        " that a quota cannot tell a small one from a large one; leave mig out there, or use device-plugin",
    ),
    Case(
        "claims of turns",
        {**CLAIMS, "cluster/gpuPools/l4/timeSlicing": 4},
        'gpu.allocation = "dra": gpuPools.l4 has timeSlicing, which is a setting of the device plugin; leave it out'
        " there, or use device-plugin",
    ),
    Case(
        "claims from an empty pool",
        {**CLAIMS, "cluster.gpuPools.l4": {"machine": "g6.12xlarge", "maxNodes": 3}},
        'gpu.allocation = "dra": gpuPools.l4 has minNodes 0, and an autoscaler cannot know what devices a node of an'
        " empty pool would publish; set minNodes to 1 at least, or use device-plugin",
    ),
    Case(
        "RDMA on a Kubernetes for which GKE cannot offer it",
        {**gke({"machine": "a3-ultragpu-8g", "fastNetwork": True}), "versions": {"kubernetes": "1.33"}},
        "cluster.gpuPools.p.fastNetwork = true: GKE offers the network cards of a3-ultragpu-8g to pods from Kubernetes"
        " 1.34 on; raise versions.kubernetes, or leave fastNetwork out",
    ),
    Case("another way to get GPUs", {"gpu": {"allocation": "mps"}}, 'gpu.allocation = "mps"'),
    Case(
        "a tenant in the namespace of the EFA plugin",
        {"tenants": {"aws-efa": {"quota": {"gpus": 1}}}},
        "this namespace belongs to the platform; choose another name",
    ),
    Case("more GPUs than the pools have", {"tenants.vision.quota.gpus": 13}, "can supply at most 12 whole GPUs"),
    Case(
        "more slices than the pools have",
        {"tenants.vision.quota.slices": {"1g.10gb": 65}},
        "can supply at most 64 of these slices",
    ),
    Case(
        "slices that no pool has",
        {"tenants.vision.quota.slices": {"2g.20gb": 1}},
        "at most 0 of these slices; there are 1g.10gb, 3g.40gb",
    ),
    Case(
        "tenant with the platform's name",
        {"tenants": {"kube-system": SMALL["vision"]}},
        "this namespace belongs to the platform",
    ),
    Case(
        "tenant with the name of everybody's folder",
        {"tenants": {"shared": SMALL["vision"]}},
        "tenants.shared: this is the folder of models for all tenants; choose another name",
    ),
    Case(
        "tenant with a name that Azure's containers do not take",
        {"tenants": {"vision--team": SMALL["vision"]}},
        "tenants.vision--team: Azure's containers and shares allow no double hyphen; use one",
    ),
    Case("tenant with no room for volumes", {"tenants.vision.quota.storageGib": 0}, "tenants.vision.quota.storageGib"),
    Case("tenant with a bad name", {"tenants": {"Vision_Team": SMALL["vision"]}}, "this name does not match"),
    Case(
        "allowance without a peer",
        {"tenants.vision.allow": {"x": {"direction": "egress", "ports": [1]}}},
        "exactly one of namespace and cidr",
    ),
    Case(
        "allowance without a port",
        {"tenants.vision.allow": {"x": {"direction": "egress", "cidr": "10.0.0.0/8", "ports": []}}},
        "at least one port",
    ),
    Case(
        "services within the network",
        {"cluster.network": {"cidr": "10.0.0.0/16", "services": "10.0.64.0/20"}},
        "overlaps network.cidr = 10.0.0.0/16",
    ),
    Case("network with host bits", {"cluster.network": {"cidr": "10.0.0.1/16"}}, "not a network in CIDR form"),
    Case(
        "network too small for its zones", {"cluster.network": {"cidr": "10.0.0.0/24"}}, "must be between /16 and /20"
    ),
    Case(
        "API open to the world",
        {"cluster.api": {"publicCidrs": ["0.0.0.0/0"]}},
        "opens the Kubernetes API to the world",
    ),
    Case(
        "API open to the world by IPv6",
        {"cluster.api": {"publicCidrs": ["::/0"]}},
        "opens the Kubernetes API to the world",
    ),
    Case(
        "API open to half the world",
        {"cluster.api": {"publicCidrs": ["0.0.0.0/1", "128.0.0.0/1"]}},
        "opens the Kubernetes API to the world",
    ),
    Case(
        "driver that the cloud does not install",
        {"gpu": {"driver": "cloud"}},
        "on eks the driver may be owned by image",
    ),
    Case(
        "driver that GKE's system refuses",
        {"gpu": {"driver": "operator"}, "cluster": GKE, "tenants": SMALL},
        "on gke the driver may be owned by cloud",
    ),
    Case(
        "zone of another region", {"cluster": {**GKE, "region": "us-east4"}, "tenants": SMALL}, "not a zone of us-east4"
    ),
    Case(
        "agent pool name that AKS refuses",
        {"cluster": {**AKS, "gpuPools": {"a100-slices": AKS["gpuPools"]["a100"]}}, "tenants": SMALL},
        "this name does not match",
    ),  # type: ignore[index]
    Case(
        "unknown GPU of an existing cluster",
        {"cluster": {**EXISTING, "gpuPools": {"x": {"accelerator": "H1000", "gpus": 1, "nodes": 1}}}, "tenants": {}},
        '"H1000": not a known GPU; did you mean',
    ),
    Case(
        "unsigned images in production",
        {"environment": "prod", "trust.enforcement": "audit"},
        "a prod stack must enforce image signatures",
    ),
    Case(
        "attestor of two kinds",
        {"trust.attestors": {"x": {**KEYLESS, "key": "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----\n"}}},
        "exactly one of keyless and key",
    ),
    Case("key that is not one", {"trust.attestors": {"x": {"key": "c2VjcmV0"}}}, "does not match"),
    Case("nobody signs", {"trust.attestors": {}}, "at least 1 item"),
    Case("no registry", {"trust.registries": []}, "at least 1 item"),
    Case(
        "model servers that nobody signed",
        {"serving": {}, "trust.mirror": REMOVE},
        "multimodal:trust.mirror: missing; images of the platform, such as model servers, run in tenants' namespaces,"
        " and signatures are enforced there; copy those images to a registry of yours, sign them and name it here",
    ),
    Case(
        "mirror that tenants may not pull from",
        {"serving": {}, "trust.mirror": "ghcr.io/acmecorp/mirror"},
        'multimodal:trust.mirror = "ghcr.io/acmecorp/mirror": tenants\' images come from ghcr.io/acme only; put the'
        " mirror into one of them, or add it to trust.registries",
    ),
    Case("mirror with a scheme", {"trust.mirror": "https://ghcr.io/acme"}, 'trust.mirror = "https://ghcr.io/acme"'),
    Case(
        "issuer that is no name",
        {"serving": {"issuer": "Let's Encrypt"}},
        'multimodal:serving.issuer = "Let\'s Encrypt": does not match',
    ),
    Case(
        "KServe of another version",
        {"versions": {"kserve": "v0.20.0"}},
        'versions.kserve = "v0.20.0": not in the matrix for KServe; use one of v0.18.1',
    ),
    Case(
        "tenant of the gateway's name",
        {"tenants": {"envoy-gateway-system": {"quota": {"gpus": 1}}}},
        "this namespace belongs to the platform",
    ),
    Case("no administrator", {"cluster.admins": REMOVE}, "cluster.admins: missing; it has no default"),
    Case(
        "administrator that is not one",
        {"cluster.admins": ["root"]},
        'cluster.admins[0] = "root": does not match ^arn:aws',
    ),
    Case(
        "flex-start on AWS",
        {"cluster.gpuPools.l4.capacity": "flex-start"},
        'l4.capacity = "flex-start": eks does not have it; use capacity-block for a term that is booked ahead, or spot.'
        " Allowed: on-demand, spot, reserved, capacity-block",
    ),
    Case(
        "capacity block on Google Cloud",
        gke({"capacity": "capacity-block", "reservation": "h100"}),
        'p.capacity = "capacity-block": gke does not have it; use reserved with a reservation, or flex-start',
    ),
    Case(
        "capacity block on Azure",
        aks({"capacity": "capacity-block"}),
        'p.capacity = "capacity-block": aks does not have it; use reserved with a capacity reservation group.'
        " Allowed: on-demand, spot, reserved",
    ),
    Case(
        "flex-start on Azure",
        aks({"capacity": "flex-start"}),
        'p.capacity = "flex-start": aks does not have it; use reserved with a capacity reservation group, or spot',
    ),
    Case(
        "slices of an empty pool on Google Cloud",
        gke({"mig": {"1g.10gb": 7}}),
        "p.minNodes = 0: gke's autoscaler cannot know which slices or shared GPUs an empty pool would have",
    ),
    Case(
        "reservation of machines that Azure does not reserve",
        aks(
            {
                "capacity": "reserved",
                "reservation": AKS_GROUP,
            }
        ),
        'p.capacity = "reserved": Azure takes no reservations of Standard_ND96isr_H100_v5, only of NCas T4 v3',
    ),
    Case(
        "InfiniBand across more nodes than one placement group has",
        aks({"maxNodes": 120, "fastNetwork": True}),
        "p.maxNodes = 120: InfiniBand reaches 100 nodes at most; make two pools",
    ),
    Case(
        "reserved without a reservation",
        {"cluster.gpuPools.l4.capacity": "reserved"},
        "l4.reservation: missing; capacity reserved needs the id of an EC2 capacity reservation or block, such as"
        " cr-0123456789abcdef0; or buy on-demand",
    ),
    Case(
        "capacity block without its id",
        eks(reservation=None),
        "p.reservation: missing; capacity capacity-block needs the id of an EC2 capacity reservation or block",
    ),
    Case(
        "reserved on Google Cloud without a reservation",
        gke({"capacity": "reserved"}),
        "p.reservation: missing; capacity reserved needs the name of a Compute Engine reservation",
    ),
    Case(
        "reserved on Azure without a group",
        aks({"capacity": "reserved"}),
        "p.reservation: missing; capacity reserved needs the resource id of a capacity reservation group",
    ),
    Case(
        "reservation for spot machines",
        eks(capacity="spot"),
        'p.reservation = "cr-0123456789abcdef0": capacity is spot, which takes none; set capacity: reserved or'
        " capacity-block, or drop it",
    ),
    Case(
        "reservation for machines on demand",
        gke({"reservation": "h100"}),
        'p.reservation = "h100": capacity is on-demand, which takes none; set capacity: reserved, or drop it',
    ),
    Case(
        "reservation of AWS by its name",
        eks(reservation="our-h100s"),
        'p.reservation = "our-h100s": must be the id of an EC2 capacity reservation or block',
    ),
    Case(
        "reservation of Google Cloud by its URL",
        gke({"capacity": "reserved", "reservation": "https://www.googleapis.com/compute/v1/projects/p/x"}),
        "must be the name of a Compute Engine reservation",
    ),
    Case(
        "reservation of Azure by its name",
        aks({"capacity": "reserved", "reservation": "h100"}),
        'p.reservation = "h100": must be the resource id of a capacity reservation group',
    ),
    Case(
        "capacity block in every zone",
        eks(zones=None),
        "p.zones = []: a capacity block lives in one zone; name exactly that zone",
    ),
    Case(
        "capacity block in two zones",
        eks(zones=["us-east-1a", "us-east-1b"]),
        "a capacity block lives in one zone; name exactly that zone",
    ),
    Case(
        "EFA on a machine without it",
        {"cluster.gpuPools.l4": {"machine": "g6.2xlarge", "maxNodes": 3, "fastNetwork": True}},
        "l4.fastNetwork = true: g6.2xlarge has none that the platform sets up; these have: g6.48xlarge (EFA), ",
    ),
    Case(
        "GPUDirect on a machine without it",
        gke({"machine": "a2-highgpu-8g", "fastNetwork": True}),
        "p.fastNetwork = true: a2-highgpu-8g has none that the platform sets up; these have: a3-megagpu-8g"
        " (GPUDirect-TCPXO), a3-ultragpu-8g",
    ),
    Case(
        "InfiniBand on a size without it",
        aks({"machine": "Standard_ND96is_H100_v5", "fastNetwork": True}),
        "p.fastNetwork = true: Standard_ND96is_H100_v5 has none that the platform sets up; these have:"
        " Standard_ND96isr_H100_v5 (InfiniBand)",
    ),
    Case(
        "EFA over zones",
        {"cluster.gpuPools.h100.fastNetwork": True},
        "h100.zones = []: EFA does not leave a zone, and the nodes are placed close together; name exactly one zone",
    ),
    Case(
        "GPUDirect over zones",
        gke({"fastNetwork": True, "zones": ["us-central1-a", "us-central1-c"]}),
        "GPUDirect-TCPXO does not leave a zone, and the nodes are placed close together; name exactly one zone",
    ),
    Case(
        "InfiniBand over zones",
        aks({"fastNetwork": True, "zones": ["1", "2"]}),
        "InfiniBand does not leave a zone; name one zone at most",
    ),
    Case(
        "a job over InfiniBand in a pool that may be empty",
        {
            "cluster": {**AKS, "gpuPools": {"p": {**AKS_POOL, "machine": ND, "maxNodes": 2, "fastNetwork": True}}},
            "tenants.vision": {"quota": {"gpus": 8}, **FAST_JOB},
        },
        "training.t.fastNetwork = true: aks's autoscaler cannot know that nodes of the empty pool p would bring"
        " InfiniBand cards, and would never start it; set minNodes: 1 on p, or leave it out here",
    ),
    Case(
        "a tenant in the namespace of the Network Operator",
        {"tenants": {"nvidia-network-operator": {"quota": {"gpus": 1}}}},
        "tenants.nvidia-network-operator: this namespace belongs to the platform; choose another name",
    ),
    Case(
        "placement group with a reservation that was made outside it",
        eks(capacity="reserved", fastNetwork=True),
        "p.fastNetwork = true: a placement group cannot use a capacity reservation that was made outside it; buy a"
        " capacity block",
    ),
    Case(
        "flex-start that never leaves",
        gke({"capacity": "flex-start", "minNodes": 1}),
        "p.minNodes = 1: flex-start machines come when a job asks for them and leave after seven days at most; set"
        " minNodes: 0",
    ),
    Case(
        "flex-start placed close together on a machine that cannot be",
        gke({"capacity": "flex-start", "fastNetwork": True}),
        "p.fastNetwork = true: flex-start places only a3-ultragpu-8g and a4-highgpu-8g close together, not"
        " a3-megagpu-8g",
    ),
    Case(
        "part of a machine that is not sold on demand",
        gke({"machine": "a3-highgpu-2g"}),
        'p.capacity = "on-demand": a3-highgpu-2g is sold as spot or flex-start only',
    ),
    Case(
        "slices in turns",
        {"cluster.gpuPools.h100.timeSlicing": 4},
        "h100.timeSlicing = 4: a GPU is either cut or shared; drop timeSlicing or mig",
    ),
    Case(
        "turns on a GPU that has MIG",
        {"cluster.gpuPools.h100": {"machine": "p5.48xlarge", "maxNodes": 2, "timeSlicing": 4}, "tenants": {}},
        "h100.timeSlicing = 4: H100-80 has MIG, which gives each pod memory of its own; leave timeSlicing out and give"
        " the pool a layout, such as mig: {1g.10gb: 7}",
    ),
    Case(
        "a single turn",
        {"cluster.gpuPools.l4.timeSlicing": 1},
        "timeSlicing = 1: input should be greater than or equal to 2",
    ),
    Case(
        "more turns than the pools have",
        {"cluster.gpuPools.l4.timeSlicing": 4, "tenants.vision.quota": {"sharedGpus": 49}},
        "quota.sharedGpus = 49: all pools together can supply at most 48 turns on shared GPUs",
    ),
    Case(
        "turns where nothing is shared",
        {"tenants.vision.quota": {"sharedGpus": 1}},
        "sharedGpus = 1: all pools together can supply at most 0 turns on shared GPUs; no pool has timeSlicing",
    ),
    Case(
        "whole GPUs where all are shared",
        {"cluster.gpuPools.l4.timeSlicing": 4, "tenants.vision.quota": {"gpus": 1}},
        "quota.gpus = 1: all pools together can supply at most 0 whole GPUs",
    ),
    Case(
        "zone outside the region",
        {"cluster.zones": ["us-east-1a", "us-west-2a"]},
        'cluster.zones[1] = "us-west-2a": not a zone of us-east-1',
    ),
    Case("one zone for EKS", {"cluster.zones": ["us-east-1a"]}, "at least 2 items"),
    Case(
        "zone twice",
        {"cluster.zones": ["us-east-1a", "us-east-1a"]},
        'cluster.zones[1] = "us-east-1a": named twice; name each zone once',
    ),
    Case("number of zones", {"cluster.zones": 2}, "cluster.zones = 2: input should be a valid tuple"),
    Case(
        "pool in a zone where the cluster has no subnet",
        {"cluster.gpuPools.l4.zones": ["us-east-1f"]},
        'l4.zones[0] = "us-east-1f": the cluster has no subnet there; choose from cluster.zones = us-east-1a,'
        " us-east-1b, or add the zone there",
    ),
    Case(
        "existing VPC without a subnet for a zone",
        {"cluster.network": {"existing": {**VPC, "privateSubnetIds": {"us-east-1a": "subnet-0000000a"}}}},
        "privateSubnetIds.us-east-1b: missing; name one private subnet for each of cluster.zones, or drop the zone",
    ),
    Case(
        "existing VPC with a subnet of another zone",
        {"cluster.network": {"existing": {**VPC, "privateSubnetIds": {**SUBNETS, "us-east-1c": "subnet-0000000c"}}}},
        'us-east-1c = "subnet-0000000c": not among cluster.zones, which are us-east-1a, us-east-1b',
    ),
    Case(
        "existing VPC with one subnet for two zones",
        {"cluster.network": {"existing": {**VPC, "privateSubnetIds": dict.fromkeys(SUBNETS, "subnet-0000000a")}}},
        "us-east-1a has it already; a subnet lives in one zone, so name another",
    ),
    Case(
        "range that no VPC has",
        {"cluster.network": {"cidr": "10.0.0.0/12", "existing": VPC}},
        'network.cidr = "10.0.0.0/12": no VPC has it: they are between /16 and /28; give the VPC\'s own range',
    ),
    Case(
        "subnet by its name",
        {"cluster.network": {"existing": {**VPC, "privateSubnetIds": {**SUBNETS, "us-east-1b": "private-b"}}}},
        "does not match ^subnet-",
    ),
    Case(
        "service addresses that EKS refuses",
        {"cluster.network": {"services": "100.64.0.0/16"}},
        'network.services = "100.64.0.0/16": EKS wants a range between /12 and /24 within 10.0.0.0/8',
    ),
    Case(
        "subnetwork of another region",
        gke(
            network={
                "existing": {
                    "network": "projects/acme-net/global/networks/shared",
                    "subnetwork": "projects/acme-net/regions/us-east4/subnetworks/gpus",
                    "podsRange": "pods",
                    "servicesRange": "services",
                }
            }
        ),
        "lies in us-east4; name a subnetwork of us-central1, the cluster's region",
    ),
    Case(
        "subnet of Azure by its name",
        aks(network={"existingSubnetId": "gpus"}),
        'existingSubnetId = "gpus": does not match ^/subscriptions/',
    ),
    Case(
        "control plane range that GKE refuses",
        gke(network={"controlPlane": "172.16.0.0/24"}),
        'controlPlane = "172.16.0.0/24": GKE wants a /28 here',
    ),
    Case(
        "maintenance window too short for GKE",
        gke(maintenance={"hours": 6}),
        "maintenance.hours = 6: GKE wants 48 hours in any 32 days, so a weekly window must have 12 at least",
    ),
    Case("maintenance on no day", gke(maintenance={"day": "Someday"}), 'maintenance.day = "Someday": does not match'),
    Case(
        "shared files on an existing cluster",
        {"cluster": EXISTING, "tenants": {}, "storage": {"sharedFiles": {}}},
        "an existing cluster has storage of its own; leave it out, or use eks, gke or aks",
    ),
    Case(
        "data to keep on an existing cluster",
        {"cluster": EXISTING, "tenants": {}, "storage": {"keepData": False}},
        "storage.keepData = false: an existing cluster has storage of its own",
    ),
    Case(
        "shared files of a size on AWS",
        {"storage": {"sharedFiles": {"sizeGib": 2048}}},
        "storage.sharedFiles.sizeGib = 2048: EFS grows with what is stored and takes no size; write sharedFiles: {}",
    ),
    Case(
        "shared files too small",
        {**gke(), "storage": {"sharedFiles": {"sizeGib": 100}}},
        "sizeGib = 100: input should be greater than or equal to 1024",
    ),
    Case(
        "TCPX, whose networks are not made",
        gke({"machine": "a3-highgpu-8g", "fastNetwork": True}),
        "p.fastNetwork = true: a3-highgpu-8g has none that the platform sets up; these have: a3-megagpu-8g"
        " (GPUDirect-TCPXO), a3-ultragpu-8g (GPUDirect-RDMA), a4-highgpu-8g (GPUDirect-RDMA). Or leave it out",
    ),
    Case(
        "EC2 reservation over zones",
        eks(capacity="reserved", zones=["us-east-1a", "us-east-1b"]),
        "a capacity reservation lives in one zone; name exactly that zone",
    ),
    Case(
        "EC2 reservation in every zone",
        eks(capacity="reserved", zones=None),
        "p.zones = []: a capacity reservation lives in one zone; name exactly that zone",
    ),
    Case(
        "InfiniBand with a reservation",
        aks({"capacity": "reserved", "reservation": AKS_GROUP, "fastNetwork": True}),
        'p.capacity = "reserved": Azure takes no reservations of Standard_ND96isr_H100_v5',
    ),
    Case(
        "placement together of machines that Azure reserves",
        aks(
            {
                "machine": "Standard_NC24ads_A100_v4",
                "capacity": "reserved",
                "reservation": AKS_GROUP,
                "fastNetwork": True,
            }
        ),
        "p.fastNetwork = true: Standard_NC24ads_A100_v4 has none that the platform sets up; these have: ",
    ),
    Case(
        "disk larger than AKS gives nodes",
        aks({"diskGib": 4096}),
        "p.diskGib = 4096: a node's disk on AKS has at most 2048 GiB",
    ),
    Case(
        "shared GPUs of an empty pool on Azure",
        aks({"machine": "Standard_NC4as_T4_v3", "timeSlicing": 4}),
        "p.minNodes = 0: aks's autoscaler cannot know which slices or shared GPUs an empty pool would have",
    ),
    Case(
        "pool with the name of the platform's own",
        gke(gpuPools={"system": GKE_POOL}),
        "cluster.gpuPools.system: the platform's own pool has this name; choose another",
    ),
    Case(
        "zone twice in a pool",
        gke({"zones": ["us-central1-a", "us-central1-a"]}),
        'p.zones[1] = "us-central1-a": named twice; name each zone once',
    ),
    Case("pool of GKE without a zone", gke({"zones": []}), "p.zones = []: tuple should have at least 1 item"),
    Case("zone that Azure lacks", aks({"zones": ["4"]}), 'p.zones[0] = "4": allowed: 1, 2, 3'),
    Case(
        "zone without a subnet in the network that is made",
        {"cluster.zones": ["us-east-1a", "us-east-1h"]},
        'cluster.zones[1] = "us-east-1h": the network that is made has subnets for zones a to g; choose among those, or'
        " bring a network of your own as cluster.network.existing",
    ),
    Case(
        "IPv6 network",
        {"cluster.network": {"cidr": "fd00::/16"}},
        'network.cidr = "fd00::/16": clusters have IPv4 addresses; write an IPv4 network such as 10.0.0.0/16',
    ),
    Case(
        "IPv6 pods",
        gke(network={"pods": "fd00::/56"}),
        'network.pods = "fd00::/56": clusters have IPv4 addresses',
    ),
    Case(
        "IPv6 networks that reach the API of EKS",
        {"cluster.api": {"publicCidrs": ["2001:db8::/48"]}},
        'publicCidrs[0] = "2001:db8::/48": EKS takes IPv6 networks for IPv6 clusters only',
    ),
    Case(
        "private endpoint that is open to the world",
        {"cluster.api": {"publicCidrs": [], "openToTheWorld": True}},
        "api.openToTheWorld = true: no network in cluster.api.publicCidrs is that wide; drop it",
    ),
    Case(
        "too few pod addresses on Azure",
        aks({"maxNodes": 50}, network={"pods": "10.128.0.0/20"}),
        'network.pods = "10.128.0.0/20": has room for 16 nodes, each of which takes a /24, and the pools may have 54'
        " together; choose a larger range or lower maxNodes",
    ),
    Case(
        "too few pod addresses on Google Cloud",
        gke(network={"pods": "10.128.0.0/25"}),
        'network.pods = "10.128.0.0/25": has room for 1 nodes',
    ),
    Case(
        "service addresses without room for DNS",
        aks(network={"services": "172.20.0.0/29"}),
        'network.services = "172.20.0.0/29": AKS wants a range between /13 and /24',
    ),
    Case(
        "addresses that AKS keeps",
        aks(network={"services": "172.31.0.0/16"}),
        'network.services = "172.31.0.0/16": AKS uses 172.31.0.0/16 itself; choose another range',
    ),
    Case(
        "VPC by its name",
        {"cluster.network": {"existing": {**VPC, "vpcId": "main"}}},
        'network.existing.vpcId = "main": does not match ^vpc-',
    ),
    Case(
        "endpoints in a VPC of somebody else",
        {"cluster.network": {"existing": VPC, "privateEndpoints": True}},
        "network.privateEndpoints = true: an existing VPC has those that its owner made",
    ),
    Case(
        "network of Google Cloud by its name",
        gke(network={"existing": {**SUBNETWORK, "network": "shared"}}),
        'network.existing.network = "shared": does not match ^projects/',
    ),
    Case(
        "subnetwork of another project than its network",
        gke(network={"existing": {**SUBNETWORK, "network": "projects/acme-hub/global/networks/shared"}}),
        "belongs to project acme-net and the network to acme-hub; name a subnetwork of that network",
    ),
    Case(
        "flow logs of a subnetwork of somebody else",
        gke(network={"existing": SUBNETWORK, "flowLogs": True}),
        "network.flowLogs = true: the owner of an existing subnetwork turns them on in it; do that and leave it out",
    ),
    Case(
        "shared files that nothing guards",
        {
            **aks(network={"existingSubnetId": AKS_SUBNET, "privateEndpoints": False}),
            "storage": {"sharedFiles": {"sizeGib": 1024}},
        },
        "NFS asks nobody for a name, and without private endpoints nothing guards it in an existing subnet; set"
        " cluster.network.privateEndpoints: true",
    ),
    Case(
        "an audit log that only a key guards",
        {**aks(network={"privateEndpoints": False}), "events": {"audit": {}}},
        "multimodal:cluster.network.privateEndpoints = false: the audit log goes through Event Hubs, which keeps a key"
        " for Azure Monitor, so the network has to keep others out; leave it out, or leave out events.audit",
    ),
    Case(
        "shared files larger than Filestore sells",
        {**gke(), "storage": {"sharedFiles": {"sizeGib": 102401}}},
        "sizeGib = 102401: input should be less than or equal to 102400",
    ),
    Case(
        "maintenance at no hour",
        aks(maintenance={"startHour": 24}),
        "maintenance.startHour = 24: input should be less than or equal to 23",
    ),
    Case(
        "maintenance too short for AKS",
        aks(maintenance={"hours": 3}),
        "maintenance.hours = 3: input should be greater than or equal to 4",
    ),
    Case(
        "maintenance longer than a day",
        gke(maintenance={"hours": 25}),
        "maintenance.hours = 25: input should be less than or equal to 24",
    ),
    Case(
        "maintenance window on EKS, which has none",
        {"cluster.maintenance": {"day": "Sunday"}},
        'cluster.maintenance = {"day": "Sunday"}: unknown key; allowed: accountId, admins',
    ),
    Case(
        "deletion protection of an existing cluster",
        {"cluster": {**EXISTING, "deletionProtection": True}, "tenants": {}},
        "cluster.deletionProtection = true: unknown key; allowed: context, gpuPools, kubeconfig, provider",
    ),
    Case(
        "deletion protection that is neither on nor off",
        {"cluster.deletionProtection": "sometimes"},
        'cluster.deletionProtection = "sometimes": input should be a valid boolean',
    ),
    Case("unknown release channel", gke(releaseChannel="FAST"), 'releaseChannel = "FAST": allowed: RAPID, REGULAR'),
    Case("unknown upgrade channel", aks(upgradeChannel="daily"), 'upgradeChannel = "daily": allowed: patch, stable'),
    Case("nobody administers AKS", aks(adminGroups=[]), "cluster.adminGroups = []: tuple should have at least 1 item"),
    Case(
        "layout on an existing GPU without MIG",
        {
            "cluster": {
                **EXISTING,
                "gpuPools": {"t4": {"accelerator": "T4", "gpus": 1, "nodes": 1, "mig": {"1g.10gb": 1}}},
            },
            "tenants": {},
        },
        "gpuPools.t4.mig",
    ),
    Case(
        "layout change of a pool that is not there",
        {"gpu": {"allowLayoutChange": ["h1000"]}},
        'gpu.allowLayoutChange[0] = "h1000": no such GPU pool; did you mean h100?',
    ),
    Case(
        "guarantee beyond the quota",
        {"tenants.vision.queue": {"guarantee": {"gpus": 5}}},
        "tenants.vision.queue.guarantee.gpus = 5: more than the quota of 4; lower it or raise the quota",
    ),
    Case(
        "guarantee of GPUs that come and go",
        {"tenants.vision.queue": {"guarantee": {"gpus": 1}}},
        "queue.guarantee.gpus = 1: pools that grow have these GPUs (l4); the autoscaler takes those that are held back",
    ),
    Case(
        "guarantees of more than there is",
        {
            "cluster": EXISTING,
            "tenants": {
                name: {"quota": {"gpus": 8}, "queue": {"guarantee": {"gpus": number}}}
                for name, number in (("vision", 6), ("language", 4))
            },
        },
        "multimodal:tenants: queue guarantees of nvidia.com/gpu are 10 together (language 4, vision 6), and all pools"
        " together have 8; lower some",
    ),
    Case(
        "training image by tag",
        train(image="ghcr.io/acme/train:latest"),
        'training.t.image = "ghcr.io/acme/train:latest": does not match',
    ),
    Case(
        "more workers at least than at most",
        train(workers=2, minWorkers=3),
        "minWorkers = 3 is more than workers = 2; lower it",
    ),
    Case(
        "no kind of GPU for training",
        train(gpu={}),
        "training.t.gpu = {}: give exactly one of slice (a MIG profile), count (whole GPUs) and shared (turns)",
    ),
    Case(
        "more GPUs for one worker than a node has",
        train(gpu={"count": 8}),
        'training.t.gpu = {"count": 8}: no node of any pool has 8 whole GPUs; nodes have 32 slices',
    ),
    Case(
        "slice for training that no layout has",
        train(gpu={"slice": "2g.20gb"}),
        'training.t.gpu = {"slice": "2g.20gb"}: no node of any pool has 1 slice 2g.20gb; nodes have',
    ),
    Case(
        "training in a pool that is not there",
        train(gpu={"count": 1, "pools": ["l40"]}),
        'training.t.gpu.pools[0] = "l40": no such GPU pool; did you mean l4?',
    ),
    Case(
        "training in a pool of slices",
        train(gpu={"count": 1, "pools": ["h100"]}),
        'training.t.gpu.pools[0] = "h100": no node of this pool has 1 whole GPU; pools that have: l4',
    ),
    Case(
        "fast network that no pool has",
        train(fastNetwork=True),
        "training.t.fastNetwork = true: no pool that offers 1 whole GPU on one node has fastNetwork (l4);",
    ),
    Case(
        "workers on unlike GPUs",
        train(
            {"l4": {"machine": "g6.12xlarge", "maxNodes": 1}, "a10g": {"machine": "g5.12xlarge", "maxNodes": 1}},
            gpu={"count": 1, "pools": ["l4", "a10g"]},
        ),
        "workers of one job need like GPUs, and these pools have A10G and L4; name pools of one kind",
    ),
    Case(
        "workers that the fast network does not join",
        train(
            {
                name: {"machine": "p5.48xlarge", "maxNodes": 1, "fastNetwork": True, "zones": ["us-east-1a"]}
                for name in ("one", "two")
            },
            gpu={"count": 1, "pools": ["one", "two"]},
            fastNetwork=True,
        ),
        "the fast network does not join two pools; name one of them",
    ),
    Case(
        "gang that the pool can never hold",
        train({"l4": {"machine": "g6.12xlarge", "maxNodes": 2}}, workers=3, gpu={"count": 4}),
        "training.t.workers = 3: l4 can hold at most 2 such workers; lower it or raise maxNodes",
    ),
    Case(
        "worker with more memory than a node has",
        train(memoryGib=200),
        "no node of l4 has that much for one worker, less what a node needs itself; lower it",
    ),
    Case(
        "training beyond the quota of GPUs",
        train(workers=5),
        "training.t.workers = 5: together they need 5 of the tenant's quota.gpus = 4; lower it or raise the quota",
    ),
    Case(
        "training beyond the quota of processors",
        train(workers=2, cpu=20),
        "training.t.workers = 2: together they need 40 of the tenant's quota.cpu = 32; lower it or raise the quota",
    ),
    Case(
        "checkpoints where there is no store",
        {
            "cluster": EXISTING,
            "tenants": {
                "vision": {"quota": {"gpus": 1}, "training": train(checkpoints="t")["tenants.vision.training"]}
            },
        },
        'training.t.checkpoints = "t": an existing cluster has no artifact store of the platform\'s',
    ),
    Case(
        "checkpoints outside the tenant's folder",
        train(checkpoints="../language/t"),
        'training.t.checkpoints = "../language/t": does not match',
    ),
    *(Case(*row) for row in SERVING_CASES),
    *(Case(*row) for row in EVENT_CASES),
    *(
        Case(
            f"Amazon's Kafka on {cluster['provider']}",
            {"cluster": cluster, "events": {"provider": "msk"}},
            'events.provider = "msk": Amazon MSK stands in the network of an EKS cluster, and this one is of provider'
            f" {cluster['provider']}; use strimzi",
        )
        for cluster in (GKE, AKS)
    ),
    *(
        Case(
            f"Google's Kafka on {cluster['provider']}",
            {"cluster": cluster, "events": {"provider": "google-managed-kafka"}},
            'events.provider = "google-managed-kafka": Google\'s Managed Kafka stands in the network of a GKE cluster,'
            f" and this one is of provider {cluster['provider']}; use strimzi",
        )
        for cluster in (AKS, EXISTING)
    ),
    *(Case(*row) for row in FLOW_CASES),
    *(Case(*row) for row in KNATIVE_CASES),
    *(Case(*row) for row in RAY_CASES),
    *(Case(*row) for row in PIPELINE_CASES),
    *(Case(*row) for row in ENSEMBLE_CASES),
    *(Case(*row) for row in SET_CASES),
    *(Case(*row) for row in MESH_CASES),
    *(Case(*row) for row in CACHE_CASES),
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for the whole table: hundreds of folders take longer than their tests."""
    return tmp_path_factory.mktemp("project")


def told_to(tmp_path: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Runs a command in a project at `tmp_path` that must refuse; returns what it said."""
    before = sorted(tmp_path.rglob("*"))
    status = main([*arguments], root=tmp_path)
    output = capsys.readouterr()
    assert status not in (0, None)
    assert "Traceback" not in output.out + output.err
    assert sorted(tmp_path.rglob("*")) == before, "something was created"
    return output.err


def write(tmp_path: Path, text: str) -> None:
    (tmp_path / "stacks").mkdir(exist_ok=True)
    (tmp_path / "stacks" / "Pulumi.x.yaml").write_text(text, encoding="utf-8")


def write_stack(tmp_path: Path, changes: dict[str, Any]) -> None:
    config = {f"multimodal:{key}": value for key, value in sections(**changes).items()}
    write(tmp_path, yaml.dump({"config": config}, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper)))


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_mistake_in_a_stack_file_is_explained_before_anything_is_built(
    case: Case, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_stack(project, case.changes)
    said = told_to(project, capsys, "up", "--stack", "x")
    assert case.told in said
    assert said.startswith("stacks/Pulumi.x.yaml: ")


@pytest.mark.parametrize("command", ["up", "preview", "rehearse", "destroy", "check", "diagram"])
def test_every_command_that_reads_a_stack_file_explains_its_mistake(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_stack(tmp_path, CASES[0].changes)
    assert CASES[0].told in told_to(tmp_path, capsys, command, "--stack", "x")


TEXTS = {
    "broken YAML": ("config:\n  multimodal:environment: [dev\n", "stacks/Pulumi.x.yaml, line 3"),
    "two tenants of one name": (
        "config:\n  multimodal:tenants:\n    vision: {}\n    vision: {}\n",
        'stacks/Pulumi.x.yaml, line 4, column 5: not valid YAML: "vision" stands here and in line 3; names must differ',
    ),
    "two pools of one name": (
        "config:\n  multimodal:cluster:\n    gpuPools:\n      h100: {}\n      h100: {}\n",
        '"h100" stands here and in line 4; names must differ',
    ),
    "tabs": ("config:\n\tmultimodal:environment: dev\n", "line 2"),
    "no config": ("environment: dev\n", "a stack file has a `config:` map"),
    "empty": ("", "a stack file has a `config:` map"),
}


@pytest.mark.parametrize(("text", "told"), TEXTS.values(), ids=TEXTS)
def test_a_file_that_cannot_be_read_is_explained_with_its_line(
    text: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, text)
    assert told in told_to(tmp_path, capsys, "up", "--stack", "x")


def test_a_missing_stack_file_lists_those_that_there_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_stack(tmp_path, {})
    said = told_to(tmp_path, capsys, "up", "--stack", "prod")
    assert said == "stacks/Pulumi.prod.yaml: no such stack file; stacks with one: x\n"


def test_a_missing_go_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_stack(tmp_path, {})
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path.parent / f"{tmp_path.name}-cache"))
    monkeypatch.setenv("PATH", "/nowhere")
    said = told_to(tmp_path, capsys, "up", "--stack", "x")
    assert said.startswith("error: ")
    assert "Go 1.26" in said


def test_a_full_disk_says_how_much_is_needed_and_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    write_stack(tmp_path, {})
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path.parent / f"{tmp_path.name}-cache"))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1024))
    said = told_to(tmp_path, capsys, "up", "--stack", "x")
    assert said.startswith("error: ")
    assert "GiB" in said
    assert "XDG_CACHE_HOME" in said
