"""Which other language a text is written in, by its most common words. Spotter reads English.

Our own list: what tells ten languages apart in a few words are their function words, and a library for language
detection brings models of megabytes that guess worse than this on five words.
"""

from collections.abc import Mapping

from bot.query.name_index import words_of

_WORDS: Mapping[str, str] = {
    "German": "der die das und ist sind nicht wer was wie wann warum welche welcher hat haben letzte letzten diese"
    " dieser woche monat heute gestern von mit fur im bestanden durchgefallen ergebnisse ergebnis"
    " mitarbeiter meine mein zeig zeige alle uber unter hallo danke hilfe bitte filiale ich mache hier kann ihr wir",
    "French": "le la les des du une est sont qui que quoi quand comment pourquoi quel quelle quels pas dans avec"
    " pour sur a cette semaine mois hier derniere dernier resultats resultat mes mon ma echoue reussi"
    " employes bonjour salut merci aide montre magasin",
    "Spanish": "el los las una es son quien quienes que cuando como cual no en con para esta este semana mes hoy"
    " ayer pasada ultima ultimo resultados resultado mis mi aprobo suspendio fallo empleados hola gracias"
    " ayuda muestra tienda estado cuantos",
    "Dutch": "de het een is zijn wie wat wanneer waarom welke niet van met voor deze dit week maand vandaag"
    " gisteren vorige afgelopen gefaald gezakt geslaagd resultaten resultaat mijn medewerkers heeft hallo"
    " bedankt dank hulp laat zien winkel",
    "Italian": "il lo gli della dello una sono chi che cosa quando come perche quale non con per questa questo"
    " settimana mese oggi ieri scorsa scorso risultati risultato miei mio superato fallito dipendenti ciao"
    " grazie aiuto mostra negozio",
    "Portuguese": "o os as uma sao quem que quando como qual nao em com para esta este semana mes hoje ontem passada"
    " passado resultados resultado meus meu aprovado reprovado funcionarios ola obrigado obrigada ajuda"
    " mostra loja",
    "Polish": "kto co jak kiedy dlaczego nie jest sa w z na dla tydzien miesiac dzisiaj wczoraj ostatni ostatnim"
    " wyniki wynik moje moj zdal oblal pracownicy czesc dziekuje pomoc pokaz sklep",
    "Swedish": "och ar inte vem vad hur nar varfor vilken vilka med for denna detta vecka vecan manad idag igar"
    " forra senaste resultat mina min godkand misslyckades medarbetare hej tack hjalp visa butik",
    "Turkish": "kim ne nasil neden hangi degil bu hafta ay bugun dun gecen sonuclar sonuc benim calisanlar merhaba"
    " tesekkurler yardim goster magaza basarisiz",
}  # without diacritics, as names are compared
_SHARED = (
    "a as in is no on for are week most do so die come comment what was see all me mi an at of per his her hat who to"
    " men man fur ma mon les son est sa w z o es low art min bar the under hang los van com das"
)
_ENGLISH = frozenset(_SHARED.split())  # with words that a text in English may hold
_OF: Mapping[str, frozenset[str]] = {
    language: frozenset(words.split()) - _ENGLISH for language, words in _WORDS.items()
}
_MOST_LATIN = 0x024F
_LONG = 6  # letters: one such word is no chance


def other_language(text: str) -> str:
    """The name of the language that most words of a text are common in, "" if it may be English.

    "another language" for a text of several words in another script.
    """
    typed = words_of(text)
    found = {language: sum(word in known for word in typed) for language, known in _OF.items()}
    language = max(found, key=lambda one: found[one])
    is_long = any(len(word) >= _LONG and word in _OF[language] for word in typed)
    if found[language] >= 2 or is_long or (found[language] and 2 * found[language] >= len(typed)):
        return language
    letters = [letter for letter in text if letter.isalpha()]
    foreign = sum(ord(letter) > _MOST_LATIN for letter in letters)
    return "another language" if len(typed) > 1 and 2 * foreign > len(letters) else ""
