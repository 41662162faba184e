//! `tisara demo` keeps its promise on both databases, and says so in numbers that add up.

use crate::support::{Running, postgres, run, tisara, wait_for};
use serde_json::Value;
use tempfile::tempdir;

#[track_caller]
fn demo(args: &[&str]) -> Value {
    let dir = tempdir().unwrap();
    let done =
        run(tisara(dir.path()).env("TMPDIR", dir.path()).args(["demo", "--once", "--json"]).args(args));
    assert_eq!(done.code, 0, "{done:#?}");
    assert_eq!(done.out.lines().count(), 1, "one object on stdout: {done:#?}");
    let result: Value = serde_json::from_str(&done.out).unwrap();
    let n = |key: &str| result[key].as_u64().unwrap_or_else(|| panic!("{key} in {result}"));
    assert_eq!((n("lost"), n("doubled"), n("uncertain")), (0, 0, 0), "{result}");
    let sum = n("skipped") + n("accepted") + n("sent") + n("delivered") + n("read") + n("failed");
    assert_eq!(n("planned"), sum, "{result}");
    assert_eq!(n("planned"), n("imported"), "{result}");
    assert!(result["seconds"].as_f64().unwrap() > 0.0, "{result}");
    assert!(result["messages_per_second"].as_f64().unwrap() > 0.0, "{result}");
    if cfg!(target_os = "linux") {
        assert!(result["peak_rss_mb"].as_f64().unwrap() > 1.0, "{result}");
    }
    result
}

#[test]
fn made_up_contacts_on_sqlite() {
    let result = demo(&["--contacts", "500", "--pace", "max", "--seed", "7"]);
    assert_eq!(result["planned"], 500);
    assert_eq!(result["database"], "sqlite");
    assert_eq!(result["error_file"], Value::Null);
}

#[test]
fn made_up_contacts_on_postgres() {
    let database = postgres();
    let result = demo(&["--contacts", "500", "--pace", "max", "--database", &database]);
    assert_eq!(result["database"], "postgres");
    // A second demo on the same database knows its own numbers only.
    let again = demo(&["--contacts", "50", "--pace", "max", "--seed", "2", "--database", &database]);
    assert_eq!(again["planned"], 50);
}

/// A file as shops send them: a mark before the first byte, quoted line breaks, ten ways to write a
/// number, the same person twice, nonsense.
#[test]
fn a_messy_file_is_counted_right_and_its_error_file_names_row_column_and_reason() {
    let dir = tempdir().unwrap();
    let file = dir.path().join("messy.csv");
    let rows = [
        "\u{feff}Full Name,Mobile No.,WhatsApp OK?,Notes",
        "Nimal,077 123 4567,yes,\"two\nlines\"",
        "Kamala,+94-71-234-5678,yes,\"likes, commas\"",
        "Nimal again,0094771234567,yes,",
        "",
        "Ruwan,call the shop,yes,",
        "Priya,\u{202a}+919497314843\u{202c},yes,\"says \"\"hi\"\"\"",
        "Sunil,1234567890123456789,no,",
        "Dilani,0712345679,no,",
    ];
    std::fs::write(&file, rows.join("\r\n")).unwrap();
    let kept = tempdir().unwrap();
    let result = demo(&[
        "--pace",
        "max",
        "--file",
        file.to_str().unwrap(),
        "--data-dir",
        kept.path().to_str().unwrap(),
    ]);
    let n = |key: &str| result[key].as_u64().unwrap();
    assert_eq!((n("imported"), n("duplicate"), n("refused"), n("skipped")), (4, 1, 2, 1), "{result}");

    let errors = std::fs::read_to_string(result["error_file"].as_str().unwrap()).unwrap();
    let mut lines = errors.trim_start_matches('\u{feff}').lines();
    assert_eq!(lines.next(), Some("row,column,value,reason"));
    let refused = lines.find(|line| line.contains("call the shop")).expect("the refused row is in it");
    let cells: Vec<&str> = refused.split(',').collect();
    assert!(cells[0].parse::<u64>().is_ok(), "{refused}");
    assert_eq!(cells[1], "Mobile No.", "{refused}");
    assert!(cells[3].contains("not a phone number"), "{refused}");
}

#[test]
fn files_that_are_no_tables_are_refused_with_advice() {
    let dir = tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(dir.path().join(name), bytes).unwrap();
        let done = run(tisara(dir.path()).args(["demo", "--once", "--json", "--file", name]));
        assert!(done.out.is_empty(), "{done:#?}");
        done
    };
    write("empty.csv", b"").fails_with(2, &["empty"]);
    write("picture.csv", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00")
        .fails_with(2, &["not a CSV or XLSX"]);
    write("columns.csv", b"Colour,Size\nred,10\n").fails_with(2, &["phone", "Colour, Size"]);
    let missing = run(tisara(dir.path()).args(["demo", "--once", "--file", "nowhere.csv"]));
    missing.fails_with(2, &["nowhere.csv", "cannot be read"]);
}

#[test]
fn a_database_of_real_organizations_is_refused() {
    let dir = tempdir().unwrap();
    let made = run(tisara(dir.path()).args(["org", "create", "Jasper's Market", "--data-dir", "data"]));
    assert_eq!(made.code, 0, "{made:#?}");
    run(tisara(dir.path()).args(["demo", "--once", "--data-dir", "data"]))
        .fails_with(2, &["a database of its own"]);
}

/// Without --once it goes on serving, and Ctrl-C ends it at once and well.
#[test]
#[expect(clippy::disallowed_methods, reason = "the time a real process takes is what is tested")]
fn it_keeps_serving_until_ctrl_c() {
    let dir = tempdir().unwrap();
    let mut demo = Running::start(tisara(dir.path()).env("TMPDIR", dir.path()).args([
        "demo",
        "--contacts",
        "20",
        "--pace",
        "max",
        "--listen",
        "127.0.0.1:0",
    ]));
    wait_for("the demo to be done", || demo.err().contains("Ctrl-C ends it").then_some(()));
    assert!(!demo.has_ended());
    let told = demo.err();
    for line in ["sign in          demo-", "API key          tsr_live_"] {
        assert!(told.contains(line), "{told}");
    }
    let asked = std::time::Instant::now();
    demo.signal("INT");
    let done = demo.wait();
    assert_eq!(done.code, 0, "{done:#?}");
    assert!(asked.elapsed().as_secs_f64() < 3.0, "{:?}", asked.elapsed());
    assert!(done.out.contains("lost") && done.out.contains("as planned"), "{done:#?}");
}

#[test]
fn ctrl_c_in_the_middle_is_told_apart_by_its_code() {
    let dir = tempdir().unwrap();
    let demo = Running::start(tisara(dir.path()).env("TMPDIR", dir.path()).args([
        "demo",
        "--contacts",
        "2000",
        "--pace",
        "20",
        "--listen",
        "127.0.0.1:0",
    ]));
    wait_for("the import", || demo.err().contains("imported 2,000 contacts").then_some(()));
    demo.signal("INT");
    demo.wait().fails_with(130, &["stopped before it was done"]);
}
