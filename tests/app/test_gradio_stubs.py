"""Gradio is imported without its stubs, and works."""

import json
import subprocess
import sys

import pytest

_IMPORT = """
import json, sys
opened = []
sys.addaudithook(lambda event, about: opened.append(str(about[0])) if event == "open" else None)
{skip}
import gradio
box = gradio.Textbox(render=False)
stubs = [path for path in opened if path.endswith(".pyi")]
told = {{"stubs": len(stubs), "listens": callable(box.change)}}
print(json.dumps(told | {{"finders": [str(one) for one in sys.meta_path]}}))
"""
_SKIP = "from app.gradio_stubs import skip_stubs; skip_stubs()"


@pytest.mark.parametrize(("skip", "made"), [(_SKIP, False), ("", True)])
def test_gradio_makes_no_stubs_and_its_components_have_their_events(skip: str, made: bool) -> None:
    child = [sys.executable, "-c", _IMPORT.format(skip=skip)]
    run = subprocess.run(child, check=True, capture_output=True, text=True, timeout=120)
    told = json.loads(run.stdout)
    assert (told["stubs"] > 0) is made
    assert told["listens"]
    assert not any("gradio_stubs" in finder for finder in told["finders"])
