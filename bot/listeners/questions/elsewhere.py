"""What is not done by a question: who may see results, and wishes that are met in iSpring, by an admin, or in another
channel. Each answer says where, and nothing is changed."""

import re
from collections.abc import Sequence

from bot.listeners.questions.patterns import MESSAGES, PLEASE, Elsewhere, straight
from bot.listeners.questions.unmet_rule_wishes import met_by_rules

_SESSION = (
    r"(?:sessions?|observations?|results?|scores?|checklists?|visits?|appointments?|grades?|points"
    r"|trainings?|ratings?|marks?|audits?|inspections?|ass?ess?ments?|walks?|shifts?|coaching)"
)
# Each word in one way alone: with two ways for each, a text that does not fit takes for ever.
_WHOSE = r"(?>(?:my|our|the|a|an|that|her|their|next|last|of|wrong|new|tmrw|\S+s) )*"
_CHANGING = (
    r"(?:cancel|delete|remove|re-?schedule|move|postpone|plan|schedule|book|edit|change|correct|fix|repeat|redo"
    r"|re-?open"
    r"|assign|add|create|start|conduct|record|swap|push back|rebook)"
)
_OURS = (
    rf"(?:reports?|digests?|summar(?:y|ies)|overviews?|rules?|subscriptions?|reminders?|targets?|trends?|export|csv"
    rf"|channels?|daily|weekly|monthly|every|each|i get|{MESSAGES})"
)  # what Spotter itself makes, keeps or sends of sessions
_DATA = r"(?:data|account|information|records?|history|profile|everything about me|all (?:my )?data)"
_CHANNEL = r"(?:<#[CG][A-Z0-9]+(?:\|[^<>]*)?>|#[\w-]+)"
_IN_ISPRING = (
    "Sessions are planned, changed and cancelled in iSpring Learn, by whoever plans or observes them. Spotter only"
    " reads them; a change there is seen here within minutes."
)
_ERASED = (
    "An admin of Spotter erases a person's data with `spotter erase PERSON` on the server; `status` names the admins."
    " Results themselves are kept in iSpring Learn, and are deleted there."
)
_KEPT = (
    "Spotter keeps what it reads from iSpring Learn: who was observed by whom, when, on which checklist, and the"
    " result. You see yours with `my results`; an admin erases a person with `spotter erase PERSON`."
)
_SEEN = (
    "Your results are seen by you, by who observed you, by your supervisors and the managers of your department and"
    " those above it as iSpring has them, and by the admins of Spotter. Colleagues do not see them. What an admin posts"
    " to a channel is seen by its members."
)
_COVERAGE = (
    "Spotter keeps no share of what was planned: a planned session that is done counts as completed. These"
    " show how many"
    " were completed, what was planned and is not done, and who had none; each takes a site or a time behind it."
)
_DISPUTED = (
    "A result is decided by its observer, and is corrected in iSpring Learn: talk to the observer, whom each result"
    " names, or to your supervisor. Spotter shows a correction within minutes."
)
_OJT = (
    "OJT is on-the-job training: an observer watches somebody at work and fills in a checklist in iSpring Learn."
    " Spotter tells you the results here."
)
_CHECKLIST = (
    "In a session (an observation) an observer watches somebody at work and gives points for each criterion of a"
    " checklist; the points make the result in percent."
)
_SYMBOLS = (
    "\N{WHITE HEAVY CHECK MARK} means that the result met its target, \N{LARGE RED CIRCLE} that it is low: below"
    " target, failed or with a critical criterion failed. The word for it stands beside each."
)
_ADMINS = (
    "The setting ADMINS names the admins of Spotter: whoever runs Spotter changes it on the server and restarts."
    " `status` names them."
)
_PROGRAM = (
    "Spotter is a program, and no person: it answers from what it read from iSpring Learn, by fixed rules and"
    " without an"
    " AI model."
)
_PRIVATE = (
    "Spotter's answers are shown to you alone. Who exported or changed something stands in the audit log, which its"
    " admins read; other questions do not."
)
_ENGLISH = "Spotter reads and writes English only; names may be in any script."
_NOT_THERE = (
    "A session appears here within minutes after it is completed in iSpring Learn; one that is planned or in progress"
    " has no result yet. `status` says when iSpring was read last."
)
_PERSONNEL = (
    "That is for your manager or the personnel department: Spotter knows only what is observed in iSpring Learn."
)
_RUN = (
    "Spotter is restarted and updated on its server, by whoever runs it (deploy/README.md). Nothing that waits to be"
    " sent is lost."
)

