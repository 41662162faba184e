//! How a PostgreSQL is reached: its address, and whether and how far its certificate is believed.
//!
//! `sslmode` and `sslrootcert` of the address mean what they mean to PostgreSQL's own programs, with one
//! difference: without `sslrootcert`, `verify-ca` and `verify-full` go by the system's certificates.

use super::error::{Error, Result};
use postgres::config::SslMode;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};
use std::sync::Arc;
use tokio_postgres_rustls::MakeRustlsConnect;

/// Everything needed to connect.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) config: postgres::Config,
    pub(super) tls: MakeRustlsConnect,
}

/// How far the server's certificate must be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    /// Not at all: the line is only kept from being read on the way.
    Anything,
    /// Signed by somebody we trust, for whatever name.
    Authority,
    /// And for this server's name.
    AuthorityAndName,
}

impl Target {
    /// Reads an address `postgres://…`.
    ///
    /// # Errors
    /// When it makes no sense, or the certificates it names cannot be read.
    pub(super) fn of(url: &str) -> Result<Self> {
        let (plain, mode, root) = take_tls(url)?;
        let mut config: postgres::Config =
            plain.parse().map_err(|e| Error::Url(format!("this is no PostgreSQL address: {e}")))?;
        let (ssl, trust) = match mode.as_deref() {
            None | Some("prefer" | "allow") => (SslMode::Prefer, Trust::Anything),
            Some("disable") => (SslMode::Disable, Trust::Anything),
            // As PostgreSQL has it: whoever names an authority wants it asked.
            Some("require") if root.is_some() => (SslMode::Require, Trust::Authority),
            Some("require") => (SslMode::Require, Trust::Anything),
            Some("verify-ca") => (SslMode::Require, Trust::Authority),
            Some("verify-full") => (SslMode::Require, Trust::AuthorityAndName),
            Some(_) => {
                return Err(Error::Url(
                    "sslmode in the database address must be disable, prefer, require, verify-ca or verify-full"
                        .to_owned(),
                ));
            }
        };
        config.ssl_mode(ssl);
        let provider = Arc::new(ring::default_provider());
        let verifier = verifier(trust, root.as_deref(), &provider)?;
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| Error::Url(format!("TLS: {e}")))?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        Ok(Self { config, tls: MakeRustlsConnect::new(tls) })
    }
}

/// Takes `sslmode` and `sslrootcert` out of an address: the driver does not know all of their values.
fn take_tls(url: &str) -> Result<(String, Option<String>, Option<String>)> {
    let Some((address, query)) = url.split_once('?') else { return Ok((url.to_owned(), None, None)) };
    let (mut mode, mut root, mut rest) = (None, None, Vec::new());
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("sslmode", value)) => mode = Some(value.to_owned()),
            Some(("sslrootcert", value)) => root = Some(unescaped(value)?),
            _ => rest.push(pair),
        }
    }
    let sign = if rest.is_empty() { "" } else { "?" };
    Ok((format!("{address}{sign}{}", rest.join("&")), mode, root.filter(|path| path != "system")))
}

/// `%2F` becomes `/`.
fn unescaped(text: &str) -> Result<String> {
    let wrong = || Error::Url("sslrootcert in the database address is not a path".to_owned());
    let (mut out, mut bytes) = (Vec::new(), text.bytes());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let digit = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16)).ok_or_else(wrong);
        let value = digit(bytes.next())? * 16 + digit(bytes.next())?;
        out.push(u8::try_from(value).map_err(|_| wrong())?);
    }
    String::from_utf8(out).map_err(|_| wrong())
}

fn verifier(
    trust: Trust,
    root: Option<&str>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>> {
    if trust == Trust::Anything {
        return Ok(Arc::new(Lenient { authority: None, provider: Arc::clone(provider) }));
    }
    let authority =
        WebPkiServerVerifier::builder_with_provider(Arc::new(authorities(root)?), Arc::clone(provider))
            .build()
            .map_err(|e| Error::Url(format!("the certificates for the database: {e}")))?;
    if trust == Trust::AuthorityAndName {
        return Ok(authority);
    }
    Ok(Arc::new(Lenient { authority: Some(authority), provider: Arc::clone(provider) }))
}

/// The certificates in the file, or the system's.
fn authorities(root: Option<&str>) -> Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    if let Some(path) = root {
        let wrong =
            |e: String| Error::Url(format!("the certificates in {path} (sslrootcert) cannot be read: {e}"));
        for certificate in CertificateDer::pem_file_iter(path).map_err(|e| wrong(e.to_string()))? {
            store.add(certificate.map_err(|e| wrong(e.to_string()))?).map_err(|e| wrong(e.to_string()))?;
        }
        if store.is_empty() {
            return Err(wrong("there is none in it".to_owned()));
        }
    } else {
        let (taken, _) = store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if taken == 0 {
            return Err(Error::Url(
                "this system has no certificates to check the database's by: name a file with sslrootcert"
                    .to_owned(),
            ));
        }
    }
    Ok(store)
}

/// Believes a certificate of any name, from an authority if there is one.
#[derive(Debug)]
struct Lenient {
    authority: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(authority) = &self.authority else { return Ok(ServerCertVerified::assertion()) };
        match authority.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // The name is looked at last: all else was right.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            judged => judged,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_concerns_tls_is_taken_out_of_the_address() {
        let url =
            "postgres://u:p%3F@h/d?options=-csearch_path%3Dx&sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem";
        let (plain, mode, root) = take_tls(url).unwrap();
        assert_eq!(plain, "postgres://u:p%3F@h/d?options=-csearch_path%3Dx");
        assert_eq!((mode.as_deref(), root.as_deref()), (Some("verify-full"), Some("/etc/ca.pem")));
        assert_eq!(take_tls("postgres://h/d?sslmode=require").unwrap().0, "postgres://h/d");
        assert_eq!(take_tls("postgres://h/d?sslrootcert=system").unwrap().2, None);
    }

    #[test]
    fn mistakes_are_told_before_anything_is_sent() {
        for (url, words) in [
            ("postgres://h/d?sslmode=verify-all", "must be disable"),
            ("postgres://h/d?sslmode=verify-ca&sslrootcert=/nowhere.pem", "/nowhere.pem"),
            ("postgres://h/d?sslrootcert=%zz", "not a path"),
            ("postgres://h:port/d", "no PostgreSQL address"),
        ] {
            let refused = Target::of(url).err().unwrap().to_string();
            assert!(refused.contains(words), "{refused}");
        }
    }
}
