"""A strict reading of Volcano's scheduler configuration.

Volcano itself reads it leniently: unknown keys and unknown plugins are passed over, and with an unknown action it goes
on with its own defaults, so that a mistake shows only as jobs placed in another way. Here every mistake is an error.

Source of the names: volcano-sh/volcano v1.14.1, pkg/scheduler/conf (keys), pkg/scheduler/plugins/factory.go and
pkg/scheduler/actions/factory.go (plugins, actions), and the plugins' own sources (arguments).
"""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, cast

import yaml

from rehearsal.controllers.base import ConfigurationError

ACTIONS = frozenset({"enqueue", "allocate", "backfill", "preempt", "reclaim", "shuffle"})
PLUGINS = frozenset(
    {
        "binpack",
        "capacity",
        "cdp",
        "conformance",
        "deviceshare",
        "drf",
        "extender",
        "gang",
        "network-topology-aware",
        "nodegroup",
        "nodeorder",
        "numa-aware",
        "overcommit",
        "pdb",
        "predicates",
        "priority",
        "proportion",
        "rescheduling",
        "resource-strategy-fit",
        "resourcequota",
        "sla",
        "task-topology",
        "tdm",
        "usage",
    }
)
_TOP = frozenset({"actions", "tiers", "configurations", "metrics"})
_SWITCHES = frozenset(
    {
        "enableJobOrder",
        "enableHierarchy",
        "enableJobReady",
        "enableJobPipelined",
        "enableTaskOrder",
        "enablePreemptable",
        "enableReclaimable",
        "enablePreemptive",
        "enableQueueOrder",
        "EnabledClusterOrder",
        "enablePredicate",
        "enableBestNode",
        "enableNodeOrder",
        "enableTargetJob",
        "enableReservedNodes",
        "enableJobEnqueued",
        "enabledVictim",
        "enableJobStarving",
        "enabledOverused",
        "enabledAllocatable",
        "enabledHyperNodeOrder",
        "enabledSubJobReady",
        "enabledSubJobPipelined",
        "enabledSubJobOrder",
        "enabledHyperNodeGradient",
    }
)
_ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "binpack": (r"binpack\.(weight|cpu|memory|resources)", r"binpack\.resources\..+"),
    "nodeorder": (
        r"(balancedresource|imagelocality|leastrequested|mostrequested|nodeaffinity|podaffinity|podtopologyspread"
        r"|tainttoleration)\.weight",
    ),
    "overcommit": (r"overcommit-factor",),
}
"""Arguments of the plugins that the platform configures; those of others are not checked."""
_WEIGHTS = re.compile(r".*\.weight|binpack\.(cpu|memory)|binpack\.resources\..+")


def check(text: str, where: str) -> None:
    """Refuse a configuration that Volcano would not follow to the letter.

    Args:
        text: The file's content.
        where: Value path to name in the error.

    Raises:
        ConfigurationError: with the first mistake.
    """
    try:
        document: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" in line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise ConfigurationError(f"{where} is not YAML{place}: {problem}") from error
    top = _mapping(document, where)
    _known(top, _TOP, where)
    _check_actions(top.get("actions"), where)
    tiers = _sequence(top.get("tiers"), f"{where}: tiers")
    seen: dict[str, Mapping[str, Any]] = {}
    for number, tier in enumerate(tiers):
        place = f"{where}: tiers[{number}]"
        _known(_mapping(tier, place), frozenset({"plugins"}), place)
        for item in _sequence(_mapping(tier, place).get("plugins"), f"{place}.plugins"):
            plugin = _mapping(item, f"{place}.plugins")
            name = _check_plugin(plugin, place)
            if name in seen:
                raise ConfigurationError(f"{where}: plugin {name!r} is listed twice; the second is ignored: remove one")
            seen[name] = plugin
    if {"capacity", "proportion"} <= seen.keys():
        raise ConfigurationError(
            f"{where}: plugins 'capacity' and 'proportion' both share out queues; keep one of them"
        )
    if "proportion" in seen and seen.get("drf", {}).get("enableHierarchy") is True:
        raise ConfigurationError(
            f"{where}: plugin 'drf' with enableHierarchy cannot run with 'proportion'; drop one of them"
        )


def _check_actions(actions: Any, where: str) -> None:
    if not isinstance(actions, str) or not actions.strip():
        raise ConfigurationError(
            f"{where}: actions is {actions!r}, must be a comma-separated text such as 'allocate, backfill'"
        )
    for name in (part.strip() for part in actions.split(",")):
        if name not in ACTIONS:
            raise ConfigurationError(f"{where}: unknown action {name!r}{_hint(name, ACTIONS)}")


def _check_plugin(plugin: Mapping[str, Any], place: str) -> str:
    name = plugin.get("name")
    if not isinstance(name, str) or name not in PLUGINS:
        raise ConfigurationError(f"{place}: unknown plugin {name!r}{_hint(str(name), PLUGINS)}")
    _known(plugin, _SWITCHES | {"name", "arguments"}, f"{place}: plugin {name!r}")
    for switch in sorted(_SWITCHES & plugin.keys()):
        if not isinstance(plugin[switch], bool):
            raise ConfigurationError(f"{place}: plugin {name!r}: {switch} is {plugin[switch]!r}, must be true or false")
    arguments = _mapping(plugin.get("arguments") or {}, f"{place}: plugin {name!r}: arguments")
    allowed = _ARGUMENTS.get(name)
    for key, setting in arguments.items():
        if allowed and not any(re.fullmatch(pattern, key) for pattern in allowed):
            raise ConfigurationError(
                f"{place}: plugin {name!r} has no argument {key!r}; it is ignored there: correct it"
            )
        if allowed and _WEIGHTS.fullmatch(key) and (isinstance(setting, bool) or not isinstance(setting, int)):
            raise ConfigurationError(f"{place}: plugin {name!r}: {key} is {setting!r}, must be a whole number")
    return name


def _known(mapping: Mapping[str, Any], allowed: frozenset[str], place: str) -> None:
    for key in mapping:
        if key not in allowed:
            raise ConfigurationError(f"{place}: unknown key {key!r}{_hint(str(key), allowed)}")


def _hint(word: str, allowed: Iterable[str]) -> str:
    close = get_close_matches(word, list(allowed), n=1)
    return (f", did you mean {close[0]!r}?" if close else "") + f"; known: {', '.join(sorted(allowed))}"


def _mapping(found: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(found, Mapping):
        raise ConfigurationError(f"{place} is {found!r}, must be a mapping")
    return cast("Mapping[str, Any]", found)


def _sequence(found: Any, place: str) -> list[Any]:
    if not isinstance(found, list) or not found:
        raise ConfigurationError(f"{place} is {found!r}, must be a list with at least one entry")
    return cast("list[Any]", found)
