"""Buttons about links between Slack accounts and people: one's own that is wrong, and one that an admin confirms."""

from bot.blocks import actions, links
from bot.domain.errors import NotAllowed, Remedy
from bot.domain.notifications import Message
from bot.domain.ports import Reply
from bot.domain.viewers import BY_EMAIL, SlackUser
from bot.listeners.commands.people import ask_to_link, link_question, member
from bot.listeners.context import AppContext
from bot.listeners.requests import ActionRequest, OutdatedButton, viewer_of
from bot.services.linking import link_subject, make_link, preview_link
from bot.store.database import Tx


async def confirm_link(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Makes the link that an admin was asked about. Asks again if it would show more, or fewer, people's sessions."""
    viewer = await viewer_of(ctx, action)
    if not viewer.is_admin:
        raise NotAllowed("only admins of Spotter see and change the links of others", Remedy.ADMIN)
    asked = action.decoded(actions.ConfirmLink)
    user = await member(ctx, asked.user_id)
    if not isinstance(user, SlackUser):
        await reply(user)
        return

    def work(tx: Tx) -> Message:
        directory = tx.people.directory()
        person = directory.people.get(asked.person_id)
        if person is None or not directory.is_active(person.person_id):
            raise OutdatedButton
        preview = preview_link(tx, user, person, directory)
        if preview.is_made or preview.sees_of != asked.sees_of:
            return link_question(tx, user, person, directory, command=ctx.command)
        make_link(tx, preview, viewer.slack_user_id, ctx.clock.now())
        return links.linked(user.user_id, person.name, preview.displaced, command=ctx.command)

    answer = await ctx.store.transact(work)
    await reply(answer, replace=action.is_private)


async def link_person(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Asks an admin whether to link the chosen account to the person whose menu it is."""
    viewer = await viewer_of(ctx, action)
    if not viewer.is_admin:
        raise NotAllowed("only admins of Spotter see and change the links of others", Remedy.ADMIN)
    person_id = action.action_id.partition(":")[2]
    if not person_id or not action.value:
        raise OutdatedButton
    await reply(await ask_to_link(ctx, action.value, person_id))


async def not_me(ctx: AppContext, action: ActionRequest, reply: Reply) -> None:
    """Blocks the user's own link by e-mail, if it is still to the person on the button."""
    person_id = action.value

    def work(tx: Tx) -> bool:
        link = tx.people.link_of(action.user_id)
        if link is None or link.by != BY_EMAIL or link.person_id != person_id:
            return False
        now = ctx.clock.now()
        tx.people.block_link(action.user_id, action.user_id, now)
        tx.audit_log.write(action.user_id, "disown", link_subject(action.user_id, person_id), now)
        return True

    if not await ctx.store.transact(work):
        raise OutdatedButton
    await reply(links.rejected(command=ctx.command), replace=action.is_private)
