"""Names that clouds want before they make a thing."""

import hashlib
import json
import re


def digest(text: str, length: int = 8) -> str:
    """A short stable name part for `text`: lower-case hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def digest_of(plain: object, length: int = 16) -> str:
    """Short text that differs when plain data does."""
    return digest(json.dumps(plain, sort_keys=True), length)


def physical_name(*parts: str, limit: int = 40) -> str:
    """`parts` as one name of at most `limit` lower-case letters, digits and single hyphens, beginning with a letter.

    Parts that had to be changed or cut get a digest of the original, so that different parts never give one name.
    The default limit is GKE's for clusters, the shortest of the three clouds.
    """
    wanted = "-".join(parts)
    name = re.sub(r"[^a-z0-9]+", "-", wanted.lower()).strip("-")
    if not name[:1].isalpha():
        name = f"x{name}"
    if name == wanted and len(name) <= limit:
        return name
    tail = digest(wanted)
    return f"{name[: limit - len(tail) - 1].rstrip('-')}-{tail}"
