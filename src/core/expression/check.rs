//! What can be told of an expression before any document is there: names and functions that do not exist, and fields that no document has.
//! Called by the compiler; the fields are known from the types that read documents.

use cel::common::ast::{Expr, IdedExpr, LiteralValue, operators};

use super::answer::{Missing, Why, Wrong};
use super::compiled::Expression;
use super::decide::{inner, meant};
use super::place::{find, parts, path, place};
use super::shape::Shape;
use crate::model::action::names::nearest;

/// The first name that nothing has.
pub(super) fn names(expression: &Expression, known: impl Fn(&str) -> bool) -> Result<(), Wrong> {
    let Some(name) = expression.names().find(|n| !known(n)) else { return Ok(()) };
    let node = find(&expression.root, &|e| matches!(e, Expr::Ident(n) if n == name));
    let at = node.and_then(|node| place(expression.info(), node.id));
    let meant = meant(name).map_or_else(String::new, |name| format!(": did you mean `{name}`?"));
    Err(Wrong::at(at, format!("unknown name `{name}`{meant}")))
}

/// Functions that there are and that make something out of nothing: a list of a million numbers is not a question about a stack.
const REFUSED: &[&str] = &["lists.range"];

pub(super) fn functions(expression: &Expression) -> Result<(), Wrong> {
    let refused = |e: &Expr| match e {
        Expr::Call(call) => {
            let of = call.target.as_deref().and_then(path).map_or_else(String::new, |of| format!("{of}."));
            REFUSED.contains(&format!("{of}{}", call.func_name).as_str())
        }
        _ => false,
    };
    match find(&expression.root, &refused) {
        Some(node) => Err(Wrong::at(place(expression.info(), node.id), "`lists.range` cannot be used here")),
        None => Ok(()),
    }
}

/// A field that no document has, with its place.
type Unknown = (Missing, Option<(usize, usize)>);

/// Fields that no document has.
pub(super) fn fields(expression: &Expression, shapes: &[(&'static str, Shape)]) -> Vec<Unknown> {
    let mut walk = Walk { expression, shapes, bound: Vec::new(), unknown: Vec::new() };
    walk.shape(&expression.root);
    walk.unknown
}

struct Walk<'e> {
    expression: &'e Expression,
    shapes: &'e [(&'static str, Shape)],
    /// What the loops around bind.
    bound: Vec<(&'e str, Option<&'e Shape>)>,
    unknown: Vec<Unknown>,
}

impl<'e> Walk<'e> {
    /// What a node yields, where that is known.
    fn shape(&mut self, node: &'e IdedExpr) -> Option<&'e Shape> {
        match &node.expr {
            Expr::Ident(name) => {
                let bound = self.bound.iter().rev().find(|(n, _)| n == name).map(|(_, shape)| *shape);
                bound.unwrap_or_else(|| self.shapes.iter().find(|(n, _)| n == name).map(|(_, shape)| shape))
            }
            Expr::Select(select) => {
                let of = self.shape(&select.operand)?;
                self.field(of, &select.field, node)
            }
            Expr::Call(call) if call.func_name == operators::INDEX => {
                let [of, at] = call.args.as_slice() else { return None };
                let of = self.shape(of)?;
                match &at.expr {
                    Expr::Literal(LiteralValue::String(key)) => self.field(of, key.inner(), node),
                    Expr::Literal(LiteralValue::Int(at)) => of.at(usize::try_from(*at.inner()).ok()?),
                    _ => {
                        self.shape(at);
                        of.element()
                    }
                }
            }
            // Its parts are of one list: what a filter leaves, or what a map makes, is not followed.
            Expr::Comprehension(c) => {
                let range = self.shape(&c.iter_range);
                let outside = self.bound.len();
                self.bound.push((&c.accu_var, None));
                match &c.iter_var2 {
                    None => self.bound.push((&c.iter_var, range.and_then(Shape::walked))),
                    Some(second) => {
                        self.bound.push((&c.iter_var, None));
                        self.bound.push((second, range.and_then(Shape::element)));
                    }
                }
                for part in [&c.accu_init, &c.loop_cond, &c.loop_step, &c.result] {
                    self.shape(part);
                }
                self.bound.truncate(outside);
                // `filter` adds the elements themselves.
                filters(&c.loop_step, &c.iter_var).then_some(range).flatten()
            }
            expr => {
                for part in parts(expr) {
                    self.shape(part);
                }
                None
            }
        }
    }

    fn field(&mut self, of: &'e Shape, field: &str, node: &'e IdedExpr) -> Option<&'e Shape> {
        match of.field(field) {
            Ok(shape) => shape,
            Err(known) => {
                let written = path(node).unwrap_or_else(|| field.to_owned());
                let before = written.strip_suffix(field).unwrap_or_default();
                let meant = nearest(field, &known).map(|name| format!("{before}{name}"));
                let missing = Missing { what: written, why: Why::NoField(meant) };
                if !self.unknown.iter().any(|(other, _)| *other == missing) {
                    let mut start = node;
                    while let Some(of) = inner(start) {
                        start = of;
                    }
                    self.unknown.push((missing, place(self.expression.info(), start.id)));
                }
                None
            }
        }
    }
}

/// Whether a step is `test ? result + [element] : result`.
fn filters(step: &IdedExpr, element: &str) -> bool {
    let Expr::Call(call) = &step.expr else { return false };
    let added = call.args.get(1).and_then(|then| match &then.expr {
        Expr::Call(add) if add.func_name == operators::ADD => add.args.get(1),
        _ => None,
    });
    let is_element = |list: &Expr| matches!(list, Expr::List(l) if matches!(l.elements.as_slice(), [one] if matches!(&one.expr, Expr::Ident(n) if n == element)));
    call.func_name == operators::CONDITIONAL && added.is_some_and(|list| is_element(&list.expr))
}
