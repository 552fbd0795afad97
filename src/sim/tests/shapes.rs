//! Databases and caches of other stacks, over the wire.

use super::*;
use crate::world::Az;
use crate::world::state::CacheMode;

fn rds(operation: &str, rest: &str) -> Request<Bytes> {
    query("rds", &format!("Action={operation}&Version=2014-10-31{rest}"))
}

fn cache(operation: &str, rest: &str) -> Request<Bytes> {
    query("elasticache", &format!("Action={operation}&Version=2015-02-02{rest}"))
}

/// How often a piece of text stands in an answer.
fn count(text: &str, piece: &str) -> usize {
    text.matches(piece).count()
}

#[test]
fn an_aurora_cluster_fails_over_to_the_reader_that_was_asked_for() {
    let (cloud, now) = cloud();
    let members = [("shop-1", Az::A), ("shop-2", Az::B), ("shop-3", Az::C)];
    cloud.world(|w| w.shape_cluster("shop", "aurora-postgresql", "15.4", None, &members));
    let clusters = || text(&cloud.handle(rds("DescribeDBClusters", "&DBClusterIdentifier=shop")));
    let writes = |member: &str| format!("<DBInstanceIdentifier>{member}</DBInstanceIdentifier><IsClusterWriter>true</IsClusterWriter>");
    assert!(clusters().contains(&writes("shop-1")), "{}", clusters());
    let listed =
        text(&cloud.handle(rds("DescribeDBInstances", "&Filters.Filter.1.Name=db-cluster-id&Filters.Filter.1.Values.Value.1=shop")));
    assert_eq!(count(&listed, "<DBClusterIdentifier>shop</DBClusterIdentifier>"), 3, "{listed}");
    assert_eq!(count(&listed, "<MultiAZ>false</MultiAZ>"), 3);
    assert_eq!(cloud.handle(rds("DescribeDBInstances", "&DBInstanceIdentifier=shop")).status(), 404, "a cluster's name is no instance's");
    let refused = cloud.handle(rds("RebootDBInstance", "&DBInstanceIdentifier=shop-1&ForceFailover=true"));
    assert!(text(&refused).contains("InvalidParameterCombination"), "{}", text(&refused));
    let refused = cloud.handle(rds("FailoverDBCluster", "&DBClusterIdentifier=shop&TargetDBInstanceIdentifier=shop-1"));
    assert!(text(&refused).contains("InvalidDBInstanceState"), "the writer is no reader");

    let answer = text(&cloud.handle(rds("FailoverDBCluster", "&DBClusterIdentifier=shop&TargetDBInstanceIdentifier=shop-3")));
    assert!(answer.contains("<Status>failing-over</Status>"), "{answer}");
    let again = cloud.handle(rds("FailoverDBCluster", "&DBClusterIdentifier=shop"));
    assert!(text(&again).contains("InvalidDBClusterStateFault"));
    now.fetch_add(40_000, Ordering::Relaxed);
    let after = clusters();
    assert!(after.contains(&writes("shop-3")) && after.contains("<Status>available</Status>"), "{after}");
    let events = text(&cloud.handle(rds("DescribeEvents", "&SourceIdentifier=shop&SourceType=db-cluster")));
    for message in ["Started cross AZ failover to DB instance: shop-3", "Completed failover to DB instance: shop-3"] {
        assert!(events.contains(message), "{events}");
    }
    assert_eq!(cloud.handle(rds("DescribeDBClusters", "&DBClusterIdentifier=other")).status(), 404);
}

#[test]
fn an_instance_of_another_engine_is_no_cluster() {
    let (cloud, _) = cloud();
    cloud.world(|w| w.shape_instance("orders", "mysql", "8.0.36"));
    let answer = text(&cloud.handle(rds("DescribeDBInstances", "&DBInstanceIdentifier=orders")));
    assert!(answer.contains("<Engine>mysql</Engine>") && answer.contains("<MultiAZ>false</MultiAZ>"), "{answer}");
    assert!(!answer.contains("DBClusterIdentifier"));
    assert_eq!(cloud.handle(rds("DescribeDBClusters", "&DBClusterIdentifier=orders")).status(), 404);
}

#[test]
fn without_cluster_mode_the_roles_are_told() {
    let (cloud, _) = cloud();
    cloud.world(|w| w.shape_cache("sessions", "valkey", "7.2.6", CacheMode::Plain, 2));
    let answer = text(&cloud.handle(cache("DescribeReplicationGroups", "&ReplicationGroupId=sessions")));
    for piece in [
        "<Engine>valkey</Engine>",
        "<ClusterEnabled>false</ClusterEnabled>",
        "<PrimaryEndpoint>",
        "<CurrentRole>primary</CurrentRole>",
        "<CurrentRole>replica</CurrentRole>",
    ] {
        assert_eq!(count(&answer, piece), 1, "{piece} in {answer}");
    }
    assert!(!answer.contains("ConfigurationEndpoint") && !answer.contains("<Slots>"), "{answer}");
}

#[test]
fn a_cache_cluster_by_itself_is_in_no_group() {
    let (cloud, _) = cloud();
    cloud.world(|w| {
        w.shape_cache("pages", "memcached", "1.6.22", CacheMode::Alone, 3);
        w.redis.serverless.push("feeds".into());
    });
    assert_eq!(cloud.handle(cache("DescribeReplicationGroups", "&ReplicationGroupId=pages")).status(), 404);
    let answer = text(&cloud.handle(cache("DescribeCacheClusters", "&CacheClusterId=pages&ShowCacheNodeInfo=true")));
    assert_eq!(count(&answer, "<CacheNodeStatus>"), 3, "{answer}");
    assert!(answer.contains("<CacheNodeId>0003</CacheNodeId>") && !answer.contains("ReplicationGroupId"), "{answer}");
    let serverless = cloud.handle(cache("DescribeServerlessCaches", "&ServerlessCacheName=feeds"));
    assert!(text(&serverless).contains("<ServerlessCacheName>feeds</ServerlessCacheName>"), "{}", text(&serverless));
    assert_eq!(cloud.handle(cache("DescribeServerlessCaches", "&ServerlessCacheName=pages")).status(), 404);
}
