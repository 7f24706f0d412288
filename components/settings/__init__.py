"""Stack config to frozen, validated settings."""

from components.settings.loading import load, parse, schema
from components.settings.problems import Problem, SettingsError
from components.settings.settings import NAMESPACE, Settings

__all__ = ["NAMESPACE", "Problem", "Settings", "SettingsError", "load", "parse", "schema"]
