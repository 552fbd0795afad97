//! The tree of an expression: its parts in the order of the text, the names that it reads, and where in the text something stands.
//! Called by the compiler and by what explains.

use std::collections::BTreeSet;

use cel::common::ast::{EntryExpr, Expr, IdedExpr, LiteralValue, SourceInfo, operators};

/// The parts of an expression, in the order of its text.
pub(super) fn parts(expr: &Expr) -> Vec<&IdedExpr> {
    match expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Vec::new(),
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Map(map) => map.entries.iter().flat_map(|e| entry(&e.expr)).collect(),
        Expr::Struct(object) => object.entries.iter().flat_map(|e| entry(&e.expr)).collect(),
        Expr::Comprehension(c) => vec![&c.iter_range, &c.accu_init, &c.loop_cond, &c.loop_step, &c.result],
    }
}

fn entry(entry: &EntryExpr) -> Vec<&IdedExpr> {
    match entry {
        EntryExpr::StructField(field) => vec![&field.value],
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
    }
}

/// The first node that fits; inner nodes first, for `a.b.b` is written from the left.
pub(super) fn find<'e>(node: &'e IdedExpr, fits: &dyn Fn(&Expr) -> bool) -> Option<&'e IdedExpr> {
    parts(&node.expr).into_iter().find_map(|part| find(part, fits)).or_else(|| fits(&node.expr).then_some(node))
}

/// Line and column of a node, from 1.
pub(super) fn place(info: &SourceInfo, id: u64) -> Option<(usize, usize)> {
    let (start, _) = info.offset_for(id)?;
    let before: Vec<char> = info.source.chars().take(start as usize).collect();
    let line = before.iter().filter(|c| **c == '\n').count() + 1;
    Some((line, before.iter().rev().take_while(|c| **c != '\n').count() + 1))
}

/// Names that no macro around them binds.
pub(super) fn free_names(node: &IdedExpr, bound: &mut Vec<String>, found: &mut BTreeSet<String>) {
    match &node.expr {
        Expr::Ident(name) => {
            let name = name.trim_start_matches('.');
            if !bound.iter().any(|b| b == name) {
                found.insert(name.to_owned());
            }
        }
        Expr::Comprehension(c) => {
            free_names(&c.iter_range, bound, found);
            free_names(&c.accu_init, bound, found);
            let outside = bound.len();
            bound.extend([c.iter_var.clone(), c.accu_var.clone()].into_iter().chain(c.iter_var2.clone()));
            for part in [&c.loop_cond, &c.loop_step, &c.result] {
                free_names(part, bound, found);
            }
            bound.truncate(outside);
        }
        expr => parts(expr).into_iter().for_each(|part| free_names(part, bound, found)),
    }
}

/// A node as it is written, if it is a path of fields and literal keys: `service["web"].running`.
pub(super) fn path(node: &IdedExpr) -> Option<String> {
    match &node.expr {
        Expr::Ident(name) if !name.starts_with(['@', '_']) => Some(name.clone()),
        Expr::Select(select) => Some(format!("{}.{}", path(&select.operand)?, select.field)),
        Expr::Call(call) if call.func_name == operators::INDEX => {
            let [of, at] = call.args.as_slice() else { return None };
            let at = match &at.expr {
                Expr::Literal(LiteralValue::String(key)) => format!("{:?}", key.inner()),
                Expr::Literal(LiteralValue::Int(at)) => at.inner().to_string(),
                _ => return None,
            };
            Some(format!("{}[{at}]", path(of)?))
        }
        _ => None,
    }
}

/// The longest paths that begin with a name that no macro binds, each once, in the order of the text.
pub(super) fn paths<'e>(node: &'e IdedExpr, names: &BTreeSet<String>, bound: &mut Vec<String>, found: &mut Vec<&'e IdedExpr>) {
    let root = |written: &str| written.split(['.', '[']).next().unwrap_or_default().to_owned();
    if let Some(written) = path(node) {
        let root = root(&written);
        let is_new = !found.iter().any(|f| path(f).as_ref() == Some(&written));
        if names.contains(&root) && !bound.contains(&root) && is_new {
            found.push(node);
        }
        return;
    }
    match &node.expr {
        Expr::Comprehension(c) => {
            paths(&c.iter_range, names, bound, found);
            let outside = bound.len();
            bound.extend([c.iter_var.clone(), c.accu_var.clone()].into_iter().chain(c.iter_var2.clone()));
            paths(&c.loop_step, names, bound, found);
            paths(&c.result, names, bound, found);
            bound.truncate(outside);
        }
        expr => parts(expr).into_iter().for_each(|part| paths(part, names, bound, found)),
    }
}
