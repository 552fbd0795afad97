//! The service table itself: no doubles, and reads told from writes.

use std::collections::HashSet;

use super::*;

/// Runs one operation as the cloud does, without a protocol around it.
pub(super) fn ask(world: &mut World, service: &Service, operation: &str, members: Value) -> Result<Value, ApiError> {
    match service.operation(operation).unwrap().run {
        Run::Unary(handler) => handler(world, &Params::new(&members, service.dialect)),
        Run::Tail(_) => panic!("{operation} is no plain call"),
    }
}

/// The entries of a list in an answer.
pub(super) fn items<'a>(answer: &'a Value, member: &str) -> &'a [Value] {
    match answer.get(member) {
        Some(Value::List { items, .. } | Value::Flat(items)) => items,
        _ => &[],
    }
}

/// A text in an answer; empty if it is not there.
pub(super) fn text(answer: &Value, member: &str) -> String {
    match answer.get(member) {
        Some(Value::Str(text)) => text.to_string(),
        _ => String::new(),
    }
}

#[test]
fn the_table_has_no_doubles() {
    let (mut signing, mut targets) = (HashSet::new(), HashSet::new());
    for service in SERVICES {
        assert!(signing.insert(service.signing_name), "{}", service.signing_name);
        assert!(service.targets.iter().all(|target| targets.insert(target)), "{:?}", service.targets);
        let names: HashSet<_> = service.operations.iter().map(|operation| operation.name).collect();
        assert_eq!(names.len(), service.operations.len(), "{}", service.name);
    }
}

#[test]
fn only_what_changes_something_is_a_write() {
    for service in SERVICES {
        for operation in service.operations {
            let reads = [
                "Describe",
                "List",
                "Get",
                "BatchGet",
                "Filter",
                "Simulate",
                "StartLiveTail",
                "StartQuery",
                "StopQuery",
                "HeadBucket",
                "TestDNSAnswer",
            ]
            .iter()
            .any(|verb| operation.name.starts_with(verb));
            assert_eq!(operation.is_write, !reads, "{}", operation.name);
        }
    }
}
