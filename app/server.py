"""Serves the page: up in seconds, models loading behind it, nothing from or to the network."""

import errno
import logging
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.gradio_stubs import skip_stubs
from app.logins import read_logins
from app.settings import Settings
from app.studio import Studio
from engine.errors import NotewrightError

if TYPE_CHECKING:
    import gradio as gr

    from app.benchjobs import BenchJobs
    from app.tabs.desk import Loading

_MOST_WAITING = 64
_LARGEST_FILE = "5mb"
_LARGEST_AT_HOME = "256mb"  # an adapter; strangers bring none
_EXPECTED_SECONDS = 8.0


class CannotServe(NotewrightError):
    """The page cannot be served as asked."""


@dataclass(frozen=True)
class Server:
    """A page that is up."""

    url: str
    page: "gr.Blocks"
    studio: Studio
    loading: "Loading"
    jobs: "BenchJobs"

    def close(self) -> None:
        """Take the page down and let go of the database."""
        self.page.close(verbose=False)
        self.jobs.close()
        self.studio.close()


def serve(settings: Settings, tell: Callable[[str], None] = lambda _: None) -> None:
    """Serve the page until the process is told to stop; `tell` hears its address.

    Raises:
        CannotServe: the address or port cannot be had.
        StorageError: the data directory or the database cannot be used.
    """
    server = start(settings)
    tell(server.url)
    try:
        server.page.block_thread()
    finally:
        server.close()


def start(settings: Settings, studio: Studio | None = None) -> Server:
    """Bring the page up and return at once; the models go on loading in the background.

    `studio` is opened from the settings where it is not given.
    """
    check_port(settings.host, settings.port)
    _quiet_environment()
    from app.benchjobs import BenchJobs
    from app.tabs.desk import Loading
    from app.ui import build_page, limits_of
    from engine.profile.parsing import warm_parser

    studio = studio or Studio.open(settings)
    loading = Loading(studio.warm_up, expected=_EXPECTED_SECONDS, then=warm_parser)
    jobs = BenchJobs(studio, limits_of(settings))
    page = build_page(studio, settings, loading, jobs)
    page.queue(max_size=_MOST_WAITING, default_concurrency_limit=8, api_open=False)
    _, url, _ = page.launch(**launch_options(settings))
    loading.start()
    if settings.open_browser:
        import webbrowser

        webbrowser.open(url)
    return Server(url=url, page=page, studio=studio, loading=loading, jobs=jobs)


def launch_options(settings: Settings) -> dict[str, Any]:
    """Return what `launch` is told: private, local, and all of it our own."""
    from app.i18n import browser_translations
    from app.theme import STATIC, make_theme

    script = (STATIC / "page.js").read_text("utf-8")
    # In the head, for what Gradio is given as css it rewrites selector by selector.
    sheets = ("page.css", "notebench.css", "improve.css", "models.css")
    looks = "".join((STATIC / name).read_text("utf-8") for name in sheets)
    logins = read_logins(settings)
    return {
        "server_name": settings.host,
        "server_port": settings.port or free_port(settings.host),
        "prevent_thread_lock": True,
        "quiet": True,
        "inbrowser": False,
        "share": False,
        "ssr_mode": False,
        "show_error": False,
        "enable_monitoring": False,
        "run_history": False,
        "strict_cors": True,
        "auth": logins or None,
        "mcp_server": False,
        "pwa": False,
        "max_file_size": _LARGEST_FILE if settings.shared else _LARGEST_AT_HOME,
        "allowed_paths": [],
        "blocked_paths": [str(settings.data_dir.resolve())],
        "favicon_path": str(STATIC / "favicon.svg"),
        "footer_links": [],
        "theme": make_theme(),
        "head": f"<style>{looks}</style><script>{script}</script>",
        "i18n": browser_translations(),
    }


def check_port(host: str, port: int) -> None:
    """Refuse an address that cannot be had, before anything is loaded.

    Raises:
        CannotServe: with what to do about it.
    """
    try:
        with socket.socket(_family(host), socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            message = (
                f"Port {port} is taken, perhaps by a Notewright that is already running: open "
                f"http://{host}:{port}, or choose another port with NOTEWRIGHT_PORT."
            )
        elif error.errno == errno.EACCES:
            message = f"Port {port} needs special rights; choose one above 1023 (NOTEWRIGHT_PORT)."
        else:
            message = f"This machine has no address {host!r}; set NOTEWRIGHT_HOST to 127.0.0.1."
        raise CannotServe(message) from error


def free_port(host: str) -> int:
    """Return a port that nobody uses at the moment."""
    with socket.socket(_family(host), socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _quiet_environment() -> None:
    """Turn off what Gradio would do on its own: call home, pick a theme, write type stubs."""
    skip_stubs()
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_SSR_MODE"] = "False"
    os.environ["GRADIO_SHARE"] = "False"
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    # How soon a closed page is noticed, and its work stopped; Gradio itself waits 15 seconds.
    os.environ.setdefault("GRADIO_HEARTBEAT_INTERVAL", "3")
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
