"""Knative in the graph of a stack."""

from typing import Any

import pulumi

from components.catalog.images import KOURIER_PROXY, images_in, lockable
from components.knative.knative import Knative, KnativeArgs
from components.knative.make import make_knative
from tests.components.recorder import Graph, Registered, build
from tests.stack_files import REMOVE, settings


def knative(*, eventing: dict[str, Any] | None = None, images_lock: dict[str, str] | None = None) -> Graph:
    args: KnativeArgs = {
        "version": "v1.22.3",
        "replicas": 1,
        "config": {"autoscaler": {"stable-window": "120s"}},
        "eventing": eventing,
        "keda": False,
        "images_lock": images_lock or {},
        "values": {},
    }
    return build({}, lambda: Knative("k", args), read_outputs=("namespace",))


def named(graph: Graph, name: str) -> Registered:
    (found,) = [resource for resource in graph.resources if resource.name == name]
    return found


def test_the_operator_comes_before_what_it_installs_and_goes_after_it() -> None:
    graph = knative()
    made = named(graph, "k-serving")
    assert named(graph, "k-release").urn in made.needs
    assert made.inputs["metadata"]["annotations"] == {"pulumi.com/waitFor": "condition=Ready"}
    assert made.inputs["spec"]["config"] == {"autoscaler": {"stable-window": "120s"}}


def test_eventing_is_there_only_where_asked_for() -> None:
    assert "k-eventing" not in [resource.name for resource in knative().resources]
    made = named(knative(eventing={}), "k-eventing")
    assert made.inputs["kind"] == "KnativeEventing"
    assert made.inputs["metadata"]["namespace"] == "knative-eventing"


def test_both_images_of_the_operator_are_pinned() -> None:
    found = images_in("knative-operator", named(knative(), "k-release").inputs["values"])
    assert [image.tag for image in found] == ["v1.22.3", "v1.22.3"]


def test_the_proxy_of_the_ingress_is_pinned_by_the_lock() -> None:
    digest = "sha256:" + "ab" * 32
    lock = {KOURIER_PROXY.reference(): digest}
    made = named(knative(images_lock=lock), "k-serving").inputs["spec"]["registry"]["override"]
    assert list(made.values()) == [f"{KOURIER_PROXY.reference()}@{digest}"]
    assert KOURIER_PROXY.reference() in lockable()


def test_a_stack_takes_images_as_it_names_them_and_adds_to_the_config() -> None:
    stack = settings(
        **{"knative": {"config": {"autoscaler": {"stable-window": "120s"}}}, "trust.mirror": REMOVE},
        **{"trust.enforcement": "audit"},
    )
    assert stack.knative is not None
    chosen = stack.knative
    graph = build({}, lambda: make_knative("p", stack, chosen, {}, pulumi.ResourceOptions()), read_outputs=())
    config = named(graph, "p-knative-serving").inputs["spec"]["config"]
    assert config["autoscaler"]["stable-window"] == "120s"
    assert config["autoscaler"]["enable-scale-to-zero"] == "true"
    assert {"gcr.io", "ghcr.io", "index.docker.io", "nvcr.io", "quay.io", "registry.k8s.io"} == set(
        config["deployment"]["registries-skipping-tag-resolving"].split(",")
    )
