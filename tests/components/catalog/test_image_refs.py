from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.catalog.images import (
    ImageReferenceError,
    LockError,
    load_lock,
    lockable,
    parse_reference,
    render_lock,
)

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "full", "registry", "exact", "pinned"),
    [
        ("busybox", "docker.io/library/busybox", "docker.io", False, False),
        ("busybox:latest", "docker.io/library/busybox:latest", "docker.io", False, False),
        ("busybox:1.37", "docker.io/library/busybox:1.37", "docker.io", True, False),
        ("grafana/grafana:12.0", "docker.io/grafana/grafana:12.0", "docker.io", True, False),
        ("index.docker.io/a/b:1", "docker.io/a/b:1", "docker.io", True, False),
        ("localhost/a:1", "localhost/a:1", "localhost", True, False),
        ("localhost:5000/a", "localhost:5000/a", "localhost:5000", False, False),
        ("[::1]:5000/a:1", "[::1]:5000/a:1", "[::1]:5000", True, False),
        ("127.0.0.1:5000/a/b:v1", "127.0.0.1:5000/a/b:v1", "127.0.0.1:5000", True, False),
        ("nvcr.io/nvidia/k8s/dcgm-exporter:4.6.0", "nvcr.io/nvidia/k8s/dcgm-exporter:4.6.0", "nvcr.io", True, False),
        (f"ghcr.io/a/b@{DIGEST}", f"ghcr.io/a/b@{DIGEST}", "ghcr.io", False, True),
        (f"ghcr.io/a/b:v1@{DIGEST}", f"ghcr.io/a/b:v1@{DIGEST}", "ghcr.io", True, True),
        (f"ghcr.io/a/b:latest@{DIGEST}", f"ghcr.io/a/b:latest@{DIGEST}", "ghcr.io", False, True),
    ],
)
def test_a_reference_is_read_as_a_container_runtime_reads_it(text, full, registry, exact, pinned) -> None:
    ref = parse_reference(text)
    assert (ref.reference, ref.registry, ref.exact_tag, ref.pinned_by_digest) == (full, registry, exact, pinned)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "'' is not a repository"),
        ("Busybox:1", "'Busybox' is not a repository"),
        ("ghcr.io/", "'' is not a repository"),
        ("ghcr.io/a//b:1", "'a//b' is not a repository"),
        ("ghcr.io/a/b:", "'' is not a tag"),
        ("ghcr.io/a/b:v1:v2", "'v1:v2' is not a tag"),
        ("ghcr.io/a/b:" + "x" * 129, "is not a tag"),
        ("ghcr.io/a/b@sha256:abc", "'sha256:abc' is not a digest"),
        (f"ghcr.io/a/b@{DIGEST.upper()}", "is not a digest"),
        ("ghcr.io/a/b@", "'' is not a digest"),
        ("-bad.io/a/b:1", "'-bad.io' is not a registry host"),
        ("https://ghcr.io/a:1", "is not a registry host"),
        (" busybox:1", "is not a repository"),
        ("busybox:1\n", "is not a tag"),
    ],
)
def test_text_that_is_no_reference_is_refused_by_part(text: str, part: str) -> None:
    with pytest.raises(ImageReferenceError) as caught:
        parse_reference(text)
    assert part in str(caught.value) and repr(text) in str(caught.value)


@given(st.text(max_size=40))
def test_reading_a_reference_twice_changes_nothing(text: str) -> None:
    try:
        ref = parse_reference(text)
    except ImageReferenceError:
        return
    assert parse_reference(ref.reference) == ref


def test_no_lock_file_is_an_empty_lock(tmp_path: Path) -> None:
    assert load_lock(tmp_path / "images.lock") == {}


def test_a_lock_is_read_back_as_it_was_written_one_sorted_line_an_image(tmp_path: Path) -> None:
    lock = dict.fromkeys(reversed(lockable()), DIGEST)
    file = tmp_path / "images.lock"
    file.write_text(render_lock(lock))
    assert load_lock(file) == lock
    assert file.read_text().splitlines() == sorted(file.read_text().splitlines())


def test_comments_and_blank_lines_are_allowed(tmp_path: Path) -> None:
    file = tmp_path / "images.lock"
    file.write_text(f"# made by make lock\n\nghcr.io/a/b:v1 {DIGEST}\n")
    assert load_lock(file) == {"ghcr.io/a/b:v1": DIGEST}


@pytest.mark.parametrize(
    "line",
    [
        "ghcr.io/a/b:v1",
        f"ghcr.io/a/b {DIGEST}",
        f"ghcr.io/a/b:latest {DIGEST}",
        f"a/b:v1 {DIGEST}",
        f"ghcr.io/a/b:v1@{DIGEST} {DIGEST}",
        "ghcr.io/a/b:v1 sha256:abc",
        f"ghcr.io/a/b:v1 {DIGEST} extra",
        f"Not An/Image:v1 {DIGEST}",
    ],
)
def test_a_malformed_line_names_the_file_the_line_and_the_form(tmp_path: Path, line: str) -> None:
    file = tmp_path / "images.lock"
    file.write_text(f"ghcr.io/ok/ok:v1 {DIGEST}\n{line}\n")
    with pytest.raises(LockError) as caught:
        load_lock(file)
    message = str(caught.value)
    assert f"{file}, line 2: {line!r}" in message
    assert "<registry>/<repository>:<tag> sha256:<64 hex digits>" in message


def test_an_image_that_is_locked_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "images.lock"
    file.write_text(f"ghcr.io/a/b:v1 {DIGEST}\n" * 2)
    with pytest.raises(LockError, match=r"line 2: ghcr.io/a/b:v1 is locked twice"):
        load_lock(file)
