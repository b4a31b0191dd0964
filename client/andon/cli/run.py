"""`andon run`: ask, wait, take the release, run, report.

::

    asked --> waiting --> claiming --> COMMAND runs --> reported
      |          |           |
      +----------+-----------+--> not run: one sentence, and the exit code that fits

A signal ends the asking and takes the question back. Before the release is used, signals are
deferred: either COMMAND has them all, or it never starts. Killed on the way, the next run of the
same takes the question up, and the release too, unless COMMAND may have begun.
"""

from argparse import Namespace
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from signal import Signals
from typing import TYPE_CHECKING, Any

from andon.cli import asking, command, ends, words
from andon.cli.asking import Question
from andon.cli.command import CannotStartError, UnusableError
from andon.cli.display import Display, display
from andon.cli.ends import End
from andon.cli.exits import Exit
from andon.cli.result_file import ResultFile
from andon.cli.signals import Interrupted, deferred, ending_asks, raise_pending
from andon.cli.unfinished import Unfinished

if TYPE_CHECKING:
    from andon.cli.running import Ended
    from andon.client import Client
    from andon.grants import Grant
    from andon.models import Escalation

#: Seconds to take a question back in: whoever interrupts does not want to wait. And to report in.
HASTE_S, REPORT_S = 5.0, 30.0


def run(asked: Namespace, argv: Sequence[str]) -> int:
    """The command; its exit code."""
    shown = display(as_json=asked.json)
    try:
        file = ResultFile(asked.result_file)
    except UnusableError as error:
        shown.end(ends.usage(error).as_json())
        return Exit.USAGE
    end = Run(asked, argv, shown).to_its_end()
    try:
        file.write(end.as_json())
    except OSError as error:
        shown.say(f"--result-file {asked.result_file}: {error.strerror}, so it is missing.")
    shown.end(end.as_json())
    return end.exit_code


