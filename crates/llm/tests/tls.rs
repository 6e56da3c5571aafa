//! Encrypted connections: whose certificates are trusted, and for which name.

#![allow(clippy::expect_used, reason = "what prepares a test may end it")]

use llm::{Configuration, Fault, Hub, Message, Models, Request, Role, Surroundings};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut parameters = CertificateParams::default();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().expect("a key"))
        .expect("an authority")
}

/// A provider with a certificate for a name; it says "Yes." to whoever connects.
fn provider(authority: &Authority, name: &str) -> u16 {
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(vec![name.to_owned()])
        .expect("a name")
        .signed_by(&key, authority)
        .expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let configuration = ServerConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a configuration");
    let configuration = Arc::new(configuration);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection =
                ServerConnection::new(Arc::clone(&configuration)).expect("a connection");
            let mut stream = StreamOwned::new(connection, stream);
            // One read is enough for a request of this size; a client that does not trust us ends here.
            if stream
                .read(&mut [0; 16 << 10])
                .is_ok_and(|length| length > 0)
            {
                let body = "{\"choices\":[{\"message\":{\"content\":\"Yes.\"},\"finish_reason\":\"stop\"}]}";
                let _ = write!(
                    stream,
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.flush();
            }
        }
    });
    port
}

#[test]
fn only_a_trusted_certificate_for_the_right_name_gets_the_key() {
    let (own, other) = (authority(), authority());
    let folder = std::env::temp_dir().join(format!("retail-llm-tls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("own.pem"), own.pem()).expect("a file");
    std::fs::write(folder.join("other.pem"), other.pem()).expect("a file");
    for (name, ca_file, said) in [
        ("localhost", ", ca_file = \"own.pem\"", None),
        (
            "localhost",
            ", ca_file = \"other.pem\"",
            Some("certificate"),
        ),
        ("localhost", "", Some("certificate")),
        (
            "models.example.com",
            ", ca_file = \"own.pem\"",
            Some("certificate"),
        ),
    ] {
        let port = provider(&own, name);
        let text = format!(
            "[models]\nprovider.one = {{ kind = \"openai\", url = \"https://localhost:{port}/v1\", key_env = \"KEY\"{ca_file} }}\nmodel.first = {{ provider = \"one\", name = \"m\" }}\nroles.default = [\"first\"]\n"
        );
        let configuration = Configuration::read(&text)
            .expect(&text)
            .expect("it has models");
        let surroundings = Surroundings {
            environment: Box::new(|_| Some("key-0123456789".into())),
            ..Surroundings::of_process(folder.clone(), folder.clone())
        };
        let hub = Hub::open(&configuration, &surroundings).expect("it opens");
        let request = Request {
            role: Role::Query,
            system: "You name a metric.".into(),
            messages: vec![Message::user("How much?")],
            schema: None,
            max_output_tokens: 50,
        };
        let result = hub.ask(&request, &hub.purse("anna"), &|| false, &mut |_| ());
        match said {
            None => assert_eq!(result.expect("trusted").text, "Yes."),
            Some(said) => {
                let failure = result.expect_err(ca_file);
                assert_eq!(
                    failure.fault,
                    Fault::Unreachable,
                    "{name}{ca_file}: {failure}"
                );
                assert!(failure.message.contains(said), "{name}{ca_file}: {failure}");
                assert!(failure.calls.is_empty());
            }
        }
    }
    let _ = std::fs::remove_dir_all(&folder);
}
