//! restXml: which operation a method, path and query mean, and where the parts of an answer travel.
//! A service is an [`Api`]: a table of [`Route`]s that stands beside its operations, so a new operation is one row there.
//! Knows no service. Called by `wire::Call::decode` and `wire::respond`.

use bytes::Bytes;
use http::{Method, Request};

use super::xml::{self, Xml};
use super::{ApiError, Value};

/// A service that speaks restXml.
#[derive(Debug)]
pub struct Api {
    /// The name in the credential scope of its requests.
    pub signing_name: &'static str,
    /// Its API version.
    pub version: &'static str,
    /// What sets it apart.
    pub flavour: Flavour,
    /// What it can be asked.
    pub routes: &'static [Route],
}

/// The two ways in which AWS speaks restXml.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// S3: the bucket is in the path or in the host name, errors are bare, the request id has its own header.
    S3,
    /// Paths begin with the API version, errors are wrapped in `ErrorResponse`.
    Versioned,
}

/// What stands around the members of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    /// `<{Operation}Response>`.
    Response,
    /// An element of this name.
    Named(&'static str),
    /// One member is the body, and its name is the element's.
    Payload(&'static str),
    /// No body.
    Empty,
}

/// One operation as it looks on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// Operation name.
    pub operation: &'static str,
    method: &'static str,
    /// Path with `{Label}` segments, without the API version.
    path: &'static str,
    /// A query key without which it is another operation.
    sub_resource: Option<&'static str>,
    root: Root,
    status: u16,
    /// Members that travel as headers: (member, header).
    headers: &'static [(&'static str, &'static str)],
}

/// The path segments that stand for something, by name.
type Labels = Vec<(&'static str, String)>;

impl Route {
    /// A route whose path alone says what is meant, answered with status 200.
    pub const fn new(operation: &'static str, method: &'static str, path: &'static str, root: Root) -> Route {
        Route { operation, method, path, sub_resource: None, root, status: 200, headers: &[] }
    }

    /// Meant only when the query has this key.
    #[must_use]
    pub const fn sub_resource(mut self, key: &'static str) -> Route {
        self.sub_resource = Some(key);
        self
    }

    /// Answered with another status.
    #[must_use]
    pub const fn status(mut self, status: u16) -> Route {
        self.status = status;
        self
    }

    /// With members that travel as headers: (member, header).
    #[must_use]
    pub const fn headers(mut self, headers: &'static [(&'static str, &'static str)]) -> Route {
        self.headers = headers;
        self
    }

    /// The labels of `path` if it has the form of this route.
    fn labels(&self, path: &[String]) -> Option<Labels> {
        let template: Vec<&'static str> = self.path.split('/').filter(|part| !part.is_empty()).collect();
        if template.len() != path.len() {
            return None;
        }
        let mut labels = Vec::new();
        for (part, given) in template.into_iter().zip(path) {
            match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
                Some(label) => labels.push((label, given.clone())),
                None if part == given => {}
                None => return None,
            }
        }
        Some(labels)
    }

    /// The status and the header values of an answer.
    pub(super) fn head<'a>(&self, answer: &'a Value) -> (u16, Vec<(&'static str, &'a str)>) {
        let text = |member: &str| match answer.get(member) {
            Some(Value::Str(text)) => Some(text.as_ref()),
            _ => None,
        };
        (self.status, self.headers.iter().filter_map(|(member, header)| Some((*header, text(member)?))).collect())
    }

    /// The body of an answer.
    pub(super) fn body(&self, namespace: &str, answer: &Value) -> Vec<u8> {
        let mut xml = Xml::default();
        let response = format!("{}Response", self.operation);
        let (name, content) = match self.root {
            Root::Empty => return Vec::new(),
            Root::Response => (response.as_str(), answer),
            Root::Named(name) => (name, answer),
            Root::Payload(member) => (member, answer.get(member).unwrap_or(&Value::Null)),
        };
        xml.open(name, namespace);
        match content {
            Value::Map(members) => members
                .iter()
                .filter(|(member, _)| !self.headers.iter().any(|(header, _)| header == member))
                .for_each(|(member, value)| xml.element(member, value)),
            other => xml.content(other),
        }
        xml.close(name);
        [b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", xml.bytes().as_slice()].concat()
    }
}

/// What a restXml request asks.
pub(super) struct Asked {
    pub(super) api: &'static Api,
    pub(super) route: Option<&'static Route>,
    pub(super) params: Result<Value, String>,
}

