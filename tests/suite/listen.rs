//! `cloud --listen` as a server among strangers: bodies that are too large, pages of other origins, names that were bound anew.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::process::{CloudProcess, Machine};

/// Sends a request as it is and reads until the end; the status and the text.
fn exchange(cloud: &CloudProcess, head: &str, body: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(cloud.address()).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split_whitespace().nth(1).and_then(|s| s.parse().ok()).unwrap_or_else(|| panic!("no status: {answer:?}"));
    (status, answer)
}

fn form(host: &str, more: &str, length: usize) -> String {
    let auth = "Authorization: AWS4-HMAC-SHA256 Credential=x/20261123/ap-southeast-2/rds/aws4_request, SignedHeaders=host, Signature=0";
    let kind = "Content-Type: application/x-www-form-urlencoded";
    format!("POST / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{auth}\r\n{kind}\r\n{more}Content-Length: {length}\r\n\r\n")
}

#[test]
fn strangers_are_refused_and_this_machine_is_served() {
    let machine = Machine::new();
    let cloud = CloudProcess::start(&machine);
    let body = b"Action=DescribeDBInstances&Version=2014-10-31";
    let ask = |host: &str, more: &str| exchange(&cloud, &form(host, more, body.len()), body);
    let port = cloud.address().rsplit(':').next().unwrap().to_owned();
    for host in [cloud.address().to_owned(), format!("localhost:{port}")] {
        let (status, answer) = ask(&host, "");
        assert!(status == 200 && answer.contains("DBInstanceIdentifier"), "{answer}");
    }
    for (host, more) in [
        (format!("evil.example:{port}"), ""),
        (cloud.address().to_owned(), "Origin: http://evil.example\r\n"),
        (cloud.address().to_owned(), "Origin: null\r\n"),
        (cloud.address().to_owned(), "Sec-Fetch-Site: cross-site\r\n"),
    ] {
        let (status, answer) = ask(&host, more);
        assert!(status == 403 && !answer.contains("DBInstanceIdentifier"), "{host} {more}: {answer}");
    }
}

#[test]
fn a_body_that_is_too_large_is_refused_and_not_taken_for_an_empty_one() {
    let machine = Machine::new();
    let cloud = CloudProcess::start(&machine);
    let body = [&b"Action=DescribeDBInstances&Version=2014-10-31&x="[..], &vec![b'x'; 5 << 20]].concat();
    let (status, answer) = exchange(&cloud, &form(cloud.address(), "", body.len()), &body);
    assert!(status == 413 && answer.contains("4 MiB"), "{answer}");
    // The same without its length said before.
    let head = form(cloud.address(), "Transfer-Encoding: chunked\r\n", 0).replace("Content-Length: 0\r\n", "");
    let chunked = [format!("{:x}\r\n", body.len()).as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
    let (status, answer) = exchange(&cloud, &head, &chunked);
    assert!(status == 413 && answer.contains("4 MiB"), "{answer}");
}
