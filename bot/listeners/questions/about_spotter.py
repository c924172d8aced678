"""Which subcommand a question about Spotter itself asks for: whether it works, what is set up, which rules, digests and
mutes there are, and the wishes to begin or end all it sends.

Each pattern takes a whole text, so that no question about sessions is mistaken for one about Spotter.
"""

import re
from collections.abc import Sequence

from bot.listeners.questions.patterns import MESSAGES, Intent, Reader, meant

_SPOTTER = (
    r"(?:it|this|that|you|we|spotter|slack|ispring|ispring learn|(?:the |this )?(?:bot|app|system|tool|service|thing))"
)
_ALL = rf"(?:{_SPOTTER}|everything|all|things|the (?:data|results|numbers|connection)|data)"
_WELL = (
    r"(?:alive|ok|okay|up|running|working|online|offline|healthy|well|down|broken|connected|fine|good|up[- ]to[- ]date"
    r"|current|fresh|stale|late|in sync|synced|reachable|all right|alright|in order|here|there|dead|awake|listening)"
)
_TROUBLE = r"(?:problems?|errors?|issues?|warnings?|trouble|alerts?|failures of spotter|outages?)"
_READ = (
    r"(?:read|polled?|sync(?:ed|hronized)?|updated?|refresh(?:ed)?|check(?:ed)?|contact(?:ed)?|(?:talk"
    r"|speak|spoke|connect)(?:ed)?(?: (?:to|with))?|hear(?:d)? from|reading|fetched)"
)
_NOW = r"(?: (?:now|today|still|right now|at the moment|again|please|properly|correctly))*"
_LIST = r"(?:(?:list|show|what|which|see|view|all|the|my|our|me|us|of|active|every|running|current|are|is|there|get) )*"
_BE_THERE = r"(?: (?:are there|do (?:we|i) have|exist|are (?:active|running|set up)|here|in this channel|now))*"
_SET_UP = r"(?:set ?up|configured|installed)"


_TOPICS = (
    r"(?:un)?subscribe|(?:un)?mute|digests?|export|targets?|trends?|silent|overdue|reminders?|quiet|holidays?"
    r"|link|preview"
    r"|critical|scores?|outcomes?|rules?|settings|history|todo|upcoming|handover|status|dates?|sort|limit"
)
_OUTCOMES = r"failed|passed|below|met|critical|planned|progress|completed|unknown"
_MAKING = r"set|change|add|make|create|use|see|read|get|remove|edit|stop|end|find|turn (?:on|off)"


def _help(found: re.Match[str]) -> Intent:
    topic = found["topic"].lower()
    return Intent("help", "rules" if topic == "rule" else topic)


def _audited(found: re.Match[str]) -> Intent:
    """ "who changed the target": the newest entries of the audit log, which take no conditions."""
    return Intent("audit", "", (found["what"] or found["what2"] or "").strip())


