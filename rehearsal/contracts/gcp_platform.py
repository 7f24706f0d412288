"""Networks, service accounts, keys and registries of Google Cloud."""

from __future__ import annotations

from functools import partial
from typing import Any

from rehearsal.contracts.binding import AutoName, Binding
from rehearsal.contracts.discovery_model import schema
from rehearsal.contracts.gcp_common import COMPUTE_NAME, bind, iam, local, path
from rehearsal.contracts.gcp_rules import (
    firewall,
    kms_rotation,
    router_nat,
    service_name,
    subnetwork,
)
from rehearsal.contracts.rules import cidr, exactly_one, matches

_COMPUTE = AutoName("name", 63)
_KMS_NAME = matches("name", r"[a-zA-Z0-9_-]{1,63}", "1-63 letters, digits, hyphens and underscores")


def _compute(schema_name: str, method: str, /, **details: Any) -> Binding:
    details["rules"] = (COMPUTE_NAME, *details.get("rules", ()))
    return bind("compute", "v1", schema_name, method, name=_COMPUTE, **details)


NETWORK: dict[str, Binding] = {
    "gcp:compute/network:Network": _compute(
        "Network",
        "networks.insert",
        fields={
            name: f"routingConfig.{name}"
            for name in ("bgpAlwaysCompareMed", "bgpBestPathSelectionMode", "bgpInterRegionCost", "routingMode")
        },
        local=local("deleteDefaultRoutesOnCreate", "deleteBgpAlwaysCompareMed"),
        replaces=("name", "project", "autoCreateSubnetworks", "description", "internalIpv6Range", "networkProfile"),
    ),
    "gcp:compute/subnetwork:Subnetwork": _compute(
        "Subnetwork",
        "subnetworks.insert",
        local=local("sendSecondaryIpRangeIfEmpty"),
        replaces=("name", "network", "region", "project", "purpose", "description", "reservedInternalRange"),
        rules=(cidr("ipCidrRange", 4, 29), subnetwork),
    ),
    "gcp:compute/router:Router": _compute(
        "Router", "routers.insert", replaces=("name", "network", "region", "project", "encryptedInterconnectRouter")
    ),
    "gcp:compute/routerNat:RouterNat": _compute(
        "RouterNat",
        "routers.patch",
        local={**path("router", "region"), **local("initialNatIps")},
        replaces=("name", "router", "region", "project", "type", "endpointTypes"),
        required=frozenset({"router", "sourceSubnetworkIpRangesToNat"}),
        rules=(router_nat,),
    ),
    "gcp:compute/firewall:Firewall": _compute(
        "Firewall",
        "firewalls.insert",
        fields={
            "allows": "allowed",
            "allows.protocol": "IPProtocol",
            "denies": "denied",
            "denies.protocol": "IPProtocol",
            "enableLogging": "logConfig.enable",
        },
        replaces=("name", "network", "project", "direction"),
        required=frozenset({"network"}),
        rules=(exactly_one("allows", "denies"), cidr("sourceRanges"), cidr("destinationRanges"), firewall),
    ),
    "gcp:compute/address:Address": _compute(
        "Address",
        "addresses.insert",
        replaces=("name", "region", "project", "address", "addressType", "purpose", "network", "subnetwork"),
    ),
}
"""Compute Engine's network resource types by Pulumi token."""

