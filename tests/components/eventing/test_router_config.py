"""The router's files: what a stack's flows become."""

from typing import Any

import yaml

from components.eventing.kafka_names import router_group
from components.eventing.router_config import digest, flow_files, memory_mib, own_files
from components.eventing.router_kafka import Broker
from components.settings.sections import Tenant
from tests.rehearsal.bad_flows import flow, flows
from tests.stack_files import settings

BROKER = Broker(bootstrap="kafka:9093", certificates="/etc/router/certificates")
STEPS = {
    "listen": {"model": "hear"},
    "answer": {"model": "write", "after": "listen", "retries": 2, "timeoutSeconds": 20},
    "speak": {"model": "speak", "after": "answer"},
}


def tenant(**keys: Any) -> Tenant:
    return settings(**flow(STEPS, **keys)).tenants["vision"]


def stream(step: str, chosen: Tenant | None = None) -> dict[str, Any]:
    files = flow_files("vision", chosen or tenant(), "talk", BROKER, 24)
    return yaml.safe_load(files[f"talk.{step}.yaml"])


def intake(chosen: Tenant) -> str:
    return own_files("vision", chosen, BROKER, address="0.0.0.0:4195")["streams"]["intake.yaml"]


def call(step: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The loop that waits, the loop that tries again, and the call within."""
    waiting = stream(step)["pipeline"]["processors"][1]["try"][3]["retry"]
    trying = waiting["processors"][0]["retry"]
    return waiting, trying, trying["processors"][0]["http"]


def test_every_step_reads_its_own_topic_in_a_group_of_its_own() -> None:
    source = stream("answer")["input"]["kafka_franz"]
    assert source["topics"] == ["vision.flow.talk.answer"]
    assert source["consumer_group"] == "vision.flow.talk.answer"
    assert yaml.safe_load(intake(tenant()))["input"]["kafka_franz"]["consumer_group"] == router_group("vision")


def test_kafka_is_reached_with_the_tenants_own_certificate_only() -> None:
    tls = stream("listen")["input"]["kafka_franz"]["tls"]
    assert tls == {
        "enabled": True,
        "root_cas_file": "/etc/router/certificates/ca.crt",
        "client_certs": [
            {"cert_file": "/etc/router/certificates/tls.crt", "key_file": "/etc/router/certificates/tls.key"}
        ],
    }


def test_calls_at_once_are_bounded_and_few_events_are_held() -> None:
    made = stream("answer")
    assert made["pipeline"]["threads"] == 16
    assert made["input"]["kafka_franz"]["checkpoint_limit"] == 64


def test_a_call_has_the_steps_timeout_and_no_retries_beside_the_streams_own() -> None:
    _, trying, http = call("answer")
    assert (http["timeout"], http["retries"]) == ("20s", 0)
    assert http["url"] == "http://write-predictor.vision.svc.cluster.local/v1/chat/completions"
    assert trying["max_retries"] == 3
    assert trying["backoff"] == {"initial_interval": "1s", "max_interval": "60s", "max_elapsed_time": "0s"}


def test_a_model_that_is_away_is_waited_for_as_long_as_the_outage() -> None:
    waiting, _, _ = call("answer")
    assert waiting["backoff"]["max_elapsed_time"] == "86400s"


def test_an_answer_goes_to_the_next_step_and_the_last_one_is_a_result() -> None:
    assert '["vision.flow.talk.speak"]' in str(stream("answer"))
    assert '["vision.results"]' in str(stream("speak"))
    assert '"type": "multimodal.result"' in str(stream("speak"))


def test_several_steps_get_the_answer_of_one() -> None:
    steps = {**STEPS, "again": {"model": "write", "after": "listen"}}
    chosen = settings(**flow(steps)).tenants["vision"]
    assert '["vision.flow.talk.again", "vision.flow.talk.answer"]' in str(stream("listen", chosen))


def test_events_find_their_flow_by_exact_attributes() -> None:
    text = intake(tenant(when={"priority": "batch", "model": 'so "called"'}))
    condition = (
        r'this.modality == "audio" && this.model == "so \"called\"" && this.priority == "batch"'
        ' && this.type == "multimodal.request" => "talk"'
    )
    assert condition in text


def test_what_fits_no_flow_is_buried_with_what_it_was() -> None:
    assert "no flow of the tenant takes such events" in intake(tenant())


def test_replays_go_back_to_topics_that_the_tenant_has() -> None:
    text = own_files("vision", tenant(), BROKER, address="0.0.0.0:4195")["config"]["replay.yaml"]
    assert '["vision.events", "vision.flow.talk.answer", "vision.flow.talk.listen", "vision.flow.talk.speak"]' in text


def test_a_steps_own_words_take_the_place_of_the_default_ones() -> None:
    own = {
        "listen": {"model": "hear", "path": "/hear", "request": "root = this.data_base64", "response": "root = this"}
    }
    chosen = settings(**flow(own)).tenants["vision"]
    steps = stream("listen", chosen)["pipeline"]["processors"][1]["try"]
    assert steps[1] == {"mapping": "root = this.data_base64"}
    assert steps[5] == {"mapping": "root = this"}
    assert "http://hear-predictor.vision.svc.cluster.local/hear" in str(steps[3])


def test_a_change_of_one_flow_changes_only_that_flows_files() -> None:
    two: dict[str, Any] = {
        "a": {"steps": {"listen": {"model": "hear"}}},
        "b": {"steps": {"answer": {"model": "write"}}},
    }
    before = settings(**flows(two)).tenants["vision"]
    two["b"]["steps"]["answer"] = {"model": "write", "retries": 7}
    after = settings(**flows(two)).tenants["vision"]
    for key, same in (("a", True), ("b", False)):
        made = [digest(flow_files("vision", one, key, BROKER, 24)) for one in (before, after)]
        assert (made[0] == made[1]) is same


def test_a_hundred_flows_fit_into_their_config_maps() -> None:
    """An object of the API server holds 1 MiB at most."""
    many = {
        f"flow-{number}": {"steps": STEPS, "when": {"model": f"model-{number}"}, "perSecond": 0.01}
        for number in range(100)
    }
    chosen = settings(**flows(many)).tenants["vision"]
    assert len(intake(chosen).encode()) < 100_000
    assert max(len(text.encode()) for text in flow_files("vision", chosen, "flow-7", BROKER, 24).values()) < 8_000
    assert memory_mib(chosen) == 8192
