"""The rehearsal's `random` provider: makes passwords as the real one would, and nothing else.

Its rules are those of pulumi-random's own schema: which inputs there are, that each of them replaces the password, and
that the result is secret (pulumi_random.RandomPassword; hashicorp/random, resource random_password).
"""

from __future__ import annotations

import inspect
import secrets
import string
from collections.abc import Collection, Iterable
from typing import Any, Final

from rehearsal.providers.install import sdk_version
from rehearsal.providers.plugin import UNKNOWN, Props, ProviderError, RehearsalProvider, report, serve

PASSWORD: Final = "random:index/randomPassword:RandomPassword"  # noqa: S105 - a type
_CLASSES: Final = {
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase,
    "numeric": string.digits,
    "special": "!@#$%&*()-_=+[]{}<>:?",
}
_LEAST: Final = {"lower": "minLower", "upper": "minUpper", "numeric": "minNumeric", "special": "minSpecial"}


def known_inputs() -> frozenset[str]:
    """Inputs of a password, as the SDK spells them for the engine."""
    from pulumi_random import RandomPassword  # the SDK is slow to import

    make: Any = vars(RandomPassword)["_internal_init"]
    names = inspect.signature(make).parameters
    words = (name.split("_") for name in names if not name.startswith("__") and name not in ("resource_name", "opts"))
    return frozenset(first + "".join(part.capitalize() for part in rest) for first, *rest in words)


class RandomProvider(RehearsalProvider):
    """Passwords of letters, digits and signs."""

    def check_resource(self, type_: str, inputs: Props, preview: bool, urn: str) -> Iterable[tuple[str, str]]:  # noqa: ARG002
        if type_ != PASSWORD:
            report("skipped", urn, type_, reason="the rehearsal's random provider makes passwords only")
            return
        report("checked", urn, type_, by="pulumi-random's schema")
        for name in sorted(set(inputs) - known_inputs()):
            yield name, f"no such property; allowed: {', '.join(sorted(known_inputs()))}"
        length = inputs.get("length")
        if length is None:
            yield "length", "missing: say how many characters it has"
        elif length is not UNKNOWN and (not isinstance(length, int | float) or length < max(1, _least(inputs))):
            yield "length", f"{length!r} is too short; at least {max(1, _least(inputs))}"
        if not _alphabet(inputs):
            yield "", "no characters to choose from; leave one of lower, upper, numeric and special on"

    def replace_on(self, type_: str) -> Collection[str]:  # noqa: ARG002
        return known_inputs()

    def secret_outputs(self, type_: str) -> Collection[str]:  # noqa: ARG002
        return ("result", "bcryptHash")

    def create_resource(self, type_: str, urn: str, inputs: Props, preview: bool) -> tuple[str, Props]:
        if type_ != PASSWORD:
            raise ProviderError(f"{urn}: {type_} is not available in a rehearsal")
        if preview:
            return "", {**inputs, "result": UNKNOWN, "bcryptHash": UNKNOWN}
        # The real provider's id says nothing of the password either.
        return "none", {**inputs, "result": password(inputs), "bcryptHash": "not made in a rehearsal"}


def password(inputs: Props) -> str:
    """A password of these properties."""
    chosen = [secrets.choice(_characters(inputs, key)) for key in _LEAST for _ in range(_number(inputs, _LEAST[key]))]
    everything = _alphabet(inputs)
    chosen += [secrets.choice(everything) for _ in range(_number(inputs, "length") - len(chosen))]
    secrets.SystemRandom().shuffle(chosen)
    return "".join(chosen)


def _characters(inputs: Props, key: str) -> str:
    if inputs.get(key) is False:
        return ""
    own = inputs.get("overrideSpecial")
    return own if key == "special" and isinstance(own, str) and own else _CLASSES[key]


def _alphabet(inputs: Props) -> str:
    return "".join(_characters(inputs, key) for key in _CLASSES)


def _number(inputs: Props, key: str) -> int:
    value = inputs.get(key)
    return int(value) if isinstance(value, int | float) else 0


def _least(inputs: Props) -> int:
    return sum(_number(inputs, key) for key in _LEAST.values())


if __name__ == "__main__":
    serve(RandomProvider(), "random", sdk_version("pulumi-random"))
