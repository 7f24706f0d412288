"""What is allowed and still worth a second look; said as warnings, never as errors."""

from collections.abc import Iterator
from datetime import date

from components.catalog.versions import out_of_standard_support, standard_support_end
from components.settings.cluster import CLOUD_OF, ExistingCluster
from components.settings.events import KafkaProvider
from components.settings.settings import NAMESPACE, Settings

_WITHOUT_QUOTAS = {
    KafkaProvider.MSK: "Amazon MSK has no quotas for those who sign in by IAM",
    KafkaProvider.GOOGLE: "the API of Google's Managed Kafka has no quotas for users",
}
"""Provider -> why no tenant is slowed down there."""


def advice(settings: Settings, today: date) -> Iterator[str]:
    """Warnings for this stack on this day."""
    if settings.serving is not None and settings.serving.modelmesh is not None:
        yield (
            f"{NAMESPACE}:serving.modelmesh: ModelMesh is archived, 0.12.0 of 2024 is its last version and nobody mends"
            " it; model sets with backend multiplex or adapters do the same (docs/many-models.md)"
        )
    if settings.events is not None and (lacking := _WITHOUT_QUOTAS.get(settings.events.provider)) is not None:
        yield (
            f"{NAMESPACE}:events.provider = {settings.events.provider.value!r}: {lacking}; a tenant that sends more"
            " than it says can slow the others down (docs/events.md)"
        )
    cluster, kubernetes = settings.cluster, settings.versions.kubernetes
    if isinstance(cluster, ExistingCluster):
        return
    cloud = CLOUD_OF[cluster.provider]
    if out_of_standard_support(cloud, kubernetes, today):
        yield (
            f"{NAMESPACE}:versions.kubernetes = {kubernetes!r}: standard support on {cluster.provider} ended on"
            f" {standard_support_end(cloud, kubernetes)}; it costs extra or is refused. Move to a newer minor version"
        )
