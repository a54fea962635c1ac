"""Why something that a person did, or a text, is not learned from."""

from enum import StrEnum


class Reason(StrEnum):
    """A reason in words for people; `TrainingSet.dropped` counts by them."""

    REFUSED = "You asked not to train on it."
    DELETED = "The note was deleted."
    OTHER_STYLE = "The note is in another style or language."
    FLOOD = "One rater gave more than can be weighed fairly."
    ALL_EQUAL = "All stars of a rater are the same, so they tell nothing apart."
    IN_BETWEEN = "Three stars say neither good nor bad."
    CANCELLED = "Ratings of the same draft contradict each other."
    UNMATCHED = "The text could not be matched to its plan sentence by sentence."
    NEAR_EMPTY = "The edit changes nothing but spaces or punctuation."
    OTHER_LANGUAGE = "The edit is in another language than the note."
    GATE = "A liked draft lost a fact or copied a sample, so it is not imitated."
    NO_PLACE = "A draft failed the check as a whole; no sentence of it can be blamed."
    NO_RIVAL = "No other draft says the same sentence better."
    LENGTHS = "The better and the worse text are too different in length."
    WRITER_OTHERWISE = "The program's judgement contradicts a person's or itself."
    NO_NEUTRAL = "A sample has no plain version to learn from."
    LOST_CONTENT = "The plain version of a sample does not say the same."
    SAYS_MORE = "It says something that its plan does not."
    SAYS_LESS = "It lost some of what its plan means."
    COPIES = "It copies a sample."
    OFF_STYLE = "It is too far from your style."
    DUPLICATE = "It is there already."
    NOTEBENCH = "It shares a run of words with NoteBench, which must stay unseen."
