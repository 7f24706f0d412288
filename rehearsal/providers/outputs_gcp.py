"""Outputs of Google Cloud resources."""

from __future__ import annotations

import ipaddress

from rehearsal.providers.outputs import CREATED, Facts, Rule, certificate
from rehearsal.providers.plugin_values import Props

PROJECT_NUMBER = "123456789012"
"""The project number that stands for any project."""

FILE_SERVER_ADDRESS = "192.0.2.2"
"""Where any file server is: an address for documentation (RFC 5737), which reaches nothing."""


def project(facts: Facts) -> str:
    """The resource's project: its own, else the provider's."""
    return str(facts.get("project", facts.owner))


def _labels(facts: Facts) -> Props:
    labels = facts.get("labels", facts.get("resourceLabels", {}))
    return {"effectiveLabels": labels, "pulumiLabels": labels}


def _last(reference: object) -> str:
    """The name at the end of a self link or id."""
    return str(reference).rpartition("/")[2]


def _compute(collection: str, *, regional: bool) -> Rule:
    """A Compute Engine resource, whose id is the path of its self link."""

    def rule(facts: Facts) -> tuple[str, Props]:
        place = f"regions/{_last(facts.get('region', facts.region))}" if regional else "global"
        id_ = f"projects/{project(facts)}/{place}/{collection}/{facts.get('name')}"
        computed: Props = {
            "selfLink": f"https://www.googleapis.com/compute/v1/{id_}",
            "creationTimestamp": CREATED,
            "project": project(facts),
        }
        if regional:
            computed["region"] = facts.region
        return id_, computed

    return rule


def _network(facts: Facts) -> tuple[str, Props]:
    id_, computed = _compute("networks", regional=False)(facts)
    number = facts.number(19)
    return id_, {**computed, "numericId": number, "networkId": number, "routingMode": "REGIONAL", "mtu": 1460}


def _subnetwork(facts: Facts) -> tuple[str, Props]:
    id_, computed = _compute("subnetworks", regional=True)(facts)
    try:
        gateway = str(ipaddress.ip_network(str(facts.get("ipCidrRange")))[1])
    except (ValueError, IndexError):
        gateway = ""
    return id_, {**computed, "gatewayAddress": gateway, "fingerprint": facts.hex(12), "purpose": "PRIVATE"}


def _router_nat(facts: Facts) -> tuple[str, Props]:
    region, router = _last(facts.get("region", facts.region)), _last(facts.get("router"))
    return f"{project(facts)}/{region}/{router}/{facts.get('name')}", {"project": project(facts)}


def _address(facts: Facts) -> tuple[str, Props]:
    id_, computed = _compute("addresses", regional=True)(facts)
    internal = facts.get("addressType") == "INTERNAL"
    address = "" if internal else facts.address()
    return id_, {**computed, **_labels(facts), "address": address, "labelFingerprint": facts.hex(12), "users": []}


def _cluster(facts: Facts) -> tuple[str, Props]:
    name, location = facts.get("name"), facts.get("location", facts.region)
    id_ = f"projects/{project(facts)}/locations/{location}/clusters/{name}"
    version = facts.get("minMasterVersion", "")
    return id_, {
        **_labels(facts),
        "endpoint": facts.address(),
        "masterAuth": {"clusterCaCertificate": certificate(facts.urn), "clientCertificate": "", "clientKey": ""},
        "masterVersion": version,
        "minMasterVersion": version,
        "nodeVersion": version,
        "selfLink": f"https://container.googleapis.com/v1beta1/{id_}",
        "servicesIpv4Cidr": "34.118.224.0/20",
        "labelFingerprint": facts.hex(8),
        "location": location,
        "project": project(facts),
    }


def _node_pool(facts: Facts) -> tuple[str, Props]:
    location, cluster = facts.get("location", facts.region), _last(facts.get("cluster"))
    name = facts.get("name")
    id_ = f"projects/{project(facts)}/locations/{location}/clusters/{cluster}/nodePools/{name}"
    group = f"gke-{cluster}-{name}-{facts.hex(8)}-grp"
    base = f"https://www.googleapis.com/compute/v1/projects/{project(facts)}/zones/{location}"
    return id_, {
        "instanceGroupUrls": [f"{base}/instanceGroupManagers/{group}"],
        "managedInstanceGroupUrls": [f"{base}/instanceGroups/{group}"],
        "project": project(facts),
        "location": location,
    }


