"""What every tenant rule relies on: that it sees the stack, or refuses it."""

from typing import Any

from policy.recorder import recorded
from policy.rules import images_pinned, tenant_gpu_quota

FIX = "cannot be known before the update; make it plain: text in the program, not an output"
HARD = {"requests.nvidia.com/gpu": "1"}


def test_inputs_are_judged_where_a_preview_has_no_outputs(world: Any, judge: Any) -> None:
    found = judge(tenant_gpu_quota.RULE, world.tenant())
    assert len(found) == 1
    assert found[0].startswith("tenant 'vision' (namespace 'vision') has no ResourceQuota")


def test_nothing_passes_unseen_without_inputs_and_outputs(world: Any, judge: Any) -> None:
    assert judge(tenant_gpu_quota.RULE, world.tenant(), record=False) == [
        f"Tenant 'vision': tenant {FIX}",
        f"Namespace 'vision': metadata.labels {FIX}",
    ]
    pod = world.pod("evil", namespace="system")
    assert judge(images_pinned.RULE, [pod], record=False) == [f"Pod 'pod': everything that it holds {FIX}"]


def test_outputs_are_judged_where_inputs_were_not_recorded(world: Any, judge: Any) -> None:
    stack = [*world.tenant(), world.quota(HARD)]
    for made in stack:
        made.outputs = made.inputs
    assert judge(tenant_gpu_quota.RULE, stack, record=False) == []


def test_the_namespace_of_an_object_may_come_from_the_namespace_resource(world: Any, judge: Any) -> None:
    component, namespace = world.tenant()
    quota = world.quota(HARD, namespace=world.unknown)
    quota.namespace_from = (namespace,)
    assert judge(tenant_gpu_quota.RULE, [component, namespace, quota]) == []


def test_a_namespace_that_could_come_from_several_resources_is_refused(world: Any, judge: Any) -> None:
    component, namespace = world.tenant()
    quota = world.quota(HARD, namespace=world.unknown)
    quota.namespace_from = (namespace, component)
    found = judge(tenant_gpu_quota.RULE, [component, namespace, quota])
    assert found[0] == f"ResourceQuota 'quota': metadata.namespace {FIX}"


def test_an_object_without_a_namespace_is_in_the_providers(world: Any, judge: Any) -> None:
    quota = world.quota(HARD, namespace=None)
    assert len(judge(tenant_gpu_quota.RULE, [*world.tenant(), quota])) == 1
    quota.provider_namespace = "vision"
    assert judge(tenant_gpu_quota.RULE, [*world.tenant(), quota]) == []


def test_a_namespace_whose_name_the_provider_makes_up_is_known_by_its_output(world: Any, judge: Any) -> None:
    component, namespace = world.tenant()
    namespace.inputs = {"metadata": {"labels": {"multimodal.dev/tenant": "vision"}}}
    assert judge(tenant_gpu_quota.RULE, [component, namespace]) == [f"Namespace 'vision': metadata.name {FIX}"]
    namespace.outputs = {"metadata": {"name": "vision-7f3a"}}
    found = judge(tenant_gpu_quota.RULE, [component, namespace])
    assert found[0].startswith("tenant 'vision' (namespace 'vision-7f3a') has no ResourceQuota")


def test_a_tenant_whose_namespace_lacks_the_label_is_refused(world: Any, judge: Any) -> None:
    component, _ = world.tenant()
    assert judge(tenant_gpu_quota.RULE, [component, world.namespace("vision")]) == [
        "Tenant 'vision': no namespace of the stack has the label multimodal.dev/tenant=vision; add it"
    ]


def test_labels_and_registries_that_cannot_be_known_are_refused(world: Any, judge: Any) -> None:
    for labels in (world.unknown, {"multimodal.dev/tenant": world.unknown}):
        assert judge(tenant_gpu_quota.RULE, [world.namespace("vision", labels=labels)]) == [
            f"Namespace 'vision': metadata.labels {FIX}"
        ]
    hidden = world.tenant(registries=world.unknown)
    assert judge(images_pinned.RULE, hidden) == [f"Tenant 'vision': registries {FIX}"]


def test_inputs_are_made_plain_once_and_not_again_by_every_rule(world: Any, judge: Any) -> None:
    stack = world.tenant()
    judge(tenant_gpu_quota.RULE, stack)
    inputs = recorded(stack[1].urn)
    assert inputs is not None
    assert type(inputs["metadata"]) is dict, "not a proxy, which checks each value that is read"
