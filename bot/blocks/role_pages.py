"""A page for each role: what comes by itself, what to ask and press, how to get less. For help and deploy/roles.md."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from bot.blocks.answers import run_buttons
from bot.blocks.elements import actions as buttons
from bot.blocks.elements import context, header, message, mrkdwn, section
from bot.blocks.markup import code, escape
from bot.domain.notifications import Message

ASKS_SHOWN = 5
MOST_ASKED = 7  # on the first page of help
_NAMED = re.compile(r"\{(checklist|site)\}")
_SMALL = frozenset({"a", "an", "the", "as", "for", "i", "am", "my", "me", "new", "page", "role"})


@dataclass(frozen=True, slots=True)
class Ask:
    """A command without its slash word, what it answers, and the subcommand that does. `{checklist}` and `{site}` stand
    for names that its reader may see; `only_own`: who is not in the role is refused."""

    text: str
    about: str
    verb: str = "results"
    only_own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RolePage:
    """The page of a role: our own words only.

    `others` are words that mean the same role. `gets` comes without asking; `if_employees_notified` takes the place of
    its last line where employees get their results unless they turn them off. There are more `asks` than are shown,
    for some need what a reader may not have.
    """

    name: str
    title: str
    others: Sequence[str]
    gets: Sequence[str]
    asks: Sequence[Ask]
    press: str
    less: str
    if_employees_notified: str = ""

    @property
    def command(self) -> str:
        """The command that shows the page, without the slash word."""
        return f"help {self.name}"


LESS = "“Fewer like this…” under any direct message"
ROLE_PAGES: Sequence[RolePage] = (
    RolePage(
        name="L&D",
        title="L&D or training manager",
        others=(
            "ld",
            "lnd",
            "l and d",
            "l d",
            "learning",
            "learning manager",
            "learning and development",
            "learning and development manager",
            "l&d manager",
            "training",
            "training manager",
        ),
        gets=(
            "The Home tab, kept current: low results, what is overdue, 30 days in figures, the weakest criteria.",
            "Cards in each channel that has a rule. Whose sessions you see follows iSpring; admins see all.",
        ),
        asks=(
            Ask("failed {checklist} this month", "who fell below target, and on which criteria"),
            Ask("trend {checklist} by month", "whether it gets better", "trend"),
            Ask("trend by:criterion", "what costs most points", "trend"),
            Ask("silent 30d", "which sites and people had no session", "silent"),
            Ask("digest weekly mon 09:00", "the week in figures, with a file of its sessions", "digest"),
            Ask("export since:90d", "sessions for a spreadsheet", "export"),
            Ask("failed this month", "who fell below target"),
        ),
        press="“Details” for the criteria, “Follow up” for a day by which something is done about a low result.",
        less="a digest “only when somebody must act”, `edit N outcome:failed` for a rule, `mute 4h` in a channel.",
    ),
    RolePage(
        name="manager",
        title="Site manager or supervisor",
        others=(
            "supervisor",
            "site manager",
            "store manager",
            "shop manager",
            "area manager",
            "regional manager",
            "department manager",
            "line manager",
            "team manager",
            "team lead",
            "team leader",
            "lead",
            "leader",
        ),
        gets=(
            "The Home tab, kept current: low results and overdue sessions of your people, and how they compare.",
            "A reminder of a session of your people that is still late a day after its observer was reminded.",
        ),
        asks=(
            Ask("attention", "low results that nobody acknowledged, and what is overdue", "attention"),
            Ask("{site} last week", "what was completed there"),
            Ask("failed {checklist} this month", "who fell below target, and on which criteria"),
            Ask("trend by:employee", "how your people compare", "trend"),
            Ask("settings supervisor instantly below target", "each low result as a direct message", "settings", True),
            Ask("overdue", "what was not started in time, or not finished", "overdue"),
        ),
        press="“Acknowledge” once you have seen a low result, “Follow up” to act on it by a day, “Nudge” in `overdue`.",
        less=f"`settings supervisor weekly mon 09:00`, `quiet 20:00-07:00 weekend`, {LESS}.",
    ),
    RolePage(
        name="observer",
        title="Observer or trainer",
        others=("trainer", "assessor", "grader", "coach", "mentor", "instructor", "evaluator", "inspector"),
        gets=(
            "A direct message once your session is recorded: its result, and what was weak. Several come as one.",
            "A reminder of what was not started a day after its time, or not finished two days after its start.",
        ),
        asks=(
            Ask("todo", "what you have to conduct or finish", "todo"),
            Ask("todo tomorrow", "what you have to conduct on a day", "todo"),
            Ask("failed {checklist} observed by me", "low results of sessions that you conducted"),
            Ask("results observer:me since:30d", "all that you conducted"),
            Ask("reminders planned on", "each morning what is planned", "reminders"),
        ),
        press="“Details” for the criteria, “Follow up” on a low result, “Snooze” on a reminder.",
        less=f"`settings observer weekly mon 09:00`, `mute 2h`, {LESS}.",
    ),
    RolePage(
        name="employee",
        title="Employee or trainee",
        others=("trainee", "learner", "worker", "staff", "team member", "apprentice", "starter", "hire", "colleague"),
        gets=(
            "The Home tab, kept current: what is planned for you, and your results.",
            "No direct messages about your results, unless you ask for them: `settings employee instantly`.",
        ),
        if_employees_notified="A direct message with each of your results: what went well, and what to work on.",
        asks=(
            Ask("my results", "your sessions, the newest first"),
            Ask("my {checklist} results", "those on one checklist"),
            Ask("history me", "how your results change", "history"),
            Ask("upcoming 30d", "when you are observed next", "upcoming"),
            Ask("settings", "what you get as direct messages", "settings"),
        ),
        press="“Details” for each criterion. Answers are private: nobody else sees what you ask.",
        less=f"`settings employee instantly below target`, `quiet 20:00-07:00 weekend`, {LESS}.",
    ),
    RolePage(
        name="admin",
        title="Admin of Spotter",
        others=("admins", "administrator", "operator", "owner"),
        gets=(
            "A check-list by direct message at the first start, that ticks itself.",
            "An alert in the channel of `OPS_CHANNEL` when something begins to go wrong, and one when it is over.",
        ),
        asks=(
            Ask("setup", "what is set up, and what comes next", "setup"),
            Ask("status", "whether Spotter is alive, late or has messages waiting", "status"),
            Ask("rules all", "every rule, with its owner and state", "rules", True),
            Ask("target", "what is expected, and on which checklist", "target"),
            Ask("audit", "who changed what, and when", "audit"),
        ),
        press="“Why here?” in the menu of a card, “Take over” at a rule whose owner left, “Status” on the Home tab.",
        less="`pause all` stops all sending until `resume all` and loses nothing, `mute 4h` in a channel.",
    ),
)
_BY_NAME = {name.lower(): page for page in ROLE_PAGES for name in (page.name, *page.others)}


def role_page_named(typed: str) -> RolePage | None:
    """The page of a role in anybody's words: `manager`, `for observers`, `L & D`; None if they name no role."""
    words = re.sub(r"\s*&\s*", "&", typed.lower()).split()
    name = " ".join(word for word in words if word not in _SMALL)
    return _BY_NAME.get(name) or _BY_NAME.get(name.removesuffix("s"))