class Run:
    """One COMMAND, from the question to the report."""

    def __init__(self, asked: Namespace, argv: Sequence[str], shown: Display) -> None:
        self._asked, self._argv, self._shown = asked, argv, shown
        self._escalation: Escalation | None = None
        self._left: Unfinished | None = None
        self._is_joined = self._is_claiming = self._stays = False

    def to_its_end(self) -> End:
        """Whatever happens, how it ended."""
        end, e = self._ended(), self._escalation
        if self._left is not None:
            if not self._stays and end.reason != "unavailable":
                self._left.forget()
            self._left.close()
        return end if e is None else replace(end, id=end.id or e.id, digest=end.digest or e.digest)

    def _ended(self) -> End:
        from andon.errors import AndonError

        try:
            with ending_asks():
                return self._asked_and_run()
        except UnusableError as error:
            return ends.usage(error)
        except CannotStartError as error:
            return ends.unstartable(error)
        except AndonError as error:
            return ends.of_error(error)
        except Interrupted as interrupted:
            return self._interrupted(interrupted)
        except Exception as error:
            return ends.broken(error)  # before COMMAND: what is after it lets nothing out

    def _asked_and_run(self) -> End:
        from andon.errors import TakenError

        question = Question.of(self._asked, self._argv)
        command.startable(self._argv)
        request = question.request(self._asked)
        with asking.client(self._shown, self._asked.patience) as client:
            known = client.settings
            left = self._left = Unfinished(known.state, known.url, request)
            earlier = self._earlier(client, left)
            if earlier is not None:
                with suppress(TakenError):  # it began to run, and nobody knows how far it came
                    return self._waited(client, question, earlier)
            self._is_claiming = False
            return self._waited(client, question, self._opened(client, request, left))

    def _waited(self, client: "Client", question: Question, found: "Escalation") -> End:
        from andon.flow.endings import not_released

        found = self._escalation = client.wait(found, on_change=self._shown.show)
        if (ended := not_released(found)) is not None:
            raise ended
        if why := self._changed(question):
            return ends.changed(why)
        self._is_claiming = True
        grant = client.claim(found, question.operation, options=question.options)
        return self._released(found, grant)

    def _opened(self, client: "Client", request: dict[str, Any], left: Unfinished) -> "Escalation":
        found = self._escalation = client.open(**request)
        self._is_joined = found.occurrences > 1
        left.remember(found.id)
        return found

    def _earlier(self, client: "Client", left: Unfinished) -> "Escalation | None":
        """What a run that was killed asked, where an answer to that may still be used."""
        from andon.errors import RefusedRequestError

        if left.id is None:
            return None
        try:
            found = client.get(left.id)
        except RefusedRequestError:
            return None
        state = found.operation.state if found.operation else None
        if found.status not in ("pending", "approved") or state not in ("held", "released"):
            return None
        self._escalation = found
        self._shown.say(f"An earlier run of this asked already, as {found.id}.")
        return found

    def _changed(self, question: Question) -> str | None:
        """Digested again: the directory may be another, COMMAND may be gone."""
        try:
            now = Question.of(self._asked, self._argv)
            command.startable(self._argv)
        except (UnusableError, CannotStartError) as error:
            return words.plain(str(error))
        same = now.digest == question.digest
        return None if same else "What would run has changed since people were asked"

    # -- it is released -----------------------------------------------------------------------

    def _released(self, found: "Escalation", grant: "Grant") -> End:
        ended: Ended | None = None
        trouble = "Its report was interrupted."
        try:
            with deferred() as blocked:
                raise_pending()
                self._shown.say(f"Released. {words.chosen(found)}")
                try:
                    ended = self._started(blocked)
                except CannotStartError as error:
                    trouble = self._report(found, "failed", f"It did not start: {error}")
                    return ends.unstartable(error, is_reported=not trouble)
            trouble = self._report(found, ended.result, ended.detail)
        except Interrupted:
            if ended is None:
                raise  # nothing has started
        return ends.ran(found, grant, ended, trouble)

    def _started(self, blocked: "set[Signals]") -> "Ended":
        from andon.cli.running import run

        return run(self._argv, tail=self._asked.tail, blocked=blocked)

    def _report(self, found: "Escalation", result: str, detail: str) -> str:
        """Why the outcome did not reach Andon, which changes nothing of what happened; or empty."""
        try:
            with asking.client(self._shown, min(REPORT_S, self._asked.patience)) as client:
                client.report(found.id, result, detail)
        except Exception as error:
            return f"Its outcome is not reported. {words.plain(getattr(error, 'why', repr(error)))}"
        return ""

    # -- somebody wants it to end -------------------------------------------------------------

    def _interrupted(self, interrupted: Interrupted) -> End:
        from andon.errors import AndonError

        e = self._escalation
        if e is None:
            then = "If people were asked already, `andon list --status pending` shows it."
            return ends.interrupted(interrupted.number, then)
        try:
            with ending_asks(), asking.client(self._shown, HASTE_S) as client:
                then = self._taken_back(client, e, interrupted)
        except Interrupted:
            self._stays = True
            then = f"The question stays; `andon withdraw {e.id} --reason …` takes it back."
        except AndonError as error:
            self._stays = True
            then = f"The question may stay. {words.plain(error.why)}"
        return ends.interrupted(interrupted.number, then)

    def _taken_back(self, client: "Client", e: "Escalation", interrupted: Interrupted) -> str:
        if self._is_claiming:
            return self._given_up(client, e, interrupted)
        if self._is_joined:
            return f"Another run asked first and still waits; `andon withdraw {e.id}` ends that."
        client.withdraw(e.id, f"{interrupted} ended the command that waited for it.")
        return "The question is withdrawn."

    def _given_up(self, client: "Client", e: "Escalation", interrupted: Interrupted) -> str:
        """It was released; whether the claim came through, the server knows."""
        from andon.errors import RefusedRequestError

        try:
            client.report(e.id, "failed", f"It did not start: {interrupted} came first.")
        except RefusedRequestError:
            self._stays = True
            return "It is released; run it again soon, or the release lapses."
        return "The release is used up."