def _account(facts: Facts) -> tuple[str, Props]:
    email = f"{facts.get('accountId')}@{project(facts)}.iam.gserviceaccount.com"
    id_ = f"projects/{project(facts)}/serviceAccounts/{email}"
    return id_, {
        "email": email,
        "member": f"serviceAccount:{email}",
        "name": id_,
        "uniqueId": facts.number(21),
        "project": project(facts),
    }


def _iam(holder: str) -> Rule:
    """A role in the policy of what the input `holder` names."""

    def rule(facts: Facts) -> tuple[str, Props]:
        parts = (facts.get(holder, facts.owner), facts.get("role"), facts.get("member"))
        return "/".join(str(part) for part in parts if part), {"etag": f"BwY{facts.hex(8)}="}

    return rule


def _key_ring(facts: Facts) -> tuple[str, Props]:
    id_ = f"projects/{project(facts)}/locations/{facts.get('location')}/keyRings/{facts.get('name')}"
    return id_, {"project": project(facts)}


def _pubsub(kind: str) -> Rule:
    """A topic or a subscription of Pub/Sub."""

    def rule(facts: Facts) -> tuple[str, Props]:
        return f"projects/{project(facts)}/{kind}/{facts.get('name')}", {**_labels(facts), "project": project(facts)}

    return rule


def _sink(facts: Facts) -> tuple[str, Props]:
    agent = f"serviceAccount:service-{facts.number(12)}@gcp-sa-logging.iam.gserviceaccount.com"
    return f"projects/{project(facts)}/sinks/{facts.get('name')}", {
        "project": project(facts),
        "writerIdentity": agent,
    }


def _crypto_key(facts: Facts) -> tuple[str, Props]:
    id_ = f"{facts.get('keyRing')}/cryptoKeys/{facts.get('name')}"
    version = {"name": f"{id_}/cryptoKeyVersions/1", "state": "ENABLED"}
    return id_, {**_labels(facts), "primaries": [version]}


def _bucket(facts: Facts) -> tuple[str, Props]:
    name = str(facts.get("name"))
    return name, {
        **_labels(facts),
        "url": f"gs://{name}",
        "selfLink": f"https://www.googleapis.com/storage/v1/b/{name}",
        "projectNumber": int(PROJECT_NUMBER),
        "timeCreated": CREATED,
        "updated": CREATED,
        "project": project(facts),
    }


def _managed_folder(facts: Facts) -> tuple[str, Props]:
    bucket, name = facts.get("bucket"), facts.get("name")
    return f"{bucket}/{name}", {
        "selfLink": f"https://www.googleapis.com/storage/v1/b/{bucket}/managedFolders/{name}",
        "createTime": CREATED,
        "updateTime": CREATED,
        "metageneration": "1",
    }


def _file_server(facts: Facts) -> tuple[str, Props]:
    location = facts.get("location", facts.get("zone", facts.region))
    return f"projects/{project(facts)}/locations/{location}/instances/{facts.get('name')}", {
        **_labels(facts),
        "createTime": CREATED,
        "etag": facts.hex(12),
        "location": location,
        "project": project(facts),
    }


def _repository(facts: Facts) -> tuple[str, Props]:
    name, location = facts.get("repositoryId"), facts.get("location", facts.region)
    kind = str(facts.get("format")).lower()
    return f"projects/{project(facts)}/locations/{location}/repositories/{name}", {
        **_labels(facts),
        "name": name,
        "registryUri": f"{location}-{kind}.pkg.dev/{project(facts)}/{name}",
        "createTime": CREATED,
        "updateTime": CREATED,
        "location": location,
        "project": project(facts),
    }


def _kafka_cluster(facts: Facts) -> tuple[str, Props]:
    location, name = facts.get("location"), facts.get("clusterId")
    id_ = f"projects/{project(facts)}/locations/{location}/clusters/{name}"
    return id_, {
        **_labels(facts),
        "bootstrapAddress": f"bootstrap.{name}.{location}.managedkafka.{project(facts)}.cloud.goog",
        "name": id_,
        "state": "ACTIVE",
        "createTime": CREATED,
        "updateTime": CREATED,
        "project": project(facts),
    }


