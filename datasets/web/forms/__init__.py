"""The forms of the pages of data sets."""