def own_pages(*, is_admin: bool, has_team: bool, observes: bool, is_employee: bool) -> Sequence[RolePage]:
    """The pages of a reader's own roles, the widest first. Admins see all that an L&D manager asks about."""
    holds = {
        "admin": is_admin,
        "l&d": is_admin,
        "manager": has_team and not is_admin,
        "observer": observes,
        "employee": is_employee and not (is_admin or has_team or observes),
    }
    return [_BY_NAME[name] for name, is_theirs in holds.items() if is_theirs]


def asks_for(
    page: RolePage, checklists: Sequence[str], sites: Sequence[str], verbs: Collection[str], *, is_own: bool
) -> Sequence[Ask]:
    """What a reader can ask of a page, with names that they may see. `verbs`: the subcommands that they may use;
    `is_own`: it is the page of one of their roles."""
    names = {"checklist": checklists[:1], "site": sites[:1]}
    found = []
    for one in page.asks:
        may_ask = one.verb in verbs and (is_own or not one.only_own)
        if may_ask and all(names[needed] for needed in _NAMED.findall(one.text)):
            found.append(replace(one, text=_NAMED.sub(lambda needed: names[needed[1]][0], one.text)))
    return found[:ASKS_SHOWN]


def most_asked(asks: Sequence[Sequence[Ask]]) -> Sequence[Ask]:
    """What a reader asks most: from what they can ask in each of their roles, one of each role in turn."""
    turns = (one for turn in zip_longest(*asks) for one in turn if one is not None)
    return [*{one.text: one for one in turns}.values()][:MOST_ASKED]


def gets_lines(page: RolePage, *, employees_notified: bool) -> Sequence[str]:
    """The messages that people in a role get without asking."""
    if employees_notified and page.if_employees_notified:
        return [*page.gets[:-1], page.if_employees_notified]
    return page.gets


def role_page(
    page: RolePage, asks: Sequence[Ask], own: Sequence[RolePage], *, employees_notified: bool, command: str
) -> Message:
    """The page of a role with what its reader can ask; `own` are the pages of their own roles."""
    gets = [
        "*You get without asking*",
        *(f"• {line}" for line in gets_lines(page, employees_notified=employees_notified)),
    ]
    listed = ["*Ask*", *(f"{code(f'{command} {one.text}', 300)}: {one.about}" for one in asks)]
    ends = [f"*Press* {page.press}", f"*Get less* {page.less}"]
    others = ", ".join(f"`{command} {one.command}`" for one in ROLE_PAGES if one is not page)
    return message(
        [
            header(page.title),
            *([context(_of_another_role(own, command))] if page not in own else []),
            section(mrkdwn(escape("\n".join(gets)))),
            *(
                [section(mrkdwn("\n".join(listed), 2_900)), buttons(run_buttons([one.text for one in asks]))]
                if asks
                else []
            ),
            section(mrkdwn(escape("\n".join(ends)))),
            context(escape(f"Other roles: {others}. Everything: `{command} help all`.")),
        ]
    )


def _of_another_role(own: Sequence[RolePage], command: str) -> str:
    """That a page is not about its reader, and which one is."""
    if not own:
        return "Spotter shows you no sessions, so this is what others can do."
    return escape(f"This is not your role, so you may ask less than others: your page is `{command} {own[0].command}`.")


def pointer(own: Sequence[RolePage], command: str) -> str:
    """Which pages are about a reader, in one line of mrkdwn."""
    listed = ", ".join(f"`{command} {one.command}` ({one.title})" for one in own)
    return escape(f"*What you get, and how to get less*: {listed}.")