_THING = (
    r"(?:targets?|rules?|mutes?|links?|settings?|digests?|critical criteri(?:a|on)|shadow mode|holidays?|pass mark"
    r"|sending|subscriptions?|exports?|everything|account)"
)
_DID = (
    r"(?:changed?|set|removed?|deleted?|edited?|paused?|resumed?|ended|stopped|unsubscribed|linked|unlinked|exported"
    r"|raised|lowered|updated|turned (?:on|off)|added|handed over|unmuted)"
)
_PEOPLE = (
    r"(?:(?:which|what|how many|list|show|the|all|my|me) )*(?:people|employees|observers|staff"
    r"|persons|supervisors|(?:slack )?(?:users|accounts|members))"
)
ABOUT_SPOTTER: Sequence[tuple[str, Reader]] = tuple(
    (rf"^(?:{pattern})$", reader)
    for pattern, reader in (
        # whether it works, and what is still to be set up, which its answer tells admins
        (rf"(?:is|are|am|was) {_ALL}(?: (?:still|all|really|currently))* {_WELL}{_NOW}", meant("status")),
        (
            rf"(?:(?:are|is) there|(?:do|does) {_SPOTTER} have|got)? ?(?:any|some|a|no)? ?{_TROUBLE}"
            rf"(?: (?:with|in|at|reading|connecting to) {_SPOTTER})?{_NOW}",
            meant("status"),
        ),
        (
            rf"(?:how|is) (?:old|fresh|recent|current|up[- ]to[- ]date) (?:is|are) (?:this|{_ALL})|data age|freshness",
            meant("status"),
        ),
        (rf"did the (?:last|latest) (?:{_READ}|poll) (?:work|run|succeed|fail|go (?:well|through))", meant("status")),
        (r"(?:spotter )?(?:health|state)(?: ?check| status)?|heart ?beat|uptime|system status", meant("status")),
        (rf"(?:is|are) {_ALL} {_SET_UP}(?: (?:right|correctly|properly|well|completely|ok))?", meant("status")),
        (r"is (?:the )?set[- ]?up (?:done|finished|complete|ok|right|correct)", meant("status")),
        (rf"what(?:'?s| is) (?:still )?(?:missing|not {_SET_UP}|left to (?:set ?up|configure))", meant("status")),
        (
            r"(?:who(?:'?s| is) (?:my|the|our)|contact|ask|call|find|message)(?: an?| the| my)? admins?"
            r"(?: of spotter)?",
            meant("status"),
        ),
        (r"who(?:'?s| is) my (?:supervisor|manager|boss)|who do you (?:think|believe) (?:that )?i am", meant("link")),
        (
            r".*\b(?:my name(?: is)? wrong|wrong name|linked to (?:some(?:body|one) else|(?:the )?wrong)"
            r"|mistake me for)\b.*",
            meant("link"),
        ),
        (
            r"(?:what|how)(?: (?:all|else))? can (?:i|we) (?:filter|search|sort|group)(?: (?:by|for|with|on|the .+))?"
            r"|(?:which|what) (?:keys|filters|conditions)(?: (?:are there|exist|can i use|do you know|are possible))?",
            meant("help"),
        ),
        (
            r"(?:ok(?:ay)?,? )?(?:you can|please) (?:start|go on|continue|carry on|resume)(?: (?:again|now))*",
            meant("unmute"),
        ),
        # what a page of help explains
        (
            rf"^how (?:do|can|does|to)(?: (?:i|we|one|you))?(?: (?:{_MAKING}))?(?: (?:an?|the|my|new))*"
            rf" (?P<topic>{_TOPICS})(?: .*)?$",
            _help,
        ),
        (rf"^what (?:does|is|are|do)(?: (?:an?|the))? (?P<topic>{_TOPICS})(?: mean| do)?$", _help),
        (rf"^what(?: (?:does|is))?(?: the)? [“\"']?(?P<topic>{_OUTCOMES})[”\"']?(?: target)? means?$", _help),
        (r"^what(?:'?s| is| does)?(?: an?| the)? critical criteri(?:on|a)(?: mean)?$", meant("help", "critical")),
        (
            rf"^(?:what(?:'?s| is) )?(?:the )?difference between (?:{_OUTCOMES})(?: target)?"
            rf" and (?:{_OUTCOMES})(?: target)?(?: (?:here|in spotter|mean))*$",
            meant("help", "outcome"),
        ),
        (
            r"^why (?:did|do|does|am|are|have) (?:i|we)(?: still| always| keep)? "
            r"(?:get|got|getting|gotten|receiv(?:e|ed|ing)|see|seeing|here)(?: this| that| these| those| all"
            r"| so many| it)*"
            rf"(?: {MESSAGES})?(?: (?:today|yesterday|last night|this (?:morning|week)|just now|at all))?$"
            r"|^why (?:was|is|are|were|did)(?: (?:this|that|it|these|the|card|message|result|one))*"
            r" (?:posted"
            r"|sent|shown|here"
            r"|come|coming|appear)(?: (?:here|to (?:me|us)|in this channel|up))*$",
            meant("help", "why"),
        ),
        # what is there
        (
            rf"{_LIST}mutes{_BE_THERE}|(?:what|who|which (?:channels?|rules?))(?:'?s| is| are) muted{_BE_THERE}"
            r"|(?:is|are) (?:this|the|our|these|my) (?:channels?|messages?) muted(?:,? (?:and|until|by"
            r"|since|for) .+)?|am i muted|is (?:it|anything) muted",
            meant("rules", "mutes"),
        ),
        (
            rf"(?!what are digests$){_LIST}(?:digests|(?:scheduled|regular) (?:reports|digests|summaries)){_BE_THERE}"
            r"|(?:my|our) digest|who (?:gets|receives|has) (?:the |a |any )?digests?"
            r"|(?:what|which|when are the) digests .+",
            meant("rules", "digests"),
        ),
        # who did what in Spotter, for admins
        (
            r"(?:who|when did (?:someone|somebody|anyone|anybody|we|i)|when (?:was|were))(?: (?:has|have|last))*"
            r"(?: (?P<what>(?:the |this |that |my |our |an? )?"
            rf"{_THING}(?: (?:for|of|on) .+?)?))? {_DID}(?: (?P<what2>(?:the |this |that |my |our |an? )*"
            rf"(?:\S+ ){{0,2}}?{_THING}(?: .+)?))?(?: last)?",
            _audited,
        ),
        (
            rf"(?:when|by whom|who)(?: (?:was|were|has|have|is|been))* (?P<what>(?:the |this |that |my |our |an? )*"
            rf"(?:\S+ ){{0,2}}?{_THING}(?: (?:for|of|on) .+?)?)(?: (?:been|last|most recently|was|were))*"
            rf" {_DID}(?: by)?(?P<what2>)",
            _audited,
        ),
        (
            r"(?:(?:show|list|see|view|open|read|give|get|me|the|an?|what(?:'?s| is| was)|is|in) )*"
            r"(?:audit(?:(?:s|ing)? (?:log|trail|history|entries)|$)|(?:activity|change) ?(?:log|history"
            r"|trail)s?|changelog)"
            r"(?P<what>(?: (?:for|of|from|since|in|on|about|last|this|yesterday|today) ?.*)?)(?P<what2>)",
            _audited,
        ),
        # what is sent
        (
            r"(?:(?:how many|which|what|any|are there|is there|did|do|have|has|is|are|the|all|some|were|was) )*"
            r"(?:messages?|cards?|notifications?|posts|deliver(?:y|ies)|outbox|alerts?|digests?)"
            r"(?: (?:is|are|was|were|not|that|still|currently|get|got|been|being|fail to|failed to|could"
            r" not|couldn't))*"
            r" (?:waiting(?: to be sent)?|pending|stuck|held back|queued?|in the queue|failed?|failing|lost"
            r"|(?:be )?(?:sent|send|delivered|deliver|go out)|undelivered|unsent)(?P<when>(?: .+)?)",
            lambda found: Intent("status", "", found["when"].strip()),
        ),
        # people and their accounts, for admins
        (
            rf"(?:who|{_PEOPLE})(?: (?:still|that|who|of my team|in my team))*"
            r" (?:has|have|is|are|isn'?t|aren'?t|hasn'?t|haven'?t|can'?t|cannot|can not|could not|couldn'?t"
            r"|without|with"
            r"|don'?t|doesn'?t|do not|does not|did not|lacks?|misses)(?: (?:not|be|been|got|have|an?|any|no"
            r"|yet|their))*"
            r" (?:slack|(?:in|on|known in|found in|known to) (?:slack|ispring)|matched|linked|links?"
            r"|accounts?|found in slack|connected|mapped|match)(?: .*)?",
            meant("link", "list"),
        ),
        (
            r"(?:who is|who's|which (?:person|employee) is) (?P<who><@[^<>]+>|@\S+)"
            r"(?: (?:in|for|at) (?:ispring(?: learn)?|spotter)| linked(?: to| with)?)?"
            r"|(?:who|what) is (?P<who2><@[^<>]+>|@\S+) linked (?:to|with)",
            lambda found: Intent("link", "list", found["who"] or found["who2"]),
        ),
        (
            r"(?:when|how) (?:can|do|should|will) (?:we|i|you|spotter|it) (?:go|be|get) live"
            r"|(?:are we|can we be) ready to go live|what is shadow mode(?: for)?|why (?:are we|is it) in shadow mode",
            meant("shadow"),
        ),
        # shadow mode
        (
            r"(?:please |can we |let'?s |we want to )*(?:go live|leave shadow(?: mode)?)"
            r"|(?:exit|end|stop|leave|turn off|switch off|disable) (?:the )?shadow(?: mode)?"
            r"|turn shadow mode off",
            meant("shadow", "off"),
        ),
        (
            r"(?:please |can we |let'?s )*(?:turn on|switch on|enable|start|begin|use|run|go (?:in)?to|put spotter in)"
            r" (?:the )?shadow(?: mode)? (?:in|to|with|for|on|into|using) (?:the channel"
            r" )?(?P<where><#[^<>]+>|#[\w-]+)",
            lambda found: Intent("shadow", found["where"]),
        ),
        (
            r"(?:please |can you )*(?:match|connect|map|pair|associate|assign) (?P<who><@[^<>]+>|@[\w.-]+)"
            r" (?:to|with|and|as) (?P<whom>.+)",
            lambda found: Intent("link", f"{found['who']} {found['whom']}"),
        ),
        (
            r"(?:are we|is (?:it|spotter)|am i)(?: still)? (?:in shadow(?: mode)?|live)"
            r"|is shadow mode (?:on|off|active)"
            r"|(?:turn on|switch on|enable|start|begin|use|go (?:in)?to) (?:the )?shadow(?: mode)?|turn shadow mode on",
            meant("shadow"),
        ),
        # all sending
        (
            r"(?:un-?pause|restart|continue) (?:all|everything|sending|messages|all (?:rules|messages|sending))"
            r"|(?:turn|switch) (?:everything|all|sending) back on|start sending(?: again)?",
            meant("resume", "all"),
        ),
    )
)
