"""Which campaigns of an account a test is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octopus_pipeline.emailoctopus.records import ENGAGEMENT_REPORTS, CampaignStatus, Report

if TYPE_CHECKING:
    from octopus_pipeline.sandbox.account import Account, Campaign, Event


def largest_campaign(account: Account) -> Campaign:
    return max(account.campaigns.values(), key=lambda each: len(account.rows(each.id, Report.SENT)))


def campaign_in(account: Account, status: CampaignStatus) -> Campaign:
    return next(each for each in account.campaigns.values() if each.status is status)


def reported_campaigns(account: Account) -> list[Campaign]:
    with_reports = {CampaignStatus.SENT, CampaignStatus.SENDING}
    return [each for each in account.campaigns.values() if each.status in with_reports]


def all_reports(account: Account) -> list[tuple[str, Report, list[Event]]]:
    """Every report of every campaign that has reports: campaign id, report, its rows."""
    return [
        (campaign.id, report, account.rows(campaign.id, report))
        for campaign in reported_campaigns(account)
        for report in ENGAGEMENT_REPORTS
    ]
