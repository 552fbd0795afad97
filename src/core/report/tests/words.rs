//! The table and the Markdown, word by word.

use super::super::{Look, markdown, table};
use super::busy;
use crate::insight::topology::inventory::inventory;

#[test]
fn the_table() {
    let world = busy();
    let judgement = world.judge();
    insta::assert_snapshot!(table(&world.store, &judgement, &world.stack, world.now, Look::default()), @r#"
    production-nextcore ap-southeast-2  degraded  29 nodes: 4 degraded, 3 unknown  2026-11-22T22:01:09Z
     STATE       NODE                        FIGURES                                                           REASON                                                                            SINCE  AGE
     ● healthy   dns                         nextcore.ai → ALB  1 health check                                                                                                                          2m09s
     ● healthy   cdn                         229/s  hit 94 %  4xx 0.3 %  5xx 0.0 %                                                                                                                      2m09s
     ● healthy   vpc                         10.0.0.0/16  9 subnets  free for tasks ≥ 246                                                                                                               0s
     ▲ degraded  alb                         842/s  5xx 0.02 %  p95 118 ms                                     production-nextcore-web: 1 of 2 targets unhealthy (Target.Timeout)                       3m09s
     ● healthy   tg/production-nextcore-api  2/2 healthy  /api/*  29/s  p95 226 ms                                                                                                                      2m09s
     ▲ degraded  tg/production-nextcore-web  1/2 healthy  /  22/s  p95 85 ms                                   1 of 2 targets unhealthy (Target.Timeout)                                                2m09s
     ● healthy   nat                         3 gateways  265 KiB/s                                                                                                                                      2m09s
     ● healthy   nat/a                       nat-015e8c1d7a39b2f60  111 KiB/s                                                                                                                           2m09s
     ● healthy   nat/b                       nat-0b72d40f6e1c9a583  75 KiB/s                                                                                                                            2m09s
     ● healthy   nat/c                       nat-0c9f3a8e52d74b016  80 KiB/s                                                                                                                            2m09s
     ● healthy   sg                          4 groups  12 rules                                                inter-task traffic is blocked: the spec allows self inbound but no self outbound         0s
     ? unknown   svc/control-plane           2/2  cpu 57 %  mem 56 %  rev 42                                   scaling: access denied: application-autoscaling:DescribeScalableTargets                  2m09s
     ▲ degraded  svc/web                     2/2  cpu 38 %  mem 57 %  rev 57                                   1 of 2 targets unhealthy (Target.Timeout)                                                2m09s
                                                                                                               scaling: access denied: application-autoscaling:DescribeScalableTargets
     ? unknown   svc/celery-worker           3/3  cpu 43 %  mem 56 %  rev 33                                   scaling: access denied: application-autoscaling:DescribeScalableTargets                  2m09s
     ● healthy   redis                       2 shards 4 nodes  mem 37 %  1.2k op/s  lag 0.2 s                                                                                                           2m09s
     ● healthy   db                          available  a ⇄ b  conn 84/851  cpu 31 %  free 62 GiB  PITR 4m09s                                                                                           5m09s
     ● healthy   s3                          3 buckets  481 GiB  889k objects                                                                                                                           0s
     ● healthy   s3/nextcore-documents       383 GiB  584k objects  versioned  16/s                                                                                                                     0s
     ● healthy   s3/nextcore-reports         89 GiB  241k objects  versioned  0.8/s                                                                                                                     0s
     ● healthy   s3/nextcore-static          9.1 GiB  64k objects  versioned  14/s                                                                                                                      0s
     ● healthy   iam                         3 roles                                                                                                                                                    0s
     ● healthy   kms                         3/3 enabled                                                                                                                                                0s
     ● healthy   secrets                     3 secrets  rotation in 18d16h                                                                                                                              0s
     ● healthy   ecr                         3 repositories  13 images  pushed 1h54m ago                                                                                                                0s
     ● healthy   build                       3 projects  last SUCCEEDED  1h53m ago                                                                                                                      0s
     ● healthy   pipeline                    last Succeeded  1h51m ago                                                                                                                                  0s
     ▲ degraded  alarms                      1 of 1 in alarm                                                   alarm high|cpu: CPUUtilization 91.2 > 80                                          3m00s  0s
     ● healthy   dashboards                  2 dashboards                                                                                                                                               0s
     ? unknown   logs                        900 events/min  last 28s ago                                      log group: loading                                                                       9s
    scaling: denied, application-autoscaling:DescribeScalableTargets
    inventory: 119 resources, 41 types
      Route53: HostedZone 1, RecordSet 8, HealthCheck 1; CloudFront: Distribution 1; EC2: VPC 1, Subnet 9,
      InternetGateway 1, VPCGatewayAttachment 1, RouteTable 6, Route 4, SubnetRouteTableAssociation 9, NatGateway 3, EIP 3,
      SecurityGroup 4, SecurityGroupIngress 7, SecurityGroupEgress 5; ElasticLoadBalancingV2: LoadBalancer 1, Listener 2,
      ListenerRule 1, TargetGroup 2; CertificateManager: Certificate 1; ECS: Cluster 1, Service 3, Task 7, TaskDefinition 3;
      ElastiCache: ReplicationGroup 1, CacheCluster 4, SubnetGroup 1; RDS: DBInstance 1, DBSubnetGroup 1,
      DBParameterGroup 1; S3: Bucket 3; IAM: Role 3; KMS: Key 3, Alias 3; SecretsManager: Secret 3; ECR: Repository 3;
      CodeBuild: Project 3; CodePipeline: Pipeline 1; CloudWatch: Alarm 1, Dashboard 2
      not loaded: scaling: ScalableTarget, ScalingPolicy (access denied: application-autoscaling:DescribeScalableTargets)
      not loaded: log group: LogGroup (not polled)
    "#);
}

#[test]
fn the_table_in_ascii_has_only_ascii() {
    let world = busy();
    let text = table(&world.store, &world.judge(), &world.stack, world.now, Look { ascii: true, width: Some(100) });
    assert!(text.is_ascii(), "{text}");
    assert!(text.lines().filter(|l| !l.starts_with("  not loaded:")).all(|l| l.len() <= 140), "{text}");
    let counted = text.lines().skip_while(|l| !l.starts_with("inventory:")).filter(|l| !l.starts_with("  not loaded:"));
    assert!(counted.clone().count() > 4 && counted.clone().all(|l| l.len() <= 100), "{text}");
    insta::assert_snapshot!(text, @r#"
    production-nextcore ap-southeast-2  degraded  29 nodes: 4 degraded, 3 unknown  2026-11-22T22:01:09Z
     STATE       NODE                     FIGURES                  REASON                  SINCE  AGE
     . healthy   dns                      nextcore.ai -> ALB                                      2m09s
                                          1 health check
     . healthy   cdn                      229/s  hit 94 %                                         2m09s
                                          4xx 0.3 %  5xx 0.0 %
     . healthy   vpc                      10.0.0.0/16  9 subnets                                  0s
                                          free for tasks >= 246
     ! degraded  alb                      842/s  5xx 0.02 %        production-nextcore-we         3m09s
                                          p95 118 ms               b: 1 of 2 targets
                                                                   unhealthy
                                                                   (Target.Timeout)
     . healthy   tg/production-nextcore-  2/2 healthy  /api/*                                     2m09s
                 api                      29/s  p95 226 ms
     ! degraded  tg/production-nextcore-  1/2 healthy  /  22/s     1 of 2 targets                 2m09s
                 web                      p95 85 ms                unhealthy
                                                                   (Target.Timeout)
     . healthy   nat                      3 gateways  265 KiB/s                                   2m09s
     . healthy   nat/a                    nat-015e8c1d7a39b2f60                                   2m09s
                                          111 KiB/s
     . healthy   nat/b                    nat-0b72d40f6e1c9a583                                   2m09s
                                          75 KiB/s
     . healthy   nat/c                    nat-0c9f3a8e52d74b016                                   2m09s
                                          80 KiB/s
     . healthy   sg                       4 groups  12 rules       inter-task traffic is          0s
                                                                   blocked: the spec
                                                                   allows self inbound
                                                                   but no self outbound
     ? unknown   svc/control-plane        2/2  cpu 57 %  mem 56 %  scaling: access                2m09s
                                          rev 42                   denied: application-au
                                                                   toscaling:DescribeScal
                                                                   ableTargets
     ! degraded  svc/web                  2/2  cpu 38 %  mem 57 %  1 of 2 targets                 2m09s
                                          rev 57                   unhealthy
                                                                   (Target.Timeout)
                                                                   scaling: access
                                                                   denied: application-au
                                                                   toscaling:DescribeScal
                                                                   ableTargets
     ? unknown   svc/celery-worker        3/3  cpu 43 %  mem 56 %  scaling: access                2m09s
                                          rev 33                   denied: application-au
                                                                   toscaling:DescribeScal
                                                                   ableTargets
     . healthy   redis                    2 shards 4 nodes                                        2m09s
                                          mem 37 %  1.2k op/s
                                          lag 0.2 s
     . healthy   db                       available  a <-> b                                      5m09s
                                          conn 84/851  cpu 31 %
                                          free 62 GiB  PITR 4m09s
     . healthy   s3                       3 buckets  481 GiB                                      0s
                                          889k objects
     . healthy   s3/nextcore-documents    383 GiB  584k objects                                   0s
                                          versioned  16/s
     . healthy   s3/nextcore-reports      89 GiB  241k objects                                    0s
                                          versioned  0.8/s
     . healthy   s3/nextcore-static       9.1 GiB  64k objects                                    0s
                                          versioned  14/s
     . healthy   iam                      3 roles                                                 0s
     . healthy   kms                      3/3 enabled                                             0s
     . healthy   secrets                  3 secrets                                               0s
                                          rotation in 18d16h
     . healthy   ecr                      3 repositories                                          0s
                                          13 images
                                          pushed 1h54m ago
     . healthy   build                    3 projects                                              0s
                                          last SUCCEEDED
                                          1h53m ago
     . healthy   pipeline                 last Succeeded                                          0s
                                          1h51m ago
     ! degraded  alarms                   1 of 1 in alarm          alarm high|cpu:         3m00s  0s
                                                                   CPUUtilization 91.2 >
                                                                   80
     . healthy   dashboards               2 dashboards                                            0s
     ? unknown   logs                     900 events/min           log group: loading             9s
                                          last 28s ago
    scaling: denied, application-autoscaling:DescribeScalableTargets
    inventory: 119 resources, 41 types
      Route53: HostedZone 1, RecordSet 8, HealthCheck 1; CloudFront: Distribution 1; EC2: VPC 1,
      Subnet 9, InternetGateway 1, VPCGatewayAttachment 1, RouteTable 6, Route 4,
      SubnetRouteTableAssociation 9, NatGateway 3, EIP 3, SecurityGroup 4, SecurityGroupIngress 7,
      SecurityGroupEgress 5; ElasticLoadBalancingV2: LoadBalancer 1, Listener 2, ListenerRule 1,
      TargetGroup 2; CertificateManager: Certificate 1; ECS: Cluster 1, Service 3, Task 7,
      TaskDefinition 3; ElastiCache: ReplicationGroup 1, CacheCluster 4, SubnetGroup 1;
      RDS: DBInstance 1, DBSubnetGroup 1, DBParameterGroup 1; S3: Bucket 3; IAM: Role 3; KMS: Key 3,
      Alias 3; SecretsManager: Secret 3; ECR: Repository 3; CodeBuild: Project 3;
      CodePipeline: Pipeline 1; CloudWatch: Alarm 1, Dashboard 2
      not loaded: scaling: ScalableTarget, ScalingPolicy (access denied: application-autoscaling:DescribeScalableTargets)
      not loaded: log group: LogGroup (not polled)
    "#);
}

#[test]
#[allow(clippy::too_many_lines, reason = "one document, as it is written")]
fn the_markdown() {
    let world = busy();
    insta::assert_snapshot!(markdown(&world.store, &world.judge(), &world.stack, world.now), @r#"
    # production-nextcore ap-southeast-2  degraded  29 nodes: 4 degraded, 3 unknown  2026-11-22T22:01:09Z

    | State | Node | Figures | Reason | Since | Age |
    |---|---|---|---|---|---|
    | healthy | `dns` | nextcore.ai → ALB, 1 health check |  |  | 2m09s |
    | healthy | `cdn` | 229/s, hit 94 %, 4xx 0.3 %, 5xx 0.0 % |  |  | 2m09s |
    | healthy | `vpc` | 10.0.0.0/16, 9 subnets, free for tasks ≥ 246 |  |  | 0s |
    | degraded | `alb` | 842/s, 5xx 0.02 %, p95 118 ms | production-nextcore-web: 1 of 2 targets unhealthy (Target.Timeout) |  | 3m09s |
    | healthy | `tg/production-nextcore-api` | 2/2 healthy, /api/\*, 29/s, p95 226 ms |  |  | 2m09s |
    | degraded | `tg/production-nextcore-web` | 1/2 healthy, /, 22/s, p95 85 ms | 1 of 2 targets unhealthy (Target.Timeout) |  | 2m09s |
    | healthy | `nat` | 3 gateways, 265 KiB/s |  |  | 2m09s |
    | healthy | `nat/a` | nat-015e8c1d7a39b2f60, 111 KiB/s |  |  | 2m09s |
    | healthy | `nat/b` | nat-0b72d40f6e1c9a583, 75 KiB/s |  |  | 2m09s |
    | healthy | `nat/c` | nat-0c9f3a8e52d74b016, 80 KiB/s |  |  | 2m09s |
    | healthy | `sg` | 4 groups, 12 rules | inter-task traffic is blocked: the spec allows self inbound but no self outbound |  | 0s |
    | unknown | `svc/control-plane` | 2/2, cpu 57 %, mem 56 %, rev 42 | scaling: access denied: application-autoscaling:DescribeScalableTargets |  | 2m09s |
    | degraded | `svc/web` | 2/2, cpu 38 %, mem 57 %, rev 57 | 1 of 2 targets unhealthy (Target.Timeout)<br>scaling: access denied: application-autoscaling:DescribeScalableTargets |  | 2m09s |
    | unknown | `svc/celery-worker` | 3/3, cpu 43 %, mem 56 %, rev 33 | scaling: access denied: application-autoscaling:DescribeScalableTargets |  | 2m09s |
    | healthy | `redis` | 2 shards 4 nodes, mem 37 %, 1.2k op/s, lag 0.2 s |  |  | 2m09s |
    | healthy | `db` | available, a ⇄ b, conn 84/851, cpu 31 %, free 62 GiB, PITR 4m09s |  |  | 5m09s |
    | healthy | `s3` | 3 buckets, 481 GiB, 889k objects |  |  | 0s |
    | healthy | `s3/nextcore-documents` | 383 GiB, 584k objects, versioned, 16/s |  |  | 0s |
    | healthy | `s3/nextcore-reports` | 89 GiB, 241k objects, versioned, 0.8/s |  |  | 0s |
    | healthy | `s3/nextcore-static` | 9.1 GiB, 64k objects, versioned, 14/s |  |  | 0s |
    | healthy | `iam` | 3 roles |  |  | 0s |
    | healthy | `kms` | 3/3 enabled |  |  | 0s |
    | healthy | `secrets` | 3 secrets, rotation in 18d16h |  |  | 0s |
    | healthy | `ecr` | 3 repositories, 13 images, pushed 1h54m ago |  |  | 0s |
    | healthy | `build` | 3 projects, last SUCCEEDED, 1h53m ago |  |  | 0s |
    | healthy | `pipeline` | last Succeeded, 1h51m ago |  |  | 0s |
    | degraded | `alarms` | 1 of 1 in alarm | alarm high\|cpu: CPUUtilization 91.2 \> 80 | 3m00s | 0s |
    | healthy | `dashboards` | 2 dashboards |  |  | 0s |
    | unknown | `logs` | 900 events/min, last 28s ago | log group: loading |  | 9s |

    ## Issues

    - `scaling` denied: application-autoscaling:DescribeScalableTargets

    ## Last changes

    - 2026-11-22 21:58:09Z `alarms` alarm high\|cpu: ALARM (CPUUtilization 91.2 \> 80) (degraded)
    - 2026-11-22 20:09:51Z `svc/control-plane` steady state (healthy)
    - 2026-11-22 20:09:17Z `pipeline` execution succeeded: health: check the broker as well (#1295) (healthy)
    - 2026-11-22 20:09:15Z `svc/control-plane` deployment completed (healthy)
    - 2026-11-22 20:09:15Z `svc/control-plane` draining 1 task (changing)
    - 2026-11-22 20:09:15Z `svc/control-plane` deregistered 1 target in production-nextcore-api (changing)
    - 2026-11-22 20:09:15Z `svc/control-plane` stopped 1 task (changing)
    - 2026-11-22 20:09:03Z `svc/control-plane` draining 1 task (changing)
    - 2026-11-22 20:09:03Z `svc/control-plane` deregistered 1 target in production-nextcore-api (changing)
    - 2026-11-22 20:09:03Z `svc/control-plane` stopped 1 task (changing)
    - 2026-11-22 20:08:55Z `svc/control-plane` registered 1 target in production-nextcore-api (changing)
    - 2026-11-22 20:08:33Z `svc/control-plane` registered 1 target in production-nextcore-api (changing)
    - 2026-11-22 20:08:00Z `svc/control-plane` started 2 tasks (changing)
    - 2026-11-22 20:08:00Z `svc/control-plane` deployment of production-nextcore-control-plane:42 started (changing)
    - 2026-11-22 20:07:58Z `build` built production-nextcore-control at 76891a76 (healthy)
    - 2026-11-22 20:07:03Z `ecr` pushed nextcore/control:76891a7652d25e96f7855ccae6cab7498d0ff63d (42ccf4de45c6) (changing)
    - 2026-11-22 20:05:40Z `build` built production-nextcore-worker at 76891a76 (healthy)
    - 2026-11-22 20:05:17Z `build` built production-nextcore-web at 76891a76 (healthy)
    - 2026-11-22 20:03:35Z `pipeline` execution started: health: check the broker as well (#1295) (changing)
    - 2026-11-21 23:37:18Z `svc/control-plane` desired count → 3 (AlarmHigh) (changing)

    ## Objectives

    | Objective | Wanted | Measured | Level | What AWS says |
    |---|---|---|---|---|
    | RPO | 5 minutes | 4m09s | met | now minus LatestRestorableTime; RDS writes transaction logs to S3 every 5 minutes |
    | Database failover | about 30 s | none in 24 h | unknown | no failover from start to end among the RDS events of the last 24 hours that were read; AWS names 60 to 120 s as usual for a Multi-AZ instance |
    | Newest backup | one a day | none in 24 h | unknown | no finished backup among the RDS events of the last 24 hours that were read |
    | Restore test | not stated | not known | unknown | no AWS API tells whether a restore was tried |
    | RTO | 2-4 hours | not known | unknown | stated for the loss of the region, never measured; no automated backup of the database is kept in another region |

    ## Inventory

    119 resources, 41 types.

    | Service | Resources |
    |---|---|
    | Route53 | HostedZone 1, RecordSet 8, HealthCheck 1 |
    | CloudFront | Distribution 1 |
    | EC2 | VPC 1, Subnet 9, InternetGateway 1, VPCGatewayAttachment 1, RouteTable 6, Route 4, SubnetRouteTableAssociation 9, NatGateway 3, EIP 3, SecurityGroup 4, SecurityGroupIngress 7, SecurityGroupEgress 5 |
    | ElasticLoadBalancingV2 | LoadBalancer 1, Listener 2, ListenerRule 1, TargetGroup 2 |
    | CertificateManager | Certificate 1 |
    | ECS | Cluster 1, Service 3, Task 7, TaskDefinition 3 |
    | ElastiCache | ReplicationGroup 1, CacheCluster 4, SubnetGroup 1 |
    | RDS | DBInstance 1, DBSubnetGroup 1, DBParameterGroup 1 |
    | S3 | Bucket 3 |
    | IAM | Role 3 |
    | KMS | Key 3, Alias 3 |
    | SecretsManager | Secret 3 |
    | ECR | Repository 3 |
    | CodeBuild | Project 3 |
    | CodePipeline | Pipeline 1 |
    | CloudWatch | Alarm 1, Dashboard 2 |

    Not loaded:

    - scaling: ScalableTarget, ScalingPolicy (access denied: application-autoscaling:DescribeScalableTargets)
    - log group: LogGroup (not polled)
    "#);
}

#[test]
fn the_table_and_the_markdown_count_by_type_as_the_json_does() {
    let world = busy();
    let judgement = world.judge();
    let counted = inventory(&world.store, &world.stack, world.now);
    let table = table(&world.store, &judgement, &world.stack, world.now, Look { ascii: false, width: Some(90) });
    let markdown = markdown(&world.store, &judgement, &world.stack, world.now);
    for (text, after) in [(&table, "inventory:"), (&markdown, "## Inventory")] {
        let text = text.split(after).nth(1).unwrap().replace('\n', " ");
        for (kind, count) in &counted.by_type {
            let name = kind.rsplit("::").next().unwrap();
            assert!(text.contains(&format!("{name} {count}")), "{kind} {count}: {text}");
        }
        for gone in &counted.not_seen {
            assert!(text.contains(gone.kind.rsplit("::").next().unwrap()) && text.contains(&gone.why), "{gone:?}: {text}");
        }
    }
}
