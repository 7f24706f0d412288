from typing import Any

import pytest
import yaml

from policy.rules import tenant_gpu_quota

WHOLE = {"requests.nvidia.com/gpu": "4"}


def operator(world: Any, profiles: dict[str, int], strategy: str = "mixed", text: Any = None) -> Any:
    layouts = {"mine": [{"devices": "all", "mig-enabled": True, "mig-devices": profiles}]}
    text = yaml.safe_dump({"version": "v1", "mig-configs": layouts}) if text is None else text
    values = {"mig": {"strategy": strategy}, "migManager": {"config": {"data": {"config.yaml": text}}}}
    return world.release("gpu-operator", "https://helm.ngc.nvidia.com/nvidia", "v26.7.0", values)


def test_a_tenant_with_a_bound_on_gpus_passes(world: Any, judge: Any) -> None:
    assert judge(tenant_gpu_quota.RULE, [*world.tenant(), world.quota(WHOLE)]) == []


@pytest.mark.parametrize("value", ["0", 3, 3.0])
def test_a_bound_may_be_text_or_a_number(world: Any, judge: Any, value: Any) -> None:
    assert judge(tenant_gpu_quota.RULE, [*world.tenant(), world.quota({"requests.nvidia.com/gpu": value})]) == []


def test_a_tenant_without_a_quota_is_refused(world: Any, judge: Any) -> None:
    assert judge(tenant_gpu_quota.RULE, world.tenant()) == [
        "tenant 'vision' (namespace 'vision') has no ResourceQuota; add one whose spec.hard bounds "
        "requests.nvidia.com/gpu, with 0 for what the tenant may not use"
    ]


def test_a_quota_in_another_namespace_does_not_count(world: Any, judge: Any) -> None:
    found = judge(tenant_gpu_quota.RULE, [*world.tenant(), world.quota(WHOLE, namespace="audio")])
    assert [message.partition(";")[0] for message in found] == [
        "tenant 'vision' (namespace 'vision') has no ResourceQuota"
    ]


def test_a_quota_that_bounds_only_some_pods_does_not_count(world: Any, judge: Any) -> None:
    assert len(judge(tenant_gpu_quota.RULE, [*world.tenant(), world.quota(WHOLE, scopes=["BestEffort"])])) == 1


def test_a_quota_that_forgets_gpus_is_refused(world: Any, judge: Any) -> None:
    assert judge(tenant_gpu_quota.RULE, [*world.tenant(), world.quota({"pods": "10"})]) == [
        "tenant 'vision' (namespace 'vision'): no quota bounds requests.nvidia.com/gpu, so its pods may take all of "
        "them; "
        "add it to spec.hard of ResourceQuota 'quota', with 0 if the tenant may not use it"
    ]


def test_a_slice_in_a_mig_layout_must_be_bounded_for_every_tenant(world: Any, judge: Any) -> None:
    stack = [*world.tenant(), world.quota(WHOLE), operator(world, {"1g.10gb": 7, "1g.10gb+me": 1})]
    assert judge(tenant_gpu_quota.RULE, stack) == [
        f"tenant 'vision' (namespace 'vision'): no quota bounds requests.nvidia.com/mig-{profile}, so its pods may "
        f"take "
        "all of them; add it to spec.hard of ResourceQuota 'quota', with 0 if the tenant may not use it"
        for profile in ("1g.10gb", "1g.10gb.me")
    ]
    bounds = {**WHOLE, "requests.nvidia.com/mig-1g.10gb": "2", "requests.nvidia.com/mig-1g.10gb.me": "0"}
    assert judge(tenant_gpu_quota.RULE, [*world.tenant(), world.quota(bounds), stack[-1]]) == []


def test_slices_that_are_offered_as_whole_gpus_need_no_bound_of_their_own(world: Any, judge: Any) -> None:
    stack = [*world.tenant(), world.quota(WHOLE), operator(world, {"1g.10gb": 7}, "single")]
    assert judge(tenant_gpu_quota.RULE, stack) == []


def sharing(world: Any, data: Any) -> Any:
    values = {"devicePlugin": {"config": {"create": True, "data": data}}}
    return world.release("gpu-operator", "https://helm.ngc.nvidia.com/nvidia", "v26.7.0", values)


