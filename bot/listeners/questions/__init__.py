"""What a text asks for that does not begin with a subcommand. Pure.

Read in this order, as `commands/dispatch.py` does: thanks and greetings (`small_talk.py`); what is done elsewhere
(`elsewhere.py`, `unmet_rule_wishes.py`); wishes, and questions about Spotter, by patterns (`asked.py` `wish_of`:
`ending_wishes.py`, `about_spotter.py`, `rule_wishes.py`, `change_wishes.py`); any other question by what its words
are about (`asked.py` `question_of`: `concepts.py`, `parts.py`, `meanings.py`, `wording.py`). What can't be read is read
once more in Spotter's own words (`synonyms.py`), respelled (`typing_mistakes.py`), and at last by its topic
(`nearest_topic.py`).
"""
