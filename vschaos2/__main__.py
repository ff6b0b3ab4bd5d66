"""`python -m vschaos2 PROGRAM …`, the same as the command `vschaos2`."""

from vschaos2.programs.main import start

# As of a script: further processes of a training are then started with sys.argv, and not with
# `python -m` and the name of this module, which would lack the program's.
__spec__ = None

if __name__ == "__main__":
    start()
