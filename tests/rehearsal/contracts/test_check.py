"""How inputs are compared with a shape, whatever the cloud."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.contracts.addresses import AddressBook
from rehearsal.contracts.binding import Binding, Inputs, Violation
from rehearsal.contracts.check import check, text
from rehearsal.contracts.rules import parse_network, values
from rehearsal.contracts.shapes import ANY, BOOLEAN, INTEGER, STRING, Field, Kind, Shape
from rehearsal.providers.plugin_values import UNKNOWN

SIZE = Shape(name="Size", kind=Kind.INTEGER, minimum=1, maximum=9)
COLOUR = Shape(name="Colour", kind=Kind.STRING, enum=("red", "blue"))
CODE = Shape(name="Code", kind=Kind.STRING, min_length=2, max_length=4, pattern="[a-z]+")
PART = Shape(
    name="Part",
    kind=Kind.STRUCTURE,
    members={"Colour": Field(lambda: COLOUR, required=True), "Code": Field(lambda: CODE)},
)
PARTS = Shape(name="Parts", kind=Kind.LIST, item=lambda: PART, max_length=2)
LABELS = Shape(name="Labels", kind=Kind.MAP, item=lambda: STRING, key=lambda: CODE)
THING = Shape(
    name="Thing",
    kind=Kind.STRUCTURE,
    members={
        "Name": Field(lambda: STRING, required=True),
        "Size": Field(lambda: SIZE),
        "Count": Field(lambda: INTEGER),
        "Ready": Field(lambda: BOOLEAN),
        "Parts": Field(lambda: PARTS),
        "Labels": Field(lambda: LABELS),
        "AdminPassword": Field(lambda: CODE),
        "Free": Field(lambda: ANY),
    },
)


def binding(**details: Any) -> Binding:
    return Binding(api="the Thing API", by="test", shape=lambda: THING, **details)


def problems(inputs: dict[str, Any], **details: Any) -> list[str]:
    bound = binding(**details)
    return [text(bound, violation) for violation in check(bound, inputs)]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "name: missing; the Thing API needs it"),
        ({"name": 3}, "name 3: must be a string; the Thing API refuses it"),
        ({"name": "a", "size": 0}, "size 0: must be at least 1; the Thing API refuses it"),
        ({"name": "a", "size": 10}, "size 10: must be at most 9; the Thing API refuses it"),
        ({"name": "a", "size": 1.5}, "size 1.5: must be a whole number; the Thing API refuses it"),
        ({"name": "a", "size": True}, "size true: must be a whole number; the Thing API refuses it"),
        ({"name": "a", "ready": "soon"}, 'ready "soon": must be true or false; the Thing API refuses it'),
        ({"name": "a", "parts": "x"}, 'parts "x": must be an object; the Thing API refuses it'),
        ({"name": "a", "parts": [{}]}, "parts[0].colour: missing; the Thing API needs it"),
        (
            {"name": "a", "parts": [{"colour": "green"}]},
            'parts[0].colour "green": not one of red, blue; the Thing API refuses it',
        ),
        (
            {"name": "a", "parts": [{"colour": "red", "code": "abcde"}]},
            'parts[0].code "abcde": must have at most 4 characters, has 5; the Thing API refuses it',
        ),
        (
            {"name": "a", "parts": [{"colour": "red", "code": "A1"}]},
            'parts[0].code "A1": must match [a-z]+; the Thing API refuses it',
        ),
        ({"name": "a", "labels": []}, "labels []: must be a map; the Thing API refuses it"),
        (
            {"name": "a", "labels": {"b": "c"}},
            'labels.b "b": the key must have at least 2 characters, has 1; the Thing API refuses it',
        ),
        ({"name": "a", "sise": 1}, "sise: no such property (did you mean size?); the Thing API refuses it"),
        ({"name": "a", "adminPassword": "A1"}, "adminPassword (secret): must match [a-z]+; the Thing API refuses it"),
    ],
)
def test_a_value_that_the_shape_forbids_is_one_line(inputs: dict[str, Any], message: str) -> None:
    assert problems(inputs) == [message]


def test_too_many_entries_are_refused() -> None:
    (line,) = problems({"name": "a", "parts": [{"colour": "red"}] * 3})
    assert line.endswith("]: must have at most 2 entries, has 3; the Thing API refuses it")


@pytest.mark.parametrize(
    "inputs", [{"name": "a", "size": "3"}, {"name": "a", "ready": "true"}, {"name": "a", "count": 2.0}]
)
def test_digits_and_booleans_in_text_pass_as_providers_convert_them(inputs: dict[str, Any]) -> None:
    assert problems(inputs) == []


def test_a_single_entry_may_stand_for_a_list() -> None:
    assert problems({"name": "a", "parts": {"colour": "red"}}) == []


def test_what_is_not_known_yet_is_passed_over_and_the_rest_is_checked() -> None:
    assert (
        problems({"name": UNKNOWN, "size": UNKNOWN, "parts": [UNKNOWN, {"colour": UNKNOWN}], "labels": UNKNOWN}) == []
    )
    assert problems({"name": UNKNOWN, "size": 99}) == ["size 99: must be at most 9; the Thing API refuses it"]


def test_null_is_the_same_as_absent() -> None:
    assert problems({"name": None}) == ["name: missing; the Thing API needs it"]
    assert problems({"name": "a", "size": None, "sise": None}) == []


def test_a_listed_property_is_no_api_field() -> None:
    assert problems({"name": "a", "steers": 1}, local={"steers": "the provider"}) == []


def test_a_renamed_property_is_checked_where_it_goes() -> None:
    fields = {"hue": "Parts.Colour", "title": "Name"}
    assert problems({"title": "a", "hue": ["red", "green"]}, fields=fields) == [
        'hue[1] "green": not one of red, blue; the Thing API refuses it'
    ]
    assert problems({}, fields=fields) == ["title: missing; the Thing API needs it"]


def test_a_wrong_route_in_a_table_is_a_defect_and_says_so() -> None:
    with pytest.raises(LookupError, match="has no Shade for hue: correct the binding"):
        problems({"name": "a", "hue": "red"}, fields={"hue": "Parts.Shade"})


def test_rules_see_the_inputs_too() -> None:
    def odd(inputs: Inputs) -> Iterator[Violation]:
        if inputs.get("size") == 4:
            yield Violation(("size",), "must be odd", 4)

    assert problems({"name": "a", "size": 4}, rules=(odd,)) == ["size 4: must be odd; the Thing API refuses it"]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | st.just(UNKNOWN),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([name[:1].lower() + name[1:] for name in THING.members]), _JSON))
def test_no_input_whatever_makes_the_check_fail(inputs: dict[str, Any]) -> None:
    assert all(line.endswith(("the Thing API refuses it", "the Thing API needs it")) for line in problems(inputs))


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        ("10.0.0.0/16", None),
        ("fd00::/64", None),
        ("10.0.0.0", "is not a CIDR block such as 10.0.0.0/16"),
        ("10.0.0.0/33", "is not a CIDR block such as 10.0.0.0/16"),
        ("10.0.0.9/28", "has bits set beyond its prefix: write 10.0.0.0/28"),
    ],
)
def test_cidr_blocks(block: str, problem: str | None) -> None:
    found = parse_network(block)
    assert (found if isinstance(found, str) else None) == problem


def test_values_are_found_through_lists() -> None:
    inputs = {"a": [{"b": 1}, {"b": [2, UNKNOWN]}, UNKNOWN, {}]}
    assert list(values(inputs, ["a", "b"])) == [(("a", 0, "b"), 1), (("a", 1, "b", 0), 2)]


class TestAddressBook:
    """Subnets of one run."""

    def test_a_subnet_outside_its_network_is_refused(self) -> None:
        book = AddressBook()
        book.add_network("net", ["10.0.0.0/16"])
        found = list(book.subnet("net", "urn::a", ("cidr",), "10.1.0.0/24"))
        assert [violation.problem for violation in found] == ["lies outside its network 10.0.0.0/16"]

    def test_two_subnets_must_not_overlap(self) -> None:
        book = AddressBook()
        assert list(book.subnet("net", "urn::a", ("cidr",), "10.0.0.0/24")) == []
        found = list(book.subnet("net", "urn::b", ("cidr",), "10.0.0.128/25"))
        assert [violation.problem for violation in found] == ["overlaps 10.0.0.0/24 of subnet a"]

    def test_subnets_of_two_networks_may_overlap(self) -> None:
        book = AddressBook()
        assert list(book.subnet("one", "urn::a", ("cidr",), "10.0.0.0/24")) == []
        assert list(book.subnet("two", "urn::b", ("cidr",), "10.0.0.0/24")) == []

    def test_a_subnet_that_is_checked_again_does_not_overlap_itself(self) -> None:
        book = AddressBook()
        for _ in range(2):
            assert list(book.subnet("net", "urn::a", ("cidr",), "10.0.0.0/24")) == []

    def test_in_a_preview_the_only_network_is_meant(self) -> None:
        book = AddressBook()
        book.add_network("net", ["10.0.0.0/16"])
        assert len(list(book.subnet(None, "urn::a", ("cidr",), "10.1.0.0/24"))) == 1
        book.add_network("other", ["10.1.0.0/16"])
        assert list(book.subnet(None, "urn::b", ("cidr",), "10.9.0.0/24")) == []
