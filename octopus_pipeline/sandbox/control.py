"""`/_sandbox/`: what the sandbox was asked, which faults it has, the passing of time, and the truth."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

import orjson
from starlette.responses import Response
from starlette.routing import Route

from octopus_pipeline.emailoctopus.records import CampaignStatus
from octopus_pipeline.sandbox.advance import advance_account
from octopus_pipeline.sandbox.faults import rule_from_json
from octopus_pipeline.sandbox.refusals import Refusal
from octopus_pipeline.sandbox.traffic import Traffic
from octopus_pipeline.sandbox.truth import expected_participants, expected_requests, expected_summary

if TYPE_CHECKING:
    from starlette.requests import Request

    from octopus_pipeline.sandbox.server import Sandbox


def routes(sandbox: Sandbox) -> list[Route]:
    """The routes that control `sandbox`; they need no key and spend no token."""
    handlers = (
        ("statistics", _statistics, "GET"),
        ("statistics/reset", _reset_statistics, "POST"),
        ("faults", _replace_faults, "POST"),
        ("advance", _advance, "POST"),
        ("account", _account, "GET"),
        ("truth/{campaign_id}", _truth, "GET"),
    )
    return [
        Route(f"/_sandbox/{path}", partial(handler, sandbox), methods=[method])
        for path, handler, method in handlers
    ]


async def _statistics(sandbox: Sandbox, _request: Request) -> Response:
    traffic = sandbox.traffic
    return _json(
        {
            "requests": traffic.requests,
            "rate_limited": traffic.rate_limited,
            "faults": traffic.faults,
            "first_request_at": traffic.first_request_at,
            "last_request_at": traffic.last_request_at,
            "total": traffic.requests.total(),
        }
    )


async def _reset_statistics(sandbox: Sandbox, _request: Request) -> Response:
    sandbox.traffic = Traffic()
    return _json({})


async def _replace_faults(sandbox: Sandbox, request: Request) -> Response:
    try:
        rules = [rule_from_json(raw) for raw in orjson.loads(await request.body())]
    except (ValueError, TypeError, AttributeError) as error:
        return _json({"error": str(error)}, 400)
    sandbox.faults.replace(rules)
    return _json({"rules": len(rules)})


async def _advance(sandbox: Sandbox, request: Request) -> Response:
    try:
        wanted = orjson.loads(await request.body())
        advance_account(sandbox.account, hours=float(wanted["hours"]), seed=int(wanted.get("seed", 0)))
    except (ValueError, TypeError, KeyError) as error:
        return _json({"error": f"hours and seed must be numbers: {error}"}, 400)
    sandbox.directory.forget()
    return _json({"now": sandbox.account.now})


async def _account(sandbox: Sandbox, _request: Request) -> Response:
    account = sandbox.account
    campaigns = [
        {
            "id": campaign.id,
            "status": campaign.status,
            "name": campaign.name,
            "sent_at": campaign.sent_at,
            "summary": expected_summary(account, campaign.id),
        }
        for campaign in sandbox.directory.campaigns()
    ]
    needed = expected_requests(account)
    requests = {**asdict(needed), "total": needed.total, "without_contacts": needed.without_contacts}
    return _json({"now": account.now, "campaigns": campaigns, "expected_requests": requests})


async def _truth(sandbox: Sandbox, request: Request) -> Response:
    try:
        campaign = sandbox.directory.campaign(request.path_params["campaign_id"])
    except Refusal as refusal:
        return _json({"error": str(refusal)}, 404)
    participants = expected_participants(sandbox.account, campaign.id)
    # A draft may be asked for as well: it has no participants.
    reported = campaign.status in {CampaignStatus.SENT, CampaignStatus.SENDING}
    return _json({"campaign_id": campaign.id, "reported": reported, "participants": participants})


def _json(content: object, status: int = 200) -> Response:
    body = orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS)
    return Response(body, status, media_type="application/json")
