//! The network as plain ids: VPC, subnets, security groups, NAT gateways. EC2 itself is not simulated.
//! Read wherever a resource names its network; NAT gateways carry a fault flag and traffic metrics.

use super::super::names::Az;

/// Ids of the network.
#[derive(Debug, Clone)]
pub struct Network {
    /// VPC id (10.0.0.0/16).
    pub vpc_id: String,
    /// Public subnets 10.0.1-3.0/24, one per zone.
    pub public: SubnetIds,
    /// Private subnets 10.0.11-13.0/24, one per zone.
    pub private: SubnetIds,
    /// Database subnets 10.0.21-23.0/24, one per zone.
    pub database: SubnetIds,
    /// Security group of the load balancer.
    pub alb_sg: String,
    /// Security group of the tasks.
    pub ecs_sg: String,
    /// Security group of the database.
    pub rds_sg: String,
    /// Security group of the cache.
    pub redis_sg: String,
    /// NAT gateways, one per zone.
    pub nats: [Nat; 3],
}

/// One subnet id per zone.
#[derive(Debug, Clone)]
pub struct SubnetIds(pub [String; 3]);

impl SubnetIds {
    /// The subnet of `az`.
    pub fn of(&self, az: Az) -> &str {
        let [a, b, c] = &self.0;
        match az {
            Az::A => a,
            Az::B => b,
            Az::C => c,
        }
    }
}

/// A NAT gateway.
#[derive(Debug, Clone)]
pub struct Nat {
    /// `nat-...`.
    pub id: String,
    /// Zone.
    pub az: Az,
}