def shared(replicas: int = 4, **options: Any) -> str:
    slicing = {"resources": [{"name": "nvidia.com/gpu", "replicas": replicas}], **options}
    return yaml.safe_dump({"version": "v1", "sharing": {"timeSlicing": slicing}})


def test_turns_on_a_shared_gpu_must_be_bounded_for_every_tenant(world: Any, judge: Any) -> None:
    operators = sharing(world, {"whole-gpus": "version: v1", "time-slicing-4": shared(renameByDefault=True)})
    assert judge(tenant_gpu_quota.RULE, [*world.tenant(), world.quota(WHOLE), operators]) == [
        "tenant 'vision' (namespace 'vision'): no quota bounds requests.nvidia.com/gpu.shared, so its pods may take "
        "all of them; add it to spec.hard of ResourceQuota 'quota', with 0 if the tenant may not use it"
    ]
    bounds = {**WHOLE, "requests.nvidia.com/gpu.shared": "0"}
    assert judge(tenant_gpu_quota.RULE, [*world.tenant(), world.quota(bounds), operators]) == []


def test_turns_that_are_offered_as_whole_gpus_need_no_bound_of_their_own(world: Any, judge: Any) -> None:
    stack = [*world.tenant(), world.quota(WHOLE), sharing(world, {"a": shared()})]
    assert judge(tenant_gpu_quota.RULE, stack) == []


def test_turns_that_one_tenant_may_take_must_be_bounded_for_the_others(world: Any, judge: Any) -> None:
    turns = world.quota({**WHOLE, "requests.nvidia.com/gpu.shared": "4"}, namespace="audio")
    turns.urn += "-audio"
    found = judge(tenant_gpu_quota.RULE, [*world.tenant(), world.quota(WHOLE), *world.tenant("audio"), turns])
    assert len(found) == 1
    assert "no quota bounds requests.nvidia.com/gpu.shared" in found[0]


def test_sharing_that_cannot_be_read_or_known_is_refused(world: Any, judge: Any) -> None:
    for text in ("a: [", "words", 3):
        assert judge(tenant_gpu_quota.RULE, [*world.tenant(), world.quota(WHOLE), sharing(world, {"a": text})]) == [
            "Release 'gpu-operator': values.devicePlugin.config.data['a'] is not a device plugin configuration; give "
            "it YAML with `version: v1`"
        ]
    for data in (world.unknown, {"a": world.unknown}):
        assert judge(tenant_gpu_quota.RULE, [*world.tenant(), world.quota(WHOLE), sharing(world, data)]) == [
            "Release 'gpu-operator': values.devicePlugin.config.data cannot be known before the update; make it plain: "
            "text in the program, not an output"
        ]


def test_a_slice_that_one_tenant_may_use_must_be_bounded_for_the_others(world: Any, judge: Any) -> None:
    slices = world.quota({**WHOLE, "requests.nvidia.com/mig-3g.40gb": "1"}, namespace="audio")
    slices.urn += "-audio"
    stack = [*world.tenant(), world.quota(WHOLE), *world.tenant("audio"), slices]
    found = judge(tenant_gpu_quota.RULE, stack)
    assert len(found) == 1
    assert found[0].startswith("tenant 'vision' (namespace 'vision'): no quota bounds requests.nvidia.com/mig-3g.40gb")


def test_a_bound_that_is_no_number_of_devices_is_refused(world: Any, judge: Any) -> None:
    assert judge(tenant_gpu_quota.RULE, [*world.tenant(), world.quota({"requests.nvidia.com/gpu": "some"})]) == [
        "ResourceQuota 'quota': spec.hard['requests.nvidia.com/gpu'] is 'some'; give a whole number of devices"
    ]


def test_a_mig_file_that_cannot_be_read_is_refused(world: Any, judge: Any) -> None:
    for text in ("{", "a: 1", "[]"):
        stack = [*world.tenant(), world.quota(WHOLE), operator(world, {}, text=text)]
        assert judge(tenant_gpu_quota.RULE, stack) == [
            "Release 'gpu-operator': values.migManager.config.data['config.yaml'] is not a mig-parted file; give it "
            "`mig-configs` with a list of entries under each name"
        ]


