"""Moving an account to another time, all of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from octopus_pipeline.sandbox.account import Account


def set_clock(account: Account, now: datetime) -> None:
    """Move every time of the account, in place, so that its clock shows `now`, in whole seconds.

    Generated accounts live in 2025; software that asks how long ago a campaign was sent needs them nearer.
    """
    by = timedelta(seconds=int((now - account.now).total_seconds()))
    account.now += by
    for contact_list in account.lists.values():
        contact_list.created_at += by
        contact_list.last_updated_at += by
    for contact in account.contacts.values():
        contact.created_at += by
        contact.last_updated_at += by
    for campaign in account.campaigns.values():
        campaign.created_at += by
        campaign.sent_at = campaign.sent_at + by if campaign.sent_at else None
    for reports in account.events.values():
        for rows in reports.values():
            rows[:] = [
                row._replace(occurred_at=row.occurred_at + by) if row.occurred_at else row for row in rows
            ]
