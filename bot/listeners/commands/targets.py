"""What results are measured against: targets and critical criteria, listed for all, set by admins.

Nothing is saved at one press: a change is shown first, with what it would turn of the last results, and is saved by a
button, if what was shown still holds then.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta

from bot.blocks import actions
from bot.blocks import targets as views
from bot.domain.errors import NotAllowed, QueryError, Remedy
from bot.domain.filters import ids_named
from bot.domain.model import CriticalCriterion, Targets
from bot.domain.notifications import Message
from bot.domain.report_periods import Window
from bot.domain.target_changes import (
    DAYS_BACK,
    Turns,
    basis_of,
    changed_by_critical,
    changed_by_target,
    with_target,
)
from bot.domain.text import digest_of
from bot.domain.viewers import Viewer
from bot.listeners.access_scope import access_view
from bot.listeners.commands.registry import CommandRequest, subcommand
from bot.listeners.context import AppContext
from bot.query.nearest import nearest, normalize
from bot.query.tokens import Unclosed, quote, tokenize
from bot.store.database import Tx

MOST_OFFERED = 5  # names that a button is offered for
_REMOVE = r"off|none|remove|removed|delete|no|unset|clear"
_PERCENT = r"(\d{1,3}(?:[.,]\d{1,6})?)\s*(?:%|percent\b)?"
_FIRST_PERCENT = re.compile(rf"{_PERCENT}(?:\s+(.*))?", re.DOTALL | re.IGNORECASE)
_LAST_PERCENT = re.compile(rf"(.*\S)\s+(?:to\s+)?{_PERCENT}", re.DOTALL | re.IGNORECASE)
_WITHOUT = re.compile(rf"(?:{_REMOVE})(?:\s+(.*))?", re.DOTALL | re.IGNORECASE)
_CRITICAL = re.compile(r"critical(?:\s+(.*))?", re.DOTALL | re.IGNORECASE)
_QUOTES = " \"“”„«»'"
_CHECKLIST_KEYS = ("checklist", "checklists")
_FILLER = re.compile(r"(?:for|on|in|of|to|=|the target)\s+", re.IGNORECASE)
LONGEST_NAMES = 700  # characters: a checklist's name and a criterion's
_SAID_OF_IT = re.compile(r"\b(?:should|must|needs? to|has to) (?:be|stay)\b", re.IGNORECASE)  # a question in words
_SECOND = re.compile(rf"\s*(?:,|\band\b)\s*{_PERCENT}\s+(?:for|on|in)\s+\S.*", re.DOTALL | re.IGNORECASE)
_ALL = frozenset({"all", "every", "everything", "all checklists", "every checklist", "default"})


@subcommand(
    "target [PERCENT [checklist]]",
    "Targets and critical criteria",
    examples=("target", "target 80", "target critical"),
    more="Admins set it, for every checklist or for one: `target 85 Opening`; `target remove Opening` takes it away. "
    '`target critical "Cold room logged" checklist:"Opening"` makes a criterion critical: zero points on it fail the '
    "session whatever its result; `target critical remove` ends that. A change is shown before it is saved, and counts "
    "for sessions completed from then on. What is set here wins over PASS_TARGET.",
    asks_itself=True,
    takes=lambda words: _SAID_OF_IT.search(words) is None,
)
async def target(ctx: AppContext, request: CommandRequest) -> Message:
    """The targets, or the question whether another one is to be saved."""
    text = _plain(request.words)
    if not text or text.lower() in ("list", "show", "all"):
        return await ctx.store.read(lambda tx: _listed(ctx, tx, request.viewer))
    critical = _CRITICAL.fullmatch(text)
    if critical and not (critical[1] or "").strip():
        return await ctx.store.read(lambda tx: _listed(ctx, tx, request.viewer))
    _refuse_others(request.viewer)
    if len(text) > LONGEST_NAMES:
        raise QueryError(f"That is longer than {LONGEST_NAMES} characters: name one checklist.", ["target"])
    if critical is None:
        percent, name = _read(text)

    def work(tx: Tx) -> Message:
        if critical:
            return _critical(ctx, tx, request.viewer, critical[1])
        checklist_id = None if not name else _checklist(tx, request.viewer, name, percent)
        return preview_target(ctx, tx, checklist_id, percent)

    return await ctx.store.read(work)


def _refuse_others(viewer: Viewer) -> None:
    if not viewer.is_admin:
        raise NotAllowed("only admins of Spotter set targets", Remedy.ADMIN)


def _listed(ctx: AppContext, tx: Tx, viewer: Viewer) -> Message:
    titles = tx.search.checklist_titles(access_view(tx, viewer).scope)
    every = tx.targets.current()
    visible = Targets(
        every.default,
        {one: percent for one, percent in every.per_checklist.items() if one in titles},
        {one: critical for one, critical in every.critical.items() if one in titles},
    )
    return views.targets_list(
        visible, titles, command=ctx.command, is_admin=viewer.is_admin, is_set_in_slack=tx.targets.is_set_for_all()
    )


# ---- what was typed ------------------------------------------------------------------------------------------------


def _plain(text: str) -> str:
    return text.strip().strip("`").strip()


def _read(text: str) -> tuple[float | None, str]:
    """The percentage, None for no target; and the name of the checklist as typed, "" for all."""
    if without := _WITHOUT.fullmatch(text):
        return None, _name(without[1] or "")
    if (second := _SECOND.search(text)) is not None:
        alone = [text[: second.start()].strip(), second[0].strip().removeprefix("and").strip(" ,")]
        raise QueryError("One target at a time: each is shown before it is saved.", [f"target {one}" for one in alone])
    first, last = _FIRST_PERCENT.fullmatch(text), _LAST_PERCENT.fullmatch(text)
    number, name = (first[1], first[2]) if first else (last[2], last[1]) if last else ("", "")
    percent = float(number.replace(",", ".")) if number else None
    if percent is None or percent > 100:
        raise QueryError(f"“{text}” is no target: it is a percentage from 0 to 100.", ["target", "target 80"])
    return percent, _name(name or "")


def _name(text: str) -> str:
    """The name of a checklist as typed, with or without `checklist:`; "" if all are meant."""
    typed, of = _parts(text)
    return of or _without_filler(typed)


def _without_filler(name: str) -> str:
    """The name behind `for` or `on`; "" if all checklists are meant."""
    if filler := _FILLER.match(name):
        name = name[filler.end() :].strip(_QUOTES)
    return "" if normalize(name) in _ALL else name


def _parts(text: str) -> tuple[str, str]:
    """A name, and the checklist behind it: `"Cold room" checklist:Opening`, `"Cold room" on Opening`; "" for either
    that is not there."""
    try:
        typed = list(tokenize(text))
    except Unclosed as unclosed:
        mistake = f"The quote at character {unclosed.start + 1} is never closed."
        raise QueryError(mistake, [f'target {text.rstrip()}"']) from None
    for at, token in enumerate(typed):
        if token.key is None or token.key.lower() not in _CHECKLIST_KEYS:
            continue
        if token.quoted or at == len(typed) - 1:
            return f"{text[: token.start]} {text[token.end :]}".strip(_QUOTES), token.value.strip()
        return text[: token.start].strip(_QUOTES), text[token.value_start :].strip(_QUOTES)
    if typed and typed[0].quoted and typed[0].key is None:
        return typed[0].value.strip(), _without_filler(text[typed[0].end :].strip()).strip(_QUOTES)
    return text.strip(_QUOTES), ""


def _checklist(tx: Tx, viewer: Viewer, name: str, percent: float | None) -> str:
    """The id of the one checklist with this name. Raises QueryError, whose suggestions set or remove its target."""
    titles = tx.search.checklist_titles(access_view(tx, viewer).scope)
    verb = "target remove" if percent is None else f"target {percent:g}"
    found = ids_named(normalize(name), [(normalize(title), ident) for ident, title in titles.items()])
    if percent is None and len(found) > 1:  # only what has a target can lose it
        found = frozenset(found & tx.targets.current().per_checklist.keys()) or found
    if len(found) == 1:
        return next(iter(found))
    like = sorted(titles[one] for one in found) or nearest(name, titles.values())
    reason = "means more than one checklist" if found else "is no checklist Spotter has seen; targets are of checklists"
    raise QueryError(f"“{name}” {reason}.", [f"{verb} {quote(title)}" for title in like[:MOST_OFFERED]])


def _critical(ctx: AppContext, tx: Tx, viewer: Viewer, text: str) -> Message:
    """The question whether a criterion is to be critical, or no longer."""
    without = _WITHOUT.fullmatch(text)
    text = (without[1] or "" if without else text).strip()
    verb = "target critical remove" if without else "target critical"
    titles = tx.search.checklist_titles(access_view(tx, viewer).scope)
    criterion, of = _parts(text)
    if not criterion:
        raise QueryError(
            "Name the criterion, as iSpring spells it.", [f"{verb} {quote(one)}" for one in _some(tx, bool(without))]
        )
    within = list(titles)
    if of:
        within = sorted(ids_named(normalize(of), [(normalize(title), ident) for ident, title in titles.items()]))
        if not within:
            like = nearest(of, titles.values())[:MOST_OFFERED]
            raise QueryError(
                f"“{of}” is no checklist Spotter has seen.",
                [f"{verb} {quote(criterion)} checklist:{quote(title)}" for title in like],
            )
    current = tx.targets.current()
    known = current.critical if without else tx.targets.criteria_of(within)
    pairs = [(one.title, ident) for ident in within for one in known.get(ident, ())]
    named = _named(criterion, dict.fromkeys(title for title, _ in pairs))
    found = dict.fromkeys(pair for pair in pairs if pair[0] in named)
    if len(found) == 1:
        title, checklist_id = next(iter(found))
        return preview_critical(ctx, tx, checklist_id, digest_of(title), is_critical=not without)
    if not found:
        like = nearest(criterion, sorted({title for title, _ in pairs}))[:MOST_OFFERED]
        what = "is no critical criterion" if without else "is no criterion in the sessions Spotter has read"
        raise QueryError(f"“{criterion}” {what}.", [f"{verb} {quote(title)}" for title in like])
    raise QueryError(
        f"“{criterion}” means more than one criterion.",
        [f"{verb} {quote(title)} checklist:{quote(titles[ident])}" for title, ident in [*found][:MOST_OFFERED]],
    )


def _some(tx: Tx, are_critical: bool) -> Sequence[str]:
    """Criteria to offer: the critical ones first, for who wants to remove one."""
    critical = tx.targets.current().critical
    return sorted({one.title for many in critical.values() for one in many})[:MOST_OFFERED] if are_critical else []


def _named(typed: str, titles: Iterable[str]) -> frozenset[str]:
    """The titles that a typed name means: exactly spelled, else as names everywhere."""
    every = list(titles)
    if typed in every:
        return frozenset({typed})
    return ids_named(normalize(typed), [(normalize(title), title) for title in every])


# ---- the questions ---------------------------------------------------------------------------------------------------


def preview_target(
    ctx: AppContext, tx: Tx, checklist_id: str | None, percent: float | None, *, is_outdated: bool = False
) -> Message:
    """Shows another target and asks whether to save it. `is_outdated`: what was shown before holds no more."""
    before = tx.targets.current()
    after = with_target(before, checklist_id, percent)
    title = None if checklist_id is None else _title(tx, checklist_id)
    if after == before and (checklist_id is not None or tx.targets.is_set_for_all() or percent is None):
        return views.already_so(before, checklist_id, title, command=ctx.command)
    turns = changed_by_target(tx.targets.judgements(_last_days(ctx)), checklist_id, after)
    value = actions.encode(actions.SetTarget(checklist_id or "", percent, basis_of(before)))
    return views.ask_target(before, after, checklist_id, title, turns, value, is_outdated=is_outdated)


def preview_critical(
    ctx: AppContext,
    tx: Tx,
    checklist_id: str,
    digest: str,
    *,
    is_critical: bool,
    is_outdated: bool = False,
) -> Message:
    """Shows that a criterion would be critical, or no longer, and asks whether to save that."""
    before = tx.targets.current()
    changed = critical_with(tx, checklist_id, digest, is_critical=is_critical)
    if changed is None:
        raise QueryError("There is no such criterion any more.", ["target critical"])
    title, critical = changed
    was = before.critical.get(checklist_id, ())
    if set(critical) == set(was):
        return views.already_critical(title, _title(tx, checklist_id), is_critical=is_critical)
    window = _last_days(ctx)
    completed = sum(one.count for one in tx.targets.judgements(window) if one.checklist_id == checklist_id)
    turns: Turns = changed_by_critical(tx.targets.judged_criteria(checklist_id, window), critical, completed)
    value = actions.encode(actions.SetCritical(checklist_id, digest, is_critical, basis_of(before)))
    return views.ask_critical(
        title, _title(tx, checklist_id), was, critical, turns, value, is_critical=is_critical, is_outdated=is_outdated
    )


def critical_with(
    tx: Tx, checklist_id: str, digest: str, *, is_critical: bool
) -> tuple[str, tuple[CriticalCriterion, ...]] | None:
    """The title that a digest stands for, and the critical criteria of the checklist with or without the criteria of
    that title; None if there is none."""
    was = tx.targets.current().critical.get(checklist_id, ())
    known = (*tx.targets.criteria_of([checklist_id]).get(checklist_id, ()), *was)
    meant = [one for one in dict.fromkeys(known) if digest_of(one.title) == digest]
    if not meant:
        return None
    others = tuple(one for one in was if one not in meant)
    return meant[0].title, tuple(dict.fromkeys((*others, *meant))) if is_critical else others


def _last_days(ctx: AppContext) -> Window:
    now = ctx.clock.now()
    return Window(now - timedelta(days=DAYS_BACK), now + timedelta(seconds=1))


def _title(tx: Tx, checklist_id: str) -> str:
    return tx.search.title_of(checklist_id)
