"""A simulated Network Operator: offers the InfiniBand cards of the nodes on which its device plugin would run.

The real one needs cards. This one reads the same NicClusterPolicy (affinity, tolerations, the plugin's configuration)
and finds the cards in the annotation that `rehearsal.fleet` left on the node. A driver counts as loaded where its pods
land.
Sources: Mellanox/network-operator v26.4.1, controllers/nicclusterpolicy_controller.go, manifests/state-ofed-driver and
manifests/state-sriov-device-plugin; k8snetworkplumbingwg/sriov-network-device-plugin, README.md (configuration).
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

from rehearsal.controllers.base import ConfigurationError, SimulatedController, Values, value
from rehearsal.controllers.landing import tolerated
from rehearsal.controllers.offering import offer
from rehearsal.fleet import INFINIBAND_ANNOTATION, nodes
from rehearsal.kube import JsonObject, Kube

POLICIES = "/apis/mellanox.com/v1alpha1/nicclusterpolicies"
POLICY = "nic-cluster-policy"

_BUILT_IN = [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
"""What the operator's DaemonSets tolerate anyhow."""


def resource(spec: Mapping[str, Any]) -> str | None:
    """Name under which the policy's plugin offers InfiniBand cards; None where it has no plugin for them.

    Raises:
        ConfigurationError: for a configuration that the plugin could not read.
    """
    text = value(spec, "sriovDevicePlugin.config")
    if text is None:
        return None
    try:
        listed = json.loads(text)["resourceList"]
        found = [f"{one['resourcePrefix']}/{one['resourceName']}" for one in listed if _selects(one["selectors"])]
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"NicClusterPolicy sriovDevicePlugin.config cannot be read: {error!r}") from error
    return found[0] if found else None


def _selects(selectors: Mapping[str, Any]) -> bool:
    return "15b3" in selectors["vendors"] and "infiniband" in selectors["linkTypes"] and selectors["isRdma"] is True


def offered(node: JsonObject, spec: Mapping[str, Any]) -> int:
    """Cards that the plugin offers on a node. Pure; 0 where there are none, or driver and plugin do not run."""
    metadata = node["metadata"]
    terms = value(spec, "nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms", [])
    runs = (
        value(spec, "ofedDriver.image") is not None
        and (not terms or any(_matches(metadata.get("labels") or {}, term) for term in terms))
        and tolerated(node, [*value(spec, "tolerations", []), *_BUILT_IN])
    )
    annotations: Mapping[str, str] = metadata.get("annotations") or {}
    return int(annotations.get(INFINIBAND_ANNOTATION, "0")) if runs else 0


def _matches(labels: Mapping[str, str], term: Mapping[str, Any]) -> bool:
    """Whether the labels meet a term, whose operators are those that the platform writes: In."""
    wanted = cast("Iterable[Mapping[str, Any]]", term["matchExpressions"])
    return all(one["operator"] == "In" and labels.get(one["key"]) in one["values"] for one in wanted)


def reconcile(api: Kube, _values: Values) -> None:
    """Bring every node to what the policy says; without one, to nothing."""
    policy = api.get(f"{POLICIES}/{POLICY}")
    spec: Mapping[str, Any] = (policy or {}).get("spec") or {}
    name = resource(spec)
    for node in nodes(api):
        _clear(api, node, name)
        if name is not None:
            offer(api, node, name, offered(node, spec))


def withdraw(api: Kube) -> None:
    """Take the resource away again."""
    for node in nodes(api):
        _clear(api, node, None)


def _clear(api: Kube, node: JsonObject, but: str | None) -> None:
    """Take away what an earlier policy offered under another name."""
    status: Mapping[str, Mapping[str, str]] = node.get("status") or {}
    for name in list(status.get("capacity", {})):
        if name.startswith("rdma/") and name != but:
            offer(api, node, name, 0)


NETWORK_OPERATOR = SimulatedController(chart="network-operator", reconcile=reconcile, withdraw=withdraw)
"""InfiniBand cards as a resource of the node, without cards."""
