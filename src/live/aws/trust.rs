//! Whom TLS trusts: the machine's certificate store, or the bundle that `AWS_CA_BUNDLE` or the profile names instead of it, as all tools
//! of AWS take it. A bundle that cannot be used is an error before anything is sent. Called by `connect`.

use std::path::{Path, PathBuf};

use aws_smithy_http_client::tls::{TlsContext, TrustStore};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// A certificate bundle that was asked for and cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the certificate bundle {path} ({origin}): {cause}\n  next: set a readable file of PEM certificates, or remove the setting", path = .path.display())]
pub struct BadBundle {
    path: PathBuf,
    origin: String,
    cause: String,
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The TLS context that trusts exactly the certificates of this file.
pub(super) fn bundle(path: &Path, origin: &str) -> Result<TlsContext, BadBundle> {
    let bad = |cause: String| BadBundle { path: path.to_owned(), origin: origin.to_owned(), cause };
    let bytes = std::fs::read(path).map_err(|e| bad(e.to_string()))?;
    // Comments between the certificates may be in any encoding.
    let text = String::from_utf8_lossy(&bytes);
    let found: Vec<&str> = blocks(&text).collect();
    let good: Vec<&str> = found.iter().copied().filter(|pem| is_certificate(pem)).collect();
    match (found.len(), good.len()) {
        (0, _) if bytes.is_empty() => return Err(bad("it is empty".to_owned())),
        (0, _) => return Err(bad("no PEM certificate in it".to_owned())),
        (n, 0) => return Err(bad(format!("none of its {n} certificates can be read"))),
        _ => {}
    }
    // The TLS library panics over a certificate that it cannot read: it gets only those that it can.
    let store = good.iter().fold(TrustStore::empty(), |store, pem| store.with_pem_certificate(pem.as_bytes().to_vec()));
    TlsContext::builder().with_trust_store(store).build().map_err(|e| bad(e.to_string()))
}

/// Each certificate of a bundle, with its frame.
fn blocks(text: &str) -> impl Iterator<Item = &str> {
    let begins = text.match_indices(BEGIN).map(|(at, _)| at);
    begins.filter_map(|at| {
        let rest = text.get(at..)?;
        rest.get(..rest.find(END)? + END.len())
    })
}

fn is_certificate(pem: &str) -> bool {
    CertificateDer::from_pem_slice(pem.as_bytes()).is_ok_and(|der| RootCertStore::empty().add(der).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_that_cannot_be_used_is_an_error_with_its_path_and_origin() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        for (path, cause) in [
            (folder.path().join("missing.pem"), "No such file"),
            (folder.path().to_owned(), "directory"),
            (file("empty.pem", ""), "empty"),
            (file("key.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), "no PEM certificate"),
            (file("cut.pem", &format!("{BEGIN}\nAAAA\n")), "no PEM certificate"),
            (file("broken.pem", &format!("{BEGIN}\nAAAA\n{END}\n")), "none of its 1 certificates"),
        ] {
            let text = bundle(&path, "AWS_CA_BUNDLE").unwrap_err().to_string();
            for word in [path.to_str().unwrap(), "AWS_CA_BUNDLE", cause, "next:"] {
                assert!(text.contains(word), "{word}: {text}");
            }
        }
    }
}
