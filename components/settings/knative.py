"""Settings of Knative: Serving, and Eventing where it is asked for."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from components.settings.model import Model

ConfigName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]*$")]
"""Name of a ConfigMap of Knative Serving without its `config-`, such as autoscaler."""


class Knative(Model):
    """Knative's operator and what it installs: Serving with Kourier inside the cluster. The section being there
    installs them."""

    eventing: bool = False
    """Eventing too: brokers, triggers, sources and sinks for tenants that want them. The platform's own flows do not
    need it."""

    config: dict[ConfigName, dict[str, str]] = Field(default_factory=dict)
    """Further entries of Serving's ConfigMaps, merged last, such as {autoscaler: {stable-window: 120s}}."""

    values: dict[str, Any] = Field(default_factory=dict)
    """Further values of the knative-operator chart."""
