//! The platform half: load balancer, database, cache.

use std::collections::VecDeque;

use super::super::names::{ACCOUNT, ALB_DIM, Az, CONTROL, DAY, DB, HOUR, KMS_KEY, MIN, Ms, REDIS, STACK, TG_API_DIM, TG_WEB_DIM, WEB, arn};
use super::super::state::{
    Alb, CacheMode, DbInsight, DbInstance, DbMean, DbStatus, Listener, ListenerRule, Network, NodeStatus, Pending, Rds, Redis, RedisNode,
    ReplicationGroup, RuleAction, TargetGroup,
};

/// How old the stack is.
pub(super) const AGE: Ms = 212 * DAY;

/// The load balancer with its listeners and target groups.
pub(super) fn alb(network: &Network, begin: Ms) -> Alb {
    let tail = ALB_DIM;
    let lb = arn("elasticloadbalancing", format_args!("loadbalancer/{tail}"));
    let listener = |id: &str| arn("elasticloadbalancing", format_args!("listener/{tail}/{id}"));
    let rule = |id: &str, n: &str| arn("elasticloadbalancing", format_args!("listener-rule/{tail}/{id}/{n}"));
    let group = |dimension: &str| arn("elasticloadbalancing", dimension);
    let https = "f2f7dc8efc522ab2";
    let http = "8b1c4d7e2a905f36";
    let default = |id: &str, n: &str, action: RuleAction| ListenerRule {
        arn: rule(id, n),
        priority: None,
        hosts: Vec::new(),
        path_patterns: Vec::new(),
        action,
    };
    let to_web = RuleAction::Forward(group(TG_WEB_DIM));
    Alb {
        name: STACK.into(),
        dns_name: "production-nextcore-1487593026.ap-southeast-2.elb.amazonaws.com".into(),
        hosted_zone_id: "Z1GM3OXH4ZPM65".into(),
        vpc_id: network.vpc_id.clone(),
        security_groups: vec![network.alb_sg.clone()],
        state: "active",
        created_at: begin - AGE,
        zones: Az::ALL.map(|az| (az, network.public.of(az).to_owned())).to_vec(),
        listeners: vec![
            Listener {
                arn: listener(http),
                protocol: "HTTP",
                port: 80,
                ssl_policy: None,
                certificate_arn: None,
                default_action: RuleAction::RedirectToHttps { permanent: true },
                rules: vec![default(http, "1a2b3c4d5e6f7081", RuleAction::RedirectToHttps { permanent: true })],
            },
            Listener {
                arn: listener(https),
                protocol: "HTTPS",
                port: 443,
                ssl_policy: Some("ELBSecurityPolicy-TLS13-1-2-2021-06".into()),
                certificate_arn: Some(arn("acm", "certificate/5d0c9a7e-1c1f-4a3b-9f1e-2b6d8c4e7f10")),
                default_action: to_web.clone(),
                rules: vec![
                    ListenerRule {
                        arn: rule(https, "9683b2d02a6cabee"),
                        priority: Some(10),
                        hosts: Vec::new(),
                        path_patterns: vec!["/api/*".into()],
                        action: RuleAction::Forward(group(TG_API_DIM)),
                    },
                    default(https, "2b3c4d5e6f708192", to_web),
                ],
            },
        ],
        target_groups: vec![
            target_group("api", TG_API_DIM, CONTROL, 8000, "/api/health/"),
            target_group("web", TG_WEB_DIM, WEB, 3000, "/health"),
        ],
        routes: [[1.0, 0.0], [0.0, 1.0]],
        arn: lb,
    }
}

fn target_group(name: &str, dimension: &str, service: &str, port: u16, health_path: &str) -> TargetGroup {
    TargetGroup {
        arn: arn("elasticloadbalancing", dimension),
        name: format!("{STACK}-{name}"),
        dimension: dimension.into(),
        service: service.into(),
        port,
        health_path: health_path.into(),
        interval_seconds: 10,
        timeout_seconds: 5,
        healthy_threshold: 2,
        unhealthy_threshold: 3,
        matcher: "200".into(),
        deregistration_delay_seconds: 30,
        targets: Vec::new(),
    }
}

