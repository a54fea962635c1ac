"""One draft through LlamaCppModel against llama-cpp-python's own class, on two sizes of model.

    python -m benchmarks.decode [--rounds 7] [--tokens 128]

Same file, threads, prompt and sampling, in turns; both keep their prompt evaluated between rounds.
Prints the speed of ours as a share of the wrapper's (at least 0.95 is wanted), and as a share of
llama.cpp alone: the wrapper's `llama_decode` of a token at a time in a loop that draws nothing.
"""

import argparse
from typing import Any

from benchmarks.common import compare, now, question
from benchmarks.sizes import sizes
from engine.models.llamacpp import LlamaCppModel
from engine.models.llamacpp_library import LlamaWeights
from engine.models.llamacpp_template import ChatTemplate
from engine.types import Generation, Sampling

ASK = question("Write a very long story about a lighthouse, in many paragraphs.")


def raw_model(weights: LlamaWeights) -> Any:
    """Load the same file into the wrapper's high-level class."""
    from llama_cpp import Llama

    threads = weights.configuration.threads
    return Llama(
        str(weights.path),
        n_ctx=2048,
        n_threads=threads,
        n_threads_batch=threads,
        verbose=False,
    )


def measure(name: str, weights: LlamaWeights, rounds: int, tokens: int) -> None:
    """Compare on one model and print."""
    model, raw = LlamaCppModel(weights, context_length=2048), raw_model(weights)
    prompt = list(ChatTemplate(weights).tokens(ASK))
    sampling = Sampling(max_tokens=tokens)

    def ours(number: int) -> float:
        started = now()
        values = sampling.model_copy(update={"seed": number})
        *_, last = model.generate([ASK], values)
        seconds = now() - started
        return seconds / last.completion_tokens if isinstance(last, Generation) else seconds

    def theirs(number: int) -> float:
        started = now()
        done = raw.create_completion(
            prompt,
            max_tokens=tokens,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            top_k=sampling.top_k,
            min_p=sampling.min_p,
            repeat_penalty=sampling.repeat_penalty,
            seed=number,
        )
        return (now() - started) / int(done["usage"]["completion_tokens"])

    def bare(number: int) -> float:
        raw.reset()
        raw.eval(prompt)
        started = now()
        for token in range(tokens):
            raw.eval([1000 + token + number])
        return (now() - started) / tokens

    for label, other in (("wrapper", theirs), ("llama.cpp alone", bare)):
        ratio = compare((f"{name}, seconds a token: ours", label), ours, other, rounds=rounds)
        print(f"{name}: ours decodes at {1 / ratio:.3f} of the speed of {label} (wanted: 0.95)")


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--tokens", type=int, default=128)
    asked = arguments.parse_args()
    with sizes() as models:
        for name, weights in models.items():
            measure(name, weights, asked.rounds, asked.tokens)


if __name__ == "__main__":
    main()
