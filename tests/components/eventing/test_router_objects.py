"""The router on Kubernetes."""

from typing import Any

from components.eventing import router_objects as objects
from components.eventing.logins import STRIMZI


def pod(**changes: Any) -> dict[str, Any]:
    chosen: dict[str, Any] = {
        "image": "bento@sha256:1",
        "replicas": 2,
        "memory_mib": 512,
        "config": "c",
        "streams": ["s", "f"],
    }
    return objects.deployment("vision", STRIMZI, **{**chosen, **changes})["spec"]["template"]


def test_a_router_is_confined_as_tenants_pods_have_to_be() -> None:
    (container,) = pod()["spec"]["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod()["spec"]["automountServiceAccountToken"] is False


def test_nobody_can_change_streams_through_the_routers_port() -> None:
    (container,) = pod()["spec"]["containers"]
    assert "--no-api" in container["args"]


def test_routers_and_replays_are_let_through_to_kafka() -> None:
    replay = objects.replay_job("vision", STRIMZI, image="i", config="c")["spec"]["jobTemplate"]["spec"]["template"]
    for template in (pod(), replay):
        assert template["metadata"]["labels"]["multimodal.dev/reaches-kafka"] == "true"
        assert {"name": "certificates", "secret": {"secretName": "kafka-router", "defaultMode": 0o440}} in template[
            "spec"
        ]["volumes"]


def test_all_flows_streams_lie_in_one_folder() -> None:
    (streams,) = [volume for volume in pod()["spec"]["volumes"] if volume["name"] == "streams"]
    assert streams["projected"]["sources"] == [{"configMap": {"name": "s"}}, {"configMap": {"name": "f"}}]


def test_a_replay_runs_only_when_somebody_starts_it() -> None:
    made = objects.replay_job("vision", STRIMZI, image="i", config="c")["spec"]
    assert made["suspend"] is True
    assert made["jobTemplate"]["spec"]["backoffLimit"] == 0


def test_replays_are_not_counted_as_routers() -> None:
    selector = objects.deployment("vision", STRIMZI, image="i", replicas=1, memory_mib=512, config="c", streams=[])[
        "spec"
    ]
    replay = objects.replay_job("vision", STRIMZI, image="i", config="c")["spec"]["jobTemplate"]["spec"]["template"]
    assert not selector["selector"]["matchLabels"].items() <= replay["metadata"]["labels"].items()


def test_keda_asks_kafka_as_the_router() -> None:
    assert objects.authentication("vision", STRIMZI)["spec"]["secretTargetRef"] == [
        {"parameter": "ca", "name": "kafka-router", "key": "ca.crt"},
        {"parameter": "cert", "name": "kafka-router", "key": "tls.crt"},
        {"parameter": "key", "name": "kafka-router", "key": "tls.key"},
    ]
