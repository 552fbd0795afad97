//! Requests and errors in every protocol.

use super::*;

fn request(headers: &[(&'static str, &str)], path: &str, body: &[u8]) -> Request<Bytes> {
    let mut builder = Request::post(path);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(Bytes::copy_from_slice(body)).unwrap()
}

const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=AKIA/20261123/ap-southeast-2/rds/aws4_request, SignedHeaders=host, Signature=0";

#[test]
fn every_protocol_is_recognised() {
    let json = Call::decode(&request(
        &[("x-amz-target", "Logs_20140328.DescribeLogGroups"), ("content-type", "application/x-amz-json-1.1")],
        "/",
        b"{}",
    ));
    assert_eq!((json.target.as_str(), json.operation.as_str()), ("Logs_20140328", "DescribeLogGroups"));

    let cbor = Call::decode(&request(&[], "/service/GraniteServiceVersion20100801/operation/ListMetrics", &[0xa0]));
    assert_eq!(cbor.protocol, Protocol::Cbor);
    assert_eq!((cbor.target.as_str(), cbor.operation.as_str()), ("GraniteServiceVersion20100801", "ListMetrics"));

    let query =
        Call::decode(&request(&[("authorization", AUTHORIZATION)], "/", b"Action=DescribeDBInstances&Version=2014-10-31&MaxRecords=20"));
    assert_eq!(query.protocol, Protocol::Query);
    assert_eq!(query.signing_name.as_deref(), Some("rds"));
    assert_eq!((query.target.as_str(), query.operation.as_str()), ("2014-10-31", "DescribeDBInstances"));
}

#[test]
fn rubbish_is_kept_for_the_service_to_refuse() {
    let call = Call::decode(&request(&[("x-amz-target", "nonsense")], "/", b"{"));
    assert!(call.params.is_err());
    assert_eq!(call.operation, "nonsense");
    let call = Call::decode(&request(&[("authorization", "Bearer x")], "/favicon.ico", b""));
    assert_eq!((call.signing_name, call.operation.as_str()), (None, ""));
}

#[test]
fn errors_take_the_shape_of_the_protocol() {
    let failed = Err(ApiError::new("ResourceNotFoundException", "gone").with_query_code("ResourceNotFound"));
    for (headers, path, expected, content_type) in [
        (
            vec![("x-amz-target", "X.Y"), ("content-type", "application/x-amz-json-1.0")],
            "/",
            r#"{"__type":"ResourceNotFoundException","message":"gone"}"#,
            "application/x-amz-json-1.0",
        ),
        (vec![], "/", "<Code>ResourceNotFound</Code>", "text/xml"),
        (vec![], "/service/X/operation/Y", "ResourceNotFoundException", "application/cbor"),
    ] {
        let response = respond(&Call::decode(&request(&headers, path, b"")), "", &failed, "id");
        assert_eq!(response.status(), 400);
        assert_eq!(response.headers()["x-amzn-requestid"], "id");
        assert_eq!(response.headers()["content-type"], content_type);
        assert_eq!(response.headers()["x-amzn-query-error"], "ResourceNotFound;Sender");
        assert_eq!(response.headers()["content-length"], response.body().len().to_string());
        let body = String::from_utf8_lossy(response.body());
        assert!(body.contains(expected), "{body}");
    }
}
