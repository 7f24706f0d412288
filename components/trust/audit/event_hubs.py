"""What reads an AKS cluster's audit log from Event Hubs, in the words of Bento's configuration. Pure.

Event Hubs speaks Kafka's protocol and takes a token of Entra ID. Bento's `kafka` reads the token from a cache whenever
it connects; beside it runs what fills that cache, by trading the pod's own token as AKS' workload identity has it.
Before the first token is there, and whenever the connection is lost, `kafka` connects again until it can.

Sources: Bento v1.10.0, internal/impl/kafka/sasl.go (token_cache), input_generate.go (the first comes at once),
processor_retry.go, website/docs (cache, file); sarama v1.45.2, client.go (protocol version for Event Hubs). Event Hubs
documentation, "Kafka client configurations" and "Kafka frequently asked questions" (consumer groups are made when
they are first used). Microsoft identity platform, "OAuth 2.0 client credentials flow", third case (access token request
with a federated credential). Azure Monitor documentation, "Stream Azure monitoring data to an event hub" (`records`).
"""

from components.eventing.router_resources import mapping
from components.manifest import Spec

HUB = "audit-log"
"""Event hub with the log; the topic, in Kafka's words."""

GROUP = "multimodal-audit"
"""Kafka's consumer group that remembers how far the collector is. None of the hub's own consumer groups."""

PORT = 9093
"""Where Event Hubs speaks Kafka's protocol."""

CACHES: list[Spec] = [{"label": "tokens", "memory": {}}]
"""Where the token is, for as long as it is good."""

_KEY = "event-hubs"

_ENDPOINT = '${! env("AZURE_AUTHORITY_HOST").trim_suffix("/") }/${! env("AZURE_TENANT_ID") }/oauth2/v2.0/token'

_FORM = """
let assertion = file(path: env("AZURE_FEDERATED_TOKEN_FILE"), no_cache: true).string()
root = [
  "grant_type=client_credentials",
  "client_id=" + env("AZURE_CLIENT_ID").escape_url_query(),
  "client_assertion_type=" + "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".escape_url_query(),
  "client_assertion=" + $assertion.trim().escape_url_query(),
  "scope=" + ("https://" + env("AUDIT_HOST") + "/.default").escape_url_query()
].join("&")
"""

_ANSWER = """
root.token = this.access_token.not_empty()
root.good = this.expires_in.string() + "s"
"""

_ENTRIES = 'root = this.records.map_each(record -> record.properties.log.or("").trim()).join("\\n")'
"""A message holds many records, and each of them an entry of the audit log as text."""


def event_hubs_input() -> Spec:
    """The audit log of an AKS cluster, as its diagnostic setting hands it on. Names come by environment."""
    return {"broker": {"inputs": [_log(), _token()]}}


def _log() -> Spec:
    return {
        "kafka": {
            "addresses": [f"${{AUDIT_HOST}}:{PORT}"],
            "topics": [HUB],
            "consumer_group": GROUP,
            "client_id": GROUP,
            # sarama would speak no newer one with Event Hubs.
            "target_version": "1.0.0",
            "tls": {"enabled": True},
            "sasl": {"mechanism": "OAUTHBEARER", "token_cache": CACHES[0]["label"], "token_key": _KEY},
            "group": {"session_timeout": "30s"},
            # Of each partition; a message has a megabyte at most.
            "checkpoint_limit": 16,
            "fetch_buffer_cap": 2,
        },
        "processors": [mapping(_ENTRIES), {"unarchive": {"format": "lines"}}],
    }


def _token() -> Spec:
    """Gives no message. A token is good for an hour at least, and another is asked for long before."""
    trade = [
        mapping(_FORM),
        {
            "http": {
                "url": _ENDPOINT,
                "verb": "POST",
                "headers": {"Content-Type": "application/x-www-form-urlencoded"},
                "timeout": "10s",
                "retries": 0,
            }
        },
        mapping(_ANSWER),
        {
            "cache": {
                "resource": CACHES[0]["label"],
                "operator": "set",
                "key": _KEY,
                "value": '${! json("token") }',
                "ttl": '${! json("good") }',
            }
        },
    ]
    # It does not clear the error, so that what failed is tried again.
    told = {"log": {"level": "ERROR", "message": "Entra ID gives no token for the audit log: ${! error() }"}}
    return {
        "generate": {"interval": "5m", "mapping": 'root = ""'},
        "processors": [
            {
                "retry": {
                    "backoff": {"initial_interval": "1s", "max_interval": "30s", "max_elapsed_time": "0s"},
                    "processors": [{"try": trade}, {"switch": [{"check": "errored()", "processors": [told]}]}],
                }
            },
            mapping("root = deleted()"),
        ],
    }
