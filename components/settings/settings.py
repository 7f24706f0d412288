"""The whole of a stack's settings, and the way in: plain data to frozen `Settings`, or every error at once."""

from pydantic import Field

from components.settings.cluster import Cluster
from components.settings.events import Events
from components.settings.knative import KafkaBrokers, Knative, on_platform
from components.settings.model import Environment, Model, Name
from components.settings.pipelines import Pipelines
from components.settings.platform_serving import Serving
from components.settings.ray import Ray
from components.settings.sections import Autoscaling, Gpu, Scheduling, Storage, Tenant, Versions
from components.settings.trust import Trust

NAMESPACE = "multimodal"
"""Config namespace of the program; also the project's name."""


class Settings(Model):
    """One stack. Every key stands in the stack file as `multimodal:<key>`."""

    environment: Environment
    """dev, staging or prod."""

    cluster: Cluster
    """Where the platform runs."""

    gpu: Gpu = Gpu()
    scheduling: Scheduling = Scheduling()
    ray: Ray | None = None
    """Ray. None: not installed."""

    storage: Storage = Storage()
    trust: Trust
    autoscaling: Autoscaling | None = None
    """Scaling by signals. None (the default): every workload keeps the replicas that its settings name."""

    knative: Knative | None = None
    """Knative. None (the default): not installed."""

    serving: Serving | None = None
    """Model serving. None (the default): the stack serves no models."""

    events: Events | None = None
    """Kafka. None (the default): the stack carries no events."""
    pipelines: Pipelines | None = None
    """Kubeflow Pipelines. None (the default): tenants can have none."""

    tenants: dict[Name, Tenant] = Field(default_factory=dict)
    """Teams by name; the name is the namespace's and the queue's too."""

    versions: Versions = Versions()

    @property
    def brokers_on_kafka(self) -> KafkaBrokers | None:
        """What Knative's brokers are on the platform's Kafka; None where there are none."""
        return on_platform(self.knative, self.events)
