"""Each check of the doctor, shown a healthy machine and a sick one."""

import os

import filelock
import pytest

from classkit import doctor
from coursekit.ground import memory
from coursekit.ground.errors import CourseError


def test_this_machine_is_examined_in_full():
    findings = doctor.run_checks()
    assert len(findings) == len(doctor.CHECKS)
    assert all(finding.found for finding in findings)
    assert all(finding.mend for finding in findings if not finding.ok)
    assert {f.name for f in findings if f.ok} >= {"Python", "packages", "Java", "ports"}


def test_an_old_python_is_named():
    finding = doctor.check_python((3, 10, 4))
    assert not finding.ok
    assert "3.10.4" in finding.found
    assert "3.11" in finding.mend


def test_packages_that_differ_from_the_lock_are_named(tmp_path, monkeypatch):
    needed = ["numpy>=2", "no-such-package>=1", "a-tool-of-tests>=1; extra == 'test'"]
    monkeypatch.setattr(doctor.importlib.metadata, "requires", lambda name: needed)
    lock = tmp_path / "requirements.lock"
    lock.write_text(
        "# a comment\nnumpy==0.1\n    # via pandas\nno-such-package==1\npandas>=2\n"
        "a-tool-of-tests==1\n"
        "only-elsewhere==1 ; sys_platform == 'plan9'\n"
    )
    finding = doctor.check_packages(lock)
    assert not finding.ok
    assert "numpy is" in finding.found
    assert "no-such-package is missing" in finding.found
    assert "pandas" not in finding.found and "a-tool" not in finding.found
    assert "only-elsewhere" not in finding.found
    assert str(lock) in finding.mend


def test_packages_as_in_the_lock_are_fine(tmp_path):
    lock = tmp_path / "requirements.lock"
    lock.write_text("pandas>=2\n")
    assert doctor.check_packages(lock).ok


def test_a_java_home_that_is_nothing_is_a_finding(tmp_path, monkeypatch):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "gone"))
    finding = next(f for f in doctor.run_checks() if f.name == "java")
    assert not finding.ok
    assert str(tmp_path / "gone") in finding.found
    assert "Unset JAVA_HOME" in finding.mend


def test_an_azurite_that_is_not_there_yet_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path))
    finding = doctor.check_azurite()
    assert finding.ok and "chapter 04 fetches it (64 MB" in finding.found


def test_too_little_memory_is_an_error():
    assert doctor.check_memory(8 * memory.GIB).ok
    with pytest.raises(CourseError, match=r"0\.50 GiB"):
        doctor.check_memory(memory.GIB // 2)


def test_a_full_disk_is_named_by_folder(tmp_path):
    new = tmp_path / "not" / "made" / "yet"
    assert doctor.check_disk([new], least=1).ok
    finding = doctor.check_disk([new], least=1 << 60)
    assert not finding.ok
    assert str(new) in finding.found


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    assert doctor.check_workspace(tmp_path / "new").ok
    assert list(tmp_path.iterdir()) == []
    # Nobody may write in /proc, not even root.
    finding = doctor.check_workspace(doctor.Path("/proc/self"))
    assert not finding.ok
    assert "COURSEKIT_WORK" in finding.mend


def test_ports_run_out_when_no_more_files_may_be_opened():
    import resource

    assert doctor.check_ports(3).ok
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 5, before[1]))
    try:
        finding = doctor.check_ports(50)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert not finding.ok
    assert doctor.check_ports(3).ok


@pytest.mark.parametrize(
    ("proxies", "ok"),
    [
        ({}, True),
        ({"http": "http://proxy:3128"}, False),
        ({"http": "http://proxy:3128", "no": "localhost"}, False),
        ({"http": "http://proxy:3128", "no": "127.0.0.1,localhost"}, True),
        ({"https": "http://proxy:3128", "no": "*"}, True),
    ],
)
def test_a_proxy_must_except_this_machine(proxies, ok):
    assert doctor.check_proxy(proxies).ok is ok


def test_a_held_lock_is_named_and_no_file_is_changed(tmp_path):
    learners = tmp_path / "uv.lock"
    learners.write_text("precious")
    assert doctor.check_locks([tmp_path]).ok
    with filelock.FileLock(tmp_path / "making.lock"):
        finding = doctor.check_locks([tmp_path])
    assert not finding.ok
    assert "making.lock" in finding.found
    assert "uv.lock" not in finding.found
    assert learners.read_text() == "precious"


def test_the_open_jupyterlab_is_no_finding(tmp_path):
    with filelock.FileLock(tmp_path / ".lab.lock"):
        assert doctor.check_locks([tmp_path]).ok


def test_a_missing_archive_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_CACHE", str(tmp_path))
    finding = doctor.check_archive()
    assert not finding.ok
    assert "coursekit lab" in finding.mend


def test_a_browser_is_optional(tmp_path):
    finding = doctor.check_browser(search=str(tmp_path))
    assert finding.ok
    assert "no Chromium" in finding.found


def test_a_check_that_breaks_is_itself_a_finding():
    def check_something_new():
        raise ZeroDivisionError("oh")

    finding = doctor._guarded(check_something_new)
    assert (finding.name, finding.ok) == ("something new", False)
    assert "ZeroDivisionError: oh" in finding.found


def test_a_container_limit_counts(tmp_path):
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("0::/hub/user\n")
    group = tmp_path / "sys/fs/cgroup/hub/user"
    group.mkdir(parents=True)
    (group / "memory.max").write_text("max\n")
    (group / "memory.current").write_text("5\n")
    free = memory.available(tmp_path)
    (group.parent / "memory.max").write_text("700\n")
    (group.parent / "memory.current").write_text("500\n")
    (group.parent / "memory.stat").write_text("anon 4\ninactive_file 100\n")
    assert memory.available(tmp_path) == 300
    assert free > 300


def test_an_old_container_limit_counts(tmp_path):
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("4:cpu:/x\n3:memory:/docker/1\n")
    # The path is the host's, so only the mount itself is there.
    mount = tmp_path / "sys/fs/cgroup/memory"
    mount.mkdir(parents=True)
    (mount / "memory.limit_in_bytes").write_text("1000\n")
    (mount / "memory.usage_in_bytes").write_text("400\n")
    assert memory.available(tmp_path) == 600
