"""What every run of a tenant's pipelines gets, and what its accounts may do."""

import json

from components.pipelines.access import RULES
from components.pipelines.names import RUNNER, UI
from components.pipelines.run import run_patch
from components.settings.workloads import Priority


def test_every_pod_of_a_run_is_volcanos_in_the_tenants_queue_at_its_priority() -> None:
    patch = json.loads(run_patch("vision", Priority.BATCH, {"multimodal.dev/reads-stores": "true"}))
    assert (patch["schedulerName"], patch["podPriorityClassName"]) == ("volcano", "batch")
    assert patch["podMetadata"]["annotations"] == {"scheduling.volcano.sh/queue-name": "vision"}
    assert patch["podMetadata"]["labels"] == {
        "multimodal.dev/tenant": "vision",
        "multimodal.dev/pipelines": "step",
        "multimodal.dev/reads-stores": "true",
    }


def test_steps_have_a_token_though_their_account_hands_out_none() -> None:
    assert json.loads(run_patch("vision", Priority.BATCH, {}))["automountServiceAccountToken"] is True


def test_a_step_can_neither_make_workloads_nor_read_other_secrets() -> None:
    allowed = {(resource, verb) for rule in RULES[RUNNER] for resource in rule["resources"] for verb in rule["verbs"]}
    made = {resource for resource, verb in allowed if verb == "create"}
    assert not made & {"pods", "pods/exec", "deployments", "jobs", "workflows"}
    (secrets,) = [rule for rule in RULES[RUNNER] if rule["resources"] == ["secrets"]]
    assert (secrets["verbs"], secrets["resourceNames"]) == (["get"], ["pipelines-store"])


def test_no_account_may_do_everything() -> None:
    assert not [rule for rules in RULES.values() for rule in rules if "*" in rule["verbs"] + rule["resources"]]
    assert not [rule for rule in RULES[UI] if {"create", "update", "patch", "delete"} & set(rule["verbs"])]
