"""What the faults look like over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, Response

from octopus_pipeline.sandbox.faults import FaultKind, RetryHeader
from octopus_pipeline.sandbox.refusals import Reason, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

    from octopus_pipeline.sandbox.faults import FaultRule

_PAGE = (
    "<!DOCTYPE html><html><head><title>{status}</title></head><body><h1>Please try again</h1></body></html>"
)


class CutResponse(Response):
    """Announces a whole body, sends half of it and closes the connection."""

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send the headers and half of the body; returning without the rest makes the server hang up."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})


def falsify(honest: Response, fault: FaultRule, refuse: Callable[[Refusal], Response]) -> Response:
    """The answer to a call that meets `fault`, which would else get the `honest` one.

    Faults that have shown already (a hang, false paging, a vanished campaign) leave the answer as it is.
    """
    body = bytes(honest.body)
    match fault.fault:
        case FaultKind.RATE_LIMITED:
            return _rate_limited(fault, refuse)
        case FaultKind.SERVER_ERROR:
            if fault.status == 500:
                return refuse(Refusal(Reason.INTERNAL_ERROR))
            return HTMLResponse(_PAGE.format(status=fault.status), fault.status)
        case FaultKind.CUT:
            return CutResponse(body, honest.status_code, media_type=honest.media_type)
        case FaultKind.INVALID_JSON:
            return Response(body[: len(body) // 2], honest.status_code, media_type="application/json")
        case FaultKind.HTML:
            return HTMLResponse(_PAGE.format(status=fault.status), fault.status)
        case FaultKind.WRONG_KEY:
            return refuse(Refusal(Reason.WRONG_KEY))
    return honest


def _rate_limited(fault: FaultRule, refuse: Callable[[Refusal], Response]) -> Response:
    response = refuse(Refusal(Reason.RATE_LIMITED))
    if fault.header is not RetryHeader.NONE:
        response.headers[fault.header] = f"{fault.seconds:g}"
    return response
