"""Names that a claim uses and its source does not, or that it puts in each other's place."""
# Patterns and sentences are easier to read in one piece.
# ruff: noqa: E501

import re
from functools import lru_cache
from typing import NamedTuple

from engine.profile.reference import load_reference
from engine.scoring.nearby import Company, company, meaningful
from engine.scoring.quantities import DAYS, MONTHS, plain
from engine.scoring.support import FUNCTION_WORDS, is_han, stem
from engine.text import sentence_spans, tokens, words_set

_NAME = re.compile(r"\b[A-Z][\w'’]*(?:-[A-Z][\w'’]*)*")
_JOINED = re.compile(r"(?:,? (?:and|&|or|of|the|of the) |, | |-|')")
_OPENING = re.compile(r"(?:^|[.!?…:\n][\"'”’)\]*]*\s+|[\"'“‘(\[*#]\s*|[-•]\s+)$")
_TITLE = re.compile(r"[《「『]([^》」』]{2,30})[》」』]")
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
_ROLES = "老师|先生|女士|太太|医生|大夫|阿姨|叔叔|师傅|奶奶|爷爷|大爷|大妈|经理|教授|校长|警官|同学"
_HAN_NAME = re.compile(rf"(?:[小老阿]?[{_SURNAMES}][\u4e00-\u9fff]{{0,2}}?)(?=(?:{_ROLES}))")
_NO_NAMES = words_set(
    "mr mrs ms dr miss sir madam prof mx i i'm i'll i've i'd ok okay tv pm am oh ps nb faq"
)
_ADJECTIVE = re.compile(r"(?:ish|ian|an|ese|ch|ic|i|s|es|'s)$")
_VERBLESS = words_set("meet met marri marry talk agree and with play join saw match friend near")

_GOES_ON = re.compile(r"(?:it|he|she|they|this|that|its|their|his|her|these|there)\b")


_MOST_SCENES = 500  # in a longer source exchanged names are not looked for


class Named(NamedTuple):
    """A name in a text: how it is written, in lower case, and where."""

    shown: str
    name: str
    start: int
    end: int


def wrong_names(claim: str, source: str) -> tuple[str, ...]:
    """Return the names of a claim that the source lacks or tells the reverse of."""
    known = _known(source)
    missing = [n.shown for n in names(claim) if not _is_known(n.name, known)]
    missing += [n.shown for n in _openings(claim) if not _is_known(n.name, known)]
    if han := _han_names(claim):
        flat = re.sub(r"\s", "", source)
        missing += [name for name in han if name not in flat]
    return tuple(dict.fromkeys(missing)) or _swapped(claim, source)


@lru_cache(maxsize=4096)
def names(text: str) -> tuple[Named, ...]:
    """Return capitalised words that do not just begin a sentence; none of a headline."""
    found = _capitals(text)
    if _is_headline(text, len(found)):
        return ()
    return tuple(n for n in found if not _OPENING.search(text[max(0, n.start - 20) : n.start]))


def _capitals(text: str) -> list[Named]:
    found = []
    for match in _NAME.finditer(text):
        shown = re.sub(r"['’]s?$", "", match[0])
        name = plain(shown)
        if name in FUNCTION_WORDS | _NO_NAMES or name.rstrip("s") in {*MONTHS, *DAYS}:
            continue
        if not re.search(r"\d", name):
            found.append(Named(shown, name, match.start(), match.start() + len(shown)))
    return found


def _is_headline(text: str, capitals: int) -> bool:
    words = re.findall(r"[^\W\d_]{4,}", text)
    return capitals > 3 and capitals >= 0.8 * len(words)


def _openings(claim: str) -> list[Named]:
    """Return the capitalised words that begin a sentence and are no word of the language."""
    counts = load_reference("en").counts
    found = [n for n in _capitals(claim) if _OPENING.search(claim[max(0, n.start - 20) : n.start])]
    if _is_headline(claim, len(found)):
        return []
    return [n for n in found if n.name not in counts and not _looks_common(n, claim)]


def _looks_common(named: Named, claim: str) -> bool:
    # Formed like an ordinary word: plural, participle, adverb, abstract noun.
    if re.search(
        r"(?:s|ed|ing|ly|ion|ment|ness|ity|ful|able|ive|al|ous|ance|ence|er|ist|ure|ship)$",
        named.name,
    ):
        return True
    after = claim[named.end :]
    person = re.match(r"['’]s\b| [A-Za-z]|, [a-z]", after)
    return len(named.name) < 3 or person is None or "-" in named.name


@lru_cache(maxsize=64)
def _known(source: str) -> tuple[frozenset[str], frozenset[str], str]:
    found = frozenset(tokens(source))
    capitals = "".join(m[0][0].lower() for m in re.finditer(r"\b[A-Za-z]\w*", source))
    return found, frozenset(map(stem, found)), capitals


def _is_known(name: str, known: tuple[frozenset[str], frozenset[str], str]) -> bool:
    words, stems, initials = known
    if name in words or stem(name) in stems:
        return True
    parts = [part for part in re.split(r"[-'_]", name) if part]
    if len(parts) > 1:
        return all(_is_known(part, known) for part in parts)
    if 2 <= len(name) <= 5 and name in initials and name not in load_reference("en").counts:
        return True
    root = _ADJECTIVE.sub("", name)
    return len(root) >= 3 and any(
        _ADJECTIVE.sub("", w) == root
        or (len(root) >= 4 and w.startswith(root) and len(w) < len(root) + 5)
        for w in words
    )


