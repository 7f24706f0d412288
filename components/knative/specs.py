"""What Knative's operator is told to install: the KnativeServing and KnativeEventing resources. Pure.

Sources: knative/operator v1.22.3, config/crd (fields), cmd/operator/kodata (what it installs at which version);
knative/serving v0.49.1, config/core/configmaps (keys and their defaults); knative/eventing v0.49.2,
pkg/apis/config/defaults.go (defaults of brokers); eventing-kafka-broker v0.49.2, control-plane/cmd/webhook-kafka, with
knative/pkg, webhook/resourcesemantics/defaulting and leaderelection (leases).
"""

from collections.abc import Mapping
from types import MappingProxyType

import yaml

from components.knative.kafka_access import features
from components.knative.names import EVENTING_NAMESPACE
from components.manifest import Spec

VERSIONS: Mapping[str, tuple[str, str]] = MappingProxyType({"v1.22.3": ("1.22.1", "1.22.2")})
"""Operator -> the versions of Serving and Eventing that it installs here: the newest that it carries."""

KOURIER_CLASS = "kourier.ingress.networking.knative.dev"

REQUEST_SECONDS = 900
"""How long a request to a service may take unless the service says otherwise, and how long one may say at most."""

_KAFKA_RELEASES = "https://github.com/knative-extensions/eventing-kafka-broker/releases/download"

_BROKERS = "kafka-broker-config"
"""ConfigMap of brokers on Kafka."""

_DELIVERY = {"retry": 10, "backoffPolicy": "exponential", "backoffDelay": "PT0.2S"}
"""How a broker's events are delivered unless it says otherwise: Knative's own defaults."""

_FEATURES = (
    *("affinity", "nodeselector", "tolerations", "topologyspreadconstraints", "runtimeclassname"),
    *("schedulername", "priorityclassname", "securitycontext", "init-containers"),
    *("persistent-volume-claim", "persistent-volume-write"),
)
"""Fields of pods that Knative refuses by default, and that pods on GPUs, in a tenant's queue, or with weights to fetch
have to set."""


def serving_config(queue_proxy: str, pinned_registries: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Serving's ConfigMaps, by name without `config-`.

    Args:
        queue_proxy: Image of the container that Knative puts into every pod.
        pinned_registries: Registries whose images Knative takes as they are named.
    """
    return {
        "network": {"ingress-class": KOURIER_CLASS},
        # Every service is the cluster's own: what is to be called from outside has a route on the models' gateway.
        "domain": {"svc.cluster.local": ""},
        "features": {
            **{f"kubernetes.podspec-{feature}": "enabled" for feature in _FEATURES},
            # What Pod Security restricted asks for, where a service does not say.
            "secure-pod-defaults": "enabled",
        },
        "defaults": {
            "revision-timeout-seconds": str(REQUEST_SECONDS),
            "max-revision-timeout-seconds": str(REQUEST_SECONDS),
            "revision-response-start-timeout-seconds": str(REQUEST_SECONDS),
        },
        "deployment": {
            "queue-sidecar-image": queue_proxy,
            "queue-sidecar-cpu-request": "50m",
            "queue-sidecar-memory-request": "100Mi",
            "queue-sidecar-memory-limit": "400Mi",
            # Knative would ask a registry for each tag's digest, for which it has no credentials, and change the
            # reference that policies and signatures know.
            "registries-skipping-tag-resolving": ",".join(pinned_registries),
        },
        "autoscaler": {
            "enable-scale-to-zero": "true",
            # Nobody waits for a new version to have been asked: it is up before it gets requests.
            "allow-zero-initial-scale": "false",
        },
    }


def serving_spec(version: str, replicas: int, config: Mapping[str, Mapping[str, str]], proxy: str) -> Spec:
    """Spec of KnativeServing.

    Args:
        version: Of the operator.
        replicas: Of every part.
        config: ConfigMaps by name without `config-`.
        proxy: Image of Kourier's proxy.
    """
    return {
        "version": VERSIONS[version][0],
        "ingress": {"kourier": {"enabled": True, "service-type": "ClusterIP"}},
        "high-availability": {"replicas": replicas},
        "podDisruptionBudgets": _budgets(replicas, "activator-pdb", "webhook-pdb", "3scale-kourier-gateway-pdb"),
        "registry": {"override": {"3scale-kourier-gateway/kourier-gateway": proxy}},
        "config": {name: dict(entries) for name, entries in config.items()},
    }


def _budgets(replicas: int, *names: str) -> list[Spec]:
    """Knative's own keep 80 % of the pods, which of one or two is all of them: a node could not be drained."""
    return [{"name": name, "minAvailable": min(1, replicas - 1)} for name in names]


def eventing_spec(version: str, replicas: int, brokers: Mapping[str, str] | None, *, keda: bool) -> Spec:
    """Spec of KnativeEventing, with sources of Kafka's events.

    Args:
        version: Of the operator.
        replicas: Of every part.
        brokers: ConfigMap of brokers on Kafka; None: they are in memory.
        keda: Whether KEDA is there to scale consumers by their lag.
    """
    installed = VERSIONS[version][1]
    scaled = {"controller-autoscaler-keda": "enabled"} if keda else {}
    config: Spec = {"config-kafka-features": {**features(), **scaled}}
    on_kafka: Spec = {}
    if brokers is not None:
        config |= {_BROKERS: dict(brokers), "config-br-defaults": {"default-br-config": _broker_defaults()}}
        on_kafka = {"additionalManifests": _data_planes(installed)}
    return {
        "version": installed,
        "podDisruptionBudgets": _budgets(replicas, "eventing-webhook"),
        "config": config,
        **on_kafka,
        "high-availability": {"replicas": replicas},
        "workloads": [_kafkas_webhook()],
        # The resource asks for all six as soon as it has one.
        "source": {
            name: {"enabled": name == "kafka"} for name in ("ceph", "github", "gitlab", "kafka", "rabbitmq", "redis")
        },
    }


def _kafkas_webhook() -> Spec:
    """Settings of the webhook of Kafka's kinds, whose two parts that change objects would vie for one lease by the same
    name: the one that loses never tells the API server its certificate, and where that is the one for dispatchers' pods
    there are none of those. With these variables each of its parts acts without a lease, in every pod, which does no
    harm: they all write the same."""
    name = "kafka-webhook-eventing"
    variables = {"STATEFUL_CONTROLLER_ORDINAL": f"{name}-0", "STATEFUL_SERVICE_NAME": name}
    return {
        "name": name,
        "env": [{"container": name, "envVars": [{"name": key, "value": text} for key, text in variables.items()]}],
    }


def _broker_defaults() -> str:
    """What a broker is that says nothing of itself. The resource's own `defaultBrokerClass` changes the class alone and
    leaves it the settings of a broker in memory, with which one on Kafka never becomes ready."""
    where = {"apiVersion": "v1", "kind": "ConfigMap", "name": _BROKERS, "namespace": EVENTING_NAMESPACE}
    default = {"brokerClass": "Kafka", **where, "delivery": _DELIVERY}
    return yaml.safe_dump({"clusterDefault": default}, sort_keys=False)


def _data_planes(version: str) -> list[Spec]:
    """What the operator's own manifests lack of brokers and sinks on Kafka."""
    return [{"URL": f"{_KAFKA_RELEASES}/knative-v{version}/eventing-kafka-{part}.yaml"} for part in ("broker", "sink")]
