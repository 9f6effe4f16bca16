"""The template tag ``lucide``, which draws each icon once and then remembers it."""

from functools import lru_cache

from django import template
from django.utils.safestring import SafeString
from lucide.templatetags import lucide as drawing

register = template.Library()


@register.simple_tag
@lru_cache(maxsize=1024)
def lucide(name: str, *, size: int | None = 24, **attributes: object) -> SafeString:
    """The icon as SVG; ``attributes`` are those of its element."""
    return SafeString(drawing.lucide(name, size=size, **attributes))
