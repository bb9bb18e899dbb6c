"""The embedded server lives exactly as long as somebody uses it, and survives being killed."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from portal.bootstrap.__main__ import reset
from portal.bootstrap.places import SetupError
from portal.bootstrap.postgres import Cluster, ensure_running, release
from portal.bootstrap.server_files import server_user
from tests.bootstrap.conftest import address, wait_until_stopped

MakeCluster = Callable[..., Cluster]
StartUser = Callable[[Cluster], "subprocess.Popen[str]"]


def running_server(cluster: Cluster) -> int:
    pid = cluster.postmaster_pid()
    assert pid is not None
    return pid


def test_the_server_stops_when_its_only_user_is_killed(
    make_cluster: MakeCluster, start_user: StartUser
) -> None:
    cluster = make_cluster()
    user = start_user(cluster)
    with psycopg.connect(address(user)) as connection:
        assert connection.execute("SELECT current_database(), current_user").fetchone() == ("puhui", "puhui")
    pid = running_server(cluster)

    user.kill()
    wait_until_stopped(cluster)

    assert cluster.postmaster_pid() is None
    assert not Path(f"/proc/{pid}").exists()


def test_the_server_stays_while_another_user_is_left(
    make_cluster: MakeCluster, start_user: StartUser
) -> None:
    cluster = make_cluster()
    first, second = start_user(cluster), start_user(cluster)
    assert address(first) == address(second) == cluster.url
    pid = running_server(cluster)

    first.kill()
    first.wait()

    assert ensure_running(cluster) == cluster.url
    assert running_server(cluster) == pid


def test_starters_at_the_same_moment_share_one_server(
    make_cluster: MakeCluster, start_user: StartUser
) -> None:
    cluster = make_cluster()
    users = [start_user(cluster) for _ in range(5)]
    assert [address(user) for user in users] == [cluster.url] * 5
    log = cluster.log.read_text()
    assert log.count("database system is ready to accept connections") == 1


def test_committed_rows_survive_a_killed_server(make_cluster: MakeCluster) -> None:
    cluster = make_cluster("main")
    with psycopg.connect(ensure_running(cluster)) as connection:
        connection.execute("CREATE TABLE note AS SELECT 7 AS number")
    killed = running_server(cluster)

    os.kill(killed, signal.SIGKILL)
    wait_until_stopped(cluster)

    with psycopg.connect(ensure_running(cluster)) as connection:
        assert connection.execute("SELECT number FROM note").fetchall() == [(7,)]
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
    assert running_server(cluster) != killed


def test_a_killed_keeper_takes_its_server_along_and_is_replaced(make_cluster: MakeCluster) -> None:
    cluster = make_cluster()
    ensure_running(cluster)
    orphan = running_server(cluster)
    parent = int(Path(f"/proc/{orphan}/stat").read_text().rpartition(")")[2].split()[1])

    os.kill(parent, signal.SIGKILL)
    wait_until_stopped(cluster)

    with psycopg.connect(ensure_running(cluster)) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert running_server(cluster) != orphan


def test_a_number_left_by_a_power_cut_and_given_to_a_stranger_does_no_harm(make_cluster: MakeCluster) -> None:
    cluster = make_cluster()
    ensure_running(cluster)
    note = cluster.data / "postmaster.pid"
    left_behind = note.read_text().splitlines()
    release(cluster)
    wait_until_stopped(cluster)
    user = server_user()
    with subprocess.Popen(["sleep", "60"], user=user.uid, group=user.gid) as stranger:
        note.write_text("\n".join([str(stranger.pid), *left_behind[1:]]) + "\n")
        os.chown(note, user.uid, user.gid)
        with psycopg.connect(ensure_running(cluster)) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert stranger.poll() is None
        stranger.kill()


def test_two_checkouts_have_servers_of_their_own(
    data_root: Path, make_cluster: MakeCluster, start_user: StartUser
) -> None:
    here, there = Cluster.of("main", Path("/one/puhui")), Cluster.of("main", Path("/other/puhui"))
    assert here.home != there.home
    assert here.socket_folder != there.socket_folder
    mine, other = make_cluster(), make_cluster()
    user = start_user(other)
    with psycopg.connect(ensure_running(mine)) as connection, psycopg.connect(address(user)):
        user.kill()
        wait_until_stopped(other)
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_no_folder_that_exists_changes_its_mode(make_cluster: MakeCluster) -> None:
    cluster = make_cluster()
    cluster.home.parent.chmod(0o711)
    before = {folder: (folder.stat().st_mode, folder.stat().st_uid) for folder in cluster.home.parents}

    ensure_running(cluster)

    assert before == {
        folder: (folder.stat().st_mode, folder.stat().st_uid) for folder in cluster.home.parents
    }
    for private in (cluster.data, cluster.socket_folder):
        assert stat.S_IMODE(private.stat().st_mode) == 0o700


def test_only_the_private_socket_lets_anyone_in(make_cluster: MakeCluster) -> None:
    cluster = make_cluster()
    with psycopg.connect(ensure_running(cluster)) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert connection.execute("SHOW unix_socket_directories").fetchone() == (str(cluster.socket_folder),)
    with pytest.raises(psycopg.OperationalError, match=r"no pg_hba\.conf entry"):
        psycopg.connect(cluster.url, user="postgres")


def test_an_interrupted_first_start_begins_again(make_cluster: MakeCluster) -> None:
    cluster = make_cluster()
    half = cluster.home / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with psycopg.connect(ensure_running(cluster)) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not half.exists()


def test_data_of_another_major_version_is_refused_with_the_way_out(make_cluster: MakeCluster) -> None:
    cluster = make_cluster()
    ensure_running(cluster)
    release(cluster)
    wait_until_stopped(cluster)
    (cluster.data / "PG_VERSION").write_text("15\n")
    with pytest.raises(SetupError, match="is of PostgreSQL 15 and the installed server is 18"):
        ensure_running(cluster)


def test_a_long_path_gets_a_socket_that_the_kernel_accepts(data_root: Path) -> None:
    cluster = Cluster("test", data_root / ("很长的文件夹" * 12) / "test")
    assert len(os.fsencode(cluster.socket_folder / ".s.PGSQL.5432")) < 108


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to hand the server to another user")
def test_root_is_told_when_the_server_user_cannot_reach_the_data(make_cluster: MakeCluster) -> None:
    cluster = make_cluster()
    cluster.home.parent.chmod(0o700)
    with pytest.raises(SetupError, match="Set PUHUI_DATA_DIR to a folder that others may enter"):
        ensure_running(cluster)
    assert stat.S_IMODE(cluster.home.parent.stat().st_mode) == 0o700


def test_reset_removes_the_data_of_one_checkout_once_it_is_at_rest(
    tmp_path: Path, start_user: StartUser
) -> None:
    (tmp_path / ".local").mkdir()
    (tmp_path / "media").mkdir()
    (tmp_path / "README.md").write_text("stays\n")
    cluster, neighbour = Cluster.of("test", tmp_path), Cluster.of("test", tmp_path / "media")
    neighbour.home.mkdir(parents=True)
    user = start_user(cluster)
    assert address(user) == cluster.url
    with pytest.raises(SetupError, match="is running: stop what uses it"):
        reset(tmp_path)
    assert (tmp_path / ".local").exists()

    user.kill()
    wait_until_stopped(cluster)
    reset(tmp_path)

    assert not cluster.home.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
    assert neighbour.home.exists()
