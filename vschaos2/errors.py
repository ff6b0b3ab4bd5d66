"""The one kind of error that is the user's to mend."""


class InputError(ValueError):
    """A wrong argument, path, key or file.

    Its message is one line: what is wrong, where, the value received and the remedy. The
    command-line programs print that line and exit with code 2; nothing else is shown.
    """
