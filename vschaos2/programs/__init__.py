"""The programs: each reads its arguments, and calls the package."""
