"""The form that edits a rule: its fields filled in from the query's text, and the query read back from them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.blocks import actions
from bot.blocks.elements import OPTION_TEXT, OPTION_VALUE, Block, context, menu, modal, mrkdwn, option, plain, section
from bot.blocks.markup import bare, safe
from bot.domain.rules import NamesShown, Rule, RuleOptions, basis_of
from bot.query.by_id import with_labels
from bot.query.keys import KEYS, Key, Query, Term
from bot.query.names import Names, id_of
from bot.query.parser import say
from bot.query.values import OUTCOMES

MOST_CHOSEN = 20  # of one menu
_MENUS: Mapping[str, tuple[Key, str]] = {
    actions.INPUT_CHECKLIST: (Key.CHECKLIST, "Checklists"),
    actions.INPUT_DEPT: (Key.DEPT, "Departments, with those below"),
    actions.INPUT_PEOPLE: (Key.EMPLOYEE, "Employees"),
    actions.INPUT_OBSERVERS: (Key.OBSERVER, "Observers"),
}
_EDITS = {"on": "Corrections change the cards that were posted", "off": "Cards stay as they were posted"}
_NAMES = {NamesShown.FULL: "Full names", NamesShown.INITIALS: "Initials only (A. R.)"}


@dataclass(frozen=True, slots=True)
class Fields:
    """A query as the form holds it: the values of each menu by its input, outcomes, and the rest as text."""

    chosen: Mapping[str, Sequence[str]]
    outcomes: Sequence[str]
    other_terms: Query

    @classmethod
    def of(cls, query: Query) -> "Fields":
        chosen: dict[str, list[str]] = {name: [] for name in _MENUS}
        outcomes: list[str] = []
        other_terms: list[Term] = []
        by_key = {key: name for name, (key, _) in _MENUS.items()}
        for term in query.terms:
            name = by_key.get(term.key)
            fits = name is not None and id_of(term.value) is not None and len(term.value) <= OPTION_VALUE
            if name is not None and fits and not term.negated and len(chosen[name]) < MOST_CHOSEN:
                chosen[name].append(term.value)
            elif term.key is Key.OUTCOME and not term.negated:
                outcomes.append(term.value)
            else:
                other_terms.append(term)
        return cls(chosen, outcomes, Query(tuple(other_terms)))


def other_terms_of(query: Query, known: Names) -> tuple[Query, str]:
    """What the text field of the form holds of a query, and its text."""
    other_terms = Fields.of(query).other_terms
    return other_terms, say(with_labels(other_terms, known))


def query_of(values: Mapping[str, str], other_terms: Query) -> Query:
    """The query that a submitted form asks for; `other_terms` is what its text field says. Values that no menu of the
    form offers are left out."""
    terms: list[Term] = []
    for name, (key, _) in _MENUS.items():
        terms += [Term(key, value) for value in _listed(values.get(name, "")) if id_of(value) is not None]
    terms += [Term(Key.OUTCOME, value) for value in _listed(values.get(actions.INPUT_OUTCOME, "")) if value in OUTCOMES]
    return Query(tuple(dict.fromkeys([*terms, *other_terms.terms])))


def options_of(values: Mapping[str, str], before: RuleOptions) -> tuple[bool, NamesShown]:
    """Whether corrections change cards, and what people are called; as before where the form says nothing."""
    edits = values.get(actions.INPUT_EDITS) or ("on" if before.edits else "off")
    names = values.get(actions.INPUT_NAMES)
    return edits != "off", NamesShown(names) if names in list(NamesShown) else before.names


def rule_form(rule: Rule, query: Query, known: Names, changed: str = "") -> dict[str, Any]:
    """The form of a rule, filled in. `changed`: what was changed since it was opened before, for the first line."""
    fields, (_, other_terms) = Fields.of(query), other_terms_of(query, known)
    blocks: list[Block] = [
        *([section(mrkdwn(f"{changed} Nothing was saved; this is how it is now."))] if changed else []),
        section(mrkdwn(f"*Rule {rule.rule_id}*: every field narrows it down; an empty one does not.")),
        *(
            _search(name, label, [_choice(key, value, known) for value in fields.chosen[name]])
            for name, (key, label) in _MENUS.items()
        ),
        _outcomes(fields.outcomes),
        _text(other_terms),
        _menu(actions.INPUT_EDITS, "Corrections", _EDITS, "on" if rule.options.edits else "off"),
        _menu(actions.INPUT_NAMES, "People", _NAMES, rule.options.names),
        context("Saved, it counts for what is completed from then on."),
    ]
    basis = basis_of(rule)
    # Slack keeps what was entered in a block of the same id when a view is updated.
    named = [{**one, "block_id": f"{one['block_id']}:{basis}"} if "block_id" in one else one for one in blocks]
    form = modal(f"Edit rule {rule.rule_id}", actions.RULE_FORM, named, submit="Save")
    return {**form, "private_metadata": f"{rule.rule_id}:{basis}"}


def key_of_menu(name: str) -> Key | None:
    """The key whose names a menu of the form offers; None for any other input."""
    found = _MENUS.get(name)
    return None if found is None else found[0]


def offered(key: Key, values: Iterable[str], known: Names) -> list[Block]:
    """Choices of a menu, by the ids as values of a query."""
    return [_choice(key, value, known) for value in values if len(value) <= OPTION_VALUE]


def saved(rule: Rule, words: str, shown: Sequence[Block]) -> dict[str, Any]:
    """What a saved rule asks for now, and what it would have sent."""
    text = f"Rule {rule.rule_id} is saved: {safe(words, 1_000)}."
    return modal(f"Rule {rule.rule_id} is saved", actions.DETAILS_FORM, [section(mrkdwn(text)), *shown])


def _choice(key: Key, value: str, known: Names) -> Block:
    kind = KEYS[key].kind
    assert kind is not None, "only names are looked up"
    return option(bare(known.label(kind, id_of(value) or ""), OPTION_TEXT) or "unnamed", value)


def _search(name: str, label: str, chosen: Sequence[Block]) -> Block:
    element: Block = {
        "type": "multi_external_select",
        "action_id": name,
        "placeholder": plain("Type a few letters", 150),
        "min_query_length": 1,
        "max_selected_items": MOST_CHOSEN,
    }
    if chosen:
        element["initial_options"] = list(chosen)
    return {"type": "input", "block_id": name, "optional": True, "label": plain(label), "element": element}


def _outcomes(chosen: Sequence[str]) -> Block:
    choices = {value: option(words, value) for value, words in _RESULTS.items()}
    element: Block = {
        "type": "multi_static_select",
        "action_id": actions.INPUT_OUTCOME,
        "placeholder": plain("Any result", 150),
        "options": list(choices.values()),
    }
    if initial := [choices[value] for value in chosen if value in choices]:
        element["initial_options"] = initial
    label = plain("Results")
    return {"type": "input", "block_id": actions.INPUT_OUTCOME, "optional": True, "label": label, "element": element}


# As cards say it. `unknown` and what is not over is no choice: nobody wants it posted.
_RESULTS = {
    "completed": "Completed",
    "passed": "Completed without a low result",
    "met": "Met target",
    "below": "Below target",
    "critical": "Critical criterion failed",
    "failed": "Any low result",
}


def _text(typed: str) -> Block:
    element: Block = {"type": "plain_text_input", "action_id": actions.INPUT_OTHER_TERMS, "max_length": 3_000}
    if typed:
        element["initial_value"] = typed
    return {
        "type": "input",
        "block_id": actions.INPUT_OTHER_TERMS,
        "optional": True,
        "label": plain("Other conditions"),
        "hint": plain('As in a query: score:<80 or -checklist:"Opening"'),
        "element": element,
    }


def _menu(name: str, label: str, choices: Mapping[Any, str], chosen: str) -> Block:
    element = menu(name, "Choose…", [option(words, str(value)) for value, words in choices.items()], chosen=str(chosen))
    return {"type": "input", "block_id": name, "label": plain(label), "element": element}


def _listed(values: str) -> list[str]:
    return [value for value in values.split(",") if value]
