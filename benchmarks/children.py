"""Work in a process of its own, which ends with the block that started it."""

from __future__ import annotations

import multiprocessing
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.process import BaseProcess

SPAWN = multiprocessing.get_context("spawn")
"""Fresh interpreters: a fork would bring this process's memory and threads' locks along."""


class ChildError(Exception):
    """A child process did not end well; it has said why on the error stream."""


@contextmanager
def child(
    work: Callable[..., None], *arguments: Any, may_have_children: bool = False
) -> Iterator[BaseProcess]:
    """Run `work(*arguments)`, which a fresh interpreter can import; it is ended at the end of the block."""
    process = SPAWN.Process(target=work, args=arguments, daemon=not may_have_children)
    process.start()
    try:
        yield process
    finally:
        process.terminate()
        process.join()


def finish(process: BaseProcess) -> None:
    """Wait until the child is done.

    Raises:
        ChildError: if it failed.
    """
    process.join()
    if process.exitcode != 0:
        message = f"child process {process.pid} ended with {process.exitcode}"
        raise ChildError(message)
