"""What goes from the stores by itself, and when. Pure."""

from components.pipelines.names import FOLDER
from components.settings import Settings


def expiring(settings: Settings) -> dict[str, int]:
    """Prefix in the store of artifacts -> days: where tenants' pipelines keep what their runs make."""
    days = settings.pipelines.retention_days if settings.pipelines is not None else None
    if days is None:
        return {}
    return {f"{name}/{FOLDER}/": days for name, tenant in settings.tenants.items() if tenant.pipelines is not None}
