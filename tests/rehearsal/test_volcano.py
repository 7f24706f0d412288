"""How the real Volcano is started, and which scheduler configurations are refused before it passes over a mistake."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from components.scheduling.volcano import scheduler_config
from rehearsal.controllers import CONTROLLERS, controller
from rehearsal.controllers.base import ConfigurationError, Context, NotRun
from rehearsal.controllers.volcano import default_configuration, plan
from rehearsal.controllers.volcano_conf import check

CONTEXT = Context(
    kubeconfig=Path("/r/kubeconfig"),
    folder=Path("/r/run/volcano"),
    tools={"volcano": Path("/tools")},
    port=lambda: 4711,
)


def conf(**changes: Any) -> str:
    base: dict[str, Any] = {"actions": "allocate, backfill", "tiers": [{"plugins": [{"name": "gang"}]}]}
    return yaml.safe_dump(base | changes)


def with_plugin(**plugin: Any) -> str:
    return conf(tiers=[{"plugins": [plugin]}])


def test_the_scheduler_gets_the_very_text_of_the_release() -> None:
    text = "# a comment that must survive\n" + conf()
    made = plan({"custom": {"scheduler_config_override": text}}, CONTEXT)
    assert made.files == {"scheduler.yaml": text}
    assert "--scheduler-conf=/r/run/volcano/scheduler.yaml" in made.processes[0].argv


def test_scheduler_and_controllers_listen_on_loopback_only() -> None:
    made = plan({}, CONTEXT)
    assert [process.name for process in made.processes] == ["volcano-scheduler", "volcano-controllers"]
    for process in made.processes:
        addresses = [part for part in process.argv if "address=" in part]
        assert len(addresses) == 2
        assert all("=127.0.0.1:" in part for part in addresses)
        assert process.ready_url == "http://127.0.0.1:4711/healthz"


def test_without_an_override_the_charts_own_configuration_is_used() -> None:
    made = plan({}, CONTEXT)
    assert made.files["scheduler.yaml"] == default_configuration()
    assert yaml.safe_load(default_configuration())["actions"] == "enqueue, allocate, backfill"
    check(default_configuration(), "default")


def test_values_switch_parts_off_and_name_the_scheduler() -> None:
    values = {"custom": {"controller_enable": False, "scheduler_name": "batch", "scheduler_schedule_period": "2s"}}
    (scheduler,) = plan(values, CONTEXT).processes
    assert {"--scheduler-name=batch", "--schedule-period=2s"} <= set(scheduler.argv)


@pytest.mark.parametrize("growing", [False, True])
def test_what_the_platform_configures_is_accepted(growing: bool) -> None:
    config = scheduler_config(["nvidia.com/gpu", "nvidia.com/mig-1g.10gb"], growing=growing)
    check(yaml.safe_dump(config), "platform")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("actions: [", "is not YAML in line 1"),
        ("just words", "must be a mapping"),
        (conf(action="allocate"), "unknown key 'action', did you mean 'actions'"),
        (conf(actions="allocate, bakfill"), "unknown action 'bakfill', did you mean 'backfill'"),
        (conf(actions=["allocate"]), "must be a comma-separated text"),
        (conf(actions=""), "must be a comma-separated text"),
        (conf(tiers=[]), "tiers is .*, must be a list with at least one entry"),
        (conf(tiers=[{"plugin": []}]), "unknown key 'plugin', did you mean 'plugins'"),
        (with_plugin(name="binpak"), "unknown plugin 'binpak', did you mean 'binpack'"),
        (
            with_plugin(name="gang", enablePremptable=False),
            "unknown key 'enablePremptable', did you mean 'enablePreemptable'",
        ),
        (with_plugin(name="gang", enablePreemptable="no way"), "must be true or false"),
        (with_plugin(name="binpack", arguments={"binpack.wieght": 3}), "has no argument 'binpack.wieght'"),
        (
            with_plugin(name="binpack", arguments={"binpack.weight": "ten"}),
            "binpack.weight is 'ten', must be a whole number",
        ),
        (with_plugin(name="nodeorder", arguments={"leastrequested.weight": True}), "must be a whole number"),
        (conf(tiers=[{"plugins": [{"name": "gang"}, {"name": "gang"}]}]), "plugin 'gang' is listed twice"),
        (conf(tiers=[{"plugins": [{"name": "capacity"}, {"name": "proportion"}]}]), "keep one of them"),
        (
            conf(tiers=[{"plugins": [{"name": "drf", "enableHierarchy": True}, {"name": "proportion"}]}]),
            "cannot run with 'proportion'",
        ),
    ],
)
def test_a_configuration_that_volcano_would_pass_over_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as error:
        plan({"custom": {"scheduler_config_override": text}}, CONTEXT)
    assert "custom.scheduler_config_override" in str(error.value)


def test_an_override_that_is_not_a_text_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="as one text"):
        plan({"custom": {"scheduler_config_override": {"actions": "allocate"}}}, CONTEXT)


def test_charts_without_a_controller_say_why() -> None:
    assert CONTROLLERS["kserve-localmodel-crd"] == NotRun(
        chart="kserve-localmodel-crd", reason="the chart kserve-localmodel-crd brings CRDs alone"
    )
    unknown = controller("loki")
    assert isinstance(unknown, NotRun)
    assert "loki" in unknown.reason
