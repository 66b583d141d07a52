"""The key of the hashes: a file of this machine, made at first use, or a setting that several machines share."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from octopus_pipeline.errors import PipelineError

if TYPE_CHECKING:
    from pathlib import Path

    from octopus_pipeline.settings import Settings

KEY_FILE: Final = "suppression.key"
"""In the data folder; `octopus clean` leaves it there."""

_BYTES = 32
_CHECKED = b"octopus_pipeline: the key of erased people"


class SuppressionKeyError(PipelineError):
    """The key with which erased people would be recognised is not there, or is another one."""


def read_key(settings: Settings) -> bytes:
    """The key there is.

    Raises:
        SuppressionKeyError: if there is none.
    """
    if settings.octopus_suppression_key is not None:
        return hashlib.sha256(settings.octopus_suppression_key.get_secret_value().encode()).digest()
    path = key_path(settings)
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        key = None
    except (OSError, ValueError):
        key = b""
    if key is not None and len(key) == _BYTES:
        return key
    what = "is not there" if key is None else "cannot be read"
    message = (
        f"people were erased, and the key that recognises them {what}: {path}. Put the file back as it was (or set "
        "OCTOPUS_SUPPRESSION_KEY to the key that was used); nothing is synced without it, lest they come back"
    )
    raise SuppressionKeyError(message)


def make_key(settings: Settings) -> None:
    """Make a key, unless one is set or there."""
    path = key_path(settings)
    if settings.octopus_suppression_key is not None or path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was faster: there is one key
            os.link(unfinished, path)
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}. Make the data folder writable"
        raise SuppressionKeyError(message) from None
    finally:
        unfinished.unlink(missing_ok=True)


def check_of(key: bytes) -> str:
    """What is remembered of a key, so that another one is noticed."""
    return hmac.digest(key, _CHECKED, "sha256").hex()


def key_path(settings: Settings) -> Path:
    """Where the key's file is, or would be."""
    return settings.data_dir / KEY_FILE