ACCOUNT: dict[str, Binding] = {
    "gcp:serviceaccount/account:Account": bind(
        "iam",
        "v1",
        "CreateServiceAccountRequest",
        "projects.serviceAccounts.create",
        fields={name: f"serviceAccount.{name}" for name in ("description", "disabled", "displayName")},
        local=local("createIgnoreAlreadyExists"),
        required=frozenset({"accountId"}),
        replaces=("accountId", "project"),
        rules=(matches("accountId", r"[a-z]([-a-z0-9]{4,28}[a-z0-9])", "6-30 lowercase letters, digits and hyphens"),),
    ),
    "gcp:serviceaccount/iAMBinding:IAMBinding": iam(
        "iam",
        "v1",
        "serviceAccounts.setIamPolicy",
        single=False,
        local=path("serviceAccountId"),
        replaces=("serviceAccountId", "role"),
    ),
    "gcp:serviceaccount/iAMMember:IAMMember": iam(
        "iam",
        "v1",
        "serviceAccounts.setIamPolicy",
        local=path("serviceAccountId"),
        replaces=("serviceAccountId", "role", "member", "condition"),
    ),
    "gcp:projects/iAMMember:IAMMember": iam(
        "cloudresourcemanager", "v1", "projects.setIamPolicy", replaces=("project", "role", "member", "condition")
    ),
    "gcp:projects/iAMBinding:IAMBinding": iam(
        "cloudresourcemanager", "v1", "projects.setIamPolicy", single=False, replaces=("project", "role", "condition")
    ),
    "gcp:projects/service:Service": bind(
        "serviceusage",
        "v1",
        "EnableServiceRequest",
        "services.enable",
        local={
            **path("service"),
            **local("checkIfServiceHasUsageOnDestroy", "disableDependentServices", "disableOnDestroy"),
        },
        required=frozenset({"service"}),
        replaces=("service", "project"),
        rules=(service_name,),
    ),
    "gcp:pubsub/topic:Topic": bind(
        "pubsub", "v1", "Topic", "projects.topics.create", name=AutoName("name", 255), replaces=("name", "project")
    ),
    "gcp:pubsub/subscription:Subscription": bind(
        "pubsub",
        "v1",
        "Subscription",
        "projects.subscriptions.create",
        name=AutoName("name", 255),
        local=local("cloudStorageConfig.textConfig.state"),
        replaces=("name", "project", "topic", "filter", "enableMessageOrdering"),
        required=frozenset({"topic"}),
    ),
    "gcp:pubsub/topicIAMMember:TopicIAMMember": iam(
        "pubsub",
        "v1",
        "projects.topics.setIamPolicy",
        local=path("topic"),
        replaces=("topic", "project", "role", "member", "condition"),
    ),
    "gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember": iam(
        "pubsub",
        "v1",
        "projects.subscriptions.setIamPolicy",
        local=path("subscription"),
        replaces=("subscription", "project", "role", "member", "condition"),
    ),
    "gcp:logging/projectSink:ProjectSink": bind(
        "logging",
        "v2",
        "LogSink",
        "projects.sinks.create",
        local={**local("uniqueWriterIdentity", "customWriterIdentity")},
        name=AutoName("name", 100),
        replaces=("name", "project", "uniqueWriterIdentity"),
        required=frozenset({"destination"}),
    ),
    "gcp:kms/keyRing:KeyRing": bind(
        "cloudkms",
        "v1",
        "KeyRing",
        "keyRings.create",
        local=path("location"),
        required=frozenset({"location"}),
        name=AutoName("name", 63, lowercase=False),
        replaces=("name", "location", "project"),
        rules=(_KMS_NAME,),
    ),
    "gcp:kms/cryptoKey:CryptoKey": bind(
        "cloudkms",
        "v1",
        "CryptoKey",
        "cryptoKeys.create",
        local={**path("keyRing"), **local("skipInitialVersionCreation")},
        required=frozenset({"keyRing"}),
        name=AutoName("name", 63, lowercase=False),
        replaces=("name", "keyRing", "purpose", "importOnly", "destroyScheduledDuration", "cryptoKeyBackend"),
        rules=(_KMS_NAME, kms_rotation),
    ),
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": iam(
        "cloudkms",
        "v1",
        "cryptoKeys.setIamPolicy",
        local=path("cryptoKeyId"),
        replaces=("cryptoKeyId", "role", "member", "condition"),
    ),
    "gcp:kms/cryptoKeyIAMBinding:CryptoKeyIAMBinding": iam(
        "cloudkms",
        "v1",
        "cryptoKeys.setIamPolicy",
        single=False,
        local=path("cryptoKeyId"),
        replaces=("cryptoKeyId", "role"),
    ),
    "gcp:artifactregistry/repository:Repository": bind(
        "artifactregistry",
        "v1",
        "Repository",
        "repositories.create",
        fields={"cleanupPolicies": "@policy"},
        others={"policy": partial(schema, "artifactregistry", "v1", "CleanupPolicy")},
        local={**path("location", "repositoryId")},
        required=frozenset({"repositoryId", "format"}),
        replaces=("repositoryId", "location", "project", "format", "kmsKeyName", "mode"),
        rules=(matches("repositoryId", r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", "1-63 lowercase letters, digits, hyphens"),),
    ),
}
"""Account-level resource types by Pulumi token."""
