"""`measure`: measurements that are logged in order, and made once however often a run is resumed."""

from __future__ import annotations

from typing import Any, Sequence

from tfnas.evaluators.base import Evaluator, Outcome
from tfnas.runlog import outcome_fields
from tfnas.search.journal import Journal
from tfnas.trial import Proposal


def measure(
    journal: Journal,
    evaluator: Evaluator,
    event: str,
    proposals: Sequence[Proposal],
    seeds: Sequence[int],
    fields: Sequence[dict[str, Any]],
) -> list[Outcome]:
    """Measures what the log does not hold yet, and records outcomes in order.

    Outcomes that come before their turn are set aside on disk until it is theirs.

    Args:
        journal: The log.
        evaluator: What measures.
        event: Kind of the events.
        proposals: What to measure.
        seeds: A seed for each.
        fields: Further fields of each event; their values tell the events of one kind apart.

    Returns:
        The outcomes, in the order of the proposals.
    """
    names = ["-".join([event, *(str(value) for value in field.values())]) for field in fields]
    outcomes: dict[int, Outcome] = {}
    turn = 0

    def measured(index: int) -> dict[str, Any]:
        return {"seed": seeds[index], **proposals[index].to_dict()}

    def settle() -> None:
        nonlocal turn
        while turn in outcomes:
            journal.record(event, **fields[turn], **outcome_fields(outcomes[turn]))
            journal.drop_aside(names[turn])
            turn += 1

    while turn < len(proposals):
        old = journal.old_outcome(event)
        if old is None:
            break
        outcomes[turn] = old
        settle()
    for index in range(turn, len(proposals)):
        kept = journal.take_aside(names[index], measured(index))
        if kept is not None:
            outcomes[index] = kept
    settle()
    missing = [index for index in range(turn, len(proposals)) if index not in outcomes]
    if missing:
        stream = evaluator.stream([proposals[index] for index in missing], seeds=[seeds[index] for index in missing])
        for position, outcome in stream:
            index = missing[position]
            outcomes[index] = outcome
            if index != turn:
                journal.set_aside(names[index], measured(index), outcome)
            settle()
    return [outcomes[index] for index in range(len(proposals))]
