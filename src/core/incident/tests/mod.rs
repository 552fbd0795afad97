//! Rules as data: the built-in ones can be read, and a bad one is refused with file, line and the right word.

use super::*;

#[test]
fn the_built_in_rules_can_be_read() {
    let rules = built_in().unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(rules.rows().len(), 20);
}
