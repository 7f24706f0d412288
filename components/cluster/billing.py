"""What follows for all cloud resources of a stack from what the stack is for."""

import pulumi

from components.settings import Settings
from components.settings.cluster import CloudCluster
from components.settings.model import Environment


def billing_labels(settings: Settings) -> dict[str, str]:
    """Labels of everything that a cloud bills, in the characters that all three clouds take."""
    return {"platform": "multimodal", "environment": settings.environment.value, "stack": pulumi.get_stack()}


def is_production(settings: Settings) -> bool:
    """Whether the stack is one that must not go by accident."""
    return settings.environment is Environment.PROD


def is_protected(settings: Settings, cluster: CloudCluster) -> bool:
    """Whether the cluster must not be destroyed: as the stack file says, else in production."""
    return is_production(settings) if cluster.deletion_protection is None else cluster.deletion_protection
