"""`python -m proxyfleet` and the `proxyfleet` command; starts the command line and does nothing else."""

import sys

OLDEST = (3, 11)
INTERRUPTED = 130


def main() -> int:
    """Run the command line; returns its exit code. What is missing to do so is one clear line (PROMISES R23)."""
    if sys.version_info[:2] < OLDEST:
        return _refuse(f"Python {sys.version.split()[0]} is too old; use Python 3.11 or newer")
    try:
        from proxyfleet.cli.app import main as run

        return run()
    except ImportError as error:
        return _refuse(f"{error}; install proxyfleet again, with its dependencies")
    except KeyboardInterrupt:  # before or after the command itself, which has its own way to end
        return INTERRUPTED


def _refuse(problem: str) -> int:
    sys.stderr.write(f"error: {problem}\n")
    return 3


if __name__ == "__main__":
    sys.exit(main())
