"""Small pictures for tests: stripes in three directions, with noise."""

from pathlib import Path

import numpy
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

SIDE = 8


def stripes(count: int, *, noise: float = 0.15, seed: int = 3) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Pictures of 8 x 8 with level (0), upright (1) and slanting (2) stripes."""
    random = numpy.random.default_rng(seed)
    rows, columns = numpy.mgrid[0:SIDE, 0:SIDE]
    pictures, labels = [], []
    for index in range(count):
        label = index % 3
        place = (rows, columns, rows + columns)[label]
        bright = ((place + random.integers(4)) // 2 % 2).astype(float)
        noisy = numpy.clip(0.15 + 0.7 * bright + random.normal(0, noise, bright.shape), 0, 1)
        pictures.append((noisy * 255).astype(numpy.uint8))
        labels.append(label)
    return numpy.array(pictures), numpy.array(labels)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A file of 600 pictures."""
    path = tmp_path / "stripes.npz"
    pixels, labels = stripes(600)
    numpy.savez(path, pixels=pixels, labels=labels)
    return path


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A folder with a pair of keys, as the Secret of the tenant is mounted."""
    folder = tmp_path / "keys"
    folder.mkdir()
    private = ec.generate_private_key(ec.SECP256R1())
    (folder / "private.pem").write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    (folder / "public.pem").write_bytes(
        private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return folder
