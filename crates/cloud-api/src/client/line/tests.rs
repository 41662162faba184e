//! A send over TLS, through a network's proxy, and after a connection was closed, against stand-ins.

use std::future::Future;
use std::process::Command;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::*;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

/// A certificate for `localhost` and `meta.invalid` that nobody else has signed, and its key.
struct Certified {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Certified {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let made = Command::new("openssl")
            .args("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2".split(' '))
            .args("-keyout key -out certificate -subj /CN=localhost".split(' '))
            .args(
                "-addext subjectAltName=DNS:localhost,DNS:meta.invalid -addext basicConstraints=CA:FALSE"
                    .split(' '),
            )
            .current_dir(dir.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self {
            certificate: CertificateDer::from_pem_file(dir.path().join("certificate")).unwrap(),
            key: PrivateKeyDer::from_pem_file(dir.path().join("key")).unwrap(),
        }
    }

    /// Speaks TLS with this certificate.
    fn acceptor(&self) -> TlsAcceptor {
        let tls = rustls::ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.clone()], self.key.clone_key())
            .unwrap();
        TlsAcceptor::from(Arc::new(tls))
    }

    /// Trusts this certificate and no other.
    fn trusted(&self) -> ClientConfig {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        trusting(roots)
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn trusting(roots: rustls::RootCertStore) -> ClientConfig {
    ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// Handles each connection with `handle`; gives the port.
async fn serve<F: Future<Output = std::io::Result<()>> + Send + 'static>(
    handle: impl Fn(TcpStream) -> F + Send + 'static,
) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            tokio::spawn(handle(tcp));
        }
    });
    port
}

/// Reads until these words have come.
async fn read_to(io: &mut (impl Io + ?Sized), words: &str) -> std::io::Result<String> {
    let mut all = Vec::new();
    while !String::from_utf8_lossy(&all).contains(words) {
        if io.read_buf(&mut all).await? == 0 {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&all).into_owned())
}

async fn post(base: &str, tls: ClientConfig, proxies: &Matcher) -> Result<Answer, CallError> {
    post_by(&Lines::by(&Graph::at(base.parse().unwrap()), tls, proxies).unwrap(), base).await
}

async fn post_by(lines: &Lines, base: &str) -> Result<Answer, CallError> {
    let url = format!("{base}v25.0/1/messages").parse().unwrap();
    lines.post(&url, &AccessToken::new("EAAJ").unwrap(), Bytes::from_static(b"{\"to\":1}"), || true).await
}

/// Meta closes connections that were idle, and need not say so in its last answer.
#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_is_not_used_again() {
    let port = serve(|mut tcp| async move {
        read_to(&mut tcp, "{\"to\":1}").await?;
        tcp.write_all(ANSWER).await
    })
    .await;
    let base = format!("http://127.0.0.1:{port}/");
    let nobody = trusting(rustls::RootCertStore::empty());
    let lines = Lines::by(&Graph::at(base.parse().unwrap()), nobody, &Matcher::builder().build()).unwrap();
    for _ in 0..3 {
        post_by(&lines, &base).await.unwrap();
        let mut kept = lines.kept.take(|_| true).unwrap();
        while kept.is_open() {
            tokio::task::yield_now().await;
        }
        lines.kept.put(kept);
    }
}

#[tokio::test]
async fn a_send_goes_over_tls_to_whoever_can_prove_the_name() {
    let certified = Certified::new();
    let acceptor = certified.acceptor();
    let port = serve(move |tcp| {
        let acceptor = acceptor.clone();
        async move {
            let mut io = acceptor.accept(tcp).await?;
            let request = read_to(&mut io, "{\"to\":1}").await?;
            assert!(request.starts_with("POST /v25.0/1/messages HTTP/1.1\r\nhost: localhost:"), "{request}");
            io.write_all(ANSWER).await?;
            io.flush().await
        }
    })
    .await;
    let none = Matcher::builder().build();
    let by_name = format!("https://localhost:{port}/");
    let answer = post(&by_name, certified.trusted(), &none).await.unwrap();
    assert_eq!((answer.status.as_u16(), &*answer.body), (200, b"{}".as_slice()));

    let by_number = format!("https://127.0.0.1:{port}/");
    let stranger = Certified::new().trusted();
    for (base, tls) in [(&by_number, certified.trusted()), (&by_name, stranger)] {
        let error = post(base, tls, &none).await.err().unwrap();
        assert!(matches!(error, CallError::NotSent(NotSent::Connect(_))), "{error:?}");
    }
}

#[tokio::test]
async fn a_proxy_is_asked_for_a_way_to_meta_and_learns_nothing_else() {
    let certified = Certified::new();
    let acceptor = certified.acceptor();
    let port = serve(move |mut tcp| {
        let acceptor = acceptor.clone();
        async move {
            let asked = read_to(&mut tcp, "\r\n\r\n").await?;
            assert!(asked.starts_with("CONNECT meta.invalid:443 HTTP/1.1\r\n"), "{asked}");
            assert!(asked.contains("Proxy-Authorization: Basic dTpw\r\n"), "{asked}");
            tcp.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
            // From here on this is Meta's end of the tunnel.
            let mut io = acceptor.accept(tcp).await?;
            let request = read_to(&mut io, "{\"to\":1}").await?;
            assert!(request.contains("\r\nhost: meta.invalid\r\n") && !request.contains("dTpw"), "{request}");
            io.write_all(ANSWER).await?;
            io.flush().await
        }
    })
    .await;
    let proxies = Matcher::builder().all(format!("http://u:p@127.0.0.1:{port}")).build();
    let answer = post("https://meta.invalid/", certified.trusted(), &proxies).await.unwrap();
    assert_eq!(answer.status.as_u16(), 200);
}

#[tokio::test]
async fn what_a_proxy_refuses_was_surely_not_sent() {
    let port = serve(|mut tcp| async move {
        let asked = read_to(&mut tcp, "\r\n\r\n").await?;
        assert!(asked.starts_with("CONNECT meta.invalid:80 HTTP/1.1\r\n"), "{asked}");
        tcp.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await
    })
    .await;
    let proxies = Matcher::builder().all(format!("http://127.0.0.1:{port}")).build();
    let nobody = trusting(rustls::RootCertStore::empty());
    let error = post("http://meta.invalid/", nobody, &proxies).await.err().unwrap();
    assert!(matches!(error, CallError::NotSent(NotSent::Connect(_))), "{error:?}");
}
