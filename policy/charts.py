"""What a Helm release runs, from its chart and values. Pure."""

from collections.abc import Iterator
from typing import Any

from components.catalog.charts import CHARTS, Chart
from components.catalog.images import images, images_in
from policy.images import Demand, reference_fault
from policy.resources import Resource, has_unknown, mapped, not_known

CHART_COMPONENTS = r"kubernetes:helm\.sh/v\d+(beta\d+)?:Chart"
"""Types of the chart components: the engine does not show a policy pack what is inside them (pulumi#10055)."""


def chart_of(release: Resource) -> Chart | None:
    """The catalog's chart that the release installs; None when it is not the catalog's."""
    name, repo = release.get("chart"), release.get("repositoryOpts", "repo")
    for chart in CHARTS.values():
        wanted = (f"{chart.repo}/{chart.name}", None) if chart.oci else (chart.name, chart.repo)
        if (name, repo.rstrip("/") if isinstance(repo, str) else None) == wanted:
            return chart
    return None


def release_faults(release: Resource, demand: Demand) -> Iterator[str]:
    """What is wrong with the images of the release, and how to fix it."""
    for key in ("chart", "version", "repositoryOpts", "values"):
        if has_unknown(release.get(key)):
            yield not_known(release, key)
            return
    for key in ("valueYamlFiles", "postrender"):
        if release.get(key):
            yield f"{release}: {key} can change images where no policy sees it; put the values into `values` instead"
    chart = chart_of(release)
    if chart is None:
        known = ", ".join(f"{c.name} from {c.repo}" for c in CHARTS.values())
        where = release.get("repositoryOpts", "repo") or "no repository"
        yield (
            f"{release}: chart {release.get('chart')!r} from {where} is not in the catalog, so its images cannot be "
            f"seen; known are {known}; add it to components/catalog"
        )
        return
    try:
        images(chart.key, _text(release.get("version")))
    except ValueError as error:
        yield f"{release}: {error}"
        return
    yield from _image_faults(release, chart, demand)


def _text(version: Any) -> str:
    """The version; of a release that names none, the newest at the time would be installed, which no catalog knows."""
    return version if isinstance(version, str) and version else "(none)"


def _image_faults(release: Resource, chart: Chart, demand: Demand) -> Iterator[str]:
    for image in images_in(chart.key, mapped(release.get("values"))):
        if image.problem:
            yield f"{release}: values.{image.reference}: {image.problem}; set it as the catalog's image_values() does"
            continue
        # One digest cannot be right for an image that is built per operating system.
        wanted = demand if image.lockable else Demand(demand.registries, False, {})
        found = reference_fault(image, wanted)
        if found:
            yield f"{release}: values: {found}"
