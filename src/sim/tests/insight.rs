//! Performance Insights, dashboards and alarms over the wire: both protocols say the same, pages hold everything once.

use aws_smithy_cbor::Decoder;

use super::*;

const PI: &str = "PerformanceInsightsv20180227";
const RESOURCE: &str = "\"ServiceType\":\"RDS\",\"Identifier\":\"db-K7QW3ZT5XN2MVB6RJ4HYPLD8CE\"";

fn pi(operation: &str, body: &str) -> Request<Bytes> {
    json("pi", &format!("{PI}.{operation}"), &format!("{{{RESOURCE},{body}}}"))
}

fn parsed(response: &Response<SimBody>) -> serde_json::Value {
    assert_eq!(response.status(), 200, "{}", text(response));
    serde_json::from_str(&text(response)).unwrap()
}

fn window(minutes: i64) -> String {
    let end = START / 60_000 * 60;
    format!("\"StartTime\":{},\"EndTime\":{end}", end - minutes * 60)
}

#[test]
fn points_are_dated_by_the_end_of_their_period_unless_asked_otherwise() {
    let (cloud, _) = cloud();
    let ask = |more: &str| {
        let body = format!("\"MetricQueries\":[{{\"Metric\":\"db.load.avg\"}}],\"PeriodInSeconds\":60{more},{}", window(10));
        let answer = parsed(&cloud.handle(pi("GetResourceMetrics", &body)));
        let points = answer["MetricList"][0]["DataPoints"].as_array().unwrap().clone();
        assert_eq!(points.len(), 10);
        points.iter().map(|p| (p["Timestamp"].as_f64().unwrap() as i64, p["Value"].as_f64().unwrap())).collect::<Vec<_>>()
    };
    let (end, start) = (ask(""), ask(",\"PeriodAlignment\":\"START_TIME\""));
    assert!(end.iter().zip(&start).all(|(e, s)| e.0 == s.0 + 60 && (e.1 - s.1).abs() < 1e-12));
    assert_eq!(start[0].0, START / 60_000 * 60 - 600);
}

#[test]
fn a_longer_period_is_the_mean_of_the_shorter_ones() {
    let (cloud, _) = cloud();
    let ask = |period: i64| -> Vec<f64> {
        let end = START / 300_000 * 300;
        let body = format!(
            "\"MetricQueries\":[{{\"Metric\":\"db.load.avg\"}}],\"PeriodInSeconds\":{period},\"StartTime\":{},\"EndTime\":{end}",
            end - 300
        );
        let answer = parsed(&cloud.handle(pi("GetResourceMetrics", &body)));
        answer["MetricList"][0]["DataPoints"].as_array().unwrap().iter().map(|p| p["Value"].as_f64().unwrap()).collect()
    };
    let (long, minutes, seconds) = (ask(300), ask(60), ask(1));
    assert_eq!((long.len(), minutes.len(), seconds.len()), (1, 5, 300));
    assert!((minutes.iter().sum::<f64>() / 5.0 - long[0]).abs() < 1e-9);
    assert!((seconds.iter().sum::<f64>() / 300.0 - long[0]).abs() < 1e-9);
}

#[test]
fn pages_of_the_metric_list_hold_every_key_once() {
    let (cloud, _) = cloud();
    let query = "\"MetricQueries\":[{\"Metric\":\"db.load.avg\",\"GroupBy\":{\"Group\":\"db.sql_tokenized\",\"Limit\":25}}]";
    let ask = |more: &str| parsed(&cloud.handle(pi("GetResourceMetrics", &format!("{query}{more},{}", window(30)))));
    let whole = ask("");
    assert!(whole["NextToken"].is_null());
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let page = ask(&format!(",\"MaxResults\":5{token}"));
        let list = page["MetricList"].as_array().unwrap();
        assert!(!list.is_empty() && list.len() <= 5);
        seen.extend(list.clone());
        match page["NextToken"].as_str() {
            Some(next) => token = format!(",\"NextToken\":\"{next}\""),
            None => break,
        }
    }
    assert_eq!(&seen, whole["MetricList"].as_array().unwrap());
    assert!(seen.len() > 10);
    // A token belongs to its question.
    let other = pi("GetResourceMetrics", &format!("\"MetricQueries\":[{{\"Metric\":\"db.load.avg\"}}]{token},{}", window(30)));
    assert!(token.is_empty() || cloud.handle(other).status() == 400);
}

#[test]
fn both_protocols_speak_of_the_same_errors() {
    let (cloud, _) = cloud();
    let response = cloud.handle(pi(
        "DescribeDimensionKeys",
        "\"Metric\":\"db.load.avg\",\"GroupBy\":{\"Group\":\"db.host\"},\"StartTime\":1,\"EndTime\":9",
    ));
    assert_eq!(response.status(), 400);
    assert!(text(&response).contains("InvalidArgumentException") && text(&response).contains("This group is not a known group: db.host"));
    let cbor = Request::post(format!("/service/{PI}/operation/GetResourceMetadata")).body(Bytes::from_static(&[0xa0])).unwrap();
    let response = cloud.handle(cbor);
    assert_eq!((response.status().as_u16(), &response.headers()["smithy-protocol"]), (400, &http::HeaderValue::from_static("rpc-v2-cbor")));
    let body = response.body().bytes().unwrap();
    let mut decoder = Decoder::new(body);
    assert_eq!(decoder.map().unwrap(), Some(2));
    assert_eq!(decoder.string().unwrap(), "__type");
    assert_eq!(decoder.string().unwrap(), "InvalidArgumentException");
}

