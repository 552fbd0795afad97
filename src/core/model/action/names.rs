//! Names that nothing has: told by the configuration alone, before anything is asked, and what was probably meant. Used by the commands
//! and by the plans, so that both say it in the same words.

use super::{Request, Spec, Subject};
use crate::model::stack::Stack;

/// Why nothing can be done to what a request names, where the configuration alone tells.
pub fn unknown(request: &Request, stack: &Stack) -> Option<String> {
    let target = request.target.as_str();
    match Spec::find(&request.action)?.subject {
        Subject::Service => {
            let known: Vec<&str> = stack.services.iter().map(|s| s.name.as_str()).collect();
            (!known.contains(&target)).then(|| no_service(target, stack))
        }
        Subject::Project => {
            let known: Vec<&str> = stack.projects.iter().map(String::as_str).collect();
            (!known.contains(&target)).then(|| among(&format!("no project '{target}' in the configured stack"), target, &known))
        }
        Subject::Zone => {
            let zone = target.strip_prefix(stack.region.as_str()).unwrap_or(target);
            let is_letter = zone.len() == 1 && zone.chars().all(|c| c.is_ascii_lowercase());
            // Local and wavelength zones have longer names, which begin with the region's all the same.
            let is_zone = is_letter || target.starts_with(stack.region.as_str());
            (!is_zone)
                .then(|| format!("no zone '{target}' in {}\n  next: a letter such as a, or a name such as {}a", stack.region, stack.region))
        }
        Subject::Task | Subject::Database | Subject::NodeGroup | Subject::Alarm | Subject::Pipeline | Subject::Distribution => None,
    }
}

/// A service that is not one of the stack's.
pub fn no_service(name: &str, stack: &Stack) -> String {
    let known: Vec<&str> = stack.services.iter().map(|s| s.name.as_str()).collect();
    among(&format!("no service '{name}' in cluster {}", stack.cluster), name, &known)
}

/// What was not found, what was probably meant, and what there is.
pub fn among(what: &str, wanted: &str, known: &[&str]) -> String {
    let meant = nearest(wanted, known).map_or_else(String::new, |name| format!(": did you mean {name}?"));
    if known.is_empty() { what.to_owned() } else { format!("{what}{meant}\n  next: choose one of {}", known.join(", ")) }
}

/// The name that was probably meant: one or two slips away, the beginning of it, or a part.
pub fn nearest<'a>(wanted: &str, known: &[&'a str]) -> Option<&'a str> {
    let wanted = wanted.to_lowercase();
    let slips = |name: &str| strsim::damerau_levenshtein(&wanted, &name.to_lowercase());
    let close = known.iter().copied().map(|name| (slips(name), name)).filter(|(n, name)| *n <= (name.chars().count() / 3).clamp(1, 3));
    let by_part = || {
        let mut holding = known.iter().copied().filter(|name| wanted.len() > 2 && name.to_lowercase().contains(&wanted));
        holding.next().filter(|_| holding.next().is_none())
    };
    close.min_by_key(|(n, _)| *n).map(|(_, name)| name).or_else(by_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_nothing_has_is_told_with_what_was_meant() {
        let stack = Stack::default();
        let request = Request::new("scale", "webb").with("count", "3");
        let text = unknown(&request, &stack).unwrap();
        assert_eq!(
            text,
            "no service 'webb' in cluster production-nextcore: did you mean web?\n  next: choose one of control-plane, web, celery-worker"
        );
        assert!(unknown(&Request::new("redeploy", "web"), &stack).is_none());
        let build = unknown(&Request::new("build start", "production-nextcore-wbe"), &stack).unwrap();
        assert!(build.contains("did you mean production-nextcore-web?"), "{build}");
        for (zone, known) in
            [("a", true), ("ap-southeast-2c", true), ("ap-southeast-2-lax-1a", true), ("eu-west-1a", false), ("all", false)]
        {
            assert_eq!(unknown(&Request::new("reroute", zone), &stack).is_none(), known, "{zone}");
        }
        assert!(unknown(&Request::new("failover db", ""), &stack).is_none());
    }

    #[test]
    fn only_what_is_near_was_meant() {
        let known = ["control-plane", "web", "celery-worker"];
        for (wanted, meant) in [
            ("wbe", Some("web")),
            ("Web", Some("web")),
            ("celery", Some("celery-worker")),
            ("controlplane", Some("control-plane")),
            ("database", None),
            ("", None),
        ] {
            assert_eq!(nearest(wanted, &known), meant, "{wanted}");
        }
    }
}
