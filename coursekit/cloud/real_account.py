"""What the guards of all real accounts have in common.

Each asks for the account by name, lets through only what the chapters need, refuses what costs
money until it is confirmed for one call, marks all that it makes with the id of its run, and tears
it down. It is a seat belt, not a wall: whoever wants to can go around it in Python. A budget alert
and an identity with few rights are the wall.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, NoReturn, Self

from coursekit.ground.errors import CourseError

TAG = "coursekit"
_lock = threading.RLock()


@dataclass(frozen=True)
class Left:
    """One resource that is still there.

    Attributes
    ----------
    kind : str
        Such as ``"server"``, ``"bucket"`` or ``"resource group"``.
    id : str
        What removing it takes.
    run : str
        The run of the course that made it.
    """

    kind: str
    id: str
    run: str


class RealAccount:
    """A guarded account, of which a kernel has one of each kind.

    A kind says how to reach its provider: ``_find``, ``_remove``, ``_install``, ``_uninstall``.

    Attributes
    ----------
    run : str
        The id of this run. Everything made carries it, under the name ``coursekit``.
    """

    NAME: ClassVar[str]  # "AWS account": what is typed, for messages
    ASKS_FOR: ClassVar[str]  # "number of your AWS account"
    VARIABLE: ClassVar[str]  # who answers where there is nobody to ask
    CONSOLE: ClassVar[str]  # where to delete by hand
    CALLED: ClassVar[str] = "cloud"  # the variable's name in the chapters
    _running: ClassVar[Self | None] = None

    def __init__(self) -> None:
        self.run = secrets.token_hex(4)
        self._confirmed: list[str] = []

    @classmethod
    def _of_this_kernel(cls, make: Callable[[str], Self]) -> Self:
        """Return the guard that stands, or ask for the account and put one up."""
        with _lock:
            if cls._running is None:
                guard = make(os.environ.get(cls.VARIABLE) or cls._hear())
                guard._install()
                cls._running = guard
            return cls._running

    @classmethod
    def _hear(cls) -> str:
        """Ask the learner which account it is."""
        try:
            # `input` is looked up here: a kernel replaces it.
            return input(f"COURSEKIT_CLOUD=real: type the {cls.ASKS_FOR}: ")
        except Exception as error:  # each front end without a keyboard has an exception of its own
            raise CourseError(
                f"COURSEKIT_CLOUD=real, but there is nobody to ask for the {cls.NAME}.",
                f"Set {cls.VARIABLE} to the {cls.ASKS_FOR}, or unset COURSEKIT_CLOUD.",
            ) from error

    @property
    def _identity(self) -> str:
        """What was typed and reported, such as the number of the account."""
        raise NotImplementedError

    def confirm(self, operation: str) -> None:
        """Let the next call of one operation through although it may cost money.

        Parameters
        ----------
        operation : str
            As the SDK spells it, and as the refusal named it: ``"allocate_address"``.
        """
        self._confirmed.append(_plain(operation))

    def left(self, *, every_run: bool = False) -> list[Left]:
        """Return what the course made in this account and is still there.

        Parameters
        ----------
        every_run : bool
            What other runs left, too, such as a kernel that was killed.
        """
        return self._find(None if every_run else self.run)

    def tear_down(self, *, every_run: bool = False) -> list[Left]:
        """Remove all that `left` finds, look again, and return what was removed.

        Raises
        ------
        CourseError
            When something is still there afterwards; it is named.
        """
        removed = self.left(every_run=every_run)
        self._remove(removed)
        still = self.left(every_run=every_run)
        if still:
            raise CourseError(
                f"Still there: {', '.join(f'{one.kind} {one.id}' for one in still)}.",
                f"Call tear_down() again in a minute; if it stays, delete it in {self.CONSOLE}.",
            )
        return removed

    def stop(self) -> None:
        """Take the guard away. Stopping twice does no harm.

        Raises
        ------
        CourseError
            When something that this run made is still there; the guard then stays.
        """
        with _lock:
            if type(self)._running is not self:
                return
            if still := self.left():
                raise CourseError(
                    f"{len(still)} things of this run are still in {self.NAME} {self._identity}.",
                    f"Remove them first: {self.CALLED}.tear_down()",
                )
            self._uninstall()
            type(self)._running = None

    def _take_confirmation(self, operation: str) -> bool:
        wanted = _plain(operation)
        if wanted in self._confirmed:
            self._confirmed.remove(wanted)
            return True
        return False

    def _find(self, run: str | None) -> list[Left]:
        """Return what a run, or every run, has left behind."""
        raise NotImplementedError

    def _remove(self, left: list[Left]) -> None:
        """Remove it; what stays is found by who looks again."""
        raise NotImplementedError

    def _install(self) -> None:
        """Stand in front of every client of the SDK in this kernel."""
        raise NotImplementedError

    def _uninstall(self) -> None:
        raise NotImplementedError

    def _describe(self, more: str = "") -> str:
        return (
            f"A real {self.NAME}: {self._identity}{more}, guarded by the course.\n"
            f"What you make gets the tag {TAG}={self.run}. When you have finished:"
            f" {self.CALLED}.tear_down()"
        )

    def __repr__(self) -> str:
        return self._describe()


def _plain(operation: str) -> str:
    return operation.replace("_", "").lower()


def require_free(
    operation: str, reason: str, confirmed: Callable[[str], bool], called: str = "cloud"
) -> None:
    """Raise `CourseError` if there is a reason against a call and nobody confirmed it.

    Parameters
    ----------
    operation : str
        As the SDK spells it.
    reason : str
        Why it has to be confirmed, as it follows the operation's name; nothing lets it through.
    confirmed : callable
        Takes a confirmation of the operation, if there is one.
    called : str
        What the chapters call the account.
    """
    if reason and not confirmed(operation):
        raise CourseError(
            f"{operation} {reason}.",
            f'If you want it, confirm it for one call: {called}.confirm("{operation}")',
        )


def refuse_operation(operation: str, provider: str) -> NoReturn:
    """Raise `CourseError` for what no chapter does."""
    raise CourseError(
        f"{operation} is not among the operations that the course allows in a real account.",
        f"Use the course's own {provider} for it: unset COURSEKIT_CLOUD and restart the kernel.",
    )


def refuse_foreign(thing: str, operation: str, run: str) -> NoReturn:
    """Raise `CourseError` for a call that would touch what this run has not made."""
    raise CourseError(
        f"{thing} was not made by this run of the course; {operation} leaves it alone.",
        f"Is it the right one? What this run made has the tag {TAG}={run}.",
    )


def require_typed(typed: str, reported: str, name: str, look_up: str) -> None:
    """Raise `CourseError` unless what was typed is what the provider reports."""
    if typed.strip().lower() != reported.lower():
        raise CourseError(
            f"The {name} that was typed is not the one that these credentials belong to.",
            f"Look it up ({look_up}) and decide whether it is the right one.",
        )
