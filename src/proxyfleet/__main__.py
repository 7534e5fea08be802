"""`python -m proxyfleet` and the `proxyfleet` command; starts the command line and does nothing else."""

import sys


def main() -> int:
    """Run the command line; returns its exit code."""
    from proxyfleet.cli.app import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
