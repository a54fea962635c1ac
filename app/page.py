"""The page's own frame: the header and the line about the models, as HTML."""

from html import escape

from app.i18n import Texts
from app.messages import told
from app.render import status_line
from app.tabs.desk import Loading

_MARK = (
    '<svg viewBox="0 0 32 32" width="30" height="30" aria-hidden="true">'
    '<rect width="32" height="32" rx="8" class="mark-paper"/>'
    '<path class="mark-ink" d="M8 23c5-1 9-5 14-15-2 9-5 14-9 15m-5 0h10" fill="none" '
    'stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round"/></svg>'
)


def header(t: Texts) -> str:
    """Return the name, what it is for, and the switch between light and dark."""
    return (
        f'<div class="brand">{_MARK}<div><h1>Notewright</h1>'
        f"<p>{escape(t('page.tagline'))}</p></div>"
        f'<button type="button" class="theme" onclick="notewright.theme()" '
        f'aria-label="{escape(t("page.theme"))}" title="{escape(t("page.theme"))}">◐</button></div>'
    )


def models_state(loading: Loading, t: Texts) -> str:
    """Return one line about the models while they load or when they cannot; else nothing."""
    if loading.state == "failed":
        return status_line(t("models.failed", why=told(loading.message, t.language)), kind="error")
    if loading.state == "loading":
        return status_line(t("models.loading", seconds=loading.seconds_left()))
    return ""
