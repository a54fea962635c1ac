"""A server on 127.0.0.1 that answers like the Hugging Face Hub for one file, faults included."""

import hashlib
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from engine.models import catalogue as module
from engine.models.catalogue import CatalogueEntry, HubFile, catalogue, named

REVISION = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """What is offered, what goes wrong, and what was asked for."""

    content: bytes
    repository: str = "makers/Model-GGUF"
    name: str = "qwen2.5-0.5b-instruct-q4_k_m.gguf"
    sha256: str = ""
    """What the Hub says the checksum is; the right one when empty."""
    breaks: list[int] = field(default_factory=list)
    """After how many bytes each of the next answers breaks off."""
    status: int = 200
    ranges: bool = True
    endless: bool = False
    gate: threading.Event | None = None
    """Where set, answers stand still half-way until it is."""
    asked: list[str] = field(default_factory=list)
    url: str = ""

    @property
    def etag(self) -> str:
        return self.sha256 or hashlib.sha256(self.content).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""

    def do_HEAD(self) -> None:
        self.hub.asked.append("HEAD")
        self._begin(self.hub.status if self.hub.status != 200 else 302)

    def do_GET(self) -> None:
        """Send the visitor on to where the file lies, as the Hub does; there, send the file."""
        hub = self.hub
        if "/resolve/" in self.path and hub.status == 200:
            self._begin(302)
            return
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked and hub.ranges else 0
        hub.asked.append(f"GET {start}")
        if not self._begin(hub.status if hub.status != 200 else 206 if start else 200, start):
            return
        body = hub.content[start:]
        try:
            if hub.breaks:
                self.wfile.write(body[: hub.breaks.pop(0)])
                self.close_connection = True
                return
            if hub.gate is not None:
                self.wfile.write(body[: len(body) // 2])
                hub.gate.wait(30)
                body = body[len(body) // 2 :]
            self.wfile.write(body)
            while hub.endless:
                self.wfile.write(os.urandom(1 << 16))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _begin(self, status: int, start: int = 0) -> bool:
        """Send the headers; return whether a body follows."""
        hub = self.hub
        places = (f"/{hub.repository}/resolve/", "/cdn/")
        known = self.path.startswith(places) and self.path.endswith(hub.name)
        status = status if known else 404
        self.send_response(status)
        if status >= 400:
            if code := {401: "GatedRepo", 404: "EntryNotFound"}.get(status):
                self.send_header("X-Error-Code", code)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return False
        self.send_header("X-Repo-Commit", REVISION)
        if status == 302:
            self.send_header(
                "Location",
                f"{self.hub.url}/cdn/{hub.name}"
                if self.command == "GET"
                else "https://cdn.invalid/x",
            )
            self.send_header("X-Linked-Etag", f'"{hub.etag}"')
            self.send_header("X-Linked-Size", str(len(hub.content)))
            self.send_header("Content-Length", "0")
        elif hub.endless:
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(len(hub.content) - start))
        if status == 206:
            last = len(hub.content) - 1
            self.send_header("Content-Range", f"bytes {start}-{last}/{len(hub.content)}")
        self.end_headers()
        return True


@contextmanager
def serving(hub: Hub, port: int = 0) -> Iterator[Hub]:
    """Serve until the block ends; `hub.url` is where."""
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hub
    finally:
        if hub.gate is not None:
            hub.gate.set()
        hub.endless = False
        server.shutdown()
        thread.join()
        server.server_close()


def entry_for(hub: Hub, **changes: object) -> CatalogueEntry:
    """Return a catalogue's entry for what the server offers."""
    facts: dict[str, object] = {
        "repository": hub.repository,
        "name": hub.name,
        "revision": None,
        "sha256": hashlib.sha256(hub.content).hexdigest(),
        "size": len(hub.content),
        "quantisation": "Q4_K_M",
    }
    file = HubFile.model_validate(facts | changes)
    return named("Qwen2.5-0.5B-Instruct").model_copy(update={"file": file})


def go_online(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Let the Hub's client go to a server of ours, and nowhere else."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", url)
    template = f"{url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


def write_catalogue(folder: Path, *entries: CatalogueEntry) -> None:
    """Write a catalogue of the embedded model and some others."""
    rows = [named("SmolLM2-135M-Instruct"), *entries]
    text = "[" + ",".join(row.model_dump_json() for row in rows) + "]"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "catalogue.json").write_text(text, encoding="utf-8")


def read_catalogue_from(folder: Path) -> None:
    """Let this process know the models of another catalogue."""
    vars(module)["files"] = lambda _: folder
    catalogue.cache_clear()
