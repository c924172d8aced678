"""The words of a sentence that are no condition: those that say nothing, join, negate, or say whose sessions."""

from collections.abc import Mapping

from bot.query.keys import Key

IGNORED = frozenset({
    "the", "a", "an", "any", "all", "every", "each", "who", "whom", "what", "which", "when", "how", "many", "much",
    "did", "do", "does", "done", "has", "have", "had", "was", "were", "is", "are", "be", "been", "i", "we", "you",
    "it", "they", "he", "she", "them", "his", "her", "him", "their", "that", "this", "those", "these", "there", "s",
    "ones", "one", "only", "telling", "showing", "giving", "wondering", "just", "please", "pls",
    "show", "list", "find", "get", "give", "gimme", "see", "tell", "me", "us", "about", "results", "result", "session",
    "sessions", "checklists", "observation", "observations", "training", "trainings", "ojt", "score", "scores",
    "scored", "rating", "people", "person", "persons", "everyone", "everybody", "somebody", "someone", "anyone",
    "staff", "team", "guys", "employee", "employees", "with", "within", "in", "on", "at", "for", "of", "from", "to",
    "by", "as", "during", "over", "out", "then", "now", "so", "far", "first", "time", "times", "data", "info",
    "report", "reports", "got", "gets", "new", "recent", "recently", "latest", "last", "can", "could", "would",
    "like", "want", "need", "know", "everything", "anything", "thing", "things", "how's", "who's", "what's",
    "hows", "whos", "whats", "whens", "wheres", "when's", "where", "why", "must", "should",
    "am", "doing", "going", "getting", "happened", "happens", "happening", "yet", "still", "already", "our", "ours",
    "r", "u", "ur", "ppl", "plz", "abt", "im", "obs", "number", "amount", "total", "lately", "works", "well",
    "doin", "wat",    "send", "sent", "email", "mail",
    "recorded", "performance", "perform", "performed", "performing", "look", "looks", "looking", "happen", "ever",
    "actually", "really", "today's", "up", "mr", "mrs", "ms", "mx", "dr", "anybody", "often", "both", "overall",
    "altogether", "again", "newest", "scoring", "drops", "drop", "dropped", "goes", "group", "grouped", "split",
    "breakdown", "count", "counts", "numbers", "fell", "falls", "came", "old", "ok", "okay", "hi", "hello", "hey",
    "spotter", "went", "go", "work", "gave", "given", "gives", "saved", "submitted", "registered", "arrive", "arrived",
    "synced", "uploaded", "received", "overview", "summary", "update", "gone", "grade", "grades", "record", "come",
})  # fmt: skip
SAYING = frozenset(
    {
        "old",
        "new",
        "first",
        "time",
        "times",
        "work",
        "data",
        "info",
        "send",
        "sent",
        "email",
        "mail",
        "finish",
        "every",
        "again",
        "why",
    }
)  # ignored, but not silently
SUBJECTS = frozenset(
    {
        "i",
        "we",
        "you",
        "they",
        "he",
        "she",
        "it",
        "who",
        "anyone",
        "anybody",
        "everyone",
        "everybody",
        "someone",
        "somebody",
        "people",
        "team",
        "staff",
        "to",
        "please",
        "pls",
        "can",
        "could",
        "lets",
        "let's",
        "should",
        "must",
        "will",
        "would",
    }
)  # before a verb
AUXILIARIES = frozenset(
    {
        "did",
        "do",
        "does",
        "has",
        "have",
        "had",
        "is",
        "was",
        "can",
        "could",
        "will",
        "would",
        "should",
        "may",
        "must",
    }
)  # before the subject of a question
ASKING = AUXILIARIES | {
    "who",
    "what",
    "which",
    "when",
    "how",
    "why",
    "where",
    "whos",
    "whats",
    "hows",
    "show",
    "tell",
    "give",
    "are",
    "were",
    "my",
    "i",
    "me",
    "please",
    "pls",
    "the",
    "anyone",
    "any",
}  # words of a sentence
DETERMINERS = frozenset({"my", "the", "if", "whether", "out", "how", "that", "me"})  # behind a verb
GENERIC = frozenset(
    {
        "store",
        "stores",
        "site",
        "sites",
        "shop",
        "shops",
        "location",
        "locations",
        "department",
        "departments",
        "dept",
        "branch",
        "branches",
        "unit",
        "units",
        "region",
        "regions",
        "place",
        "places",
        "checklist",
        "checklists",
        "form",
        "forms",
        "topic",
        "topics",
        "observers",
        "employees",
        "names",
        "outcome",
        "outcomes",
        "status",
        "id",
        "ids",
    }
)  # words for things, unless a name holds them
PLACES = frozenset({
    "store", "stores", "site", "sites", "shop", "shops", "location", "locations", "branch", "branches", "unit", "units",
    "st", "str", "stor", "stre",
})  # fmt: skip
NUMBER_SIGNS = frozenset({"no", "nr", "num", "number", "numbers"})  # between a place and its number
JOINS = frozenset({"or", "and", "plus", "&", "und", "vs", "versus", "against"})
NEGATIONS = frozenset({
    "not", "except", "without", "excluding", "exclude", "but", "no", "never", "hasn't", "haven't", "didn't", "doesn't",
    "don't", "neither", "nor", "outside",
    "besides", "wasn't", "weren't", "isn't", "aren't", "won't", "hasnt", "havent", "didnt", "doesnt", "dont", "wasnt",
    "werent", "isnt", "arent",
})  # fmt: skip
ROLE_NAMES: Mapping[str, Key] = {
    **dict.fromkeys(("observer", "trainer", "assessor", "grader"), Key.OBSERVER),
    **dict.fromkeys(("employee", "trainee", "learner"), Key.EMPLOYEE),
}  # also behind "as"
ROLES: Mapping[str, Key] = {"by": Key.OBSERVER, **dict.fromkeys(("of", "for", "about"), Key.EMPLOYEE), **ROLE_NAMES}
OBSERVATIONS = frozenset({"observations", "obs", "observation", "grading", "gradings"})
OBSERVING = frozenset({
    "observe", "observed", "observes", "observing", "observations", "obs", "grading", "gradings",
    "conduct", "conducted", "conducts", "graded",
    "checked", "assessed", "evaluated", "inspected",
})  # fmt: skip
GRADING = frozenset(
    {"wrote", "give", "gave", "given", "gives", "grade", "grades", "graded", "rated", "assess", "evaluate"}
)
BEFORE_VERBS = frozenset({"last", "ever", "already", "also", "actually", "recently", "never", "not", "still"})
SCORING = frozenset({"score", "scored", "pass", "passed", "fail", "failed"})  # what an observer does to others
RECORDING = frozenset({
    "recorded", "saved", "submitted", "registered", "arrive", "arrived", "synced", "uploaded", "record",
})  # fmt: skip  # what an observer asks of a result
SESSION_WORDS = frozenset({
    "check", "visit", "audit", "inspection", "assessment", "evaluation", "appraisal", "review", "walk", "test",
})  # fmt: skip  # of which the title of a checklist may end with one
OWN_SESSIONS = frozenset({"one", "ones", "session", "sessions", "checks", "visit", "visits", "inspections", "audits"})
OWN_RESULTS = frozenset({"result", "results", "score", "scores", "grade", "grades"})
BEING = frozenset({"was", "were", "is", "are", "am", "be", "been", "being", "get", "got", "gets"})  # before "observed"
DOING = frozenset({"do", "done", "did", "make", "made", "carry", "carried", "complete", "completed", "finish"})
ALL = frozenset({
    "all", "any", "every", "each", "everyone", "everybody", "everything", "anyone", "anybody", "anything", "nothing",
    "none", "people", "sessions", "results", "checklists", "stores", "sites",
})  # fmt: skip
SPEAKING = frozenset({"want", "wants", "wanted", "would", "wanna", "wish", "like", "think", "guess", "just", "only"})
SEEING = frozenset({"see", "know", "get", "have", "look", "find", "view", "check", "read", "the", "all", "a", "an"})
ASKING_LEAVE = frozenset({"can", "could", "may", "shall"})  # "can I see …" asks, and is not about the asker
OWN = frozenset({"my", "mine", "me", "i", "myself"})
GIVING = frozenset(
    {
        "gimme",
        "update",
        "show",
        "tell",
        "give",
        "get",
        "let",
        "send",
        "list",
        "email",
        "mail",
        "telling",
        "showing",
        "giving",
        "sending",
    }
)  # "show me" says nothing of whose results
OWN_TEAM = frozenset(
    {
        "trainee",
        "trainees",
        "learner",
        "learners",
        "mentee",
        "mentees",
        "apprentice",
        "apprentices",
        "team",
        "teams",
        "people",
        "staff",
        "store",
        "stores",
        "site",
        "sites",
        "department",
        "crew",
        "ppl",
        "subordinates",
        "guys",
        "folks",
        "employees",
        "workers",
    }
)
