"""What feeds the audit stream and what archives it, in the words of Bento's configuration. Pure.

A record is a CloudEvent: who did what to what and how it ended, without any content. Kubernetes' own words are those of
its audit log, from which only changes are taken, and whoever opened a shell in a pod. What the control plane and its
nodes do by themselves is left out here; the cloud's log has it.

Sources: Kubernetes, audit.k8s.io/v1 Event; Google Cloud, AuditLog (LogEntry.protoPayload) and "Audit log information
for GKE"; CloudWatch Logs, "Subscription filters" (what arrives in Kinesis: gzip, one JSON object with many log events);
Bento v1.10.0, website/docs (aws_kinesis, gcp_pubsub, aws_s3, gcp_cloud_storage, azure_blob_storage, batching).
"""

import json
from collections.abc import Mapping, Sequence

from components.eventing.kafka_names import AUDIT_TOPIC
from components.eventing.router_kafka import Broker, reader, writer
from components.eventing.router_resources import lets, mapping
from components.eventing.router_streams import service
from components.manifest import Spec
from components.trust.audit.topic import ARCHIVE, LARGEST_KIB

CHANGE_TYPE = "multimodal.audit.change"
"""`type` of records of what was done to the cluster's objects."""

_AUTOMATA = r"^(system:(node:|kube-|apiserver|serviceaccount:kube-system:)|eks:|aks-)"
"""Users that are parts of the cluster."""

_NOISE = (
    "events",
    "leases",
    "localsubjectaccessreviews",
    "selfsubjectaccessreviews",
    "selfsubjectreviews",
    "subjectaccessreviews",
    "tokenreviews",
)
"""What is written to ask or to say that one is still there, and changes nothing."""

_INTO_PODS = ("attach", "exec", "portforward")

KUBERNETES = rf"""
# Said first, because all below forgives what is missing.
let entry = content().parse_json()
let what = this.objectRef.or({{}})
let into = {json.dumps(_INTO_PODS)}.contains($what.subresource.or(""))
let wanted = this.kind.or("") == "Event" && this.stage.or("") == "ResponseComplete" &&
  (["create", "update", "patch", "delete", "deletecollection"].contains(this.verb.or("")) ||
    $into) &&
  !{json.dumps(_NOISE)}.contains($what.resource.or("")) &&
  !this.user.username.or("").re_match({json.dumps(_AUTOMATA)})
root = if !$wanted {{ deleted() }} else {{
  {{
    "specversion": "1.0",
    "id": this.auditID,
    "source": "/clusters/" + $cluster,
    "type": $kind,
    "subject": [$what.apiGroup.or(""), $what.resource.or(""), $what.namespace.or(""), $what.name.or("")].join("/"),
    "time": this.requestReceivedTimestamp.or(now()),
    "datacontenttype": "application/json",
    "data": {{
      "who": {{
        "user": this.user.username.or("unknown"),
        "as": this.impersonatedUser.username.or(""),
        "groups": this.user.groups.or([]),
        "addresses": this.sourceIPs.or([])
      }},
      "did": if $into {{ $what.subresource }} else {{ this.verb }},
      "what": {{
        "group": $what.apiGroup.or(""),
        "resource": $what.resource.or(""),
        "subresource": $what.subresource.or(""),
        "namespace": $what.namespace.or(""),
        "name": $what.name.or("")
      }},
      "outcome": this.responseStatus.code.or(0)
    }}
  }}
}}
meta topic = $topic
meta key = $what.namespace.or("")
meta "content-type" = "application/cloudevents+json; charset=UTF-8"
"""

GOOGLE = rf"""
# Said first, because all below forgives what is missing.
let entry = content().parse_json()
let log = this.protoPayload.or({{}})
let method = $log.methodName.or("").split(".")
let did = $method.index(-1).catch("")
let path = $log.resourceName.or("").split("/")
let at = $path.find("namespaces")
let namespace = if $at >= 0 {{ $path.index($at + 1).catch("") }} else {{ "" }}
let user = $log.authenticationInfo.principalEmail.or("unknown")
let resource = $method.index(-2).catch("")
let wanted = $log.methodName.or("").has_prefix("io.k8s.") && !{json.dumps(_NOISE)}.contains($resource) &&
  !$user.re_match({json.dumps(_AUTOMATA)})
root = if !$wanted {{ deleted() }} else {{
  {{
    "specversion": "1.0",
    "id": this.insertId,
    "source": "/clusters/" + $cluster,
    "type": $kind,
    "subject": $log.resourceName.or(""),
    "time": this.timestamp.or(now()),
    "datacontenttype": "application/json",
    "data": {{
      "who": {{
        "user": $user,
        "as": "",
        "groups": [],
        "addresses": [$log.requestMetadata.callerIp.or("")].filter(address -> address != "")
      }},
      "did": $did,
      "what": {{
        "group": $path.index(0).catch(""),
        "resource": $resource,
        "subresource": "",
        "namespace": $namespace,
        "name": if $did == "create" && $path.length() % 2 == 1 {{ "" }} else {{ $path.index(-1).catch("") }}
      }},
      "outcome": $log.status.code.or(0)
    }}
  }}
}}
meta topic = $topic
meta key = $namespace
meta "content-type" = "application/cloudevents+json; charset=UTF-8"
"""

