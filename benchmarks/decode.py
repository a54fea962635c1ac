"""One draft through LlamaCppModel against llama-cpp-python's own class.

    python -m benchmarks.decode [--rounds 7] [--tokens 128]

Same file, threads, prompt and sampling, in turns; both keep their prompt evaluated between rounds.
Prints the speed of ours as a share of the wrapper's (at least 0.9 is wanted).
"""

import argparse
import time
from typing import Any

from benchmarks.common import compare, embedded_model, question
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


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--tokens", type=int, default=128)
    asked = arguments.parse_args()
    model = embedded_model()
    raw = raw_model(model.weights)
    prompt = list(ChatTemplate(model.weights).tokens(ASK))
    sampling = Sampling(max_tokens=asked.tokens)

    def ours(number: int) -> float:
        started = time.perf_counter()
        values = sampling.model_copy(update={"seed": number})
        *_, last = model.generate([ASK], values)
        seconds = time.perf_counter() - started
        return seconds / last.completion_tokens if isinstance(last, Generation) else seconds

    def theirs(number: int) -> float:
        started = time.perf_counter()
        done = raw.create_completion(
            prompt,
            max_tokens=sampling.max_tokens,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            top_k=sampling.top_k,
            min_p=sampling.min_p,
            repeat_penalty=sampling.repeat_penalty,
            seed=number,
        )
        return (time.perf_counter() - started) / int(done["usage"]["completion_tokens"])

    ratio = compare(("seconds a token: ours", "wrapper"), ours, theirs, rounds=asked.rounds)
    print(f"ours decodes at {1 / ratio:.3f} of the wrapper's speed (wanted: at least 0.9)")


if __name__ == "__main__":
    main()
