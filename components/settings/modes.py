"""What runs a model that does not say it itself. Pure."""

from collections.abc import Mapping
from typing import TypeVar

from components.settings.platform_serving import Serving
from components.settings.sections import Tenant
from components.settings.serving import Mode, Served

_Model = TypeVar("_Model", bound=Served)


def in_mode(tenants: Mapping[str, Tenant], serving: Serving | None) -> dict[str, Tenant]:
    """The tenants with their models and ensembles in the stack's mode, but for those that have one of their own."""
    if serving is None or serving.mode is Mode.STANDARD:
        return dict(tenants)
    return {
        name: tenant.model_copy(
            update={
                "models": _chosen(tenant.models, serving.mode),
                "ensembles": _chosen(tenant.ensembles, serving.mode),
            }
        )
        for name, tenant in tenants.items()
    }


def _chosen(models: Mapping[str, _Model], mode: Mode) -> dict[str, _Model]:
    return {
        name: model if "mode" in model.model_fields_set else model.model_copy(update={"mode": mode})
        for name, model in models.items()
    }
