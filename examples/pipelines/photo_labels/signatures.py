"""Signs a model's files, and checks that nobody changed them since (OpenSSF Model Signing, with a key of yours)."""

from pathlib import Path

from model_signing import hashing, signing, verifying

NAME = "model.sig"
"""The signature lies beside the model's files, and is not among what it signs."""


def sign(model: str | Path, private_key: str | Path) -> Path:
    """Signs every file of the model's folder; the signature is `model.sig` in it.

    Args:
        model: Folder.
        private_key: PEM file with a key on an elliptic curve (P-256, P-384 or P-521).
    """
    signature = Path(model) / NAME
    chosen = signing.Config().set_hashing_config(_files()).use_elliptic_key_signer(private_key=Path(private_key))
    chosen.sign(Path(model), signature)
    return signature


def verify(model: str | Path, public_key: str | Path) -> None:
    """Raises `ValueError` when a file was changed, added or removed, or another key signed."""
    folder = Path(model)
    chosen = verifying.Config().set_hashing_config(_files()).use_elliptic_key_verifier(public_key=Path(public_key))
    chosen.verify(folder, folder / NAME)


def _files() -> hashing.Config:
    """Every file but the signature."""
    return hashing.Config().set_ignored_paths(paths=[NAME])
