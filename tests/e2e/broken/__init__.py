"""The site with pages that break, to see what the log says of it."""
