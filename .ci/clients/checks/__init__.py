"""The checks, one subject per file. Importing a module registers what it checks."""