def _kafka_part(collection: str, key: str) -> Rule:
    """A topic or an ACL of a Kafka cluster."""

    def rule(facts: Facts) -> tuple[str, Props]:
        cluster = f"projects/{project(facts)}/locations/{facts.get('location')}/clusters/{facts.get('cluster')}"
        id_ = f"{cluster}/{collection}/{facts.get(key)}"
        return id_, {"name": id_, "project": project(facts)}

    return rule


def _ca_pool(facts: Facts) -> tuple[str, Props]:
    id_ = f"projects/{project(facts)}/locations/{facts.get('location')}/caPools/{facts.get('name')}"
    return id_, {**_labels(facts), "project": project(facts)}


def _authority(facts: Facts) -> tuple[str, Props]:
    pool = f"projects/{project(facts)}/locations/{facts.get('location')}/caPools/{facts.get('pool')}"
    id_ = f"{pool}/certificateAuthorities/{facts.get('certificateAuthorityId')}"
    return id_, {
        **_labels(facts),
        "name": id_,
        "state": "ENABLED",
        "pemCaCertificates": [certificate(facts.urn)],
        "createTime": CREATED,
        "updateTime": CREATED,
        "project": project(facts),
    }


def _service_identity(facts: Facts) -> tuple[str, Props]:
    service = str(facts.get("service"))
    email = f"service-{PROJECT_NUMBER}@gcp-sa-{service.partition('.')[0]}.iam.gserviceaccount.com"
    id_ = f"projects/{project(facts)}/services/{service}"
    return id_, {"email": email, "member": f"serviceAccount:{email}", "project": project(facts)}


def _service(facts: Facts) -> tuple[str, Props]:
    return f"{project(facts)}/{facts.get('service')}", {"project": project(facts)}


OUTPUTS: dict[str, Rule] = {
    "gcp:compute/network:Network": _network,
    "gcp:compute/subnetwork:Subnetwork": _subnetwork,
    "gcp:compute/router:Router": _compute("routers", regional=True),
    "gcp:compute/routerNat:RouterNat": _router_nat,
    "gcp:compute/firewall:Firewall": _compute("firewalls", regional=False),
    "gcp:compute/address:Address": _address,
    "gcp:container/cluster:Cluster": _cluster,
    "gcp:container/nodePool:NodePool": _node_pool,
    "gcp:serviceaccount/account:Account": _account,
    "gcp:serviceaccount/iAMBinding:IAMBinding": _iam("serviceAccountId"),
    "gcp:serviceaccount/iAMMember:IAMMember": _iam("serviceAccountId"),
    "gcp:projects/iAMMember:IAMMember": _iam("project"),
    "gcp:projects/iAMBinding:IAMBinding": _iam("project"),
    "gcp:projects/service:Service": _service,
    "gcp:kms/keyRing:KeyRing": _key_ring,
    "gcp:kms/cryptoKey:CryptoKey": _crypto_key,
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": _iam("cryptoKeyId"),
    "gcp:kms/cryptoKeyIAMBinding:CryptoKeyIAMBinding": _iam("cryptoKeyId"),
    "gcp:logging/projectSink:ProjectSink": _sink,
    "gcp:pubsub/topic:Topic": _pubsub("topics"),
    "gcp:pubsub/subscription:Subscription": _pubsub("subscriptions"),
    "gcp:pubsub/topicIAMMember:TopicIAMMember": _iam("topic"),
    "gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember": _iam("subscription"),
    "gcp:storage/bucket:Bucket": _bucket,
    "gcp:storage/bucketIAMMember:BucketIAMMember": _iam("bucket"),
    "gcp:storage/managedFolder:ManagedFolder": _managed_folder,
    "gcp:storage/managedFolderIamMember:ManagedFolderIamMember": _iam("managedFolder"),
    "gcp:filestore/instance:Instance": _file_server,
    "gcp:artifactregistry/repository:Repository": _repository,
    "gcp:managedkafka/cluster:Cluster": _kafka_cluster,
    "gcp:managedkafka/topic:Topic": _kafka_part("topics", "topicId"),
    "gcp:managedkafka/acl:Acl": _kafka_part("acls", "aclId"),
    "gcp:certificateauthority/caPool:CaPool": _ca_pool,
    "gcp:certificateauthority/authority:Authority": _authority,
    "gcp:certificateauthority/caPoolIamMember:CaPoolIamMember": _iam("caPool"),
    "gcp:projects/serviceIdentity:ServiceIdentity": _service_identity,
}
"""Ids and computed outputs by Pulumi token."""
