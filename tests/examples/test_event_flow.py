"""The example's producer: what it sends fits its flow, and it waits for each answer once."""

import importlib.util
from types import ModuleType

from components.settings.checks_flows import step_modalities
from components.settings.flow_steps import entrance, first_steps
from components.settings.serving import Modality
from tests.examples.test_examples import merged
from tests.project import ROOT


def producer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("produce", ROOT / "examples/event-flow/produce.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_it_sends_fits_its_flow() -> None:
    tenant = merged("event-flow", "local").tenants["example-calls"]
    flow = tenant.flows["assistant"]
    reads, _ = step_modalities(tenant, flow.steps[first_steps(flow)[0]])
    assert reads is Modality.AUDIO
    sent = producer().event(b"RIFF", "call-1")
    assert entrance(flow, reads).items() <= sent.items()
    assert (sent["data_base64"], sent["partitionkey"]) == ("UklGRg==", "call-1")


def test_it_takes_each_answer_once_and_ends_with_the_last() -> None:
    records = [{"idempotencykey": key} for key in ("a", "other", "a", "b", "never read")]
    rest = iter(records)
    answers = list(producer().first_answers(rest, {"a", "b"}))
    assert [one["idempotencykey"] for one in answers] == ["a", "b"]
    assert [one["idempotencykey"] for one in rest] == ["never read"]
