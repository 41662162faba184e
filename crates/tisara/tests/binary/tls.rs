//! PostgreSQL over TLS, with an authority of one's own: what `sslmode` promises is kept.

use crate::support::{run, tisara};
use std::{path::Path, process::Command};
use tisara_stage::Postgres;

fn openssl(dir: &Path, args: &str) {
    let done = Command::new("openssl").args(args.split_whitespace()).current_dir(dir).output().unwrap();
    assert!(done.status.success(), "openssl {args}: {}", String::from_utf8_lossy(&done.stderr));
}

/// An authority, and in the data folder a certificate of it for `localhost` alone.
fn certify(dir: &Path, data: &Path) {
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    for name in ["ca", "other"] {
        openssl(dir, &format!("req -x509 {key} -keyout {name}.key -out {name}.crt -subj /CN={name} -days 2"));
    }
    openssl(dir, &format!("req {key} -keyout server.key -out server.csr -subj /CN=localhost"));
    std::fs::write(dir.join("names"), "subjectAltName=DNS:localhost\n").unwrap();
    openssl(
        dir,
        "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out server.crt -days 2 -extfile names",
    );
    for name in ["server.crt", "server.key"] {
        std::fs::copy(dir.join(name), data.join(name)).unwrap();
    }
    Command::new("chmod").arg("600").arg(data.join("server.key")).status().unwrap();
    // Nobody gets in without TLS.
    std::fs::write(data.join("pg_hba.conf"), "hostssl all all all trust\n").unwrap();
}

#[test]
fn postgres_is_believed_as_far_as_sslmode_says() {
    let dir = tempfile::tempdir().unwrap();
    let postgres = Postgres::start_with("-c ssl=on", |data| {
        certify(dir.path(), data);
        Ok(())
    })
    .unwrap();
    let by_number = postgres.url();
    let by_name = by_number.replace("127.0.0.1", "localhost");
    let file = |name: &str| dir.path().join(name).display().to_string().replace('/', "%2F");
    let (ca, other) = (file("ca.crt"), file("other.crt"));
    let connect = |url: &str, rest: &str| {
        run(tisara(dir.path()).args(["migrate", "--database", &format!("{url}?{rest}")]))
    };
    for (url, rest) in [
        (&by_number, "sslmode=prefer".to_owned()),
        (&by_number, "sslmode=require".to_owned()),
        (&by_number, format!("sslmode=verify-ca&sslrootcert={ca}")),
        (&by_name, format!("sslmode=verify-full&sslrootcert={ca}")),
    ] {
        let done = connect(url, &rest);
        assert_eq!(done.code, 0, "{rest}: {done:#?}");
    }
    for (url, rest, words) in [
        (&by_number, "sslmode=disable".to_owned(), "pg_hba.conf"),
        (&by_number, format!("sslmode=verify-full&sslrootcert={ca}"), "not valid for name"),
        (&by_number, format!("sslmode=verify-ca&sslrootcert={other}"), "certificate"),
        (&by_name, format!("sslmode=require&sslrootcert={other}"), "certificate"),
        (&by_name, "sslmode=verify-full".to_owned(), "certificate"),
    ] {
        connect(url, &rest).fails_with(3, &[words]);
    }
    connect(&by_name, "sslmode=verify-all").fails_with(2, &["sslmode"]);
}
