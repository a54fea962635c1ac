"""What kind of sentence: question, order, exclamation or fragment, by weighted cues.

The weights are those of Structured Style-Rewrite (arXiv 2603.05933): a question from 2 points, its
mark being worth 3; an order from 2; an exclamation from 2, its mark being worth 2; a fragment from
3, three words or fewer and having no verb being worth 2 each (no verb in six words or fewer 3). The
cues are ours.
"""

import re

from engine.profile.parsing import Sentence, Word
from engine.text import tokens, words_set

_CLOSERS = "\"'”’」』)）*_ \n"
_ASKING_EN = words_set("who whom whose what which when where why how")
_HELPING_EN = words_set(
    "do does did is are am was were have has had can could will would shall should may might "
    "must isn't aren't wasn't don't doesn't didn't can't couldn't won't wouldn't"
)
_PERSONS_EN = words_set("i you he she it we they there this that")
_NO_ORDERS_EN = frozenset({"thank", "thanks", "see", "bless"})  # Thank you! See you!
_PLEASE_EN = frozenset({"please", "kindly", "let's"})
_EXCLAIMING_EN = frozenset({"oh", "ah", "wow", "hurrah", "hooray", "ouch", "alas", "ha", "ugh"})
_EXCLAIMING_ZH = ("啊", "哇", "呀", "哎", "唉", "哈哈", "天哪", "嗬")
_ASKING_ZH = words_set(
    "什么 怎么 为什么 为何 谁 哪 几时 何 岂 多少 是不是 有没有 能不能 要不要 会不会 好不好"
)
_ASKING_END_ZH = re.compile("(?:[吗呢乎耶欤]|(?<![什怎那这多要])么)$")
_ORDERING_ZH = tuple(words_set("请 别 不要 勿 莫 不准 不许 千万 务必 快 记得 让我们 来"))
_ORDERING_ENDS_ZH = ("吧", "罢")
_VERBS_ZH = ("v", "zg")
_SUBJECTS = frozenset({"nsubj", "nsubjpass", "csubj", "expl"})


def kinds(sentence: Sentence, *, chinese: bool) -> frozenset[str]:
    """Return which of question, imperative, exclamation and fragment a sentence is.

    An English sentence that was not parsed is never called an order or a fragment.
    """
    asked = is_question(sentence, chinese=chinese)
    found = {
        "question": asked,
        "imperative": not asked and is_order(sentence, chinese=chinese),
        "exclamation": is_exclamation(sentence, chinese=chinese),
        "fragment": is_fragment(sentence, chinese=chinese),
    }
    return frozenset(name for name, holds in found.items() if holds)


def is_question(sentence: Sentence, *, chinese: bool) -> bool:
    """Score a question: its mark 3; without it, an asking word or form 1 each."""
    end = _end(sentence)
    score = 3 * (end in {"?", "？"})
    if end in {"!", "！"}:
        return score >= 2
    if chinese:
        bare = _bare(sentence)
        score += any(word in bare for word in _ASKING_ZH)
        score += _ASKING_END_ZH.search(bare) is not None
        return score >= 2
    found = tokens(sentence.text)
    opening, second = [*found[:2], "", ""][:2]
    score += opening in _ASKING_EN and second in _HELPING_EN
    score += opening in _HELPING_EN and second in _PERSONS_EN
    score += len(found) > 2 and found[2] in _PERSONS_EN and second in _HELPING_EN
    return score >= 2


def is_order(sentence: Sentence, *, chinese: bool) -> bool:
    """Score an order: a bare verb with no subject that leads the sentence 2, please or let's 2."""
    if chinese:
        bare = _bare(sentence)
        score = 2 * bare.startswith(_ORDERING_ZH) + bare.endswith(_ORDERING_ENDS_ZH)
        tags = [word.tag[:1] for word in sentence.spoken]
        return score + (tags[:1] == ["v"]) >= 2
    if not sentence.is_parsed:
        return False
    root = next(place for place, word in enumerate(sentence.words) if word.head == place)
    kids = [word for k, word in enumerate(sentence.words) if word.head == root and k != root]
    verb = sentence.words[root]
    polite = verb.lower in _NO_ORDERS_EN and any(word.lower == "you" for word in kids)
    plain = verb.tag in {"VB", "VBP"} and not polite
    subject = any(word.relation in _SUBJECTS for word in kids)
    helped = any(word.relation == "aux" and word.lower not in {"do", "don't"} for word in kids)
    score = 2 * (plain and not subject and not helped)
    score += 2 * (plain and any(word.lower in _PLEASE_EN for word in sentence.words[:2]))
    let_us = [word.lower for word in sentence.words[:2]] in (["let", "'s"], ["let", "us"])
    return score + 2 * let_us >= 2


def is_exclamation(sentence: Sentence, *, chinese: bool) -> bool:
    """Score an exclamation: its mark 2, a cry 1, an opening "what a" or "how" without a verb 1."""
    score = 2 * (_end(sentence) in {"!", "！"})
    if chinese:
        bare = _bare(sentence)
        score += bare.startswith(_EXCLAIMING_ZH) + bare.endswith(("啊", "哇", "呀", "哉"))
        return score >= 2
    found = tokens(sentence.text)
    score += found[:1] != [] and found[0] in _EXCLAIMING_EN
    score += found[:2] in (["what", "a"], ["what", "an"])
    return score >= 2


def is_fragment(sentence: Sentence, *, chinese: bool) -> bool:
    """Score a fragment: three words or fewer 2, no verb 2, no verb in six words or fewer 1 more."""
    spoken = sentence.spoken
    if not spoken or not (chinese or sentence.is_parsed):
        return False
    verbless = not any(_is_verb(word, chinese=chinese) for word in spoken)
    short = len(spoken) <= 3
    return 2 * short + 2 * verbless + (verbless and len(spoken) <= 6) >= 3


def _is_verb(word: Word, *, chinese: bool) -> bool:
    if chinese:
        return word.tag.startswith(_VERBS_ZH) or word.text == "是"
    return word.tag in {"VB", "VBD", "VBP", "VBZ", "MD"}


def _end(sentence: Sentence) -> str:
    return sentence.text.rstrip(_CLOSERS)[-1:]


def _bare(sentence: Sentence) -> str:
    """Return the sentence from its first letter to its last."""
    letters = [place for place, c in enumerate(sentence.text) if c.isalnum()]
    return sentence.text[letters[0] : letters[-1] + 1] if letters else ""
