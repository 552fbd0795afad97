//! STS: who am I. Every caller of the embedded cloud is the same on-call role.
//! Called through the service table.

use super::{CALLER_ARN, Operation, Service};
use crate::wire::{ApiError, Dialect, Params, Value, object};
use crate::world::World;
use crate::world::names::ACCOUNT;

pub(super) const SERVICE: Service = Service {
    name: "sts",
    iam_prefix: "sts",
    signing_name: "sts",
    targets: &["2011-06-15"],
    namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
    dialect: Dialect { missing: "ValidationError", invalid: "ValidationError" },
    operations: &[Operation::read("GetCallerIdentity", get_caller_identity)],
};

#[expect(clippy::unnecessary_wraps, reason = "the signature of every operation")]
fn get_caller_identity(_: &mut World, _: &Params<'_>) -> Result<Value, ApiError> {
    Ok(object! { "Arn" => CALLER_ARN, "UserId" => "AROAEXAMPLEONCALL0001:ops", "Account" => ACCOUNT })
}
