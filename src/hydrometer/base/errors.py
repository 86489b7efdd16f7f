"""The one tree of errors: each says where, what was found, what was expected and what to do about it.

HydrometerError
├── UserError            a mistake that the user can mend; no traceback is ever shown
│   ├── UsageError       wrong option, argument or file of configuration       exit 2
│   ├── InputError       the input yields no exchange, or is refused           exit 3
│   ├── PackError        a mapping pack breaks its rules                       exit 2
│   └── RunError         a run folder is missing, damaged or in the way        exit 2
└── BugError             our fault: an invariant does not hold                 exit 4
    └── PluginError      a plug-in file is broken                              exit 4
"""

from __future__ import annotations


class HydrometerError(Exception):
    """Base of all errors; its text is the message that a person reads.

    Args:
        where: file, line, option or stage in which it happened.
        found: what stood there.
        expected: what would have been right.
        remedy: what to do next, as an order.
    """

    exit_code = 4

    def __init__(self, where: str, found: str, expected: str, remedy: str) -> None:
        super().__init__(where, found, expected, remedy)
        self.where, self.found, self.expected, self.remedy = where, found, expected, remedy

    def __str__(self) -> str:
        return f"{self.where}\n  found:    {self.found}\n  expected: {self.expected}\n  remedy:   {self.remedy}"


class UserError(HydrometerError):
    """A mistake that the user can mend."""

    exit_code = 2


class UsageError(UserError):
    """Wrong option, argument or configuration."""


class InputError(UserError):
    """An input that yields no exchange, or that is refused."""

    exit_code = 3


class PackError(UserError):
    """A mapping pack that breaks the rules of packs."""


class RunError(UserError):
    """A run folder that is missing, damaged or in the way."""


class BugError(HydrometerError):
    """An invariant of ours does not hold."""


class PluginError(BugError):
    """A plug-in file that cannot be used."""