OPENED = r"""
root = if this.messageType.or("") == "DATA_MESSAGE" {
  this.logEvents.map_each(line -> line.message.parse_json())
} else { deleted() }
"""


def kinesis_input() -> Spec:
    """CloudWatch's log of an EKS control plane, as its subscription filter hands it on. Names come by environment."""
    return {
        "aws_kinesis": {
            "streams": ["${AUDIT_STREAM}"],
            "dynamodb": {"table": "${AUDIT_CHECKPOINTS}", "create": False},
            "region": "${AWS_REGION}",
            "start_from_oldest": True,
        },
        "processors": [
            {"decompress": {"algorithm": "gzip"}},
            mapping(OPENED),
            {"unarchive": {"format": "json_array"}},
        ],
    }


def pubsub_input() -> Spec:
    """Google's audit log of a GKE cluster, as its sink hands it on."""
    return {"gcp_pubsub": {"project": "${AUDIT_PROJECT}", "subscription": "${AUDIT_SUBSCRIPTION}"}}


def collector(
    source: Spec, words: str, cluster: str, broker: Broker, address: str, caches: Sequence[Spec] = ()
) -> Spec:
    """The whole configuration of what feeds the cluster's changes into the stream, at least once.

    Args:
        source: Input that gives one entry of an audit log at a time.
        words: `KUBERNETES` or `GOOGLE`: how an entry becomes a record.
        cluster: Whose log it is.
        broker: Where Kafka is.
        address: Where probes ask.
        caches: What the input keeps things in.
    """
    known = {"cluster": cluster, "kind": CHANGE_TYPE, "topic": AUDIT_TOPIC}
    return {
        **_named(service(address), "collector"),
        **({"cache_resources": list(caches)} if caches else {}),
        "input": source,
        "pipeline": {
            # An entry that is none is said and left out: it must not stand in the way of the others.
            "processors": [
                mapping(lets(known) + words),
                {"catch": [_told("an entry of the audit log cannot be read")]},
            ],
        },
        "output": writer(broker, LARGEST_KIB),
    }


def archive(target: Spec, broker: Broker, address: str) -> Spec:
    """The whole configuration of what copies records into a store: batches as compressed lines, at least once."""
    source = reader(broker, AUDIT_TOPIC, ARCHIVE, at_once=4, largest_kib=LARGEST_KIB)
    source["kafka_franz"] |= {
        # A batch counts as read only when it is stored.
        "checkpoint_limit": 2 * BATCH,
        "batching": {
            "count": BATCH,
            "byte_size": 8 * 1024 * 1024,
            "period": "60s",
            "processors": [{"archive": {"format": "lines"}}, {"compress": {"algorithm": "gzip"}}],
        },
    }
    return {**_named(service(address), "archive"), "input": source, "output": target}


BATCH = 10_000
"""Records in one object of the archive at most; one is written a minute after its first record at the latest."""

_PATH = '${! now().ts_format("2006/01/02", "UTC") }/${! @kafka_partition }-${! @kafka_offset }.jsonl.gz'
"""By day and by where the first record lies, so that what is written twice has one name."""


def s3_target() -> Spec:
    """A folder of a bucket on AWS."""
    return {
        "aws_s3": {
            "bucket": "${AUDIT_BUCKET}",
            "path": f"${{AUDIT_FOLDER}}/{_PATH}",
            "region": "${AWS_REGION}",
            "content_type": "application/gzip",
            "timeout": "60s",
        }
    }


def google_target() -> Spec:
    """A folder of a bucket on Google Cloud."""
    return {
        "gcp_cloud_storage": {
            "bucket": "${AUDIT_BUCKET}",
            "path": f"${{AUDIT_FOLDER}}/{_PATH}",
            "content_type": "application/gzip",
            "timeout": "60s",
        }
    }


def azure_target() -> Spec:
    """A container on Azure, by workload identity."""
    return {
        "azure_blob_storage": {
            "storage_account": "${AUDIT_ACCOUNT}",
            "container": "${AUDIT_CONTAINER}",
            "path": _PATH,
        }
    }


TARGETS: Mapping[str, Spec] = {"eks": s3_target(), "gke": google_target(), "aks": azure_target()}
"""Provider -> where its archive goes."""


def target_environment(uri: str) -> dict[str, str]:
    """What the target's configuration takes from its environment, of a folder's address (`Storage.uri`)."""
    scheme, _, rest = uri.partition("://")
    host, _, folder = rest.partition("/")
    if scheme == "https":
        return {"AUDIT_ACCOUNT": host.partition(".")[0], "AUDIT_CONTAINER": folder}
    return {"AUDIT_BUCKET": host, "AUDIT_FOLDER": folder}


def _named(settings: Spec, name: str) -> Spec:
    return {**settings, "logger": {**settings["logger"], "static_fields": {"app": name}}}


def _told(message: str) -> Spec:
    return {
        "processors": [
            {"log": {"level": "ERROR", "message": message}},
            {"metric": {"type": "counter", "name": "unreadable_entries"}},
            mapping("root = deleted()"),
        ]
    }
