"""What every page and every call costs after years: a small history against a large one, side by side."""
