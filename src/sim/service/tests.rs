//! The service table itself: no doubles, and reads told from writes.

use std::collections::HashSet;

use super::*;

#[test]
fn the_table_has_no_doubles() {
    let mut seen = HashSet::new();
    for service in SERVICES {
        assert!(seen.insert(service.signing_name), "{}", service.signing_name);
        assert!(service.targets.iter().all(|target| seen.insert(target)), "{:?}", service.targets);
        let names: HashSet<_> = service.operations.iter().map(|operation| operation.name).collect();
        assert_eq!(names.len(), service.operations.len(), "{}", service.name);
    }
}

#[test]
fn only_what_changes_something_is_a_write() {
    for service in SERVICES {
        for operation in service.operations {
            let reads = ["Describe", "List", "Get", "Filter", "StartLiveTail"].iter().any(|verb| operation.name.starts_with(verb));
            assert_eq!(operation.is_write, !reads, "{}", operation.name);
        }
    }
}