/// The database.
pub(super) fn rds(network: &Network, begin: Ms) -> Rds {
    Rds {
        cluster: None,
        instance: DbInstance {
            id: DB.into(),
            arn: arn("rds", format_args!("db:{DB}")),
            resource_id: "db-K7QW3ZT5XN2MVB6RJ4HYPLD8CE".into(),
            status: DbStatus::Available,
            class: "db.t3.large".into(),
            engine: "postgres".into(),
            engine_version: "15.7".into(),
            az: Az::A,
            secondary_az: Some(Az::B),
            multi_az: true,
            allocated_gib: 100,
            max_allocated_gib: 500,
            storage_type: "gp3".into(),
            iops: 3_000,
            throughput: 125,
            endpoint: format!("{DB}.c4xk2m9q0abc.ap-southeast-2.rds.amazonaws.com"),
            port: 5432,
            db_name: "nextcore".into(),
            master_user: "nextcore_admin".into(),
            backup_retention_days: 7,
            backup_window: "16:00-16:30".into(),
            maintenance_window: "sun:17:00-sun:17:30".into(),
            latest_restorable: begin - 3 * MIN,
            created_at: begin - AGE,
            encrypted: true,
            kms_key: KMS_KEY.into(),
            performance_insights: true,
            monitoring_interval: 60,
            monitoring_role_arn: format!("arn:aws:iam::{ACCOUNT}:role/{STACK}-rds-monitoring"),
            deletion_protection: true,
            public: false,
            parameter_group: format!("{STACK}-postgres15"),
            subnet_group: format!("{STACK}-db"),
            subnets: network.database.0.to_vec(),
            vpc_id: network.vpc_id.clone(),
            security_groups: vec![network.rds_sg.clone()],
            ca_certificate: "rds-ca-rsa2048-g1".into(),
            pending: Pending::default(),
            replica_of: None,
            change: None,
            busy_until: None,
            failover: None,
            last_failover: None,
            standby_back_at: None,
            accepting: true,
            cold: 0.0,
            connections: 44.0,
            cpu: 24.0,
            credits: 792.0,
            free_storage: 61.8 * 1_073_741_824.0,
            used_xids: 118e6,
        },
        events: VecDeque::new(),
        insight: DbInsight {
            samples: VecDeque::new(),
            load_average: [0.45; 3],
            host_since: begin - 41 * DAY - 7 * HOUR,
            standby_since: begin - 41 * DAY - 6 * HOUR,
            sample: DbMean::default(),
            interval: DbMean::default(),
        },
    }
}

/// The cache: two node groups over zones a and b.
pub(super) fn redis(network: &Network, begin: Ms) -> Redis {
    let created_at = begin - AGE + HOUR;
    let domain = format!("{REDIS}.x9t2bq.apse2.cache.amazonaws.com");
    let node = |group: &str, member: &str, az: Az, primary: bool| {
        let id = format!("{REDIS}-{group}-{member}");
        RedisNode {
            endpoint: format!("{id}.{domain}"),
            id,
            node_group: group.into(),
            az,
            status: NodeStatus::Available,
            primary,
            created_at,
            up: true,
            recovery: None,
            credits: 540.0,
            used_bytes: 0.95e9,
            connections: if primary { 66.0 } else { 24.0 },
            new_connections: 0.0,
            lag: 0.2,
        }
    };
    Redis {
        nodes: vec![
            node("0001", "001", Az::A, true),
            node("0001", "002", Az::B, false),
            node("0002", "001", Az::B, true),
            node("0002", "002", Az::A, false),
        ],
        events: VecDeque::new(),
        test_failovers: VecDeque::new(),
        serverless: Vec::new(),
        backlog: 0.0,
        group: ReplicationGroup {
            id: REDIS.into(),
            arn: arn("elasticache", format_args!("replicationgroup:{REDIS}")),
            description: "NextCore cache and Celery broker".into(),
            mode: CacheMode::Cluster,
            engine: "redis".into(),
            status: "available",
            node_type: "cache.t3.medium".into(),
            engine_version: "7.0.7".into(),
            configuration_endpoint: format!("clustercfg.{domain}"),
            port: 6379,
            node_groups: vec![("0001".into(), "0-8191".into()), ("0002".into(), "8192-16383".into())],
            auth_token: true,
            auth_token_modified: begin - 71 * DAY,
            transit_encryption: true,
            at_rest_encryption: true,
            kms_key: KMS_KEY.into(),
            multi_az: true,
            snapshot_retention_days: 7,
            snapshot_window: "17:00-18:00".into(),
            maintenance_window: "sun:18:00-sun:19:00".into(),
            parameter_group: "default.redis7.cluster.on".into(),
            subnet_group: format!("{STACK}-redis"),
            subnets: network.private.0.to_vec(),
            vpc_id: network.vpc_id.clone(),
            security_groups: vec![network.redis_sg.clone()],
            created_at,
        },
    }
}
