"""How the page looks: paper, ink and one quiet green. Fonts are those the reader already has."""

from pathlib import Path

from gradio.themes import Base, Color, Size

STATIC = Path(__file__).parent / "static"
SANS = (
    "system-ui",
    "-apple-system",
    "Segoe UI",
    "Roboto",
    "PingFang SC",
    "Microsoft YaHei",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "WenQuanYi Micro Hei",
    "sans-serif",
)
MONO = ("ui-monospace", "SF Mono", "Cascadia Mono", "Menlo", "Consolas", "monospace")

_PINE = Color(
    name="pine", c50="#eef6f3", c100="#d6e9e2", c200="#afd3c6", c300="#82b8a6", c400="#559a85",
    c500="#3a7f6b", c600="#2c6656", c700="#245246", c800="#1f4239", c900="#1b3730", c950="#0c1f1b",
)  # fmt: skip
_PAPER = Color(
    name="paper", c50="#fbfaf7", c100="#f5f3ee", c200="#e9e6de", c300="#d8d3c8", c400="#a8a296",
    c500="#7b766b", c600="#5b574e", c700="#43403a", c800="#2a2926", c900="#1d1c1a", c950="#141412",
)  # fmt: skip
_RADII = Size(
    name="soft", xxs="3px", xs="4px", sm="6px", md="8px", lg="12px", xl="16px", xxl="24px"
)

_COLOURS = {
    "body_background_fill": "*neutral_100",
    "body_background_fill_dark": "#171715",
    "body_text_color": "#26241f",
    "body_text_color_dark": "#e9e6de",
    "body_text_color_subdued": "#6a655b",
    "body_text_color_subdued_dark": "#a8a296",
    "background_fill_primary": "#fffefb",
    "background_fill_primary_dark": "#1f1e1b",
    "background_fill_secondary": "*neutral_100",
    "background_fill_secondary_dark": "#171715",
    "block_background_fill": "transparent",
    "block_background_fill_dark": "transparent",
    "block_border_width": "0px",
    "block_border_width_dark": "0px",
    "block_padding": "0px",
    "block_shadow": "none",
    "block_shadow_dark": "none",
    "block_label_background_fill": "transparent",
    "block_label_background_fill_dark": "transparent",
    "block_title_text_weight": "600",
    "block_title_text_size": "*text_sm",
    "block_title_text_color": "#43403a",
    "block_title_text_color_dark": "#d8d3c8",
    "block_info_text_color": "#6a655b",
    "block_info_text_color_dark": "#a8a296",
    "border_color_primary": "*neutral_200",
    "border_color_primary_dark": "#34322e",
    "input_background_fill": "#ffffff",
    "input_background_fill_dark": "#191816",
    "input_background_fill_focus": "#ffffff",
    "input_background_fill_focus_dark": "#191816",
    "input_border_color": "#d8d3c8",
    "input_border_color_dark": "#403d38",
    "input_border_width": "1px",
    "input_border_width_dark": "1px",
    "input_placeholder_color": "#8a8477",
    "input_placeholder_color_dark": "#7d776c",
    "input_shadow": "none",
    "input_shadow_focus": "none",
    "button_primary_background_fill": "*primary_600",
    "button_primary_background_fill_hover": "*primary_700",
    "button_primary_background_fill_dark": "#3f8b76",
    "button_primary_background_fill_hover_dark": "#4a9c85",
    "button_primary_text_color": "#ffffff",
    "button_primary_text_color_dark": "#0c1613",
    "button_secondary_background_fill": "#ffffff",
    "button_secondary_background_fill_dark": "#262521",
    "button_secondary_background_fill_hover": "*neutral_100",
    "button_secondary_background_fill_hover_dark": "#302e2a",
    "button_secondary_border_color": "*neutral_300",
    "button_secondary_border_color_dark": "#45423c",
    "button_border_width": "1px",
    "button_border_width_dark": "1px",
    "button_large_radius": "8px",
    "button_small_radius": "6px",
    "slider_color": "*primary_500",
    "slider_color_dark": "#559a85",
    "loader_color": "*primary_500",
}


def make_theme() -> Base:
    """Return the theme for `launch`; page.css draws what Gradio does not know about."""
    theme = Base(
        primary_hue=_PINE,
        secondary_hue=_PINE,
        neutral_hue=_PAPER,
        radius_size=_RADII,
        font=SANS,
        font_mono=MONO,
    )
    return theme.set(**_COLOURS)
