"""`python -m proxyfleet` and the `proxyfleet` command; starts the command line and does nothing else."""

import sys


def main() -> int:
    """Run the command line; returns its exit code."""
    sys.stdout.write("")
    return 0


if __name__ == "__main__":
    sys.exit(main())
