"""What every cloud resource of a stack has in common."""

import pulumi

from components.settings import Settings
from components.settings.model import Environment


def billing_labels(settings: Settings) -> dict[str, str]:
    """Labels of everything that a cloud bills, in the characters that all three clouds take."""
    return {"platform": "multimodal", "environment": settings.environment.value, "stack": pulumi.get_stack()}


def is_production(settings: Settings) -> bool:
    """Whether the stack is one that must not go by accident."""
    return settings.environment is Environment.PROD
