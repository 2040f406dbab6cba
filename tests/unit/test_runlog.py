"""The event log of a run."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import zlib

import pytest

from tfnas import Architecture, Failure, Measurement, Proposal, Split, Trial, __version__
from tfnas.errors import RunFolderError
from tfnas.runlog import FILE_NAME, FORMAT, EventLog, RunRecord, comparable, outcome_fields, outcome_of, read_events

ARCH = Architecture("toy", ("a", "b"), ((0, 1),))


def _write(folder, count: int = 5):
    folder.mkdir(parents=True, exist_ok=True)
    log = EventLog(folder)
    for k in range(count):
        log.append("result", trial=k, text=f"ä {k}", measurement=Measurement(k / 10).to_dict())
    log.close()
    return folder / FILE_NAME


def _lines(path):
    return path.read_bytes().splitlines(keepends=True)


def test_events_come_back(tmp_path):
    log = EventLog(tmp_path)
    written = [log.append("start", format=FORMAT, seed=3, nested={"a": [1, None, "ä\n"]})]
    written += [log.append("proposal", trial=k) for k in range(3)]
    assert len(log) == 4
    assert read_events(tmp_path) == tuple(written)  # before the log is closed
    log.close()
    assert [event["n"] for event in read_events(tmp_path)] == [0, 1, 2, 3]
    assert written[0]["nested"] == {"a": [1, None, "ä\n"]} and written[0]["time"] > 1.6e9


def test_the_chain_is_a_checksum_over_everything_before(tmp_path):
    path = _write(tmp_path)
    chain = 0
    for line in _lines(path):
        body, _, _ = line.decode().rpartition(',"chain":')
        chain = zlib.crc32(f"{body}}}".encode(), chain)
        assert json.loads(line)["chain"] == chain


def test_a_log_goes_on_where_it_was(tmp_path):
    _write(tmp_path, 2)
    log = EventLog(tmp_path, read_events(tmp_path))
    log.append("resume")
    log.close()
    assert [(event["n"], event["event"]) for event in read_events(tmp_path)] == [
        (0, "result"), (1, "result"), (2, "resume"),
    ]  # fmt: skip


def test_a_half_written_last_line_is_passed_over(tmp_path):
    path = _write(tmp_path)
    whole = path.read_bytes()
    ends = [position + 1 for position, byte in enumerate(whole) if byte == 10]
    for length in range(ends[2], len(whole)):
        path.write_bytes(whole[:length])
        complete = sum(end <= length for end in ends)
        assert len(read_events(tmp_path)) == complete
        assert path.stat().st_size == length
        assert len(read_events(tmp_path, repair=True)) == complete
        assert path.read_bytes() == whole[: ends[complete - 1]]


def test_a_repaired_log_goes_on(tmp_path):
    path = _write(tmp_path)
    path.write_bytes(path.read_bytes()[:-7])
    log = EventLog(tmp_path, read_events(tmp_path, repair=True))
    log.append("resume")
    assert [event["event"] for event in read_events(tmp_path)] == ["result"] * 4 + ["resume"]


def test_every_changed_byte_is_noticed(tmp_path):
    path = _write(tmp_path, 3)
    whole = path.read_bytes()
    for position in range(len(whole) - 1):
        changed = bytearray(whole)
        changed[position] ^= 1
        path.write_bytes(changed)
        with pytest.raises(RunFolderError, match=FILE_NAME):
            read_events(tmp_path)


def test_a_changed_digit_names_its_line(tmp_path):
    path = _write(tmp_path)
    path.write_bytes(path.read_bytes().replace(b'"objective":0.3', b'"objective":0.9'))
    message = "line 4:.*received a line that was changed, removed or inserted later.*first 3 lines are intact"
    with pytest.raises(RunFolderError, match=message):
        read_events(tmp_path)


def test_a_line_with_a_checksum_of_its_own_is_noticed(tmp_path):
    path = _write(tmp_path)
    lines = _lines(path)
    body = lines[2].decode().rpartition(',"chain":')[0].replace("0.2", "0.9") + "}"
    chain = zlib.crc32(body.encode(), json.loads(lines[1])["chain"])  # right for this line, not for the next
    lines[2] = f'{body[:-1]},"chain":{chain}}}\n'.encode()
    path.write_bytes(b"".join(lines))
    with pytest.raises(RunFolderError, match="line 4"):
        read_events(tmp_path)


@pytest.mark.parametrize(
    ("change", "number"),
    [
        (lambda lines: lines[:1] + lines[2:], 2),  # removed
        (lambda lines: lines[1:], 1),  # removed at the start
        (lambda lines: lines[:3] + lines[2:], 4),  # inserted
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], 2),  # swapped
        (lambda lines: lines[:2] + [b"\n"] + lines[2:], 3),  # an empty line
        (lambda lines: lines[:2] + [b"note\n"] + lines[2:], 3),
        (lambda lines: lines[:2] + [b'{"n":2,"event":"result"}\n'] + lines[2:], 3),
        (lambda lines: lines + [b'{"n":5,"event":"result","chain":1}\n'], 6),
    ],
)
def test_changed_sequences_are_noticed(tmp_path, change, number):
    path = _write(tmp_path)
    path.write_bytes(b"".join(change(_lines(path))))
    with pytest.raises(RunFolderError, match=rf"events.jsonl, line {number}:.*first {number - 1} lines are intact"):
        read_events(tmp_path)


def test_lines_of_another_run_are_noticed(tmp_path):
    one = _lines(_write(tmp_path / "one"))
    (tmp_path / "two").mkdir()
    log = EventLog(tmp_path / "two")
    for k in range(5):
        log.append("result", trial=k + 10)
    path = tmp_path / "two" / FILE_NAME
    path.write_bytes(b"".join(one[:2] + _lines(path)[2:]))
    with pytest.raises(RunFolderError, match="line 3"):
        read_events(tmp_path / "two")


@pytest.mark.parametrize("content", [b"", b"{", b'{"n":0,"event":"start"'])
def test_a_log_without_a_complete_line(tmp_path, content):
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(RunFolderError, match=rf"{len(content)} bytes and no complete line.*delete the folder"):
        read_events(tmp_path, repair=True)
    assert (tmp_path / FILE_NAME).read_bytes() == content


@pytest.mark.parametrize("content", [bytes(range(256)) * 4, b"\x00" * 64 + b"\n", b"\x89PNG\r\n\x1a\n", b"a,b\n1,2\n"])
def test_a_file_that_is_no_log(tmp_path, content):
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(RunFolderError, match="events.jsonl, line 1: expected the line as .* wrote it; received b"):
        read_events(tmp_path, repair=True)
    assert (tmp_path / FILE_NAME).read_bytes() == content


def test_a_folder_without_a_log(tmp_path):
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(RunFolderError, match=f"run folder {folder}: expected a folder with events.jsonl"):
            read_events(folder)
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(RunFolderError, match="expected a readable file"):
        read_events(tmp_path)


def test_a_log_that_cannot_be_opened(tmp_path):
    with pytest.raises(RunFolderError, match="event log .*expected a file that can be written; received No such file"):
        EventLog(tmp_path / "none")


class _FullDisk:
    """A file that takes `space` more bytes."""

    def __init__(self, file, space: int, number: int) -> None:
        self._file, self._space, self._number = file, space, number

    def write(self, data) -> int:
        if self._space <= 0:
            raise OSError(self._number, os.strerror(self._number))
        taken = self._file.write(bytes(data)[: self._space])
        self._space -= taken
        return taken

    def __getattr__(self, name):
        return getattr(self._file, name)


@pytest.mark.parametrize("space", [0, 1, 40])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_full_disk(tmp_path, monkeypatch, space, number):
    log = EventLog(tmp_path)
    log.append("start", format=FORMAT)
    log.append("result", trial=0)
    monkeypatch.setattr(log, "_file", _FullDisk(log._file, space, number))
    remedy = "Mend that" if number == errno.EIO else "Free some space"
    message = rf"{os.strerror(number)}. The first 2 events are safe. {remedy}, then go on with `tfnas resume`"
    with pytest.raises(RunFolderError, match=message):
        log.append("result", trial=1)
    assert [event["event"] for event in read_events(tmp_path)] == ["start", "result"]
    monkeypatch.setattr(log, "_file", log._file._file)
    log.append("interrupt")  # with room again, what follows is not glued to half a line
    log.close()
    assert [event["event"] for event in read_events(tmp_path)] == ["start", "result", "interrupt"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_real_limit_on_the_size_of_files(tmp_path):
    script = (
        "import resource, sys; from tfnas.runlog import EventLog\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))\n"
        "log = EventLog(sys.argv[1])\n"
        "for k in range(100): log.append('result', trial=k)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=False)
    events = read_events(tmp_path)
    assert 5 < len(events) < 20 and [event["trial"] for event in events] == list(range(len(events)))
    assert f"The first {len(events)} events are safe. Free some space" in done.stderr
    assert (tmp_path / FILE_NAME).read_bytes().endswith(b"}\n")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object()])
def test_values_that_json_cannot_hold_leave_the_log_whole(tmp_path, value):
    log = EventLog(tmp_path)
    log.append("start")
    with pytest.raises((TypeError, ValueError)):
        log.append("result", value=value)
    log.append("result", value=1)
    assert [event["n"] for event in read_events(tmp_path)] == [0, 1]


def test_events_are_written_by_a_process_that_is_killed(tmp_path):
    script = (
        "import os, signal, sys; from tfnas.runlog import EventLog\n"
        "log = EventLog(sys.argv[1])\n"
        "for k in range(50): log.append('result', trial=k)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, tmp_path], check=False)
    assert len(read_events(tmp_path)) == 50


def _search(folder, cost: float, objective: float = 0.5, interrupted: bool = False):
    folder.mkdir()
    log = EventLog(folder)
    log.append("start", format=FORMAT, seed=0)
    if interrupted:
        log.append("interrupt", reason="keyboard")
        log.append("resume")
    measurement = Measurement(objective, {"loss": 1.0}, cost_s=cost)
    log.append("result", trial=0, many=[{"cost_s": cost, "a": 1}], **outcome_fields(measurement))
    log.close()
    return read_events(folder)


def test_comparable_passes_over_times_and_interrupts_only(tmp_path):
    one = _search(tmp_path / "one", 1.0)
    two = _search(tmp_path / "two", 2.0, interrupted=True)
    other = _search(tmp_path / "other", 1.0, objective=0.6)
    assert one != two and list(comparable(one)) == list(comparable(two))
    assert list(comparable(one)) != list(comparable(other))
    assert list(comparable(one)) == [
        {"event": "start", "format": FORMAT, "seed": 0},
        {
            "event": "result",
            "trial": 0,
            "many": [{"a": 1}],
            "measurement": {"objective": 0.5, "metrics": {"loss": 1.0}, "split": "validation", "fidelity": None},
        },
    ]
    assert one[1]["measurement"]["cost_s"] == 1.0  # the events themselves are left alone


@pytest.mark.parametrize("outcome", [Measurement(0.5, {"loss": 2.0}, Split.TEST, 3, 1.5), Failure("no memory", 2.0)])
def test_outcomes_travel_in_events(tmp_path, outcome):
    log = EventLog(tmp_path)
    log.append("result", trial=0, **outcome_fields(outcome))
    assert outcome_of(read_events(tmp_path)[0]) == outcome


def _full_run(folder) -> None:
    log = EventLog(folder)
    log.append("start", format=FORMAT, versions={"tfnas": __version__}, budget=3)
    for k in range(3):
        proposal = Proposal(ARCH, "random").to_dict()
        log.append("proposal", trial=k, proposal=proposal, key=f"key{k}", native=f"native{k}", seed=100 + k)
    log.append("result", trial=1, **outcome_fields(Failure("no memory")))
    log.append("result", trial=0, **outcome_fields(Measurement(0.5)))
    log.append("interrupt", reason="keyboard")
    log.append("resume")
    log.append("resume")
    log.append("finish", reason="budget")
    log.append("recheck", trial=0, **outcome_fields(Measurement(0.4)))
    log.append("recheck", trial=0, **outcome_fields(Failure("killed")))
    log.append("choice", trial=0, ties=[])
    log.append("final", trial=0, **outcome_fields(Measurement(0.3, split=Split.TEST)))
    log.close()


def test_a_run_record_is_what_the_log_says(tmp_path):
    _full_run(tmp_path)
    record = RunRecord.read(tmp_path)
    assert record.start["budget"] == 3
    assert record.trials == (
        Trial(0, Proposal(ARCH), Measurement(0.5)),
        Trial(1, Proposal(ARCH), Failure("no memory")),
        Trial(2, Proposal(ARCH), None),
    )
    assert record.keys == ("key0", "key1", "key2") and record.natives == ("native0", "native1", "native2")
    assert record.seeds == (100, 101, 102)
    assert record.rechecks == {0: (Measurement(0.4), Failure("killed"))}
    assert record.choice["trial"] == 0 and record.final == Measurement(0.3, split=Split.TEST)
    assert record.finished == "budget" and record.resumes == 2
    assert record.last_time == read_events(tmp_path)[-1]["time"]


def test_a_run_that_was_cut_short_has_a_record(tmp_path):
    _full_run(tmp_path)
    lines = _lines(tmp_path / FILE_NAME)
    for count in range(1, len(lines)):
        (tmp_path / FILE_NAME).write_bytes(b"".join(lines[:count]) + lines[count][:20])
        record = RunRecord.read(tmp_path)
        assert len(record.trials) == min(count - 1, 3) and record.final is None
    (tmp_path / FILE_NAME).write_bytes(lines[0])
    record = RunRecord.read(tmp_path)
    assert record.trials == () and record.finished is None and record.choice is None and record.rechecks == {}


@pytest.mark.parametrize(
    ("event", "fields", "message"),
    [
        ("start", {"format": FORMAT + 1, "versions": {"tfnas": "9.9"}}, "written by tfnas 9.9: use that version"),
        ("start", {}, "format None.*written by tfnas unknown"),
        ("proposal", {"format": FORMAT}, "expected a start event of format 1; received 'proposal'"),
    ],
)
def test_logs_of_another_format(tmp_path, event, fields, message):
    EventLog(tmp_path).append(event, **fields)
    with pytest.raises(RunFolderError, match=message):
        RunRecord.read(tmp_path)
