//! Bad input and bad surroundings: each gets a message that says what to do, and its exit code.

use crate::support::{Running, run, tisara, wait_for};
use std::{
    net::TcpListener,
    process::{Command, Stdio},
};
use tempfile::tempdir;

/// Tests share the machine: none may need the default port.
const LISTEN: &str = "TISARA_SERVER__LISTEN";
const ANY_PORT: &str = "127.0.0.1:0";

#[test]
fn help_names_every_exit_code() {
    let dir = tempdir().unwrap();
    let done = run(tisara(dir.path()).arg("--help"));
    assert_eq!(done.code, 0);
    for code in ["0 ", "1 ", "2 ", "3 ", "130 "] {
        assert!(done.out.lines().any(|line| line.trim_start().starts_with(code)), "{done:#?}");
    }
}

#[test]
fn an_unknown_command_is_a_usage_error_with_a_suggestion() {
    let dir = tempdir().unwrap();
    run(tisara(dir.path()).arg("sevre")).fails_with(2, &["serve"]);
}

#[test]
fn an_unknown_configuration_key_is_refused_with_the_nearest_one() {
    let dir = tempdir().unwrap();
    std::fs::write(dir.path().join("tisara.toml"), "[server]\nlisen = \"127.0.0.1:1\"\n").unwrap();
    for command in ["serve", "migrate", "doctor"] {
        let done = run(tisara(dir.path()).arg(command));
        let said = format!("{}{}", done.out, done.err);
        assert_eq!(done.code, 2, "{command}: {done:#?}");
        assert!(said.contains("server.lisen: unknown key; did you mean listen?"), "{command}: {done:#?}");
    }
}

#[test]
fn a_configuration_file_that_is_not_there_is_said_so() {
    let dir = tempdir().unwrap();
    run(tisara(dir.path()).args(["--config", "nowhere.toml", "migrate"]))
        .fails_with(2, &["nowhere.toml", "--config"]);
}

#[test]
fn an_unreachable_database_is_told_apart_from_a_wrong_address() {
    let dir = tempdir().unwrap();
    let done = run(tisara(dir.path()).args(["migrate", "--database", "postgres://u:secret@127.0.0.1:1/x"]));
    done.fails_with(3, &["not reachable", "Is PostgreSQL running"]);
    assert!(!done.err.contains("secret"), "{done:#?}");
    run(tisara(dir.path()).args(["migrate", "--database", "mysql://x"]))
        .fails_with(2, &["sqlite:", "postgres://"]);
}

#[test]
fn a_data_folder_that_cannot_be_made_is_said_so() {
    let dir = tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "").unwrap();
    for command in ["serve", "migrate"] {
        run(tisara(dir.path()).args([command, "--data-dir", "file/data"]).env(LISTEN, ANY_PORT))
            .fails_with(3, &["data folder", "storage.data_dir"]);
    }
}

#[test]
fn a_file_that_is_no_database_is_left_alone() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("notes.txt");
    let text = "these are my notes, not a database\n".repeat(100);
    std::fs::write(&path, &text).unwrap();
    let done = run(tisara(dir.path()).args(["migrate", "--database", "sqlite:notes.txt"]));
    done.fails_with(3, &["not a SQLite database"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_newer_database_is_refused_untouched() {
    let dir = tempdir().unwrap();
    assert_eq!(run(tisara(dir.path()).arg("migrate")).code, 0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let url = tisara_store::Url::Sqlite(dir.path().join("data/tisara.db"));
        let store = tisara_store::Store::open(&url, tisara_store::Options::default()).unwrap();
        store.write(|tx| tx.execute("UPDATE migration SET number = number + 1000", &[])).await.unwrap();
    });
    for command in ["migrate", "serve"] {
        run(tisara(dir.path()).arg(command).env(LISTEN, ANY_PORT))
            .fails_with(3, &["start the newer release"]);
    }
}

#[test]
fn a_port_in_use_is_said_so() {
    let dir = tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    run(tisara(dir.path()).args(["serve", "--listen", &address])).fails_with(3, &[&address, "--listen"]);
    let port = taken.local_addr().unwrap().port().to_string();
    run(tisara(dir.path()).args(["emulate", "--port", &port])).fails_with(3, &[&address]);
}

#[test]
fn a_server_that_does_not_run_is_said_so() {
    let dir = tempdir().unwrap();
    let done = run(tisara(dir.path()).args([
        "campaign",
        "report",
        "campaign_01h455vb4pex5vsknk084sn02q",
        "--server",
        "http://127.0.0.1:1",
        "--key",
        "x",
    ]));
    done.fails_with(3, &["http://127.0.0.1:1", "tisara serve", "--server"]);
}

#[test]
fn doctor_says_what_is_ready_and_what_is_not() {
    let dir = tempdir().unwrap();
    let done = run(tisara(dir.path()).args(["doctor", "--offline"]).env(LISTEN, ANY_PORT));
    assert_eq!(done.code, 0, "{done:#?}");
    assert!(done.out.contains("ok    database sqlite:data/tisara.db"), "{done:#?}");
    assert!(done.out.contains("warn  Meta app secret"), "{done:#?}");

    let unreachable =
        run(tisara(dir.path()).args(["doctor", "--offline", "--database", "postgres://127.0.0.1:1/x"]));
    assert_eq!(unreachable.code, 3, "{unreachable:#?}");
    assert!(unreachable.out.contains("fail  postgres://"), "{unreachable:#?}");
}

#[test]
fn the_example_configuration_is_accepted_as_it_is() {
    let dir = tempdir().unwrap();
    let example = run(tisara(dir.path()).args(["doctor", "--example"]));
    std::fs::write(dir.path().join("tisara.toml"), &example.out).unwrap();
    assert_eq!(run(tisara(dir.path()).args(["doctor", "--offline"]).env(LISTEN, ANY_PORT)).code, 0);
}

/// A disk that fills up in the middle of an import: it is said, nothing is lost, and it goes on by itself
/// once there is room. Needs the right to mount a small disk; without it there is nothing to test on.
#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_said_and_work_goes_on_when_there_is_room() {
    let dir = tempdir().unwrap();
    let disk = dir.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let mount = |options: &str| {
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&disk).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if !mount("size=4m") {
        eprintln!("skipped: this user may not mount a disk");
        return;
    }
    let _unmounted = Unmount(disk.clone());
    let demo = Running::start(tisara(dir.path()).args([
        "demo",
        "--once",
        "--json",
        "--contacts",
        "20000",
        "--pace",
        "max",
        "--listen",
        "127.0.0.1:0",
        "--data-dir",
        "disk/data",
    ]));
    wait_for("the full disk to be said", || {
        demo.err().contains("disk of the database is full").then_some(())
    });
    assert!(mount("remount,size=400m"));
    let done = demo.wait();
    assert_eq!(done.code, 0, "{done:#?}");
    let result: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(
        (&result["lost"], &result["doubled"], &result["planned"]),
        (&0.into(), &0.into(), &20_000.into())
    );
}

/// Takes the small disk away again, however the test ends.
#[cfg(target_os = "linux")]
struct Unmount(std::path::PathBuf);

#[cfg(target_os = "linux")]
impl Drop for Unmount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// /dev/full takes nothing, like a full disk behind a redirection.
#[test]
#[cfg(target_os = "linux")]
fn output_that_cannot_be_written_does_not_panic() {
    let dir = tempdir().unwrap();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let done = run(tisara(dir.path()).args(["doctor", "--example"]).stdout(full));
    assert!(!done.err.contains("panicked"), "{done:#?}");
}
