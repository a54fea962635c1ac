"""`python -m finetune JOB_ID`: works on a training job, behind everything else on the machine.

The application starts it with the database and the data directory in its environment. It has a
session of its own, so it outlives the server that started it; when it is done it becomes the
process of the next job that waits.
"""

import logging
import os
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from finetune.job import Parts, run
from finetune.orders import ADAPTERS, JOBS, JobFolder
from storage.store import Store
from storage.writing_lock import WRITING, WritingLock

DATA_DIR, DATABASE_URL = "NOTEWRIGHT_DATA_DIR", "NOTEWRIGHT_DATABASE_URL"

MakeParts = Callable[[Store, Path], Parts]


def main(make_parts: MakeParts, program: str = "finetune") -> None:
    """Work on the job that the command line names, then on the next that waits.

    Args:
        make_parts: makes what does the work, given the store and the data directory.
        program: the module that is run, and run again for the next job.
    """
    job_id, data_dir = sys.argv[1], Path(os.environ[DATA_DIR])
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    with closing(Store.open(os.environ[DATABASE_URL])) as store:
        board = store.jobs()
        folder = JobFolder(data_dir / JOBS / job_id)
        behind(folder.order().threads)  # before the claim: whoever started us tells if it is gone
        claim = board.claim(job_id)
        if claim is None:
            return
        run(
            claim,
            folder,
            store.adapters(data_dir / ADAPTERS),
            WritingLock(data_dir / WRITING),
            make_parts(store, data_dir),
        )
        following = board.next_waiting()
    if following is not None:
        # A fresh process, under the same number and with the next job's name.
        os.execv(sys.executable, [sys.executable, "-m", program, following])


def behind(threads: int) -> None:
    """Go behind everything else, keep to so many cores and to one GPU; before torch is imported."""
    os.nice(19 - os.nice(0))
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)
    os.environ |= {"TOKENIZERS_PARALLELISM": "false", "TQDM_DISABLE": "1"}
    # Of several GPUs the first: transformers would spread the model, and our losses reach into it.
    gpu = os.environ.get("CUDA_VISIBLE_DEVICES", "0").partition(",")[0]
    os.environ["CUDA_VISIBLE_DEVICES"] = gpu


if __name__ == "__main__":
    from finetune.trait_parts import all_parts

    main(all_parts)