_PLACES: Sequence[tuple[re.Pattern[str], Elsewhere]] = tuple(
    (re.compile(pattern, re.IGNORECASE), Elsewhere(said, instead))
    for pattern, said, instead in (
        (
            r"(?:who|who else|which people|(?:can|does|do|will|is|are) (?:others|(?:any|some|every)(?:one|body)"
            r"(?: else)?|other people|people|(?:my |the |our )?(?:colleagues?|boss|managers?|supervisors?"
            r"|mates?|team|coach"
            r"|trainer|co-?workers?|hr)))(?: (?:else|can|may|is able to|are able to|will|could|get to"
            r"|gets to|allowed to|able to))*"
            rf" (?:sees?|reads?|views?|looks? at|knows?) (?:about )?"
            rf"(?:(?:my|our|all my) (?:{_SESSION}|data)|this|these|it|what i (?:scored|got|did))"
            r"|why (?:can'?t|can ?not|may|am) (?:i|we)(?: not)?(?: able to| allowed to)? (?:see|read|view|open)"
            rf" {_WHOSE}(?:{_SESSION}|data)(?: of .+)?"
            r"|(?:is|are) (?:it|this|my (?:results?|scores?|grades?|marks?|data)) (?:private|public|secret"
            r"|confidential)",
            _SEEN,
            (),
        ),
        (
            r"i (?:do ?n'?t|do not) (?:want|like)(?: that| when)? (?:\S+ ){1,3}?(?:to )?"
            rf"(?:sees?|reads?|knows?|seeing) (?:my|our) (?:{_SESSION}|data)"
            rf"|{PLEASE}(?:hide|keep private) (?:my|our) (?:{_SESSION}|data)(?: from .*)?",
            _SEEN,
            (),
        ),
        (rf"{PLEASE}(?:delete|remove|erase|forget|wipe) (?:all )?(?:of )?(?:(?:my|our) {_DATA}|me)", _ERASED, ()),
        (rf"{PLEASE}(?:erase|forget) (?!it\b|that\b|this\b)\S+(?: \S+)?(?:'s {_DATA})?", _ERASED, ()),
        (
            r"gdpr|privacy(?: policy)?|data protection|what (?:data|do you) (?:do you )?(?:have|know|store"
            r"|keep|save|collect)"
            r"(?: (?:about|of|on) (?:me|us))?"
            r"|(?:where|how (?:long|far back))(?: (?:is|are|do|does|will))?(?: (?:you|spotter|it))?(?:"
            r" (?:keep|store|save|hold))?"
            r" (?:(?:all|our|my|the|this|these) )*(?:data|results?|information|records?)"
            r"(?: (?:stored|kept|saved|held|hosted|be kept))?(?: for)?",
            _KEPT,
            ("my results",),
        ),
        (
            rf"i (?:do ?n'?t|do not|dis) ?agree (?:with|about|on) {_WHOSE}{_SESSION}.*"
            rf"|{_WHOSE}{_SESSION} (?:is|was|are|were|looks?|seems?) (?:wrong|unfair|incorrect|not right|not"
            rf" fair|too low)"
            r"(?:\W.*)?|(?:how (?:do|can) i |can i |i want to )?(?:appeal|dispute|contest|challenge|complain)(?: .*)?",
            _DISPUTED,
            ("my last result",),
        ),
        (
            r"what(?:'?s| is| does)? (?:an? |the )?(?:ojt|on[- ]the[- ]job training)(?: mean)?(?: anyway)?",
            _OJT,
            ("my results", "help"),
        ),
        (
            r"what(?:'?s| is| are| does)? (?:an? |the )?(?:checklists?|observations?|sessions?|criteri(?:on"
            r"|a))(?: mean)?",
            _CHECKLIST,
            ("my results", "help"),
        ),
        (
            r"how(?: (?:do|does|is|are|did|was))?(?: (?:you|spotter|it|ispring))?(?: (?:the|my|our|a|this|that|these))?"
            rf"(?: (?:percent(?:age)?s?|{_SESSION}))? (?:calculated?|computed?|worked out|work out|made up|determined?)"
            rf"(?: (?:the|my|our|a|this|that|these))?(?: (?:percent(?:age)?s?|{_SESSION}))?",
            _CHECKLIST,
            ("my last result", "target"),
        ),
        (
            r"what(?:'?s| is| are| do| does)? (?:the |these |those |all |this )*"
            r"(?:colou?rs?|circles?|symbols?|icons?|emojis?|(?:red|green|white|orange) (?:ones?|dots?|circles?|ticks?))"
            r"(?: (?:mean|stand for|for|about))?"
            r"|what(?:'?s| is| does| do)? (?:the |that |this |these |those )?(?:red|green|white|orange|yellow|blue)"
            r" (?:\w+ )?(?:(?:on|in|at|next to|beside) (?:.+ ))?means?",
            _SYMBOLS,
            ("help outcome",),
        ),
        (
            r"(?:do|must|should|will) i (?:still )?(?:have to |need to |be )?(?:re-?do|repeat|re-?take|re-?sit|do)"
            r"(?: .+)? ?(?:again)?(?<=again)|(?:do|must|should) i (?:still )?(?:have to |need to )?"
            r"(?:re-?do|repeat|re-?take|re-?sit)(?: .*)?",
            "Whether a session is repeated is decided by whoever plans them in iSpring Learn; once planned, it is in"
            " `upcoming`.",
            ("upcoming", "my last result"),
        ),
        (
            r".*\bsince (?:my|the|our|his|her|their) (?:last )?(?:holidays?|vacation|leave|sick leave|break"
            r"|time off)\b.*",
            "Spotter does not know when that was: name the day, as in `my results since 2 November`.",
            ("my results since last month",),
        ),
        (
            rf"(?!.*\b{_OURS}\b)(?:.*\w[,.;]+ ?(?:so |and )?)?{PLEASE}{_CHANGING} {_WHOSE}{_SESSION}(?: .*)?",
            _IN_ISPRING,
            ("upcoming", "todo"),
        ),
        (
            rf"{PLEASE}(?:grade|score|rate|give|award) \S+.* (?:an? )?\d{{1,3}} ?(?:%|percent|points)? (?:on"
            rf"|in|for|at) .+",
            _IN_ISPRING,
            ("todo",),
        ),
        (
            r"(?:are|r) (?:you|u) (?:an? )?(?:real |actual )?(?:person|human|bot|robot|machine|program|ai"
            r"|real|chat ?gpt|llm)\b.*"
            r"|(?:am i|is this) (?:talking to |chatting with )?(?:an? )?(?:real |actual )?(?:person|human|bot"
            r"|robot|ai)\b.*",
            _PROGRAM,
            ("help",),
        ),
        (
            r"(?:do|does|can|could|will|would|who) .*\b(?:see|sees|read|reads|know|knows)"
            r" (?:what (?:i|we) (?:ask|type|write|say|search)\b.*|(?:my|our) (?:questions?|chats?|queries"
            r"|messages?)\b.*)"
            r"|(?:is|are) (?:this|my|our) (?:chats?|conversations?|questions?|messages?) (?:private|logged"
            r"|stored|saved|recorded)",
            _PRIVATE,
            ("help",),
        ),
        (
            r".*\b(?:in|speak|to|understand|use|switch to) (?:german|deutsch|french|spanish|italian|polish"
            r"|russian|dutch"
            r"|portuguese|turkish|ukrainian|czech|romanian|chinese|arabic|hindi|another language|other languages)\b.*",
            _ENGLISH,
            ("help", "my results"),
        ),
        (
            r"(?=.{,120}$)(?:my|our|the|his|her|\S+'s) (?:\S+ ){0,3}?(?:session|result|observation"
            r"|score)s?\b.*\b(?:is ?n'?t|not|are ?n'?t"
            r"|does ?n'?t|did ?n'?t|never)\b.*\b(?:show(?:ing|n|s|ed)?(?: up)?|there|visible|appear(?:ing|s"
            r"|ed)?|listed|arrived?)"
            r"(?: (?:here|yet|in (?:here|spotter|slack)|up))*",
            _NOT_THERE,
            ("status", "my results since:yesterday"),
        ),
        (
            r"(?:(?:show|list|tell)(?: me)? )?(?:who|which|what|anyone|anybody|people|stores?|sites?)\b.*"
            r"\b(?:no|nothing|without(?: an?| any)?|not? any)(?: \w+)? (?:planned|scheduled|upcoming|booked)\b.*",
            "Spotter lists what is planned, and who had no completed session, but not who has nothing planned.",
            ("upcoming", "silent"),
        ),
        (
            r".*\bnew (?:starters?|joiners?|hires?|employees|people|recruits?)\b.*",
            "iSpring does not tell Spotter since when somebody works for you. A site, a checklist or names"
            " choose people.",
            ("trend by:employee", "results since:30d"),
        ),
        (
            rf"{PLEASE}(?:(?:set|make|put) )?(?:the |a )?target .*\d{{1,3}} ?%? .*\b(?:for|in|at|of) (?:the )?"
            r"(?:store|site|shop|branch|region|department|restaurant|team)s?\b.*",
            "A target is that of a checklist, or of all: a site has none of its own. Nothing was changed.",
            ("target",),
        ),
        (r"i (?:did|used|filled in|took) the wrong (?:checklist|one|form|person).*", _IN_ISPRING, ("my results",)),
        (
            rf"{PLEASE}(?:give|let) .+ (?:another|one more|a second) (?:go|try|chance|attempt|shot).*",
            _IN_ISPRING,
            ("upcoming",),
        ),
        (
            r".*\b(?:salar(?:y|ies)|wages?|payslips?|pay ?rises?|overtime|(?:holiday|vacation|leave) (?:days|allowance)"
            r"|annual leave|sick (?:leave|days?|note)|rota|roster)\b.*"
            r"|(?:can|may|should|must|do|could) (?:i|we)(?: have to)? (?:fire|sack|dismiss|lay off|promote|hire)\b.*",
            _PERSONNEL,
            ("my results",),
        ),
        (
            r"(?:(?:what|show|the|our|my|me|is|how|good|a|what's) )*coverage(?: .*)?"
            r"|(?:what|how much|how many|which)\b.*\bcovered\b.*"
            r"|(?:.*\b)?(?:planned|scheduled|plan)(?: sessions?| observations?| ones?)?"
            r" (?:vs?\.?|versus|against|compared (?:to|with)|and|to) (?:the )?(?:done|completed|actual"
            r"|finished|conducted)\b.*"
            r"|.*\b(?:done|completed|actual|finished|conducted)(?: sessions?| observations?)?"
            r" (?:vs?\.?|versus|against|compared (?:to|with)) (?:the )?(?:planned|scheduled|plan)\b.*"
            r"|(?:what|how many|how much|which)?(?: ?(?:%|percent(?:age)?|share|part|of|were|the|our|my|is|was|are))+"
            r" (?:planned|scheduled)(?: sessions?| observations?| ones?)?(?: (?:were|was|are|is|have been|got))?"
            r" (?:done|completed|conducted|finished|held)\b.*",
            _COVERAGE,
            ("trend count by:dept", "overdue", "silent 30d"),
        ),
        (
            rf"{PLEASE}(?:increase|raise|lower|reduce|drop|bump|decrease)(?: up)? (?:the |our )?(?:.+"
            rf" )?(?:target|pass mark"
            r"|threshold)(?: .+)? by \d+ ?%?(?: points?)?",
            "A target is set as a percentage, not by a difference: `target 85 Opening` for one checklist,"
            " `target 85` for"
            " all others. Nothing was changed.",
            ("target",),
        ),
        (
            rf"{PLEASE}(?:add|remove|make|appoint)(?: an?| a new| another| me| \S+)?(?: as)?(?: an?)?"
            r" (?:spotter )?admin",
            _ADMINS,
            (),
        ),
        (
            rf"{PLEASE}(?:restart|reboot|update|upgrade|reset|shut ?down|re-?install)"
            r"(?: (?:it|spotter|yourself|the (?:bot|app|server)))?",
            _RUN,
            (),
        ),
    )
)  # fmt: skip
_POST = re.compile(
    rf"{PLEASE}(?:post|send|put|share|publish|notify|alert)(?: me| us)? (?P<what>.+?)"
    rf" (?:to|in|into|on) (?P<where>{_CHANNEL})(?: too| as well| also| please)*",
    re.IGNORECASE,
)
_DIGEST_FOR = re.compile(
    rf"{PLEASE}(?:send|give|post|e-?mail)(?: to)? (?!(?:me|us|an?|the|my|our|this|here)\b)(?P<who>\S+(?: \S+)?)"
    r" (?:an?|the) (?:(?P<every>daily|weekly|monthly) )?(?:digest|report|summary|overview)s?(?: (?P<when>.+))?",
    re.IGNORECASE,
)
_MUTED_CHANNEL = re.compile(
    rf"{PLEASE}(?:mute|silence|snooze)(?: {MESSAGES}(?: in| of)?)? #[\w-]+(?P<left>.*)", re.IGNORECASE
)  # Slack makes a link of a channel that is chosen from its list, and `mute` knows that
_NOT_WHAT = re.compile(r"^(?:all|the|every|any|our|my|only|it|this|that|them|these) +", re.IGNORECASE)


def elsewhere(text: str) -> Elsewhere | None:
    """Where a wish is met that no subcommand meets from here; None for anything else."""
    text = text.strip(" .!?")
    for pattern, place in _PLACES:
        if pattern.fullmatch(text):
            return place
    if found := _MUTED_CHANNEL.fullmatch(text):
        typed = f"mute{found['left']}"
        return Elsewhere(
            "Choose the channel from the list that Slack shows after #, or mute it there.", (f"{typed} for:me",), typed
        )
    if found := _DIGEST_FOR.fullmatch(text):
        typed = f"digest {' '.join(filter(None, (found['every'], found['when']))) or 'weekly mon 09:00'}"
        return Elsewhere(
            "A digest is asked for in the channel that is to get it; a person asks for their own.",
            (f"{typed} for:me",),
            typed,
        )
    if found := _POST.fullmatch(text):
        what = _NOT_WHAT.sub("", f"{found['what']} ").strip()
        return Elsewhere(
            "A rule is made in the channel that it posts to.", (f"preview {what}".strip(),), f"subscribe {what}".strip()
        )
    return met_by_rules(straight(text))
