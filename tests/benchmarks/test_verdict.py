"""What the figures have to be."""

from benchmarks.measure import Figures
from benchmarks.verdict import targets

NONE = Figures(wall=10, cpu=20, program=1, mib=500)
FEW = Figures(wall=15, cpu=30, program=2, mib=600)
MANY = Figures(wall=100, cpu=120, program=11, mib=1536)
FLAT = Figures(wall=100, cpu=100, program=3, mib=1400)


def missed(none: Figures = NONE, few: Figures = FEW, many: Figures = MANY, flat: Figures = FLAT) -> list[str]:
    return [target.name for target in targets(none, few, many, flat, few=100, many=1000) if not target.met]


def test_only_the_processor_time_is_beyond_a_flat_programs() -> None:
    assert missed() == ["processor time, times a flat program's"]


def test_growth_counts_what_models_add_to_an_empty_stack() -> None:
    steep = MANY._replace(cpu=20 + 11.5 * 10)
    assert "growth from 100 to 1,000 models, processor time" in missed(many=steep)
    assert "growth from 100 to 1,000 models, processor time" not in missed(many=steep, none=NONE._replace(cpu=1))


def test_program_time_is_counted_per_model() -> None:
    assert "program time per model, ms" in missed(many=MANY._replace(program=11.1))
    assert "program time per model, ms" not in missed(many=MANY._replace(program=11.0))


def test_memory_may_be_a_gibibyte_and_a_half() -> None:
    assert "memory, GiB" in missed(many=MANY._replace(mib=1537))


def test_a_preview_takes_about_as_long_as_that_of_a_flat_program() -> None:
    assert "time, times a flat program's" in missed(many=MANY._replace(wall=116))
    assert "time, times a flat program's" not in missed(many=MANY._replace(wall=115))
