"""A simulated EFA device plugin: offers the adapters of the nodes on which its DaemonSet would run.

The real one needs adapters. This one reads where its pods may land from the same values (the chart's node affinity, the
node selector and the tolerations) and finds the adapters in the annotation that `rehearsal.fleet` left on the node.
Source: aws/eks-charts, aws-efa-k8s-device-plugin templates/daemonset.yaml.
"""

from collections.abc import Mapping

from rehearsal.controllers.base import SimulatedController, Values, value
from rehearsal.controllers.landing import tolerated
from rehearsal.controllers.offering import offer
from rehearsal.fleet import EFA_ANNOTATION, nodes
from rehearsal.kube import JsonObject, Kube

RESOURCE = "vpc.amazonaws.com/efa"


def offered(node: JsonObject, values: Values) -> int:
    """Adapters that the plugin offers on a node. Pure; 0 where none are wired or none of its pods runs."""
    metadata = node["metadata"]
    labels: Mapping[str, str] = metadata.get("labels") or {}
    keys, wanted = (value(values, f"supportedInstanceLabels.{part}", []) for part in ("keys", "values"))
    selector: Mapping[str, str] = value(values, "nodeSelector", {})
    runs = (
        any(labels.get(key) in wanted for key in keys)
        and all(labels.get(key) == text for key, text in selector.items())
        and tolerated(node, value(values, "tolerations", []))
    )
    annotations: Mapping[str, str] = metadata.get("annotations") or {}
    return int(annotations.get(EFA_ANNOTATION, "0")) if runs else 0


def reconcile(api: Kube, values: Values) -> None:
    """Bring every node to what the values say. Writes only what differs."""
    for node in nodes(api):
        offer(api, node, RESOURCE, offered(node, values))


def withdraw(api: Kube) -> None:
    """Take the resource away again."""
    for node in nodes(api):
        offer(api, node, RESOURCE, 0)


EFA_DEVICE_PLUGIN = SimulatedController(chart="aws-efa-k8s-device-plugin", reconcile=reconcile, withdraw=withdraw)
"""Adapters as a resource of the node, without adapters."""
