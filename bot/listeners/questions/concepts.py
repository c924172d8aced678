"""What the words of a question are about: each word or phrase has at most one concept, whatever its place.

A word that belongs to a name, a day or an outcome keeps its meaning for the query; a word that says nothing has the
concept FILLER. `meanings.py` says what concepts ask for together.
"""

from collections.abc import Iterable, Mapping
from enum import Flag, auto
from functools import reduce
from operator import or_

from bot.query.units import GROUPING_WORDS


class Concept(Flag):
    """What a word is about. Several joined by `|` stand for any one of them."""

    FILLER = auto()
    WHO = auto()
    ANYONE = auto()
    IT = auto()
    NOBODY = auto()
    MESSAGE = auto()
    POSTED = auto()
    KEY = auto()
    POST = auto()
    STOP = auto()
    ALL_RULES = auto()
    RULE = auto()
    REMINDER = auto()
    MUTE = auto()
    FREE = auto()
    HOLIDAY = auto()
    DIGEST = auto()
    FOLLOW_UPS = auto()
    SHARE = auto()
    IDENTITY = auto()
    BEGIN = auto()
    AUDIT = auto()
    VERSION = auto()
    SPOTTER = auto()
    WOULD = auto()
    ID = auto()
    QUIET = auto()
    AS_OBSERVER = auto()
    SAME = auto()
    EXCEPT = auto()
    CHANGED = auto()
    DONE_BY_ALL = auto()
    WHICH = auto()
    WHAT = auto()
    WHY = auto()
    WHEN = auto()
    HOW = auto()
    HOW_MANY = auto()
    ME = auto()
    PEOPLE = auto()
    EVERYONE = auto()
    OTHERS = auto()
    MY_OBSERVER = auto()
    BEING = auto()  # "was", "been": before a verb it makes the passive
    NOT = auto()
    NEVER_DONE = auto()
    NEVER_PASSED = auto()
    PER = auto()  # "by", "per", "each": before a unit it groups
    UNIT = auto()  # "stores", "observers", "week"
    CRITERION = auto()
    SESSION = auto()
    RESULT = auto()
    OBSERVE = auto()
    COMPLETE = auto()
    GAVE = auto()
    LOW = auto()
    MET = auto()
    OPEN = auto()
    LAST = auto()
    BEST = auto()
    WORST = auto()
    BADLY = auto()
    RANKING = auto()
    NEED = auto()
    MOST = auto()
    LEAST = auto()
    ACTIVE = auto()
    IMPROVE = auto()
    DECLINE = auto()
    TREND = auto()
    AVERAGE = auto()
    COMPARE = auto()
    THAN = auto()
    MISTAKE = auto()
    MISSED = auto()
    STRICT = auto()
    LENIENT = auto()
    AGAIN = auto()
    SILENT = auto()
    OVERDUE = auto()
    UPCOMING = auto()
    TODO = auto()
    ATTENTION = auto()
    REACT = auto()
    HISTORY = auto()
    READY = auto()
    EXPORT = auto()
    NUDGE = auto()
    CRITICAL = auto()
    TARGET = auto()
    HOW_FAR = auto()
    PERIOD = auto()
    FUTURE = auto()
    EARLIER = auto()  # a time that something is compared with
    NUMBER = auto()
    NAME = auto()
    PERSON = auto()
    PLACE = auto()


def joined(concepts: Iterable[Concept]) -> Concept:
    """All of some concepts as one: what a question is about."""
    return reduce(or_, concepts, Concept(0))


