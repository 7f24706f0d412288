"""What Knative's operator is told to install."""

from typing import Any

import pytest
import yaml

from components.catalog.versions import COMPONENTS
from components.knative.specs import VERSIONS, eventing_spec, serving_config, serving_spec

QUEUE = "gcr.io/knative-releases/knative.dev/serving/cmd/queue:v1.22.1"


def config() -> dict[str, dict[str, str]]:
    return serving_config(QUEUE, ("docker.io", "nvcr.io"))


def serving(replicas: int = 1) -> dict[str, Any]:
    return serving_spec("v1.22.3", replicas, config(), "docker.io/envoyproxy/envoy:v1.37.2")


def test_the_versions_that_an_operator_installs_are_known_for_all_that_a_stack_may_ask_for() -> None:
    assert set(VERSIONS) == set(COMPONENTS["knative"].allowed)


def test_nothing_of_knative_is_reached_from_outside_the_cluster() -> None:
    assert serving()["ingress"] == {"kourier": {"enabled": True, "service-type": "ClusterIP"}}
    assert config()["domain"] == {"svc.cluster.local": ""}
    assert config()["network"]["ingress-class"] == "kourier.ingress.networking.knative.dev"


@pytest.mark.parametrize(
    "feature",
    ["affinity", "tolerations", "schedulername", "priorityclassname", "init-containers", "persistent-volume-claim"],
)
def test_pods_may_say_what_a_gpu_a_queue_and_weights_need(feature: str) -> None:
    assert config()["features"][f"kubernetes.podspec-{feature}"] == "enabled"


def test_a_pod_that_says_nothing_is_confined_as_pod_security_restricted_asks() -> None:
    assert config()["features"]["secure-pod-defaults"] == "enabled"


def test_images_that_are_pinned_are_not_looked_up_again() -> None:
    assert config()["deployment"]["registries-skipping-tag-resolving"] == "docker.io,nvcr.io"
    assert config()["deployment"]["queue-sidecar-image"] == QUEUE


def test_a_services_default_time_is_within_the_longest() -> None:
    defaults = config()["defaults"]
    assert int(defaults["revision-timeout-seconds"]) <= int(defaults["max-revision-timeout-seconds"])


@pytest.mark.parametrize(("replicas", "kept"), [(1, 0), (2, 1), (3, 1)])
def test_a_node_can_be_drained_however_many_pods_there_are(replicas: int, kept: int) -> None:
    made = serving(replicas)
    assert made["high-availability"] == {"replicas": replicas}
    budgets = [*made["podDisruptionBudgets"], *eventing(replicas)["podDisruptionBudgets"]]
    assert {one["name"]: one["minAvailable"] for one in budgets} == {
        "activator-pdb": kept,
        "webhook-pdb": kept,
        "3scale-kourier-gateway-pdb": kept,
        "eventing-webhook": kept,
    }


def test_the_proxy_is_the_one_that_it_is_given_where_the_operator_leaves_a_moving_tag() -> None:
    override = serving()["registry"]["override"]
    assert override == {"3scale-kourier-gateway/kourier-gateway": "docker.io/envoyproxy/envoy:v1.37.2"}


KAFKA = {"bootstrap.servers": "kafka.example.com:9093"}


def eventing(replicas: int = 1, *, keda: bool = False, brokers: dict[str, str] | None = None) -> dict[str, Any]:
    return eventing_spec("v1.22.3", replicas, brokers, keda=keda)


def test_brokers_on_kafka_are_the_default_where_there_is_one() -> None:
    config = eventing(2, brokers=KAFKA)["config"]
    default = yaml.safe_load(config["config-br-defaults"]["default-br-config"])["clusterDefault"]
    assert default["brokerClass"] == "Kafka"
    assert config["kafka-broker-config"] == KAFKA
    assert {"config-br-defaults", "kafka-broker-config"}.isdisjoint(eventing()["config"])


def test_a_broker_that_says_nothing_has_the_settings_of_those_on_kafka() -> None:
    config = eventing(brokers=KAFKA)["config"]
    default = yaml.safe_load(config["config-br-defaults"]["default-br-config"])["clusterDefault"]
    where = (default["kind"], default["namespace"], default["name"])
    assert where == ("ConfigMap", "knative-eventing", "kafka-broker-config")
    assert default["name"] in config


def test_data_planes_that_the_operator_lacks_come_at_its_version_of_eventing() -> None:
    urls = [one["URL"] for one in eventing(brokers=KAFKA)["additionalManifests"]]
    assert [url.rpartition("/")[2] for url in urls] == ["eventing-kafka-broker.yaml", "eventing-kafka-sink.yaml"]
    assert all("/knative-v1.22.2/" in url for url in urls)
    assert "additionalManifests" not in eventing()


def test_consumers_scale_by_lag_where_there_is_keda() -> None:
    assert "controller-autoscaler-keda" not in eventing()["config"]["config-kafka-features"]
    assert eventing(keda=True)["config"]["config-kafka-features"]["controller-autoscaler-keda"] == "enabled"


def test_what_eventing_makes_on_kafka_begins_with_its_own_name_and_tells_tenants_apart() -> None:
    features = eventing()["config"]["config-kafka-features"]
    assert features["brokers-topic-template"] == "knative-eventing.broker.{{ .Namespace }}.{{ .Name }}"
    assert features["triggers-consumergroup-template"] == "knative-eventing.trigger.{{ .Namespace }}.{{ .Name }}"


def test_no_part_of_kafkas_webhook_waits_for_the_lease_of_another() -> None:
    (workload,) = eventing(2)["workloads"]
    (container,) = workload["env"]
    assert workload["name"] == container["container"] == "kafka-webhook-eventing"
    variables = {one["name"]: one["value"] for one in container["envVars"]}
    assert variables["STATEFUL_CONTROLLER_ORDINAL"].endswith("-0")
    assert variables["STATEFUL_SERVICE_NAME"]


def test_eventing_has_kafkas_sources_alone_and_names_all_that_its_kind_asks_for() -> None:
    source = eventing()["source"]
    assert [name for name, switch in source.items() if switch["enabled"]] == ["kafka"]
    assert sorted(source) == ["ceph", "github", "gitlab", "kafka", "rabbitmq", "redis"]
