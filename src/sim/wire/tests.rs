//! Requests and errors in every protocol.

use super::*;

fn request(headers: &[(&'static str, &str)], path: &str, body: &[u8]) -> Request<Bytes> {
    let mut builder = Request::post(path);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(Bytes::copy_from_slice(body)).unwrap()
}

fn decode(request: &Request<Bytes>) -> Call {
    Call::decode(request, &[&EDGE, &STORE])
}

const EDGE: rest::Api = rest::Api {
    signing_name: "edge",
    version: "2020-05-31",
    flavour: rest::Flavour::Versioned,
    routes: &[rest::Route::new("Make", "POST", "/thing", rest::Root::Payload("Thing")).status(201).headers(&[("Location", "location")])],
};
const STORE: rest::Api = rest::Api {
    signing_name: "s3",
    version: "2006-03-01",
    flavour: rest::Flavour::S3,
    routes: &[
        rest::Route::new("Head", "HEAD", "/{Bucket}", rest::Root::Empty).headers(&[("BucketRegion", "x-amz-bucket-region")]),
        rest::Route::new("Drop", "DELETE", "/{Bucket}", rest::Root::Empty).status(204),
    ],
};

const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=AKIA/20261123/ap-southeast-2/rds/aws4_request, SignedHeaders=host, Signature=0";

#[test]
fn every_protocol_is_recognised() {
    let json = decode(&request(
        &[("x-amz-target", "Logs_20140328.DescribeLogGroups"), ("content-type", "application/x-amz-json-1.1")],
        "/",
        b"{}",
    ));
    assert_eq!((json.target.as_str(), json.operation.as_str()), ("Logs_20140328", "DescribeLogGroups"));

    let cbor = decode(&request(&[], "/service/GraniteServiceVersion20100801/operation/ListMetrics", &[0xa0]));
    assert_eq!(cbor.protocol, Protocol::Cbor);
    assert_eq!((cbor.target.as_str(), cbor.operation.as_str()), ("GraniteServiceVersion20100801", "ListMetrics"));

    let query = decode(&request(&[("authorization", AUTHORIZATION)], "/", b"Action=DescribeDBInstances&Version=2014-10-31&MaxRecords=20"));
    assert_eq!(query.protocol, Protocol::Query);
    assert_eq!((query.signing_name.as_deref(), query.region.as_deref()), (Some("rds"), Some("ap-southeast-2")));
    assert_eq!((query.target.as_str(), query.operation.as_str()), ("2014-10-31", "DescribeDBInstances"));

    let ec2 = decode(&request(&[], "/", b"Action=DescribeVpcs&Version=2016-11-15"));
    assert_eq!((ec2.protocol, ec2.operation.as_str()), (Protocol::Ec2Query, "DescribeVpcs"));
    let rest = decode(&request(&[], "/2020-05-31/thing", b"<Thing><A>1</A></Thing>"));
    assert_eq!((rest.protocol, rest.operation.as_str()), (Protocol::RestXml(rest::Flavour::Versioned), "Make"));
    assert!(decode(&request(&[], "/2020-05-31/thing", b"<Thing>")).params.is_err());
}

#[test]
fn rest_answers_carry_status_headers_and_the_service_s_own_request_id() {
    let s3 = "AWS4-HMAC-SHA256 Credential=AKIA/20261123/ap-southeast-2/s3/aws4_request, SignedHeaders=host, Signature=0";
    let ask =
        |method: &str, path: &str| Request::builder().method(method).uri(path).header("authorization", s3).body(Bytes::new()).unwrap();
    let found = Ok(object! { "BucketRegion" => "ap-southeast-2" });
    let head = respond(&decode(&ask("HEAD", "/b")), "", &found, "id");
    assert_eq!((head.status().as_u16(), &head.headers()["x-amz-bucket-region"]), (200, &HeaderValue::from_static("ap-southeast-2")));
    assert_eq!(head.headers()["x-amz-request-id"], "id");
    let gone = respond(&decode(&ask("HEAD", "/b")), "", &Err(ApiError::new("NoSuchBucket", "no").with_status(404)), "id");
    assert_eq!((gone.status().as_u16(), gone.body().len()), (404, 0));
    let dropped = respond(&decode(&ask("DELETE", "/b")), "", &Ok(Value::EMPTY), "id");
    assert_eq!((dropped.status().as_u16(), dropped.headers().get("content-length")), (204, None));
    let made = respond(
        &decode(&request(&[], "/2020-05-31/thing", b"")),
        "urn:x",
        &Ok(object! { "Location" => "/here", "Thing" => object! { "Id" => "1" } }),
        "id",
    );
    assert_eq!((made.status().as_u16(), &made.headers()["location"]), (201, &HeaderValue::from_static("/here")));
    assert!(made.body().ends_with(b"<Thing xmlns=\"urn:x\"><Id>1</Id></Thing>"));
}

#[test]
fn rest_and_ec2_errors_have_their_own_wrappers() {
    let failed = Err(ApiError::new("NoSuchThing", "gone").with_status(404));
    let s3 = "AWS4-HMAC-SHA256 Credential=AKIA/20261123/ap-southeast-2/s3/aws4_request, SignedHeaders=host, Signature=0";
    for (headers, path, body, start) in [
        (vec![("authorization", s3)], "/b", "", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchThing</Code>"),
        (vec![], "/2020-05-31/thing", "", "<ErrorResponse xmlns=\"urn:x\"><Error><Type>Sender</Type><Code>NoSuchThing</Code>"),
        (vec![], "/", "Action=X&Version=2016-11-15", "<Response><Errors><Error><Code>NoSuchThing</Code>"),
    ] {
        let response = respond(&decode(&request(&headers, path, body.as_bytes())), "urn:x", &failed, "id");
        assert_eq!(response.status(), 404);
        let text = String::from_utf8_lossy(response.body());
        assert!(text.starts_with(start), "{text}");
    }
}

#[test]
fn rubbish_is_kept_for_the_service_to_refuse() {
    let call = decode(&request(&[("x-amz-target", "nonsense")], "/", b"{"));
    assert!(call.params.is_err());
    assert_eq!(call.operation, "nonsense");
    let call = decode(&request(&[("authorization", "Bearer x")], "/favicon.ico", b""));
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
        let response = respond(&decode(&request(&headers, path, b"")), "", &failed, "id");
        assert_eq!(response.status(), 400);
        assert_eq!(response.headers()["x-amzn-requestid"], "id");
        assert_eq!(response.headers()["content-type"], content_type);
        assert_eq!(response.headers()["x-amzn-query-error"], "ResourceNotFound;Sender");
        assert_eq!(response.headers()["content-length"], response.body().len().to_string());
        let body = String::from_utf8_lossy(response.body());
        assert!(body.contains(expected), "{body}");
    }
}