def _han_names(text: str) -> list[str]:
    return _TITLE.findall(text) + [m[0] for m in _HAN_NAME.finditer(text)]


# ------------------------------------------------------------------ exchanged names


class _Scene(NamedTuple):
    """A sentence with names: those in order, and the words that go with each."""

    names: tuple[Named, ...]
    company: tuple[Company, ...]
    text: str
    stems: frozenset[str] = frozenset()


@lru_cache(maxsize=4096)
def _scene(sentence: str) -> _Scene:
    text = plain(sentence)
    if len(text) != len(sentence):
        return _Scene((), (), text)  # places would not agree
    every = tuple(_groups(sentence))
    places = [(n.start, n.end) for n in every]
    words = tuple(meaningful(text, places))
    return _Scene(every, company(text, words, places), text, frozenset(w.stem for w in words))


def _groups(sentence: str) -> list[Named]:
    """Return the names of a sentence, neighbours and members of a list as one."""
    found: list[Named] = []
    for named in _capitals(sentence):
        if found and _JOINED.fullmatch(sentence[found[-1].end : named.start]):
            first = found.pop()
            shown = sentence[first.start : named.end]
            named = Named(shown, plain(shown), first.start, named.end)
        found.append(named)
    return found


@lru_cache(maxsize=64)
def _scenes(source: str) -> tuple[_Scene, ...]:
    return tuple(_scene(source[a:b]) for a, b in sentence_spans(source))


def _swapped(claim: str, source: str) -> tuple[str, ...]:
    """Return two known names that the claim has in each other's place."""
    told = _scene(claim)
    if not told.names:
        return ()
    scenes = _scenes(source)
    if len(scenes) > _MOST_SCENES:
        return ()
    reversed_pair = _reversed(told, scenes) or _turned_round(told, scenes)
    if reversed_pair:
        return reversed_pair
    for named, with_it in zip(told.names, told.company, strict=True):
        own, others = _shared(named, with_it, scenes)
        if own == 0 and others >= 2 and len(with_it.words) <= 2 * others:
            return (named.shown,)
    return ()


def _shared(named: Named, with_it: Company, scenes: tuple[_Scene, ...]) -> tuple[int, int]:
    """Return how much of a name's company it has in the source, and how much another name has."""
    own, others, known, last = 0, 0, False, False
    for scene in scenes:
        if last and _GOES_ON.match(scene.text):  # it, she, they: still about the same
            own = max(own, len(with_it.words & scene.stems))
        last = any(_alike(other.name, named.name) for other in scene.names)
        for other, theirs in zip(scene.names, scene.company, strict=True):
            shared = len(with_it.words & theirs.words)
            if _alike(other.name, named.name):
                own, known = max(own, shared), True
            elif not all(part in load_reference("en").counts for part in tokens(other.name)):
                others = max(others, shared)
    return own, others if known else 0


def _alike(one: str, other: str) -> bool:
    """Tell whether two names share a part."""
    return not set(tokens(one)).isdisjoint(tokens(other))


def _reversed(told: _Scene, scenes: tuple[_Scene, ...]) -> tuple[str, ...]:
    for first, second, between, passive in _triples(told):
        same = reverse = False
        for scene in scenes:
            for one, other, verbs, theirs in _triples(scene):
                if not between & verbs:
                    continue
                turned = passive != theirs
                straight = _alike(one.name, first.name) and _alike(other.name, second.name)
                crossed = _alike(one.name, second.name) and _alike(other.name, first.name)
                same = same or (crossed if turned else straight)
                reverse = reverse or (straight if turned else crossed)
        if reverse and not same:
            return (first.shown, second.shown)
    return ()


def _turned_round(told: _Scene, scenes: tuple[_Scene, ...]) -> tuple[str, ...]:
    """Return two names where the claim goes from the one to the other and the source only back."""
    pairs = {pair for scene in scenes for pair in _journeys(scene)}
    for start, end in _journeys(told):
        if (end, start) in pairs and (start, end) not in pairs:
            return (start.capitalize(), end.capitalize())
    return ()


def _journeys(scene: _Scene) -> list[tuple[str, str]]:
    found: dict[str, list[str]] = {"from": [], "to": []}
    for named in scene.names:
        before = re.search(r"\b(from|to) (?:the )?$", scene.text[: named.start])
        if before:
            found[before[1]].append(named.name)
    return [(start, end) for start in found["from"] for end in found["to"]]


def _triples(scene: _Scene) -> list[tuple[Named, Named, frozenset[str], bool]]:
    """Return neighbouring names with the verbs between them, and whether it is told passively."""
    found = []
    for first, second in zip(scene.names, scene.names[1:], strict=False):
        middle = scene.text[first.end : second.start]
        verbs = frozenset(w.stem for w in meaningful(middle) if not is_han(w.stem[0]))
        if verbs and not verbs & _VERBLESS and not re.search(r"[.;]|\band\s*$", middle):
            found.append((first, second, verbs, bool(re.search(r"\bby\s*(?:the\s*)?$", middle))))
    return found
