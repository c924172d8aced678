"""Wishes to be told by e-mail, text message or phone: each answer says that Spotter writes in Slack alone."""

import re

from bot.listeners.questions.patterns import with_names, without_names

_MEDIUM = r"(?:e-?mail|mail|sms|text(?: message)?|whatsapp|(?:ms |microsoft )?teams|phone|telegram|fax|letter)"
_BY = re.compile(
    rf"\s*\b(?:(?:by|via|through|per|over|on) {_MEDIUM}|as an? (?:e-?mail|text(?: message)?|sms)"
    r"|(?:in)?to my (?:e-?mail|inbox|mailbox|phone)(?: (?:account|address))?)(?: please)?(?![\w-])",
    re.IGNORECASE,
)
_VERB = re.compile(rf"\b(?P<medium>{_MEDIUM}|call|ring) (?=(?:me|us)\b)", re.IGNORECASE)
_SENDS = re.compile(
    r"(?:export|report|digest|summary|csv|file|results?|scores?|sessions?|list|overview|numbers)", re.IGNORECASE
)


def without_medium(text: str) -> tuple[str, str]:
    """A wish without the medium that is not Slack, and that medium as typed; "" if it names none."""
    plain, names = without_names(text)
    if found := _BY.search(plain):
        left = f"{plain[: found.start()]} {plain[found.end() :]}"
        return " ".join(with_names(left, names).split()), found[0].strip()
    if (found := _VERB.search(plain)) and not plain[: found.start()].rstrip().lower().endswith((" i", "who")):
        behind = plain[found.end() :]
        verb = "send" if _SENDS.search(behind) and not re.search(r"\b(?:when|if)\b", behind) else "message"
        return with_names(f"{plain[: found.start()]}{verb} {behind}", names), found["medium"]
    return text, ""
