"""Everything that is kept, in one folder or tar file, and back: the database as of one moment, and its files."""
