"""Makes stacks as the engine shows them to a policy pack, and runs one rule on them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from pulumi_policy import (
    Policy,
    PolicyCustomTimeouts,
    PolicyProviderResource,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.policy import _NotApplicableError
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from policy.recorder import forget, recorder

OPTIONS = PolicyResourceOptions(False, [], None, [], PolicyCustomTimeouts(0, 0, 0), [])
DIGEST = "sha256:" + "a" * 64


class Made:
    """A resource of a test's stack."""

    def __init__(
        self,
        kind: str,
        name: str,
        inputs: Mapping[str, Any],
        *,
        outputs: Mapping[str, Any] | None = None,
        namespace_from: "tuple[Made, ...]" = (),
        provider_namespace: str = "",
    ) -> None:
        """`namespace_from`: the resources whose outputs the resource's namespace is made of."""
        self.kind, self.name, self.inputs = kind, name, inputs
        # What the engine shows of a resource whose provider is not configured yet.
        self.outputs: Mapping[str, Any] = {} if outputs is None else outputs
        self.urn = f"urn:pulumi:test::multimodal::{kind}::{name}"
        self.namespace_from = namespace_from
        self.provider_namespace = provider_namespace


class World:
    """Resources as the platform's program makes them."""

    unknown = UNKNOWN_STRING_VALUE
    digest = DIGEST

    def object(self, kind: str, name: str, spec: Any, *, namespace: str | None = None, **more: Any) -> Made:
        metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
        return Made(f"kubernetes:{kind}", name, {"metadata": metadata, "spec": spec}, **more)

    def namespace(self, name: str, tenant: str | None = None, labels: Any = None) -> Made:
        if labels is None:
            labels = {"multimodal.dev/tenant": tenant} if tenant else {}
        return Made("kubernetes:core/v1:Namespace", name, {"metadata": {"name": name, "labels": labels}})

    def tenant(self, name: str = "vision", registries: Any = ("ghcr.io/acme",)) -> list[Made]:
        """A tenant's component and namespace."""
        allowed = list(registries) if isinstance(registries, tuple) else registries
        component = Made("multimodal:index:Tenant", name, {"tenant": name, "registries": allowed})
        return [component, self.namespace(name, tenant=name)]

    def quota(self, hard: Any, namespace: str = "vision", **spec: Any) -> Made:
        return self.object("core/v1:ResourceQuota", "quota", {"hard": hard, **spec}, namespace=namespace)

    def network_policy(self, spec: Any, name: str = "rule", namespace: str = "vision") -> Made:
        return self.object("networking.k8s.io/v1:NetworkPolicy", name, spec, namespace=namespace)

    def platform(self, environment: Any = "dev") -> Made:
        return Made("multimodal:index:Platform", "platform", {"environment": environment})

    def release(
        self, chart: str, repo: str | None, version: str, values: Any, namespace: str = "system", **more: Any
    ) -> Made:
        inputs = {
            "chart": chart,
            "version": version,
            "repositoryOpts": {"repo": repo},
            "namespace": namespace,
            "values": values,
            **more,
        }
        return Made("kubernetes:helm.sh/v3:Release", chart, inputs)

    def pod(self, *images: Any, namespace: str = "vision", **spec: Any) -> Made:
        containers = [{"name": f"c{index}", "image": image} for index, image in enumerate(images)]
        return self.object("core/v1:Pod", "pod", {"containers": containers, **spec}, namespace=namespace)

    def cluster(self, kind: str, inputs: Mapping[str, Any]) -> Made:
        return Made(kind, "gpus", inputs)


@pytest.fixture
def world() -> World:
    """What a test builds its stack of."""
    return World()


@pytest.fixture(autouse=True)
def _nothing_recorded() -> Iterator[None]:
    forget()
    yield
    forget()


Judge = Callable[..., list[str]]


@pytest.fixture
def judge() -> Judge:
    """Runs one rule as the engine does, and returns its messages or `["not applicable: <reason>"]`."""
    return run


def run(
    policy: Policy, stack: Sequence[Made], config: Mapping[str, Any] | None = None, *, record: bool = True
) -> list[str]:
    """With `record` false, the stack is judged by its outputs, as if the recorder were switched off."""
    messages: list[str] = []

    def report(message: str, urn: str | None = None) -> None:
        about = {made.urn for made in stack}
        assert urn in about or "images.lock" in message, "every message names the resource it is about"
        messages.append(message)

    try:
        if isinstance(policy, StackValidationPolicy):
            for made in stack if record else []:
                recorder.validate(_resource_args(made, None), report)
            policy.validate(StackValidationArgs(_seen(stack), config), report)
        elif isinstance(policy, ResourceValidationPolicy):
            for made in stack:
                policy.validate(_resource_args(made, config), report)
    except _NotApplicableError as error:
        messages.append(f"not applicable: {error.reason}")
    return messages


def _resource_args(made: Made, config: Mapping[str, Any] | None) -> ResourceValidationArgs:
    props = unknown_checking_proxy(dict(made.inputs))
    return ResourceValidationArgs(made.kind, props, made.urn, made.name, OPTIONS, None, dict(config or {}))


def _seen(stack: Sequence[Made]) -> list[PolicyResource]:
    resources: dict[str, PolicyResource] = {}
    for made in stack:
        provider = None
        if made.provider_namespace:
            props = {"namespace": made.provider_namespace}
            provider = PolicyProviderResource("pulumi:providers:kubernetes", props, "urn", "k8s")
        props = unknown_checking_proxy(dict(made.outputs))
        resources[made.urn] = PolicyResource(made.kind, props, made.urn, made.name, OPTIONS, provider, None, [], {})
    for made in stack:
        if made.namespace_from:
            source = [resources[other.urn] for other in made.namespace_from]
            resources[made.urn].property_dependencies.update({"metadata": source, "namespace": source})
    return list(resources.values())
