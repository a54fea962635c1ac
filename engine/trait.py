"""A trait that a writer names (funnier, warmer, shorter sentences …): checked, and put into words.

After Small But Funny (arXiv 2402.18113), whose trait is humour: a teacher rewrites texts for it, a
critic chooses between two rewritings. Here it may be anything that a few words can say.
"""

import re

from engine.errors import InvalidRequest
from engine.prompts.render import fill, message, wording
from engine.protocols import Conversation
from engine.text import clean
from engine.types import Language, TraitWish

MAX_CHARACTERS = 60
MAX_WORDS = 8
_LANGUAGES: tuple[Language, ...] = ("en", "zh")

_HURTS = re.compile(
    r"\b(?:racis|sexis|homophob|transphob|antisemit|hateful|nazi|slur|threaten|harass|humiliat|"
    r"degrad|bully|abusive|insulting|demean)|种族歧视|性别歧视|仇恨|辱骂|侮辱|威胁|羞辱|骚扰|纳粹|歧视",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    r"^\W*(?:(?:i['’]?m|i am)\s+(?:very |so |really )?(?:sorry|unable)|sorry,? (?:but )?i\b|"
    r"i (?:apologi[sz]e|(?:can(?:no|['’])t|can not|won['’]t|will not) "
    r"(?:help|assist|do|write|rewrite|make|create|generate|provide|fulfil|comply|engage|support))|"
    r"as an? (?:ai|language model)\b|"
    r"(?:很?抱歉|对不起|不好意思)[，,。]?|我(?:不能|无法|不会)(?:帮|写|改写|提供|生成|完成|满足|协助)|"
    r"作为(?:一个|一名)?(?:AI|人工智能|语言模型))",
    re.IGNORECASE,
)
_PREAMBLE = re.compile(
    r"^(?:(?:here(?:'s| is| are)|sure|certainly|of course|the rewritten|rewritten|好的|以下|改写后)"
    r"[^\n]{0,80}[:：]\s*|[^\n]{0,60}\b(?:answer|rewrit\w+|version)\b[^\n]{0,20}[:：][ \t]*\n+|"
    r"[^\n]{0,160}\b(?:rewrit(?:e|ten|ing)|rephras\w+|requested changes)\b[^\n]*\n\s*\n|"
    r"(?:i )?wanted\b[^\n]*\n+|wanted:\s*|"
    r"要求[:：][^\n]*\n+)",
    re.IGNORECASE,
)  # headings of an answer ("Your answer:"), talk of rewriting, and the wish said back: the embedded
# model's ways
_NUMBERED = re.compile(r"^\s*(?:\d{1,2}[.)、]|[-*•])\s*")
_QUOTED = re.compile(r'^["“「](.*)["”」]$', re.DOTALL)


def trait_name(text: str) -> str:
    """Return a trait on one line, or say what is wrong with it.

    Raises:
        InvalidRequest: (field "trait") no word, far more than a few, or one that would hurt people.
    """
    # Cleaning megabytes takes seconds: what is far too long is refused as it came.
    name = " ".join(clean(text).split()) if len(text) <= 20 * MAX_CHARACTERS else text
    if not any(character.isalpha() for character in name):
        raise InvalidRequest(
            "Say what the text is to be, in a word or a few: funnier, warmer, shorter sentences.",
            field="trait",
        )
    if len(name) > MAX_CHARACTERS or len(name.split()) > MAX_WORDS:
        raise InvalidRequest(
            f"A trait is a word or a few, {MAX_WORDS} words and {MAX_CHARACTERS} characters at "
            "most; name one thing, such as funnier, warmer or shorter sentences.",
            field="trait",
        )
    if _HURTS.search(name):
        raise InvalidRequest(
            f"Notewright makes no text {name!r}, for it would hurt somebody; name another trait.",
            field="trait",
        )
    return name


def trait_words(wish: TraitWish, language: Language) -> str:
    """Return a wish as a sentence for a prompt."""
    words = wording("trait", language)
    return fill(words["wish"], trait=wish.name, degree=words[f"degree_{wish.level}"])


def rewrite_conversation(text: str, wish: TraitWish, language: Language) -> Conversation:
    """Return the chat that asks a model without an adapter to rewrite a text for a trait."""
    words = wording("trait", language)
    asked = message("user", words["user"], wish=trait_words(wish, language), text=text)
    return [message("system", words["system"]), asked]


def rewriting_of(chat: Conversation) -> str | None:
    """Return the text that a chat of `rewrite_conversation` is about; None for another chat."""
    systems = {wording("trait", language)["system"] for language in _LANGUAGES}
    if len(chat) != 2 or chat[0].content not in systems:
        return None
    return chat[1].content.partition("\n\n")[2]


def refuses(answer: str, asked: str = "") -> bool:
    """Tell whether a model declined; a text that itself begins like that is no refusal."""
    return bool(_REFUSAL.match(answer)) and not _REFUSAL.match(asked)


def bare(answer: str, asked: str = "") -> str:
    """Return an answer without an opening sentence, a list's number or quotes that were not asked.

    What the text asked about has itself is left alone.
    """
    text = answer.strip()
    for opening in (_PREAMBLE, _PREAMBLE, _NUMBERED):
        text = text if opening.match(asked) else opening.sub("", text, count=1).strip()
    quoted = None if _QUOTED.match(asked) else _QUOTED.match(text)
    return quoted[1].strip() if quoted and quoted[1].strip() else text
