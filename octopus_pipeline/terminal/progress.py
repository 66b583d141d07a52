"""Progress bars on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

if TYPE_CHECKING:
    from rich.console import Console

    from octopus_pipeline.people.migration.progress import MigrationProgress
    from octopus_pipeline.sync.progress import Progress


class TerminalProgress:
    """A bar of pages, one of campaigns; the same lines go to the run's log by `logged`."""

    def __init__(self, console: Console) -> None:
        self._bars = Bars(
            TextColumn("{task.description:>10}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._pages = self._bars.add_task("pages", total=0)
        self._campaigns = self._bars.add_task("campaigns", total=None)
        self._migration = self._bars.add_task("rows", total=None, visible=False)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def beside(self, logged: Progress) -> Progress:
        """Progress that is shown here and told to `logged` as well."""
        return _Both(self, logged)

    def migration_beside(self, logged: MigrationProgress) -> MigrationProgress:
        """A migration's progress, shown here in place of campaigns' and told to `logged` as well."""
        for task in (self._pages, self._campaigns):
            self._bars.update(task, visible=False)
        return _BothMigrations(self, logged)

    def step(self, words: str) -> None:
        """Another part of a migration begins."""
        self._bars.console.print(words, highlight=False, soft_wrap=True)
        self._bars.reset(self._migration, total=None, visible=True)

    def rows(self, done: int, of: int) -> None:
        """So many rows of a migration are done, of all that this part has."""
        self._bars.update(self._migration, completed=done, total=of)

    def expect(self, pages: int) -> None:
        """So many more pages will be asked for."""
        total = self._bars.tasks[self._pages].total or 0
        self._bars.update(self._pages, total=total + pages)

    def page(self, rows: int) -> None:  # noqa: ARG002  # the bar counts pages
        """A page arrived."""
        self._bars.advance(self._pages)

    def campaign(self, name: str, *, done: int, of: int) -> None:  # noqa: ARG002  # the bar counts campaigns
        """A campaign is finished, well or not."""
        self._bars.update(self._campaigns, completed=done, total=of)


class _Both:
    def __init__(self, first: Progress, second: Progress) -> None:
        self._both = (first, second)

    def expect(self, pages: int) -> None:
        for one in self._both:
            one.expect(pages)

    def page(self, rows: int) -> None:
        for one in self._both:
            one.page(rows)

    def campaign(self, name: str, *, done: int, of: int) -> None:
        for one in self._both:
            one.campaign(name, done=done, of=of)


class _BothMigrations:
    def __init__(self, first: MigrationProgress, second: MigrationProgress) -> None:
        self._both = (first, second)

    def step(self, words: str) -> None:
        for one in self._both:
            one.step(words)

    def rows(self, done: int, of: int) -> None:
        for one in self._both:
            one.rows(done, of)
