"""The rehearsal's passwords."""

import string

import pytest

from rehearsal.providers.plugin import UNKNOWN
from rehearsal.providers.random import PASSWORD, RandomProvider, password

URN = "urn:pulumi:test::multimodal::random:index/randomPassword:RandomPassword::p"


def refusals(**inputs: object) -> list[tuple[str, str]]:
    return list(RandomProvider().check_resource(PASSWORD, inputs, False, URN))


def test_a_password_is_as_long_and_of_such_characters_as_asked() -> None:
    made = password({"length": 32.0, "special": False})
    assert len(made) == 32
    assert set(made) <= set(string.ascii_letters + string.digits)
    assert made != password({"length": 32.0, "special": False})


def test_the_least_number_of_each_kind_is_there() -> None:
    made = password({"length": 6.0, "minNumeric": 5.0, "minSpecial": 1.0, "overrideSpecial": "_"})
    assert (sum(one.isdigit() for one in made), made.count("_")) == (5, 1)


@pytest.mark.parametrize(
    ("inputs", "refused"),
    [
        ({}, ("length", "missing: say how many characters it has")),
        ({"length": 0}, ("length", "0 is too short; at least 1")),
        ({"length": 3, "minLower": 4}, ("length", "3 is too short; at least 4")),
        (
            {"length": 8, "lower": False, "upper": False, "numeric": False, "special": False},
            ("", "no characters to choose from; leave one of lower, upper, numeric and special on"),
        ),
    ],
)
def test_what_the_real_provider_would_refuse_is_refused(inputs: dict[str, object], refused: tuple[str, str]) -> None:
    assert refusals(**inputs) == [refused]


def test_a_property_that_the_sdk_does_not_have_is_refused() -> None:
    ((name, reason),) = refusals(length=8, lenght=9)
    assert name == "lenght"
    assert reason.startswith("no such property; allowed: keepers, length, lower,")


def test_the_result_is_secret_and_unknown_in_a_preview() -> None:
    provider = RandomProvider()
    assert "result" in provider.secret_outputs(PASSWORD)
    _, outputs = provider.create_resource(PASSWORD, URN, {"length": 8.0}, preview=True)
    assert outputs["result"] is UNKNOWN
