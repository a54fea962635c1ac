"""Keeps Gradio from making type stubs of its components whenever it is imported.

It parses the source of each component twice and renders a template for it, only to find that the
stub beside it is as it was: half of the import's time, and files written into an installation
that may be read-only. Nothing at run time reads them.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from types import ModuleType

_MODULE = "gradio.component_meta"


class _Loader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        module.__dict__["create_or_modify_pyi"] = lambda *_: None


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != _MODULE:
            return None
        sys.meta_path.remove(self)
        found = PathFinder.find_spec(fullname, path, target)
        if found is None or found.origin is None:
            return found
        loader = _Loader(fullname, found.origin)
        return spec_from_file_location(fullname, found.origin, loader=loader)


def skip_stubs() -> None:
    """Let the next import of Gradio make no stubs; without effect where it is imported already."""
    if _MODULE not in sys.modules:
        sys.meta_path.insert(0, _Finder())
