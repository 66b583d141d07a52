"""`octopus sandbox`: each command as it is typed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from click.testing import CliRunner, Result

from octopus_pipeline.sandbox.account import load_account
from octopus_pipeline.sandbox.commands import sandbox as group
from octopus_pipeline.sandbox.generate import generate_account
from octopus_pipeline_tests.sandbox.reader import get_v2

if TYPE_CHECKING:
    from pathlib import Path

    from octopus_pipeline.sandbox.serving import ServedSandbox


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(group, arguments, input=typed)


def test_generate_writes_an_account(tmp_path: Path) -> None:
    folder = tmp_path / "account"
    result = run("generate", "--out", str(folder), "--seed", "2", "--campaigns", "3", "--rows", "40")
    assert (result.exit_code, result.output[:12]) == (0, "3 campaigns ")
    assert load_account(folder) == generate_account(seed=2, campaigns=3, rows=40)


def test_generate_says_what_is_impossible(tmp_path: Path) -> None:
    result = run("generate", "--out", str(tmp_path), "--campaigns", "5", "--rows", "2")
    assert (result.exit_code, "at least a row a campaign" in result.output) == (1, True)


def test_a_running_sandbox_is_controlled_by_its_address(fresh_sandbox: ServedSandbox) -> None:
    url = fresh_sandbox.url
    before = fresh_sandbox.account.now
    assert (
        run("advance", "--url", url, "--hours", "2").output.strip() == fresh_sandbox.account.now.isoformat()
    )
    assert (fresh_sandbox.account.now - before).total_seconds() == 7_200

    rules = '[{"fault": "server_error", "status": 503, "count": 1}]'
    assert run("faults", "--url", url, typed=rules).output == "1 fault rules in force\n"
    assert get_v2(fresh_sandbox, "/campaigns").status_code == 503
    shown = json.loads(run("statistics", "--url", url).output)
    assert (shown["requests"], shown["faults"]) == ({"campaigns": 1}, {"server_error": 1})


def test_wrong_rules_and_wrong_addresses_are_explained() -> None:
    nowhere = "http://127.0.0.1:9"
    result = run("faults", "--url", nowhere, typed='[{"fault": "flood"}]')
    assert (result.exit_code, "no fault rules" in result.output) == (1, True)
    result = run("statistics", "--url", nowhere)
    assert (result.exit_code, "no sandbox answers" in result.output) == (1, True)
