"""The words of a folder in the layout of transformers: its tokenizer and its chat template.

What the model reads when it writes and what it is trained on are both made here, so that they are
the same to the token.
"""

from collections.abc import Sequence
from pathlib import Path

from engine.errors import ModelUnavailable
from engine.models.llamacpp_template import ChatWords

# What safetensors, tokenizers and torch say of damaged files is not an OSError.
UNREADABLE = (OSError, ValueError, KeyError, RuntimeError, ImportError)


class FolderWords:
    """A folder's tokenizer; no weights are read.

    Args:
        path: the folder.

    Raises:
        ModelUnavailable: its tokenizer is missing or damaged.
    """

    def __init__(self, path: Path) -> None:
        """Load the tokenizer; code that lies beside it is not run."""
        from transformers import AutoTokenizer

        self.path = path
        try:
            self.tokenizer = AutoTokenizer.from_pretrained(path, local_files_only=True)
        except UNREADABLE as error:
            raise unusable(path, error) from error

    def chat_words(self) -> ChatWords:
        """Return the chat template, empty where there is none, and the marks around a text."""
        template = self.tokenizer.chat_template
        return ChatWords(
            template if isinstance(template, str) else "",
            self.tokenizer.bos_token or "",
            self.tokenizer.eos_token or "",
        )

    def tokenize(self, text: str, *, special: bool = False, start: bool = False) -> tuple[int, ...]:
        """Return the tokens of `text`; `special` reads `<|…|>` as control tokens."""
        read = self.tokenizer(text, add_special_tokens=False, split_special_tokens=not special)
        begins = start and getattr(self.tokenizer, "add_bos_token", False)
        head = [self.tokenizer.bos_token_id] if begins else []
        return tuple(int(token) for token in [*head, *read["input_ids"]])

    def token_ends(self, text: str) -> tuple[int, ...]:
        """Return where each token of a person's text ends in it, in bytes of UTF-8."""
        read = self.tokenizer(
            text, add_special_tokens=False, split_special_tokens=True, return_offsets_mapping=True
        )
        return tuple(len(text[:end].encode()) for _, end in read["offset_mapping"])

    def words(self, tokens: Sequence[int]) -> str:
        """Return what tokens say; a character that is not whole yet is U+FFFD at the end."""
        return str(
            self.tokenizer.decode(
                tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False
            )
        )


def unusable(path: Path, error: Exception) -> ModelUnavailable:
    """Return what to say of a folder that cannot be loaded."""
    reason = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
    return ModelUnavailable(
        f"The model in {path.name!r} cannot be loaded ({reason}); download it again or "
        "choose another model."
    )
