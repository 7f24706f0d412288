"""Volcano's real scheduler and controller manager, with the scheduler configuration that the release carries.

Its admission webhooks are not run: they default and refuse fields that the CRDs cannot, and need a network into the
cluster. The programs are a minor older than the chart that stacks pin (`rehearsal/tools/volcano`).
"""

from typing import Any

import yaml

from rehearsal.controllers import volcano_conf
from rehearsal.controllers.base import ConfigurationError, Context, HostController, Plan, Values, value
from rehearsal.processes import Process

_OVERRIDE = "custom.scheduler_config_override"
_DEFAULT_ACTIONS = "enqueue, allocate, backfill"
_CRDS = (
    "commands.bus.volcano.sh",
    "cronjobs.batch.volcano.sh",
    "hypernodes.topology.volcano.sh",
    "jobs.batch.volcano.sh",
    "numatopologies.nodeinfo.volcano.sh",
    "podgroups.scheduling.volcano.sh",
    "queues.scheduling.volcano.sh",
)


def default_configuration() -> str:
    """What the chart uses without an override (volcano-sh/volcano v1.15.0, installer/helm/chart/volcano/config)."""
    steady: dict[str, Any] = {"enablePreemptable": False}
    first = [{"name": "priority"}, {"name": "gang", **steady}, {"name": "conformance"}]
    second = ["overcommit", "drf", "predicates", "proportion", "nodeorder", "binpack"]
    tiers = [
        {"plugins": first},
        {"plugins": [{"name": name, **(steady if name == "drf" else {})} for name in second]},
    ]
    return yaml.safe_dump({"actions": _DEFAULT_ACTIONS, "tiers": tiers}, sort_keys=False)


def plan(values: Values, context: Context) -> Plan:
    """The two processes and the scheduler's file.

    Raises:
        ConfigurationError: for a scheduler configuration that Volcano would not follow to the letter.
    """
    override = value(values, _OVERRIDE)
    if override is not None and not isinstance(override, str):
        raise ConfigurationError(
            f"{_OVERRIDE} is {override!r}, must be the scheduler's YAML as one text (a block scalar)"
        )
    configuration = override if override is not None else default_configuration()
    volcano_conf.check(configuration, _OVERRIDE)
    running: list[Process] = []
    if value(values, "custom.scheduler_enable", True):
        running.append(_scheduler(values, context))
    if value(values, "custom.controller_enable", True):
        running.append(_controllers(values, context))
    return Plan(processes=tuple(running), files={"scheduler.yaml": configuration})


def _scheduler(values: Values, context: Context) -> Process:
    port = context.port()
    period = value(values, "custom.scheduler_schedule_period", "1s")
    return Process(
        name="volcano-scheduler",
        argv=(
            context.program("volcano", "vc-scheduler"),
            f"--kubeconfig={context.kubeconfig}",
            f"--scheduler-conf={context.folder / 'scheduler.yaml'}",
            # Without it a file that it cannot use is passed over in favour of built-in defaults.
            "--disable-default-scheduler-config=true",
            f"--schedule-period={period}",
            *_scheduler_name(values),
            "--leader-elect=false",
            "--enable-healthz=true",
            f"--healthz-address=127.0.0.1:{port}",
            f"--listen-address=127.0.0.1:{context.port()}",
            "--cache-dumper=false",
            "--kube-api-qps=500",
            "--kube-api-burst=1000",
            "--v=0",
        ),
        env={"DEBUG_SOCKET_DIR": str(context.folder)},
        ready_url=f"http://127.0.0.1:{port}/healthz",
    )


def _controllers(values: Values, context: Context) -> Process:
    port = context.port()
    chosen = value(values, "custom.controller_enabled_controllers")
    return Process(
        name="volcano-controllers",
        argv=(
            context.program("volcano", "vc-controller-manager"),
            f"--kubeconfig={context.kubeconfig}",
            *((f"--controllers={chosen}",) if chosen else ()),
            *_scheduler_name(values),
            "--leader-elect=false",
            "--enable-healthz=true",
            f"--healthz-address=127.0.0.1:{port}",
            f"--listen-address=127.0.0.1:{context.port()}",
            "--kube-api-qps=200",
            "--kube-api-burst=400",
            "--v=0",
        ),
        env={"DEBUG_SOCKET_DIR": str(context.folder)},
        ready_url=f"http://127.0.0.1:{port}/healthz",
    )


def _scheduler_name(values: Values) -> tuple[str, ...]:
    name = value(values, "custom.scheduler_name")
    return (f"--scheduler-name={name}",) if name else ()


VOLCANO = HostController(chart="volcano", tools=("volcano",), crds=_CRDS, plan=plan)
"""Gang scheduling, queues and packing by the real Volcano."""