/// Reads `request` if one of `apis` is meant: by signing name, else by the version in the path or S3's host name.
pub(super) fn decode(request: &Request<Bytes>, signing_name: Option<&str>, apis: &[&'static Api]) -> Option<Asked> {
    let path = segments(request.uri().path());
    let host = host(request);
    let api = match signing_name {
        Some(name) => apis.iter().find(|api| api.signing_name == name),
        None => apis.iter().find(|api| match api.flavour {
            Flavour::S3 => host.starts_with("s3.") || bucket_of(host).is_some(),
            Flavour::Versioned => path.first().is_some_and(|first| first == api.version),
        }),
    }?;
    let path: Vec<String> = match api.flavour {
        Flavour::S3 => bucket_of(host).map(str::to_owned).into_iter().chain(path).collect(),
        Flavour::Versioned if path.first().is_some_and(|first| first == api.version) => path.into_iter().skip(1).collect(),
        Flavour::Versioned => return Some(Asked { api, route: None, params: Ok(Value::EMPTY) }),
    };
    let query: Vec<(String, String)> = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned().collect();
    let Some((route, labels)) = find(api, request.method(), &path, &query) else {
        return Some(Asked { api, route: None, params: Ok(Value::EMPTY) });
    };
    let mut members: Vec<_> = labels.into_iter().map(|(label, text)| (label.into(), Value::from(text))).collect();
    members.extend(query.into_iter().map(|(key, text)| (key.into(), Value::from(text))));
    let params = if request.body().iter().all(u8::is_ascii_whitespace) {
        Ok(Value::Map(members))
    } else {
        xml::decode(request.body()).map(|(root, content)| {
            members.push((root.into(), content));
            Value::Map(members)
        })
    };
    Some(Asked { api, route: Some(route), params })
}

/// A route with a sub-resource wins over the one without, which is meant only when no other key names one.
fn find(api: &'static Api, method: &Method, path: &[String], query: &[(String, String)]) -> Option<(&'static Route, Labels)> {
    let asked = |key: &str| query.iter().any(|(name, _)| name == key);
    let fits = api.routes.iter().filter(|route| method == route.method).filter_map(|route| Some((route, route.labels(path)?)));
    let (special, plain): (Vec<_>, Vec<_>) = fits.partition(|(route, _)| route.sub_resource.is_some());
    special.into_iter().find(|(route, _)| route.sub_resource.is_some_and(asked)).or_else(|| plain.into_iter().next())
}

fn segments(path: &str) -> Vec<String> {
    let parts = path.split('/').filter(|part| !part.is_empty());
    // The decoder of forms knows the same escapes; what means something else there means itself in a path.
    let plain = |part: &str| part.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    let decode = |part: &str| form_urlencoded::parse(plain(part).as_bytes()).next().map(|(text, _)| text.into_owned());
    parts.filter_map(decode).collect()
}

fn host(request: &Request<Bytes>) -> &str {
    let named = request.headers().get(http::header::HOST).and_then(|host| host.to_str().ok());
    let host = named.or_else(|| request.uri().authority().map(http::uri::Authority::as_str)).unwrap_or_default();
    host.rsplit_once(':').map_or(host, |(host, _)| host)
}

/// The bucket in a virtual-hosted-style host name: `{bucket}.s3.{region}.amazonaws.com`, or `{bucket}.localhost`.
fn bucket_of(host: &str) -> Option<&str> {
    let (bucket, _) = host
        .split_once(".s3.")
        .or_else(|| host.split_once(".s3-"))
        .or_else(|| host.strip_suffix(".localhost").map(|bucket| (bucket, "")))?;
    (!bucket.is_empty()).then_some(bucket)
}

/// The body of an S3 error. An answer to HEAD has none.
pub(super) fn encode_s3_error(error: &ApiError, request_id: &str) -> Vec<u8> {
    let mut xml = Xml::default();
    xml.element("Error", &super::object! { "Code" => error.query_code(), "Message" => &error.message, "RequestId" => request_id });
    [b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", xml.bytes().as_slice()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORE: Api = Api {
        signing_name: "s3",
        version: "2006-03-01",
        flavour: Flavour::S3,
        routes: &[
            Route::new("ListBuckets", "GET", "/", Root::Named("ListAllMyBucketsResult")),
            Route::new("HeadBucket", "HEAD", "/{Bucket}", Root::Empty).headers(&[("BucketRegion", "x-amz-bucket-region")]),
            Route::new("GetVersioning", "GET", "/{Bucket}", Root::Named("VersioningConfiguration")).sub_resource("versioning"),
            Route::new("PutVersioning", "PUT", "/{Bucket}", Root::Empty).sub_resource("versioning"),
        ],
    };
    const EDGE: Api = Api {
        signing_name: "edge",
        version: "2020-05-31",
        flavour: Flavour::Versioned,
        routes: &[
            Route::new("Get", "GET", "/thing/{Id}", Root::Payload("Thing")).headers(&[("ETag", "etag")]),
            Route::new("Make", "POST", "/thing/{Id}/part", Root::Response).status(201),
        ],
    };

    fn ask(method: &str, uri: &str, host: &str, body: &str, signed: Option<&str>) -> Option<(&'static str, Value)> {
        let request =
            Request::builder().method(method).uri(uri).header("host", host).body(Bytes::copy_from_slice(body.as_bytes())).unwrap();
        decode(&request, signed, &[&STORE, &EDGE]).map(|asked| (asked.route.map_or("", |route| route.operation), asked.params.unwrap()))
    }

    #[test]
    fn method_path_host_and_query_name_the_operation() {
        let bucket = |name: &str, key: &'static str| super::super::object! { "Bucket" => name, key => "" };
        for (method, uri, host, signed, expected) in [
            ("GET", "/docs?versioning", "127.0.0.1:4566", Some("s3"), ("GetVersioning", bucket("docs", "versioning"))),
            ("GET", "/?versioning", "docs.s3.ap-southeast-2.amazonaws.com", None, ("GetVersioning", bucket("docs", "versioning"))),
            ("GET", "/?versioning=", "docs.localhost:4566", Some("s3"), ("GetVersioning", bucket("docs", "versioning"))),
            ("HEAD", "/", "my.docs.s3.amazonaws.com", Some("s3"), ("HeadBucket", super::super::object! { "Bucket" => "my.docs" })),
            ("GET", "/", "s3.ap-southeast-2.amazonaws.com", None, ("ListBuckets", Value::EMPTY)),
            ("GET", "/docs?logging", "x", Some("s3"), ("", Value::EMPTY)),
            ("GET", "/2020-05-31/thing/a%2Fb", "x", None, ("Get", super::super::object! { "Id" => "a/b" })),
            ("GET", "/2020-05-31/thing/1/2/3", "x", Some("edge"), ("", Value::EMPTY)),
            ("GET", "/", "x", Some("edge"), ("", Value::EMPTY)),
        ] {
            assert_eq!(ask(method, uri, host, "", signed), Some(expected), "{method} {host} {uri}");
        }
        assert_eq!(ask("POST", "/", "127.0.0.1", "Action=X", None), None, "left to the other protocols");
        assert_eq!(ask("GET", "/2020-05-31/thing/1", "x", "", Some("ecs")), None);
    }

    #[test]
    fn a_body_is_a_member_named_like_its_root() {
        let body = "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>";
        let (operation, params) = ask("PUT", "/docs?versioning", "x", body, Some("s3")).unwrap();
        assert_eq!(operation, "PutVersioning");
        assert_eq!(params.get("VersioningConfiguration"), Some(&super::super::object! { "Status" => "Suspended" }));
    }

    #[test]
    fn answers_are_split_into_status_headers_and_body() {
        let answer =
            super::super::object! { "Thing" => super::super::object! { "Id" => "1", "Tag" => Value::flat(["a", "b"]) }, "ETag" => "E1" };
        let body = |route: &Route| String::from_utf8(route.body("urn:n", &answer)).unwrap();
        let [get, make] = EDGE.routes else { panic!() };
        assert_eq!(get.head(&answer), (200, vec![("etag", "E1")]));
        assert!(body(get).ends_with("<Thing xmlns=\"urn:n\"><Id>1</Id><Tag>a</Tag><Tag>b</Tag></Thing>"), "{}", body(get));
        assert_eq!(make.head(&answer).0, 201);
        assert!(body(make).contains("<MakeResponse xmlns=\"urn:n\"><Thing><Id>1</Id>"), "{}", body(make));
        assert!(STORE.routes[1].body("urn:n", &answer).is_empty());
    }
}