def test_a_stack_without_tenants_is_not_judged(world: Any, judge: Any) -> None:
    assert judge(tenant_gpu_quota.RULE, [world.namespace("volcano-system")]) == [
        "not applicable: the stack has no tenant namespaces"
    ]


def test_a_quota_above_max_gpus_is_refused(world: Any, judge: Any) -> None:
    stack = [*world.tenant(), world.quota(WHOLE)]
    assert judge(tenant_gpu_quota.RULE, stack, {"maxGpus": 4.0}) == []
    assert judge(tenant_gpu_quota.RULE, stack, {"maxGpus": 2.0}) == [
        "tenant 'vision' (namespace 'vision'): its quota grants 4 of requests.nvidia.com/gpu, more than the 2 that "
        "maxGpus "
        "allows; lower the quota, or raise maxGpus in the policy configuration"
    ]


def test_other_resources_can_be_required(world: Any, judge: Any) -> None:
    found = judge(tenant_gpu_quota.RULE, [*world.tenant(), world.quota(WHOLE)], {"resources": ["requests.amd.com/gpu"]})
    assert len(found) == 1
    assert "no quota bounds requests.amd.com/gpu" in found[0]


def test_what_cannot_be_known_is_refused(world: Any, judge: Any) -> None:
    fix = "cannot be known before the update; make it plain: text in the program, not an output"
    hidden_value = world.quota({"requests.nvidia.com/gpu": world.unknown})
    assert judge(tenant_gpu_quota.RULE, [*world.tenant(), hidden_value]) == [
        f"ResourceQuota 'quota': spec.hard['requests.nvidia.com/gpu'] {fix}"
    ]
    assert judge(tenant_gpu_quota.RULE, [*world.tenant(), world.quota(world.unknown)]) == [
        f"ResourceQuota 'quota': spec.hard {fix}"
    ]
    hidden_place = world.quota(WHOLE, namespace=world.unknown)
    assert (
        judge(tenant_gpu_quota.RULE, [*world.tenant(), hidden_place])[0]
        == f"ResourceQuota 'quota': metadata.namespace {fix}"
    )
    hidden_layout = operator(world, {}, text=world.unknown)
    assert judge(tenant_gpu_quota.RULE, [*world.tenant(), world.quota(WHOLE), hidden_layout]) == [
        f"Release 'gpu-operator': values.migManager.config.data['config.yaml'] {fix}"
    ]


def claims(world: Any) -> Any:
    repo = "oci://registry.k8s.io/dra-driver-nvidia/charts"
    return world.release(f"{repo}/dra-driver-nvidia-gpu", "", "0.4.1", {}, repositoryOpts=None)


def test_where_pods_claim_gpus_every_class_of_the_driver_must_be_bounded(world: Any, judge: Any) -> None:
    stack = [*world.tenant(), world.quota(WHOLE), claims(world)]
    assert judge(tenant_gpu_quota.RULE, stack) == [
        f"tenant 'vision' (namespace 'vision'): no quota bounds {name}.deviceclass.resource.k8s.io/devices, so its "
        "pods may take all of them; add it to spec.hard of ResourceQuota 'quota', with 0 if the tenant may not use it"
        for name in ("gpu.nvidia.com", "mig.nvidia.com", "vfio.gpu.nvidia.com")
    ]


def test_the_most_that_a_tenant_may_have_counts_claims_too(world: Any, judge: Any) -> None:
    classes = {f"{name}.deviceclass.resource.k8s.io/devices": "0" for name in ("mig.nvidia.com", "vfio.gpu.nvidia.com")}
    bounds = {"requests.nvidia.com/gpu": "0", "gpu.nvidia.com.deviceclass.resource.k8s.io/devices": "9", **classes}
    stack = [*world.tenant(), world.quota(bounds), claims(world)]
    assert judge(tenant_gpu_quota.RULE, stack) == []
    (found,) = judge(tenant_gpu_quota.RULE, stack, {"maxGpus": 8})
    assert "grants 9 of gpu.nvidia.com.deviceclass.resource.k8s.io/devices, more than the 8 that maxGpus" in found