#[test]
fn a_database_that_is_not_watched_is_not_told_about() {
    let (cloud, _) = cloud();
    let metadata = || cloud.handle(json("pi", &format!("{PI}.GetResourceMetadata"), &format!("{{{RESOURCE}}}")));
    assert_eq!(metadata().status(), 200);
    let off = "Action=ModifyDBInstance&Version=2014-10-31&DBInstanceIdentifier=production-nextcore-db&EnablePerformanceInsights=false";
    assert_eq!(cloud.handle(query("rds", off)).status(), 200);
    assert!(text(&metadata()).contains("NotAuthorizedException"));
    let described = text(&cloud.handle(query("rds", "Action=DescribeDBInstances&Version=2014-10-31")));
    assert!(described.contains("<PerformanceInsightsEnabled>false</PerformanceInsightsEnabled>"));
}

#[test]
fn missing_dashboards_are_missed_in_every_protocol() {
    let (cloud, _) = cloud();
    let response = cloud.handle(query("monitoring", "Action=GetDashboard&Version=2010-08-01&DashboardName=nope"));
    assert_eq!(response.status(), 404);
    assert!(
        text(&response).contains("<Code>ResourceNotFound</Code><Message>Dashboard nope does not exist</Message>"),
        "{}",
        text(&response)
    );
    let mut encoder = aws_smithy_cbor::Encoder::new(Vec::new());
    encoder.map(1).str("DashboardName").str("nope");
    let request = Request::post("/service/GraniteServiceVersion20100801/operation/GetDashboard")
        .header("authorization", authorization("monitoring"))
        .body(Bytes::from(encoder.into_writer()))
        .unwrap();
    let response = cloud.handle(request);
    assert_eq!(response.status(), 404);
    assert_eq!(response.headers()["x-amzn-query-error"], "ResourceNotFound;Sender");
}

#[test]
fn a_thousand_dashboards_come_in_pages() {
    let (cloud, _) = cloud();
    cloud.world(|world| (0..1_200).for_each(|n| world.put_dashboard(&format!("many-{n:04}"), "{\"widgets\":[]}")));
    let list =
        |token: &str| parsed(&cloud.handle(json("monitoring", "GraniteServiceVersion20100801.ListDashboards", &format!("{{{token}}}"))));
    let first = list("");
    assert_eq!(first["DashboardEntries"].as_array().unwrap().len(), 1_000);
    let second = list(&format!("\"NextToken\":{}", first["NextToken"]));
    assert_eq!(second["DashboardEntries"].as_array().unwrap().len(), 202);
    assert!(second["NextToken"].is_null());
}

#[test]
fn an_alarm_of_ones_own_goes_off() {
    let (cloud, now) = cloud();
    let put = "{\"AlarmName\":\"load\",\"Namespace\":\"AWS/RDS\",\"MetricName\":\"DBLoad\",\"Statistic\":\"Average\",\"Period\":60,\
               \"EvaluationPeriods\":1,\"Threshold\":0.01,\"ComparisonOperator\":\"GreaterThanThreshold\",\
               \"Dimensions\":[{\"Name\":\"DBInstanceIdentifier\",\"Value\":\"production-nextcore-db\"}]}";
    assert_eq!(cloud.handle(json("monitoring", "GraniteServiceVersion20100801.PutMetricAlarm", put)).status(), 200);
    let state = || {
        let answer =
            parsed(&cloud.handle(json("monitoring", "GraniteServiceVersion20100801.DescribeAlarms", "{\"AlarmNames\":[\"load\"]}")));
        answer["MetricAlarms"][0]["StateValue"].as_str().unwrap().to_owned()
    };
    assert_eq!(state(), "INSUFFICIENT_DATA");
    now.fetch_add(120_000, Ordering::Relaxed);
    assert_eq!(state(), "ALARM");
}

#[test]
fn heavy_lines_come_in_pages_of_a_megabyte() {
    let (cloud, now) = cloud();
    let faster = "Action=ModifyDBInstance&Version=2014-10-31&DBInstanceIdentifier=production-nextcore-db&MonitoringInterval=1";
    assert_eq!(cloud.handle(query("rds", faster)).status(), 200);
    now.fetch_add(400_000, Ordering::Relaxed);
    let ask = |more: &str| {
        let body = format!("{{\"logGroupName\":\"RDSOSMetrics\",\"logStreamName\":\"db-K7QW3ZT5XN2MVB6RJ4HYPLD8CE\"{more}}}");
        parsed(&cloud.handle(json("logs", "Logs_20140328.GetLogEvents", &body)))
    };
    let (mut seen, mut token) = (Vec::new(), String::from(",\"startFromHead\":true"));
    for _ in 0..10 {
        let page = ask(&token);
        let events = page["events"].as_array().unwrap();
        let bytes: usize = events.iter().map(|e| e["message"].as_str().unwrap().len()).sum();
        assert!(bytes <= 1_000_000, "{bytes}");
        if events.is_empty() {
            break;
        }
        seen.extend(events.iter().map(|e| e["timestamp"].as_i64().unwrap()));
        token = format!(",\"nextToken\":{}", page["nextForwardToken"]);
    }
    assert!(seen.windows(2).all(|pair| pair[0] < pair[1]));
    let kept = cloud.world(|world| world.logs.groups["RDSOSMetrics"].events.len());
    assert_eq!(seen.len(), kept);
    assert!(kept >= 390);
}
