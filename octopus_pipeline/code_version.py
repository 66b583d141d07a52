"""The version of a part of this code: what another version made is not what this one would make."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files

_VERSION_BYTES = 8


def digest(content: bytes) -> str:
    """A short text that is another one for other content."""
    return hashlib.blake2b(content, digest_size=_VERSION_BYTES).hexdigest()


@cache
def code_version(package: str, ends: tuple[str, ...] = (".py",)) -> str:
    """The version of the files of a package whose names end so: nobody has to remember to raise a number."""
    contents = [
        (file.name, file.read_bytes())
        for file in sorted(files(package).iterdir(), key=lambda one: one.name)
        if file.name.endswith(ends)
    ]
    return digest(b"\0".join(part for name, content in contents for part in (name.encode(), content)))
