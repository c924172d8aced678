"""Wishes to get no messages, or fewer: "stop", "unsubscribe me", "too many dms". What can be ended is listed, with
buttons that ask first.

They are read before every other wish, as whole texts; one that names a rule, a time or an hour is another wish.
"""

from collections.abc import Sequence

from bot.listeners.questions.patterns import MESSAGES, PLEASE, Reader, meant

_MANY = r"(?:(?:way |far )?too (?:many|much)|so many|a lot of|fewer|less|not so many|reduce(?: the)?(?: number of)?)"
_GETTING = r"(?:(?:there are|there is|i get|i'?m getting|i am getting|i have|i want|send|give|get|me|please|pls) )*"
_LOW = (
    r"(?:failures?|fails|failed (?:ones|results|sessions)|low (?:ones|results|scores)|bad (?:ones|results)|problems"
    r"|(?:when |if )?(?:some(?:one|body)|a person|people|anyone|it|i) fails?|below target|the (?:low|bad|failed) ones)"
)
TELL = r"(?:tell|message|notify|alert|ping|dm|send|inform|write)(?: to)?(?: me)?(?: (?:about|of|on|for|when|if|the))*"
_POLITE = r"(?: (?:please|pls|thanks|instead|from now on))*"
_STOP = (
    r"(?:(?:please|pls|plz|can|could|would|will|you|u|just|ok|hey) )*(?:stop|quit|no more|cancel|abort)(?:"
    r" (?:it|this|that|all|everything|sending|me|my|the|these|any|more"
    r"|messages?|notifications?|dms?|please|pls|spamming|bothering|messaging|texting|pinging|now))*"
)
_WHAT_COMES = r"(?:(?:these|this|them|it|those|the|my|messages?|notifications?|dms?|alerts?|msgs?) )"
ENDINGS: Sequence[tuple[str, Reader]] = tuple(
    (rf"^(?:{pattern})$", meant("unsubscribe"))
    for pattern in (
        _STOP,
        r"(?:digests?|summary|report) (?:off|stop|end|remove|cancel|none|no)",
        r"turn notifications off|turn off|notifications off|unsubscribe me",
        rf"(?:please |pls |can (?:i|you|u) |could you |how (?:do|can) i )*(?:turn|switch|shut) {_WHAT_COMES}+off"
        r"(?: please| pls)*",
        r"(?:please |pls |can you |could you )*(?:send|give|message|show) (?:me|us) (?:less|fewer|not so much)"
        r"(?: (?:messages?|often|please|stuff))*",
        rf"{_GETTING}{_MANY}(?: of)?(?: (?:the|my|these|those))? {MESSAGES}(?: .*)?",
        r"(?:once|one message|one|just once|only once) (?:a|per|every) (?:day|week)(?: (?:is enough|only|please))*",
        r"(?:less|fewer|quieter|off|enough|too much|too many|that'?s (?:enough|too much))(?: please)?",
        rf"(?:please |pls )?(?:only|just) (?:{TELL} )?{_LOW}{_POLITE}",
        rf"(?:please |pls )?{TELL} (?:only|just)(?: (?:about|when|of|if|on))? {_LOW}{_POLITE}",
        rf"{PLEASE}never (?:message|dm|ping|notify|bother|disturb|write)(?: to)?(?: me)?(?: ever)? again",
    )
)
