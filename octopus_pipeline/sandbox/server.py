"""The HTTP server: both versions of the API over one account, one rate limit and one set of faults."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import orjson
from starlette.applications import Starlette
from starlette.requests import Request  # noqa: TC002  # partial handlers are recognised by signature
from starlette.responses import Response
from starlette.routing import Route

from octopus_pipeline.emailoctopus.records import Report
from octopus_pipeline.sandbox import control, wire_v1, wire_v2
from octopus_pipeline.sandbox.calls import Call, Endpoint
from octopus_pipeline.sandbox.directory import Directory
from octopus_pipeline.sandbox.fault_responses import falsify
from octopus_pipeline.sandbox.faults import FaultKind, FaultRequest, Faults
from octopus_pipeline.sandbox.paging import Distortion
from octopus_pipeline.sandbox.rate_limit import TokenBucket
from octopus_pipeline.sandbox.refusals import Reason, Refusal
from octopus_pipeline.sandbox.traffic import Traffic

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from octopus_pipeline.sandbox.account import Account
    from octopus_pipeline.sandbox.faults import FaultRule

DEFAULT_KEY = "eo_sandbox"
_DISTORTIONS = {FaultKind(each.value): each for each in Distortion}


class Version(NamedTuple):
    """A version of the API: how it shows a key and how it words a refusal."""

    is_authorised: Callable[[Request, str], bool]
    error: Callable[[Refusal], tuple[int, Mapping[str, object]]]


@dataclass(slots=True)
class Sandbox:
    """A served account. `latency` is how many seconds every answer takes."""

    account: Account
    api_key: str = DEFAULT_KEY
    bucket: TokenBucket = field(default_factory=TokenBucket)
    latency: float = 0.0
    faults: Faults = field(default_factory=Faults)
    traffic: Traffic = field(default_factory=Traffic)
    directory: Directory = field(init=False)

    def __post_init__(self) -> None:
        self.directory = Directory(self.account, self.faults.vanished)


V2 = Version(lambda request, key: request.headers.get("authorization") == f"Bearer {key}", wire_v2.error)
V1 = Version(lambda request, key: request.query_params.get("api_key") == key, wire_v1.error)


def create_app(sandbox: Sandbox) -> Starlette:
    """The ASGI application that serves `sandbox`: both API versions, and `/_sandbox/` to control it."""
    versions = ((V2, wire_v2.ENDPOINTS), (V1, wire_v1.ENDPOINTS))
    routes = [
        Route(endpoint.path, partial(_answer, sandbox, version, endpoint), methods=["GET"])
        for version, endpoints in versions
        for endpoint in endpoints
    ]
    unknown = {404: Reason.NOT_FOUND, 405: Reason.METHOD_NOT_ALLOWED}
    handlers = {status: partial(_no_endpoint, reason) for status, reason in unknown.items()}
    return Starlette(routes=[*routes, *control.routes(sandbox)], exception_handlers=handlers)


async def _answer(sandbox: Sandbox, version: Version, endpoint: Endpoint, request: Request) -> Response:
    call = _call(sandbox, request)
    report = _report(endpoint, call)
    sandbox.traffic.count(f"reports/{report}" if report else endpoint.kind)
    wait = sandbox.bucket.take()
    if sandbox.latency:
        await asyncio.sleep(sandbox.latency)
    if wait:
        response = _rate_limited(sandbox, version, wait)
    elif not version.is_authorised(request, sandbox.api_key):
        response = _refuse(version, Refusal(Reason.WRONG_KEY))
    else:
        response = await _answer_with_fault(sandbox, version, endpoint, call, report)
    response.headers["X-RateLimiting-Remaining"] = str(sandbox.bucket.remaining)
    return response


async def _answer_with_fault(
    sandbox: Sandbox, version: Version, endpoint: Endpoint, call: Call, report: Report | None
) -> Response:
    fault = sandbox.faults.choose(FaultRequest(call.path, report, call.ids.get("campaign_id")))
    if fault is None:
        return _honest(version, endpoint, call, None)
    sandbox.traffic.faults[fault.fault] += 1
    if fault.fault is FaultKind.HANG:
        await asyncio.sleep(fault.seconds)
    return falsify(_honest(version, endpoint, call, fault), fault, partial(_refuse, version))


def _honest(version: Version, endpoint: Endpoint, call: Call, fault: FaultRule | None) -> Response:
    distortion = _DISTORTIONS.get(fault.fault) if fault else None
    try:
        answer = endpoint.answer(call._replace(distortion=distortion) if distortion else call)
    except Refusal as refusal:
        return _refuse(version, refusal)
    return Response(orjson.dumps(answer), media_type="application/json")


def _call(sandbox: Sandbox, request: Request) -> Call:
    return Call(
        directory=sandbox.directory,
        origin=f"{request.url.scheme}://{request.headers.get('host', '')}",
        path=request.url.path,
        ids=request.path_params,
        query=request.query_params,
    )


def _report(endpoint: Endpoint, call: Call) -> Report | None:
    """The report that is asked for: in the path of API v1.6, in the `status` of v2."""
    group, _, name = endpoint.kind.partition("/")
    if group != "reports":
        return None
    name = name or call.query.get("status", "")
    return Report(name) if name in set(Report) else None


def _refuse(version: Version, refusal: Refusal) -> Response:
    status, body = version.error(refusal)
    return Response(orjson.dumps(body), status, media_type="application/json")


def _rate_limited(sandbox: Sandbox, version: Version, wait: float) -> Response:
    sandbox.traffic.rate_limited += 1
    response = _refuse(version, Refusal(Reason.RATE_LIMITED))
    seconds = str(math.ceil(wait))
    response.headers["X-RateLimit-Retry-After"] = seconds
    response.headers["Retry-After"] = seconds
    return response


async def _no_endpoint(reason: Reason, request: Request, _error: Exception) -> Response:
    version = V1 if request.url.path.startswith(wire_v1.PREFIX) else V2
    return _refuse(version, Refusal(reason, "endpoint"))