C = Concept
ASKING = C.FILLER | C.WHO | C.ANYONE | C.WHICH | C.WHAT | C.WHEN | C.HOW | C.ME | C.IT | C.BEING  # any question
OF_SESSIONS = (  # that a question is about sessions, which needs no subcommand
    C.HOW_MANY | C.PEOPLE | C.EVERYONE | C.SESSION | C.RESULT | C.OBSERVE | C.COMPLETE | C.GAVE
)
_PHRASES: Mapping[Concept, str] = {
    C.FILLER: """
        telling, telling me, showing, showing me, giving me, wondering, this channel, the channel, our channel,
        a, an, the, this, these, those, there, its, they, them, their, he, she, his, her, him, you, your, of,
        in, on, at, to, from, for, with, about, into, within, during, over, as, so, then, now, just, at least,
        at most, only, please, pls, plz, kindly, can, could, will, shall, should, may i, do, does, did, have,
        has, had, having, want, wants, wanted, wanna, like, love, see, look, looking, check out, view, know,
        find, give, gives, show, shows, tell, list, let, lets, say, pull, bring up, display, open up, show me,
        tell me, give me, let me, send me, get me, i want, i need, i would like, i wonder, i am looking for, i
        am interested in, can i, can i get, could i, would you, have we got, is there, are there, was there,
        were there, i mean, i think, i guess, for me, here, hey, hi, hello, ok, okay, well, actually, really,
        basically, currently, right now, at the moment, so far, yet, still, already, ever, also, too, even,
        maybe, perhaps, roughly, approximately, exactly, quick, quickly, stored, saved, registered, meant, i
        meant, sorry, no i meant, something, planned for, thanks, thank you, thx, cheers, ta, if, whether, any,
        some, all, everything, anything, thing, things, stuff, info, information, details, detail, data,
        overview of, report on, up, out, off, back, down, going, goes, go, went, happen, happens, happened,
        happening, doing, make, makes, made, using, use, across, among, between, our, us, we, we are,
        main, mainly, different, company, entire, whole, overall, in general, generally, total, new, recent,
        recently, lately, these days, own, ones, one, my store, our store, my site, our site, this store, this
        site, my department, our department, my location, our location, my region, our region, my branch, my
        shop, our shop, this shop, my restaurant, our restaurant, my place, company wide, ojt, on the job
        training, been, r, u, ur, need, needs, needed, always, usually, often, behind
    """,
    C.WHO: "who, whom, whose",
    C.ANYONE: "anyone, anybody, someone, somebody, any one",
    C.NOBODY: "nobody, no one, nobody is, nobody was, noone",
    C.MESSAGE: """
        get anything, got anything, receive anything, received anything, hear anything, heard anything, hear
        about, heard about, message, messages, notification, notifications, alert, alerts, dm, dms, card, cards,
        posts, pings, emails, mails, told, notified, informed, direct message, direct messages
    """,
    C.POSTED: "posted, announced, published",
    C.POST: """
        post, send here, show here, notify me, alert me, ping me, tell me when, tell me if, message me, let me
        know when, let me know if, inform me, warn me, tell us when, tell us if, keep me posted, whenever, every
        time, each time, as soon as, the moment, when somebody, when someone, right away, get alerted
    """,
    C.STOP: """
        remove, delete, stop, turn off, unsubscribe, cancel, switch off, no more, disable, opt out, get rid of,
        do not send, do not want, quit, remove me, turn everything off, turn it all off, switch everything off,
        turn all off, stop it all, leave me alone, everything off
    """,
    C.ALL_RULES: """
        all rules, all the rules, all of the rules, every rule, rules everywhere, whose rule, who owns rule, who
        made rule, owner of rule, rules of all channels, which channels get, rules do we have
    """,
    C.RULE: "rule, rules, subscription, subscriptions",
    C.REMINDER: "reminder, reminders",
    C.MUTE: "mute, silence, snooze, hush",
    C.FREE: """
        weekends free, free weekends, keep weekends free, keep my weekends free, no work on weekends, not on
        weekends, not on the weekend, weekend off, weekends off, nothing on weekends, nothing on the weekend
    """,
    C.HOLIDAY: "holiday, holidays, bank holiday, bank holidays, public holiday, public holidays, day off",
    C.DIGEST: "digest, digests, newsletter, weekly report, monthly report, daily report, round up, roundup",
    C.FOLLOW_UPS: "follow ups, followups, my follow ups, open follow ups, overdue follow ups",
    C.SHARE: "share, forward",
    C.IDENTITY: """
        i am not, not me, not my name, that is not me, this is not me, not know me, wrong person, wrong name,
        who am i, wrong account, my account, who i am, not my account, linked to me, my e-mail, my email address
    """,
    C.BEGIN: """
        next step, next steps, how do i do this, how do i do that, how do i use, help, help me, i am new, new
        here, am new, new manager, new supervisor, new observer, new admin, how to start, get started, where to
        start, instructions, tutorial, guide
    """,
    C.AUDIT: """
        audit log, audit trail, change log, changelog, activity log, who changed, who set, who exported, who
        paused, who deleted, who removed, who muted, who turned, who added, who linked, who edited, who resumed,
        did admins do, did admins change, did the admins do, did the admins change, what was changed, what has
        been changed, what got changed, was changed, been changed, changed the target, changed the rules,
        downloaded
    """,
    C.VERSION: "version, release, build",
    C.SPOTTER: """
        misconfigured, spotter, the bot, this bot, ispring, the app, the system, slack, sync, synced, polling,
        outbox, queue, last sync, last poll, last read, last update, last updated, up to date, health, set up,
        setup, configured, set up next, configure, you work, it work, it working, you working, it run, is it up,
        is it alive, offline
    """,
    C.WOULD: "would, what if",
    C.SAME: "same, the same, same thing, the same thing, same checklist, the same checklist, same one, the same one",
    C.IT: "it, that, this one",
    C.EXCEPT: """
        except, except for, excluding, exclude, outside, besides, but, other than, apart from, all but,
        everything but, but not
    """,
    C.CHANGED: "changed, what is different, new since, happened since",
    C.DONE_BY_ALL: """
        did everyone do, did everybody do, has everyone done, has everybody done, did everyone complete, has
        everyone completed, did everyone have, has everyone had, did everyone finish, has everyone finished, did
        all staff do, did the whole team do, did my whole team do, did all of them do, did everyone get, has
        everyone been through, has my team done, did my team do, have all done, did everyone pass, has everyone
        passed, has everybody passed, did everybody pass
    """,
    C.WHICH: "which",
    C.WHAT: "what",
    C.WHY: "why, how come, what for, reason, reasons, because of what, what caused, cause, causes, what is behind",
    C.WHEN: "when, what day, what date, what time, how soon",
    C.HOW: "how",
    C.HOW_MANY: """
        how many, how much, number of, by number of, count, amount of, quantity, how often, volume, how
        frequently, numbers of
    """,
    C.ME: "i, me, my, mine, myself",
    C.PEOPLE: """
        people, persons, person, staff, team, teams, guys, folks, employees, employee, colleagues, crew,
        workers, my team, my people, my staff, my guys, my crew, my teams, my direct reports,
        direct reports, team members, team member, trainees, trainee,
        learners, learner, apprentices, apprentice, mentees, starters, performers, performer, newbies, joiners,
        recruits
    """,
    C.EVERYONE: """
        everyone, everybody, all of them, all my people, all of my people, all my team, all of my team, all my
        staff, each person, every person, each employee, every employee, all employees, everyone in my team, all
        staff, every one of them, all of my staff, all the staff, all the team, the whole team, my whole team,
        the entire team
    """,
    C.OTHERS: "others, other, rest, everyone else, everybody else, anyone else, the average, peers, company average",
    C.MY_OBSERVER: """
        my observer, my observers, my trainer, my trainers, my coach, my coaches, my assessor, my assessors, my
        mentor, my instructor, our observers, our trainers
    """,
    C.BEING: "is, are, was, were, am, being, be, get, gets, got, getting",
    C.NOT: "not, never, no, without, nothing, none, zero, neither, no longer, not a single, lack, lacks, lacking",
    C.NEVER_DONE: """
        not done, not yet done, never done, not do, not complete, not completed, never completed, not yet
        completed, not been through, never been through, not taken, never taken, not had, never had, yet to do,
        needs to do, need to do, has to do, still needs, still need, needs to complete, need to complete, not
        been trained on, not trained on, never did, nothing done, had nothing, have nothing, has nothing, did
        nothing, done nothing, not finished, not been trained in, needs to get, still missing, still owes
    """,
    C.NEVER_PASSED: "not passed, never passed, not yet passed, yet to pass, needs to pass",
    C.PER: "by, per, each, every, grouped by, split by, broken down by, breakdown by",
    C.CRITERION: """
        criterion, criteria, item, items, question, questions, step, steps, area, areas, topic, part, parts,
        skill, skills
    """,
    C.SESSION: """
        session, sessions, observation, observations, check, checks, visit, visits, assessment, assessments,
        audit, audits, training, trainings, evaluation, evaluations, inspection, inspections, activity,
        completion, completions, walk, walks, shift, review, reviews, observations done, anything done
    """,
    C.RESULT: "result, results, score, scores, grade, grades, mark, marks, rating, ratings, percent, feedback, points",
    C.OBSERVE: """
        watch, observe, observed, observes, observing, conduct, conducted, conducting, conducts, assess,
        assessed, assessing, visited, visiting, train, trained, graded, grading, inspect, inspected, evaluate,
        evaluated, checked, checking, shadowed, audited, coached, coaching, mentored, mentoring, rated, marked,
        reviewed, carried out, carry out, tested, seen by, looked after
    """,
    C.GAVE: "gave, given, only got, only get, get only, got only",
    C.COMPLETE: "done, complete, completed, completing, finish, finished, finishing, do it, taken, been through",
    C.LOW: "poorly, failing",
    C.LAST: "last, latest, most recent, most recently, last time, previous, time before",
    C.BEST: """
        best, top, highest, strongest, leading, top performing, best performing, doing well, excelling, good at,
        star, stars, easiest, great
    """,
    C.WORST: """
        worst, lowest, weakest, bottom, poorest, lagging, worst performing, underperforming, under performing,
        behind the others, problem, problematic, falling behind, hardest, toughest, most difficult, difficult,
        trickiest, low performing, poor performing
    """,
    C.BADLY: """
        doing badly, does badly, do badly, doing poorly, bad at, weak at, worst at, not good at, behind on, weak
        on, weak in, poor at, weakest at, weakest in
    """,
    C.RANKING: "leader, leaders, leaderboard, ranking, ranked, rank, ranks, league table, rankings, leader board",
    C.NEED: """
        needs training, need training, needs coaching, need coaching, needs help, need help, needs more
        training, need more training, needs support, need support, should i coach, should i train, needs more
        coaching, need more coaching, needs more help, need more help, needs practice, need practice, needs
        retraining, needs the most attention, needs most attention, need the most attention, needs to be
        coached, to coach, should be coached, needs the most training, most help, needs a coach, should coach,
        should train, needs extra training, needs to practice, should practice, needs re training, needs to be
        retrained, should be retrained
    """,
    C.MOST: "most, more, highest number of, biggest number of, mostly, most frequently",
    C.LEAST: "least, fewest, less, fewer",
    C.ACTIVE: "active, busy, busiest, hardest working, used, popular, common",
    C.IMPROVE: """
        improve, improved, improving, improves, improvement, improvements, getting better, got better, gotten
        better, become better, becoming better, better, progressed, rising, risen, going up, gone up, went up,
        gained, increase, increased, increasing, grown, climbed, beat, going up or down, up or down, better or
        worse, getting better or worse, improve or get worse, make progress, making progress, made progress
    """,
    C.DECLINE: """
        decline, declined, declining, getting worse, got worse, gotten worse, worse, worsened, worsening,
        dropped, drop, drops, dropping, falling, fell, fallen, slipping, slipped, going down, gone down, went
        down, decreased, decreasing, lost ground, deteriorated, deteriorating, sinking, sliding, regressed
    """,
    C.TREND: """
        trend, trends, trending, progress, progression, development, developing, over time, evolution, curve,
        chart, graph, statistics, stats, figures, numbers, kpi, kpis, performance, performing, on track, perform
    """,
    C.AVERAGE: """
        average, averages, avg, mean, median, percentage, percentages, proportion, rate, rates, ratio, pass
        rate, success rate, percent of
    """,
    C.COMPARE: """
        compare, compared, compares, comparing, comparison, vs, versus, v, against, difference, differences,
        side by side, compared to, compared with, in comparison to, in comparison with, next to, beside,
        relative to, stack up, measure up, stack up against, measure up against, difference between, comparison
        of
    """,
    C.THAN: "than, better than, worse than, higher than, lower than, more than, less than, fewer than",
    C.MISTAKE: """
        mistake, mistakes, error, errors, wrong, gone wrong, get wrong, gets wrong, got wrong, weakness,
        weaknesses, weak spots, weak points, weak areas, weakest areas, weakest points, weak spot, weak point,
        gap, gaps, lose points, loses points, losing points, lost points, cost points, costs points, lose marks,
        lost marks, problem areas, problem area, pain points, trouble spots, struggle, struggles, struggling,
        struggle with, struggles with, struggling with, trouble with, have trouble, difficulties, slip up, slip
        ups, mess up, messed up, skills gap, needs work, need work, need to improve, needs to improve, work on,
        need to work on, needs to work on,
        failing on, issues, lose, loses, lost, losing, which points, cost, costs, trip up, trips people up
    """,
    C.MISSED: "miss, missed, misses, skipped, skip",
    C.STRICT: """
        strict, strictest, stricter, harsh, harshest, tough, too hard, too low,
        tough graders, fair, hard graders
    """,
    C.LENIENT: """
        lenient, most lenient, generous, too easy, easy graders, easiest graders, soft,
        too nice, too kind, too high
    """,
    C.AGAIN: """
        again and again, repeatedly, more than once, more than twice, twice, once, multiple times, several
        times, many times, over and over, over and over again, keeps, keep, kept, repeat, repeated, repeat
        offenders, in a row
    """,
    C.SILENT: "silent, inactive, idle, no activity, not active, dormant, neglected, quiet",
    C.OVERDUE: """
        overdue, late, past due, behind schedule, delayed, missed deadlines, deadline passed, past the due date,
        past their due date, past its due date, not on time, running late, slipped through
    """,
    C.UPCOMING: """
        will check me, will observe me, will train me, will assess me, going to observe me, going to check me,
        upcoming, coming, next, ahead, due, calendar, schedule, agenda, booked, lined up, diary
    """,
    C.TODO: """
        todos, do i have something, have i got anything, have i got something, anything for me, do i observe, do
        i check, do i train, will i observe, am i observing, must i finish, should i finish, do i have to
        finish, to do, todo, to finish, to complete, to conduct, to observe, left, my list, my plate, tasks, my
        tasks, remaining, to be done, must do, should do, i need to do, half finished, half done, to check, do
        next, should i do, must i do, shall i do, should i observe, must i observe, should i check, should we do
    """,
    C.ATTENTION: """
        needs attention, need attention, needs my attention, need my attention, attention, acknowledge,
        acknowledged, unacknowledged, unseen, take action, needs action, to react to, ack, acknowledging, not
        acknowledged, follow up, followup, following up, action needed, worry about, worried about, urgent,
        concerning, red flags, escalate, to handle, handled
    """,
    C.REACT: """
        look at, looked at, look into, looked into, seen, saw, notice, noticed, react to, reacted to, deal with,
        dealt with, act on, acted on, respond to, responded to, picked up, see to
    """,
    C.HISTORY: "history, track record, past results, previous results, earlier results, timeline, journey",
    C.READY: "ready, competent, qualified, capable, up to speed, signed off, trained up, certified, up to standard",
    C.EXPORT: """
        export, download, csv, excel, xlsx, xls, spreadsheet, as a file, excel file, csv file, excel sheet, raw
        data, dump, as an excel file, as a csv file, save as csv, sheet of
    """,
    C.NUDGE: "nudge, chase, remind, poke",
    C.CRITICAL: """
        critical criteria, critical criterion, critical items, critical points, critical questions, critical
        steps
    """,
    C.QUIET: "quiet hours, my quiet hours, quiet time, quiet times",
    C.AS_OBSERVER: "as observer, as an observer, as trainer, as a trainer, as assessor",
    C.TARGET: """
        target, targets, pass mark, goal, goals, benchmark, passing score, passing grade, good score, minimum
        score, needed to pass, required score, score to pass
    """,
    C.HOW_FAR: "how far, how close, far, close, above, over the, under the",
}


def _lexicon() -> Mapping[tuple[str, ...], Concept]:
    found: dict[tuple[str, ...], Concept] = {}
    for concept, phrases in _PHRASES.items():
        for phrase in phrases.split(","):
            words = tuple(phrase.split())
            if found.setdefault(words, concept) is not concept:
                raise ValueError(f"{phrase!r} has two concepts")
    return {**{(word,): C.UNIT for word in (*GROUPING_WORDS, "day", "days") if (word,) not in found}, **found}


LEXICON = _lexicon()
LONGEST_PHRASE = max(map(len, LEXICON))
