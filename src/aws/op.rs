//! Operations as the gate, the meter and the IAM policy know them: SDK service id, operation, IAM action. Only data.

/// Whether an operation changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Leaves the cloud as it was.
    Read,
    /// Changes it.
    Write,
}

/// One AWS operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Op {
    /// The SDK's service id, as in its `Metadata`: `ECS`, `Elastic Load Balancing v2`.
    pub service: &'static str,
    /// The operation's name.
    pub operation: &'static str,
    /// The IAM action that allows it.
    pub iam: &'static str,
    /// Read or write; never inferred from the verb.
    pub kind: Kind,
}

impl Op {
    /// A read operation.
    pub const fn read(service: &'static str, operation: &'static str, iam: &'static str) -> Self {
        Self { service, operation, iam, kind: Kind::Read }
    }

    /// The short prefix of the IAM action: `ecs`.
    pub fn prefix(&self) -> &'static str {
        self.iam.split(':').next().unwrap_or(self.iam)
    }

    /// `ecs:DescribeServices`, as operators write it.
    pub fn label(&self) -> String {
        format!("{}:{}", self.prefix(), self.operation)
    }
}
