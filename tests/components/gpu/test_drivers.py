"""One party owns the driver: pool, operator and runtime class follow from it together."""

import pytest

from components.gpu.drivers import _PLANS, PoolDriver, driver_plan  # pyright: ignore[reportPrivateUsage]
from components.settings.drivers import allowed_drivers, driver_owner
from components.settings.sections import DriverOwner

PROVIDERS = ("eks", "gke", "aks", "existing")
PAIRS = [(p, o) for p in PROVIDERS for o in allowed_drivers(p)]


@pytest.mark.parametrize(("provider", "owner"), PAIRS)
def test_exactly_one_party_installs_the_driver(provider: str, owner: DriverOwner) -> None:
    plan = driver_plan(provider, owner)
    assert plan.operator_values["driver"]["enabled"] == (owner is DriverOwner.OPERATOR)


@pytest.mark.parametrize(("provider", "owner"), PAIRS)
def test_the_operator_makes_the_runtime_class_that_pods_use(provider: str, owner: DriverOwner) -> None:
    plan = driver_plan(provider, owner)
    assert plan.operator_values["operator"]["runtimeClass"] == plan.runtime_class


def test_there_is_a_plan_for_every_owner_that_settings_let_through_and_for_no_other() -> None:
    assert set(_PLANS) == set(PAIRS)


def test_gke_gets_everything_that_its_read_only_system_needs() -> None:
    plan = driver_plan("gke", DriverOwner.CLOUD)
    assert plan.operator_values["hostPaths"]["driverInstallDir"] == plan.operator_values["toolkit"]["installDir"]
    assert {"name": "RUNTIME_CONFIG_SOURCE", "value": "file"} in plan.operator_values["toolkit"]["env"]
    assert plan.operator_values["migManager"]["env"] == [{"name": "WITH_REBOOT", "value": "true"}]
    assert plan.node_labels == {"gke-no-default-nvidia-gpu-device-plugin": "true"}
    assert plan.google_installer
    assert plan.critical_pods_quota


def test_an_aks_pool_skips_azures_driver_exactly_when_the_operator_brings_one() -> None:
    assert driver_plan("aks", DriverOwner.OPERATOR).pool is PoolDriver.AKS_NONE
    assert driver_plan("aks", DriverOwner.CLOUD).pool is PoolDriver.AKS_INSTALL
    assert driver_plan("aks", DriverOwner.CLOUD).runtime_class == "nvidia-container-runtime"


@pytest.mark.parametrize(
    ("provider", "owner"), [("eks", "image"), ("gke", "cloud"), ("aks", "operator"), ("existing", "image")]
)
def test_each_provider_has_a_default_owner(provider: str, owner: str) -> None:
    assert driver_owner(provider, None).value == owner
