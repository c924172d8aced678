"""Buttons and menus, one listener each. A value comes from the client: each listener checks rights again.

Cards stay in Slack for years, so an id is never renamed or removed.
"""

import re
from collections.abc import Mapping

from slack_bolt.async_app import AsyncApp

from bot.blocks import actions
from bot.listeners.actions import follow_ups, links, reminders, rules, sessions, settings, shadow, sharing, targets
from bot.listeners.after_ack import AfterAck, Answering
from bot.listeners.requests import ActionRequest
from bot.listeners.views import rule_form

LISTENERS: Mapping[str, Answering[ActionRequest]] = {
    actions.DETAILS: sessions.details,
    actions.ACKNOWLEDGE: sessions.acknowledge,
    actions.ACKNOWLEDGE_ALL: sessions.acknowledge_all,
    actions.FOLLOW_UP: follow_ups.open_form,
    actions.CLOSE_FOLLOW_UP: follow_ups.close,
    actions.OPEN: sessions.open_link,
    actions.MORE: sessions.more,
    actions.PAGE: sessions.next_page,
    actions.RUN: sessions.run,
    actions.SHARE: sharing.share,
    actions.CONFIRM_SHARE: sharing.confirm_share,
    actions.CONFIRM_SUBSCRIBE: rules.confirm_subscribe,
    actions.CANCEL: rules.cancel,
    actions.SAVE_DIGEST: rules.save_digest,
    actions.SNOOZE: reminders.snooze,
    actions.NUDGE: reminders.nudge,
    actions.UNSUBSCRIBE: rules.unsubscribe,
    actions.PAUSE: rules.pause,
    actions.SET_TARGET: targets.set_target,
    actions.SET_CRITICAL: targets.set_critical,
    actions.BEGIN_SHADOW: shadow.begin,
    actions.GO_LIVE: shadow.end,
    actions.EDIT_RULE: rule_form.open_form,
    actions.CONFIRM_EDIT: rules.confirm_edit,
    actions.ACCEPT_RULE: rules.accept,
    actions.AGREE_PUBLIC: rules.agree_public,
    actions.TAKE_OVER: rules.take_over,
    actions.CONFIRM_TAKE_OVER: rules.confirm_take_over,
    actions.DM_BELOW: settings.get_below_target,
    actions.DM_STOP: settings.get_none,
    actions.DM_ALL: settings.get_all,
    actions.DM_DAILY: settings.get_daily,
    actions.DM_FEWER: settings.fewer,
    actions.SET_CHOICE: settings.set_choice,
    actions.SET_OBSERVER: settings.set_observer,
    actions.SET_EMPLOYEE: settings.set_employee,
    actions.HOME_REFRESH: settings.refresh_home,
    actions.HOME_SETTINGS: settings.open_settings,
    actions.NOT_ME: links.not_me,
    actions.CONFIRM_LINK: links.confirm_link,
    actions.LINK_PERSON: links.link_person,
}


def register(app: AsyncApp, after_ack: AfterAck) -> None:
    """Registers each listener under its action's name, with or without a suffix (`details`, `details:3`)."""
    for name, listener in LISTENERS.items():
        action_id = re.compile(rf"\A{name}(:|\Z)")
        app.action(action_id, middleware=[after_ack.known_viewer])(after_ack.action(listener))
