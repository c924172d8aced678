"""What people type beside questions: greetings, thanks."""

import re

_ANYBODY = r"(?: (?:there|spotter|bot|all|team|everyone|everybody|again))*"
GREETING = re.compile(
    r"(?:hi+|hello|helo|hey+|hiya|howdy|yo|greetings|good (?:morning|afternoon|evening|day)|morning|what'?s up|sup"
    rf"|how are you|nice to meet you|bye|goodbye|see you)(?: how are you)?{_ANYBODY}\W*"
)
HELP = re.compile(
    r"(?:\?+|help ?me|(?:i )?need (?:some |your )?help(?: with .+)?|(?:can|could) you help(?: me)?"
    r"|how (?:does|do) (?:this|it|you|spotter|(?:this|the) (?:bot|app)) work"
    r"|what (?:can|do) (?:you|i) (?:do|ask|type|say)\??"
    r"|what(?:'?s| is) (?:this|spotter|this bot|the bot)\??|who are you\??"
    r"|what (?:does|can) (?:it|this|spotter|(?:this|the) (?:bot|app)) do(?: for me)?\??|usage|examples?"
    r"|(?:how|where) (?:do|can|should) i (?:start|begin)\??"
    r"|(?:(?:hi+|hello|hey),? )?(?:i(?:'?m| am) (?:a )?new(?: (?:here|starter|joiner|to this))?|new (?:starter|here))"
    r"(?:[,. ]+(?:and )?(?:how (?:does|do) (?:this|it|you) work|what (?:is this|do i do|can i do|now)|help(?: me)?"
    r"|where do i start))?\??"
    r"|(?:who|what) are you(?: (?:and|,) .+)?\??|i(?:'?m| am) (?:lost|stuck|confused)|i don'?t (?:get"
    r"|understand) (?:it|this)"
    r"|getting started|tutorial|intro"
    r"|(?:list (?:of )?|what |show |all )?commands(?: list)?|how (?:do|can|to) (?:i )?use (?:this|it|you|spotter))"
    rf"{_ANYBODY}"
)
THANKS = re.compile(
    r"(?:(?:ok|okay|great|perfect|nice|cool)?,? ?(?:many )?(?:thanks|thank you|thx|ty|cheers)\b.*"
    r"|(?:(?:ok|okay|yes|alright),? )?(?:ok|okay|k|great|good|cool|nice|perfect|awesome|got it|all good|super|lovely)"
    r"(?: (?:bot|job|work|one))?\W*|\W*[👍🙏]\W*"
    r"|:(?:\+1|thumbsup|pray|ok_hand|heart):)"
)
CONFIRMATION = re.compile(
    r"(?:(?:yes|yep|yeah|yup|no|nope|nah|sure|ok|okay|please)[,.! ]*)*"
    r"(?:yes|yep|yeah|yup|no|nope|nah|sure|go ahead|do (?:it|that)|confirm(?:ed)?|save(?: it)?|agreed?)"
    r"(?:,? (?:please|thanks))*"
)
MORE = re.compile(
    r"(?:(?:show|see|give|list|the|me|and|a few|some|even) )*(?:more|rest|next page|more results|others?)(?: please)?"
)
ALL_SENDING = re.compile(
    r"(?:please )?(?:(?P<resume>resume)|pause|stop|halt|hold) (?:sending )?"
    r"(?:everything|all (?:rules|messages|sending|notifications|posts)|sending"
    r"|(?(resume)(?:messages|notifications|posting|the messages|cards)|(?!)))(?: please| now| again"
    r"| for now)*(?:[,.;] .+)?"
)  # of an admin: for others it is about their own messages
GOES_ON = re.compile(
    r"(?:(?:ok|okay|well|so|and|also|but|now|then)[, ]+)*"
    r"(?:and|also|but|what about|how about|(?:the )?same(?: thing| again)?(?: for| but| with)?|no(?:,"
    r"|,? i mean(?:t)?\b))"
    r"(?: (?:for|with|only|just))*[ ,:]+(?=\w)",
    re.IGNORECASE,
)  # a text that begins so may go on from the question before it
REFERS = re.compile(
    r"(?:the )?(?:first|second|third|fourth|fifth|other) one|no,? i mean(?:t)? as (?:an? |the )?\w+"
    r"|sort (?:it|them|that|these|those)\b.*"
    r"|(?:ok,? )?(?:and |so )?(?:is|are) (?:that|this|it|these|those) (?:good|bad|ok|okay|normal|enough|much"
    r"|many|a lot)"
    r"|(?:ok,? )?(?:and |but |so )(?:who|what|when|where|how|which)\b.*\b(?:those|these|them|that|it)"
    r"|(?:ok,? )?(?:and |but )?(?:the )?(?:one|time|week|month|year|day) before(?: that)?"
    r"|(?:please )?(?:send|give|post|show) (?:that|this|it|those|these|them)(?: (?:to|for) (?:me|us))?"
    r"(?: (?:every|each|again|daily|weekly|monthly)\b.*)?",
    re.IGNORECASE,
)  # what such a text is about is said by the question before it alone
UNDO = re.compile(
    r"(?:please |can (?:you|i) |how (?:do|can) i )*(?:undo|revert|go back|take (?:it|that) back|i made a mistake)"
    r"(?: (?:it|this|that|the|my|last|change|mute|rule|one|please))*"
)
UNDO_WITH = ("unsubscribe", "unmute", "target", "follow-ups")  # each lists what can be ended


def without_greeting(text: str) -> str:
    """ "good morning, who failed today, thanks" without the greeting before the question and the thanks behind it."""
    return _PLEASED.sub("", _THANKED.sub("", _HELP_ME.sub("", _GREETED.sub("", text))))


_HELP_ME = re.compile(
    r"^(?:(?:can|could|would|will) you |please |pls |kindly )*(?:help me (?:to )?(?:find|see|get|list) "
    r"|(?:be (?:so |very )?(?:kind|good|nice)(?: enough)?(?: as)?(?: to| and)|do me (?:a|the) favou?r and"
    r"|mind) (?=\w))",
    re.IGNORECASE,
)


def is_thanks(text: str) -> bool:
    """Whether a text in lower case only thanks: "thanks, and last week?" asks."""
    return THANKS.fullmatch(text) is not None and not _ASKS_TOO.match(text)


_PLEASED = re.compile(r"^\s*(?:please|pls|plz)[,.]? (?=\w)|(?<=\w),? (?:please|pls|plz)[.!]*$", re.IGNORECASE)
_ASKS_TOO = re.compile(
    r".*?(?:thanks|thank you|thx|ty|cheers)[\s,.!;-]+"
    r"(?:and|but|now|also|then|what|who|how|which|show|can|could|is|are|did) .+"
)
_THANKED = re.compile(
    r"(?<=\w)[\s,.!?;-]+(?:many )?(?:thanks|thank you|thx|ty|cheers|tia|thank u)"
    r"(?: (?:a lot|so much|in advance|very much|you|all|spotter|bot|again))*[\s.!:)]*$",
    re.IGNORECASE,
)
_GREETED = re.compile(
    r"^\s*(?:hi+|hello|hey+|good (?:morning|afternoon|evening|day)|thanks|thank you|thx|ok|okay)"
    r"(?: (?:there|spotter|bot|team|all))?[\s,!.]+(?=\w)",
    re.IGNORECASE,
)
