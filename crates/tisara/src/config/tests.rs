use super::*;

fn read(file: &str, env: &[(&str, &str)]) -> Loaded {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tisara.toml");
    std::fs::write(&path, file).unwrap();
    load(Some(&path), env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))).unwrap()
}

fn problems(file: &str, env: &[(&str, &str)]) -> Vec<String> {
    read(file, env).problems.iter().map(ToString::to_string).collect()
}

#[test]
fn an_empty_file_means_the_defaults() {
    let config = read("", &[]).checked().unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.public_url(), "http://127.0.0.1:8080");
    assert_eq!(config.database_url().unwrap(), tisara_store::Url::Sqlite("data/tisara.db".into()));
}

#[test]
fn the_environment_wins_over_the_file() {
    let config = read(
        "[server]\nlisten = \"127.0.0.1:1\"\nstop_grace_ms = 1",
        &[("TISARA_SERVER__LISTEN", "0.0.0.0:9000"), ("TISARA_SERVER__STOP_GRACE_MS", "250")],
    )
    .checked()
    .unwrap();
    assert_eq!(config.server.listen.to_string(), "0.0.0.0:9000");
    assert_eq!(config.server.stop_grace_ms, 250);
}

#[test]
fn variables_of_other_parts_are_left_alone() {
    assert!(problems("", &[("TISARA_TEST_POSTGRES", "x"), ("TISARA_KEY", "y"), ("PATH", "z")]).is_empty());
}

#[test]
fn connections_are_kept_for_all_that_one_number_may_have_under_way() {
    for (in_flight, kept) in [(16, 512), (512, 512), (4_000, 4_000)] {
        let config = read(&format!("[sending]\nin_flight_max = {in_flight}"), &[]).checked().unwrap();
        assert_eq!(config.graph().pool_idle_max, kept);
    }
}

#[test]
fn a_misspelt_key_is_refused_with_the_nearest_one() {
    assert_eq!(problems("[server]\nlisen = 1", &[]), ["server.lisen: unknown key; did you mean listen?"]);
    assert_eq!(
        problems("", &[("TISARA_STORAGE__DATADIR", "x")]),
        ["TISARA_STORAGE__DATADIR: unknown key; did you mean data_dir?"]
    );
    assert_eq!(problems("[sever]\nlisten = 1", &[]), ["[sever]: unknown section; did you mean [server]?"]);
}

#[test]
fn a_key_in_the_wrong_place_is_sent_to_its_section() {
    assert_eq!(problems("listen = 1", &[]), ["listen: this setting belongs below [server]"]);
    assert_eq!(
        problems("[meta]\ndata_dir = \"x\"", &[]),
        ["meta.data_dir: unknown key here; it belongs below [storage]"]
    );
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let found = problems(
        "[server]\nlisten = \"here\"\n[logging]\nformat = \"xml\"\n[storage]\nsqlite_readers = 0",
        &[],
    );
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].starts_with("server.listen: "), "{found:?}");
}

#[test]
fn a_secret_may_come_from_a_file_and_is_never_shown() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("secret");
    std::fs::write(&path, "s3cret\n").unwrap();
    let file = format!("[meta]\napp_secret_file = {:?}", path.display().to_string());
    let config = read(&file, &[]).checked().unwrap();
    assert_eq!(config.meta.app_secret.as_ref().unwrap().reveal(), "s3cret");
    assert!(!config.in_force().contains("s3cret"));
    assert!(!format!("{config:?}").contains("s3cret"));
    let twice = problems(&format!("{file}\napp_secret = \"x\""), &[]);
    assert_eq!(twice, ["meta.app_secret_file: the value is also given directly; keep one of the two"]);
}

#[test]
fn the_example_holds_every_default() {
    let text = example();
    assert!(problems(&text, &[]).is_empty(), "{text}");
    // With the comment signs of the settings taken away it still reads, but for the secrets that are
    // given in two ways and the files that are not there.
    let bare: String = text
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') => format!("{rest}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let found = problems(&bare, &[]);
    assert!(found.iter().all(|p| p.contains("_file: ")), "{found:?}\n{bare}");
    assert!(text.contains("#listen = \"127.0.0.1:8080\""), "{text}");
}

#[test]
fn no_toml_is_said_so() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tisara.toml");
    std::fs::write(&path, "[server\n").unwrap();
    let failure = load(Some(&path), []).unwrap_err();
    assert_eq!(failure.code, crate::exit::Code::Usage);
    assert!(failure.to_string().contains("is not valid TOML"), "{failure}");
}
