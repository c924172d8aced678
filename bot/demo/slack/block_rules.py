"""What Slack takes as Block Kit, as data: the kinds of block and element, where they may stand, how much they may hold.

Numbers: https://docs.slack.dev/reference/block-kit/blocks and .../block-elements, as read in 2026. Kinds are tables so
that a changed limit is one changed number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MESSAGE, MODAL, HOME = "message", "modal", "home"
EVERYWHERE = frozenset({MESSAGE, MODAL, HOME})
PLAIN = ("plain_text",)
ANY_TEXT = ("plain_text", "mrkdwn")
IDS = 255

BUTTONS = frozenset({"button", "workflow_button"})
SELECTS = frozenset(
    f"{many}{kind}_select"
    for many in ("", "multi_")
    for kind in ("static", "external", "users", "conversations", "channels")
)
PICKERS = frozenset({"datepicker", "timepicker", "datetimepicker"})
CHOICES = frozenset({"radio_buttons", "checkboxes"})
WRITING = frozenset(
    {"plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input", "file_input"}
)


@dataclass(frozen=True)
class Text:
    """A text object of at most so many characters."""

    most: int
    kinds: tuple[str, ...] = ANY_TEXT
    needed: bool = False


@dataclass(frozen=True)
class Plain:
    """A bare string of at most so many characters."""

    most: int
    needed: bool = False


@dataclass(frozen=True)
class Many:
    """A list: of text objects (`text`), of elements of these kinds, of options, of blocks, or of anything."""

    most: int
    least: int = 1
    needed: bool = False
    text: Text | None = None
    elements: frozenset[str] = frozenset()
    options: Text | None = None
    blocks: frozenset[str] = frozenset()


@dataclass(frozen=True)
class One:
    """One element of these kinds."""

    elements: frozenset[str]
    needed: bool = False


Rule = Text | Plain | Many | One


@dataclass(frozen=True)
class Kind:
    """One kind of block or element: its ruled fields, its other permitted fields, where a block may stand."""

    fields: Mapping[str, Rule] = field(default_factory=dict)
    free: frozenset[str] = frozenset()
    where: frozenset[str] = EVERYWHERE
    one_of: tuple[str, ...] = ()


def _free(*names: str) -> frozenset[str]:
    return frozenset(names)


_LEGACY_OPTION = Text(75, PLAIN, needed=True)
_RICH_OPTION = Text(75, ANY_TEXT, needed=True)
_PLACEHOLDER = Text(150, PLAIN)
_OPTIONS = Many(100, options=_LEGACY_OPTION)
_SELECT_FREE = _free("confirm", "focus_on_load", "max_selected_items", "min_query_length", "response_url_enabled")
_CHILDREN = frozenset(
    {"actions", "context", "divider", "file", "header", "image", "input", "rich_text", "section", "table", "video"}
)

BLOCKS: Mapping[str, Kind] = {
    "section": Kind(
        {
            "text": Text(3000),
            "fields": Many(10, text=Text(2000)),
            "accessory": One(BUTTONS | SELECTS | PICKERS | CHOICES | {"overflow", "image"}),
        },
        _free("expand"),
        one_of=("text", "fields"),
    ),
    "header": Kind({"text": Text(150, PLAIN, needed=True)}, _free("level")),
    "divider": Kind(),
    "image": Kind(
        {"image_url": Plain(3000), "alt_text": Plain(2000, needed=True), "title": Text(2000, PLAIN)},
        _free("slack_file", "image_width", "image_height", "image_bytes", "fallback", "is_animated"),
        one_of=("image_url", "slack_file"),
    ),
    "actions": Kind({"elements": Many(25, needed=True, elements=BUTTONS | SELECTS | PICKERS | CHOICES | {"overflow"})}),
    "context": Kind({"elements": Many(10, needed=True, text=Text(3000), elements=frozenset({"image"}))}),
    "input": Kind(
        {
            "label": Text(2000, PLAIN, needed=True),
            "hint": Text(2000, PLAIN),
            "element": One(WRITING | SELECTS | PICKERS | CHOICES, needed=True),
        },
        _free("optional", "dispatch_action"),
    ),
    "rich_text": Kind({"elements": Many(1000, needed=True)}),
    "markdown": Kind({"text": Plain(12_000, needed=True)}, where=frozenset({MESSAGE})),
    "video": Kind(
        {
            "title": Text(199, PLAIN, needed=True),
            "video_url": Plain(3000, needed=True),
            "alt_text": Plain(2000, needed=True),
        },
        _free("thumbnail_url", "title_url", "author_name", "provider_name", "provider_icon_url", "description"),
    ),
    "file": Kind({"external_id": Plain(IDS, needed=True)}, _free("source"), where=frozenset({MESSAGE})),
    "table": Kind({"rows": Many(100, needed=True)}, _free("column_settings"), where=frozenset({MESSAGE, HOME})),
    "data_table": Kind(
        {"rows": Many(101, least=2, needed=True), "caption": Plain(150, needed=True)},
        _free("columns", "page_size", "sort", "filter", "row_header_column_index"),
        where=frozenset({MESSAGE, HOME}),
    ),
    "data_visualization": Kind({"title": Plain(50, needed=True)}, _free("chart"), where=frozenset({MESSAGE, HOME})),
    "container": Kind(
        {
            "title": Text(150, PLAIN),
            "subtitle": Text(150),
            "child_blocks": Many(10, needed=True, blocks=_CHILDREN),
        },
        _free("rich_text_title", "width", "icon", "is_collapsible", "default_collapsed", "has_header_divider"),
        where=frozenset({MESSAGE, HOME}),
        one_of=("title", "rich_text_title"),
    ),
    "card": Kind(
        {
            "title": Text(150),
            "subtitle": Text(150),
            "body": Text(200),
            "subtext": Text(200),
            "actions": Many(3, elements=BUTTONS),
        },
        _free("hero_image", "icon", "slack_icon"),
        one_of=("hero_image", "title", "actions", "body"),
    ),
    "carousel": Kind({"elements": Many(10, needed=True, blocks=frozenset({"card"}))}, where=frozenset({MESSAGE, HOME})),
    "alert": Kind({"text": Text(200, needed=True)}, _free("level"), where=frozenset({MODAL})),
    "context_actions": Kind({"elements": Many(5, needed=True)}, where=frozenset({MESSAGE})),
}

ELEMENTS: Mapping[str, Kind] = {
    "button": Kind(
        {
            "text": Text(75, PLAIN, needed=True),
            "value": Plain(2000),
            "url": Plain(3000),
            "accessibility_label": Plain(75),
        },
        _free("style", "confirm"),
    ),
    "workflow_button": Kind({"text": Text(75, PLAIN, needed=True)}, _free("workflow", "style", "accessibility_label")),
    "image": Kind(
        {"image_url": Plain(3000), "alt_text": Plain(2000, needed=True)},
        _free("slack_file", "image_width", "image_height", "image_bytes", "fallback"),
        one_of=("image_url", "slack_file"),
    ),
    "overflow": Kind({"options": Many(5, needed=True, options=_LEGACY_OPTION)}, _free("confirm")),
    "radio_buttons": Kind(
        {"options": Many(10, needed=True, options=_RICH_OPTION)}, _free("initial_option", "confirm", "focus_on_load")
    ),
    "checkboxes": Kind(
        {"options": Many(10, needed=True, options=_RICH_OPTION)}, _free("initial_options", "confirm", "focus_on_load")
    ),
    "plain_text_input": Kind(
        {"initial_value": Plain(3000), "placeholder": _PLACEHOLDER},
        _free("multiline", "min_length", "max_length", "dispatch_action_config", "focus_on_load"),
    ),
    "number_input": Kind(
        {"placeholder": _PLACEHOLDER},
        _free(
            "is_decimal_allowed", "initial_value", "min_value", "max_value", "dispatch_action_config", "focus_on_load"
        ),
    ),
    **{
        name: Kind({"placeholder": _PLACEHOLDER}, _free("initial_value", "dispatch_action_config", "focus_on_load"))
        for name in ("email_text_input", "url_text_input", "rich_text_input")
    },
    "file_input": Kind({}, _free("filetypes", "max_files")),
    **{
        name: Kind(
            {"placeholder": _PLACEHOLDER},
            _free("initial_date", "initial_time", "initial_date_time", "timezone", "confirm", "focus_on_load"),
        )
        for name in PICKERS
    },
    **{
        f"{many}static_select": Kind(
            {"placeholder": _PLACEHOLDER, "options": _OPTIONS, "option_groups": Many(100)},
            _SELECT_FREE | {"initial_option", "initial_options"},
            one_of=("options", "option_groups"),
        )
        for many in ("", "multi_")
    },
    **{
        f"{many}{kind}_select": Kind(
            {"placeholder": _PLACEHOLDER},
            _SELECT_FREE
            | {f"initial_{kind.removesuffix('s')}", f"initial_{kind}", "initial_option", "initial_options"}
            | {"default_to_current_conversation", "filter"},
        )
        for many in ("", "multi_")
        for kind in ("external", "users", "conversations", "channels")
    },
}
