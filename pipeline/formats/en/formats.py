"""Dates that read the same everywhere, with the seconds that events differ by."""

DATE_FORMAT = "j M Y"
DATETIME_FORMAT = "j M Y, H:i:s"
