"""Locking images: what a real registry answers, against one on loopback."""

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from components.catalog.images import load_lock, lockable
from rehearsal import lock, toolchain


@pytest.fixture(scope="module")
def crane() -> Path:
    return toolchain.ensure(["crane"], print)["crane"] / "crane"


@pytest.fixture(scope="module")
def registry(crane: Path) -> Iterator[str]:
    """A registry on loopback that holds one image, `team/model:1.0`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    with subprocess.Popen(
        [str(crane), "registry", "serve", "--address", address], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        _wait(address)
        empty = ["append", "--new_layer", "/dev/null", "--new_tag", f"{address}/team/model:1.0"]
        subprocess.run([str(crane), *empty, "--oci-empty-base"], check=True, capture_output=True, timeout=30)
        yield address
        server.terminate()


def _wait(address: str) -> None:
    host, _, port = address.partition(":")
    deadline = time.monotonic() + 15
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "the registry did not start"
            time.sleep(0.05)


def write(path: Path, *references: str) -> tuple[int, str]:
    output = StringIO()
    status = lock.write(path, Console(file=output, width=200), references)
    return status, output.getvalue()


@pytest.mark.tools
def test_a_tag_is_locked_to_the_digest_that_its_registry_gives(registry: str, crane: Path, tmp_path: Path) -> None:
    reference = f"{registry}/team/model:1.0"
    status, said = write(tmp_path / "images.lock", reference)
    assert (status, said.strip()) == (0, "images.lock: 1 images locked")
    digest = load_lock(tmp_path / "images.lock")[reference]
    assert re.fullmatch("sha256:[0-9a-f]{64}", digest)
    pulled = subprocess.run([str(crane), "manifest", f"{reference}@{digest}"], capture_output=True, check=False)
    assert pulled.returncode == 0, "the registry does not know this digest"


@pytest.mark.tools
def test_one_image_that_cannot_be_resolved_leaves_the_lock_as_it_was(registry: str, tmp_path: Path) -> None:
    path = tmp_path / "images.lock"
    path.write_text("")
    status, said = write(path, f"{registry}/team/model:1.0", f"{registry}/team/model:2.0")
    assert status == 1
    assert f"error {registry}/team/model:2.0: " in said
    assert "images.lock not written: 1 of 2 images could not be resolved" in said
    assert path.read_text() == ""


@pytest.mark.tools
def test_a_registry_that_nobody_serves_is_an_error_and_no_digest(tmp_path: Path) -> None:
    status, said = write(tmp_path / "images.lock", "127.0.0.1:1/team/model:1.0")
    assert status == 1
    assert "connection refused" in said
    assert not (tmp_path / "images.lock").exists()


def test_the_lock_covers_the_images_of_every_chart() -> None:
    assert {reference.split("/")[0] for reference in lockable()} >= {"docker.io", "nvcr.io"}
