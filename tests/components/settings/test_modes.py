"""What runs models that do not say it themselves."""

from components.settings import Settings
from components.settings.serving import Mode
from tests.rehearsal.bad_ensembles import PHOTOS
from tests.rehearsal.bad_knative import by_default
from tests.rehearsal.bad_serving import serving
from tests.rehearsal.bad_sets import ADAPTERS
from tests.stack_files import settings


def modes(stack: Settings) -> dict[str, Mode]:
    return {key: model.mode for (_, key), model in stack.tenants["vision"].served.items()}


def test_the_stacks_mode_is_that_of_every_model_without_one() -> None:
    assert modes(settings(**by_default())) == {"chat": Mode.KNATIVE}


def test_a_models_own_mode_wins() -> None:
    assert modes(settings(**by_default({"mode": "standard"}))) == {"chat": Mode.STANDARD}
    mixed = serving({"mode": "knative", "surge": 1}, knative={}, serving={"mode": "standard"})
    assert modes(settings(**mixed)) == {"chat": Mode.KNATIVE}


def test_ensembles_follow_it_and_sets_of_adapters_do_not() -> None:
    stack = by_default()
    tenant = stack["tenants"]["vision"]
    tenant |= {"models": {}, "ensembles": {"photos": {**PHOTOS, "surge": 1}}, "modelSets": {"tones": ADAPTERS}}
    read = settings(**stack)
    assert modes(read) == {"photos": Mode.KNATIVE}
    from components.settings.set_workloads import with_sets

    assert with_sets(read.cluster, read.tenants["vision"]).models["tones"].mode is Mode.STANDARD
