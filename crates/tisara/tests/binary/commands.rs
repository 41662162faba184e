//! The commands that speak to a running server.

use crate::support::{installation::Installation, run, tisara};
use serde_json::Value;
use tempfile::tempdir;
use tisara_domain::{Timestamp, UserId, id::TypedId as _};
use tisara_store::users::User;

#[test]
fn an_organizations_key_is_printed_once_and_kept_nowhere() {
    let dir = tempdir().unwrap();
    let made = run(tisara(dir.path()).args(["org", "create", "Jasper's Market", "--region", "in"]));
    assert_eq!(made.code, 0, "{made:#?}");
    let key = made.out.split_whitespace().find(|word| word.starts_with("tsr_live_")).expect("a key");
    for file in ["tisara.db", "tisara.db-wal", "key"] {
        let bytes = std::fs::read(dir.path().join("data").join(file)).unwrap_or_default();
        assert!(!bytes.windows(key.len()).any(|w| w == key.as_bytes()), "{file}");
    }
    run(tisara(dir.path()).args(["org", "create", "X", "--region", "Lanka"])).fails_with(2, &["two letters"]);
    run(tisara(dir.path()).args(["org", "create", " "])).fails_with(2, &["name"]);
}

#[test]
fn an_organization_is_limited_from_the_command_line() {
    let dir = tempdir().unwrap();
    let made = run(tisara(dir.path()).args(["org", "create", "Jasper's Market", "--json"]));
    let made: Value = serde_json::from_str(&made.out).unwrap();
    let org = made["organization"].as_str().unwrap();
    assert!(run(tisara(dir.path()).args(["org", "list"])).out.contains(&format!("{org}  Jasper's Market")));
    let limit = |more: &[&str]| {
        let limited = run(tisara(dir.path()).args(["org", "limit", org, "--json"]).args(more));
        assert_eq!(limited.code, 0, "{limited:#?}");
        let limits: Value = serde_json::from_str(&limited.out).unwrap();
        let most: Vec<Value> =
            limits["limits"].as_array().unwrap().iter().map(|l| l["most"].clone()).collect();
        most
    };
    assert_eq!(limit(&[]), [Value::Null, Value::Null, Value::Null]);
    let some = ["--messages-per-month", "1000", "--seats", "3"];
    assert_eq!(limit(&some), [Value::from(1000), Value::Null, Value::from(3)]);
    assert_eq!(limit(&["--seats", "none"]), [Value::from(1000), Value::Null, Value::Null]);
    let shown = run(tisara(dir.path()).args(["org", "limit", org]));
    assert!(shown.out.contains("messages_per_month") && shown.out.contains("1000"), "{shown:#?}");
    run(tisara(dir.path()).args(["org", "limit", org, "--seats", "many"])).fails_with(2, &["none"]);
    run(tisara(dir.path()).args(["org", "limit", "org_01h455vb4pex5vsknk084sn02q"]))
        .fails_with(2, &["no organization"]);
    run(tisara(dir.path()).args(["org", "limit", "Jasper"])).fails_with(2, &["not the id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_removes_the_second_factors_of_somebody_who_lost_them() {
    let dir = tempdir().unwrap();
    let user = |more: &[&str]| run(tisara(dir.path()).args(["user"]).args(more));
    let reason = ["--reason", "lost phone, seen in person"];
    user(&["remove-second-factors", "anna@example.com", "--reason", "lost"]).fails_with(2, &["10 to 500"]);
    user(&[&["remove-second-factors", "anna@example.com"][..], &reason].concat())
        .fails_with(2, &["nobody signed up"]);
    let url = tisara_store::Url::Sqlite(dir.path().join("data").join("tisara.db"));
    let store = tisara_store::Store::open(&url, tisara_store::Options::default()).unwrap();
    let made = store.write(|tx| {
        let (id, now) = (UserId::from_bytes([1; 16]), Timestamp::from_seconds(1_790_000_000));
        tx.create_user(&User {
            id,
            email: "Anna@example.com".to_owned(),
            email_fold: tisara_server::folded_email("Anna@example.com"),
            name: "Anna".to_owned(),
            phone: None,
            country: "LK".to_owned(),
            password_hash: String::new(),
            password_changed_at: now,
            created_at: now,
        })?;
        tx.begin_second_factor(id, b"secret")?;
        tx.confirm_second_factor(id, now)
    });
    assert!(made.await.unwrap());
    let removed = user(&[&["remove-second-factors", "anna@example.com"][..], &reason].concat());
    assert_eq!(removed.code, 0, "{removed:#?}");
    assert!(removed.err.contains("removed the app and 0 passkeys"), "{removed:#?}");
    assert!(removed.err.contains("No mail server is set"), "{removed:#?}");
    let has = store.read(|tx| tx.has_second_factor(UserId::from_bytes([1; 16])));
    assert!(!has.await.unwrap());
    let records = user(&["records", "ANNA@example.com"]);
    assert!(records.out.contains("second_factors_removed  lost phone, seen in person"), "{records:#?}");
}

#[test]
fn the_configuration_in_force_is_shown_without_its_secrets() {
    let dir = tempdir().unwrap();
    let shown =
        run(tisara(dir.path()).args(["serve", "--print-config"]).env("TISARA_META__APP_SECRET", "s3cret"));
    assert_eq!(shown.code, 0, "{shown:#?}");
    assert!(shown.out.contains("stop_grace_ms = ") && !shown.out.contains("s3cret"), "{shown:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_are_imported_and_a_campaign_is_started_and_reported() {
    let it = Installation::with_contacts(10, None).await;
    it.write(
        "more.csv",
        "Name,Phone,City\nNimal,0771000001,Kandy\nKamala,no number,Galle\nRuwan,0771000002,\n",
    );
    let import = run(&mut it.client(&[
        "contacts",
        "import",
        "more.csv",
        "--region",
        "LK",
        "--label",
        "vip",
        "--json",
        "--errors",
        "left-out.csv",
        "--consent-source",
        "shop form",
        "--consent-wording",
        "I agree.",
        "--everybody-agreed",
    ]));
    assert_eq!(import.code, 0, "{import:#?}");
    let counts: Value = serde_json::from_str(&import.out).unwrap();
    assert_eq!((&counts["imported"], &counts["refused"]), (&2.into(), &1.into()), "{counts}");
    assert!(it.read("left-out.csv").contains("no number"));

    let sent = run(&mut it.client(&[
        "campaign",
        "start",
        "--name",
        "VIPs",
        "--template",
        "seasonal_sale",
        "--label",
        "vip",
        "--header",
        "1=text:Sale",
        "--body",
        "1=name",
        "--body",
        "2=text:CODE",
        "--body",
        "3=field:City|home",
        "--watch",
        "--json",
    ]));
    assert_eq!(sent.code, 0, "{sent:#?}");
    let standing: Value = serde_json::from_str(&sent.out).unwrap();
    assert_eq!(
        (&standing["state"], &standing["progress"]["recipients"]),
        (&"completed".into(), &2.into()),
        "{sent:#?}"
    );

    let id = standing["id"].as_str().unwrap();
    let report = run(&mut it.client(&["campaign", "report", id]));
    assert!(report.code == 0 && report.out.contains("VIPs: completed"), "{report:#?}");
    let list = run(&mut it.client(&["campaign", "report", id, "--csv"]));
    assert!(list.code == 0 && list.out.lines().count() == 3 && list.out.contains("'+94"), "{list:#?}");
    let failed = run(&mut it.client(&["campaign", "report", id, "--csv", "--state", "failed"]));
    assert_eq!((failed.code, failed.out.lines().count()), (0, 1), "{failed:#?}");
    let uncertain = run(&mut it.client(&["campaign", "uncertain", id]));
    assert_eq!((uncertain.code, uncertain.out.as_str()), (0, ""), "{uncertain:#?}");
    let decided = run(&mut it.client(&["campaign", "uncertain", id, "--decide", "give-up"]));
    assert_eq!(decided.out.trim(), "0 decided, 0 still uncertain", "{decided:#?}");

    run(&mut it.client(&["campaign", "start", "--name", "x", "--template", "seasonal_sail"]))
        .fails_with(2, &["no template seasonal_sail", "seasonal_sale (en_US)"]);
    run(&mut it.client(&["campaign", "start", "--name", "x", "--template", "seasonal_sale", "--body", "1"]))
        .fails_with(2, &["PLACE=SOURCE"]);
    run(&mut it.client(&["campaign", "report", "contact_01h455vb4pex5vsknk084sn02q"]))
        .fails_with(2, &["campaign"]);
    run(it.client(&["campaign", "report", id]).env("TISARA_KEY", "tsr_live_wrong"))
        .fails_with(2, &["API key"]);
    it.write("letter.csv", "%PDF-1.4\n%%EOF\n");
    run(&mut it.client(&["contacts", "import", "letter.csv"])).fails_with(2, &["not a CSV or XLSX"]);
    run(&mut it.client(&["contacts", "import", "nowhere.csv"])).fails_with(2, &["nowhere.csv"]);

    it.write("strange.csv", "Who,Line\nNimal,0771000009\n");
    let import =
        |column: &str| run(&mut it.client(&["contacts", "import", "strange.csv", "--column", column]));
    run(&mut it.client(&["contacts", "import", "strange.csv"])).fails_with(2, &["Who, Line", "--column"]);
    import("Line=telephone").fails_with(2, &["phone, name"]);
    assert_eq!(import("Line=phone").code, 0);
}
