//! What EC2 states of the VPC, its subnets, gateways and routes, as its API writes it.
//! What holds these states is in the file above; sources fill them, rules, panes and actions match on them.

use crate::model::state::states;

states! {
    /// `state` of the EC2 API's `DescribeVpcs`.
    pub enum VpcState {
        Available = "available",
        Deleting = "deleting",
        Pending = "pending",
    }
}

states! {
    /// `state` of the EC2 API's `DescribeSubnets`.
    pub enum SubnetState {
        Available = "available",
        Failed = "failed",
        FailedInsufficientCapacity = "failed-insufficient-capacity",
        Pending = "pending",
        Unavailable = "unavailable",
    }
}

states! {
    /// `attachmentSet.state` of the EC2 API's `DescribeInternetGateways`. It says `available`, which is not in its own list.
    pub enum AttachmentState {
        Attached = "attached",
        Attaching = "attaching",
        Available = "available",
        Detached = "detached",
        Detaching = "detaching",
    }
}

impl AttachmentState {
    /// The gateway hangs on the VPC.
    pub(crate) fn is_attached(&self) -> bool {
        matches!(self, Self::Available | Self::Attached)
    }
}

states! {
    /// `zoneState` of the EC2 API's `DescribeAvailabilityZones`.
    pub enum AvailabilityZoneState {
        Available = "available",
        Constrained = "constrained",
        Impaired = "impaired",
        Information = "information",
        Unavailable = "unavailable",
    }
}

states! {
    /// `state` of the EC2 API's `DescribeNatGateways`.
    pub enum NatState {
        Available = "available",
        Deleted = "deleted",
        Deleting = "deleting",
        Failed = "failed",
        Pending = "pending",
    }
}

impl NatState {
    /// Gone, or on its way there.
    pub(crate) fn is_going(&self) -> bool {
        matches!(self, Self::Deleted | Self::Deleting)
    }
}

states! {
    /// `availabilityMode` of the EC2 API's `DescribeNatGateways`.
    pub enum AvailabilityMode {
        Regional = "regional",
        Zonal = "zonal",
    }
}

states! {
    /// `connectivityType` of the EC2 API's `DescribeNatGateways`.
    pub enum ConnectivityType {
        Private = "private",
        Public = "public",
    }
}

states! {
    /// `routeSet.state` of the EC2 API's `DescribeRouteTables`.
    pub enum RouteState {
        Active = "active",
        Blackhole = "blackhole",
        Filtered = "filtered",
    }
}
