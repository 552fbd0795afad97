//! What an expression may be: how long, how deep, how many loops inside loops. Checked when it is compiled, so that a rule or a runbook that
//! somebody else wrote is refused with its place instead of run for ever. And the one rewriting that there is: `x == ""` holds for null.

use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, ListExpr, LiteralValue, operators};

use super::place::parts;

/// The largest expression that is read at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of text.
    pub text: usize,
    /// Nodes of its tree.
    pub nodes: usize,
    /// Nodes above one another.
    pub depth: usize,
    /// Loops inside loops; what walks over a list counts as one.
    pub loops: usize,
}

impl Limits {
    /// Of what anybody writes: `check`, runbooks, rules.
    pub const USUAL: Self = Self { text: 4096, nodes: 2000, depth: 48, loops: 2 };
    /// Of statements, which compare lists with lists.
    pub(crate) const WIDE: Self = Self { text: 16_384, nodes: 6000, depth: 90, loops: 5 };

    /// The node that is too much, and why.
    pub(super) fn check<'e>(&self, root: &'e IdedExpr) -> Result<(), (&'e IdedExpr, String)> {
        let mut nodes = 0;
        self.walk(root, 0, 0, &mut nodes)
    }

    fn walk<'e>(&self, node: &'e IdedExpr, depth: usize, loops: usize, nodes: &mut usize) -> Result<(), (&'e IdedExpr, String)> {
        *nodes += 1;
        let loops = loops + cost(&node.expr);
        if *nodes > self.nodes {
            return Err((node, format!("the expression has more than {} parts", self.nodes)));
        }
        if depth > self.depth {
            return Err((node, format!("the expression is nested deeper than {}", self.depth)));
        }
        if loops > self.loops {
            return Err((node, format!("more than {} loops inside one another: it could run for ever", self.loops)));
        }
        match &node.expr {
            // The list is walked over once; only what is done with each element is done again and again.
            Expr::Comprehension(c) => {
                self.walk(&c.iter_range, depth + 1, loops - 1, nodes)?;
                for part in [&c.accu_init, &c.loop_cond, &c.loop_step, &c.result] {
                    self.walk(part, depth + 1, loops, nodes)?;
                }
                Ok(())
            }
            expr => {
                let loops = loops - cost(expr);
                parts(expr).into_iter().try_for_each(|part| self.walk(part, depth + 1, loops, nodes))
            }
        }
    }
}

/// How many loops a node is, by itself.
fn cost(expr: &Expr) -> usize {
    match expr {
        Expr::Comprehension(_) => 1,
        Expr::Call(call) if call.func_name == operators::IN => {
            usize::from(!call.args.get(1).is_some_and(|of| matches!(of.expr, Expr::List(_) | Expr::Literal(_))))
        }
        Expr::Call(call) if call.func_name == "distinct" => 2,
        Expr::Call(call) if ["sort", "flatten", "@sortByAssociatedKeys"].contains(&call.func_name.as_str()) => 1,
        _ => 0,
    }
}

/// Makes `x == ""` hold for null, too: a text that AWS has not said is null in the document, and nobody who asks for "not empty" wants it.
pub(super) fn empty_is_null(node: &mut IdedExpr) {
    match &mut node.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
        Expr::Call(call) => {
            if let Some(of) = call.target.as_deref_mut() {
                empty_is_null(of);
            }
            call.args.iter_mut().for_each(empty_is_null);
        }
        Expr::Select(select) => empty_is_null(&mut select.operand),
        Expr::List(list) => list.elements.iter_mut().for_each(empty_is_null),
        Expr::Map(map) => map.entries.iter_mut().for_each(|e| inside_entry(&mut e.expr)),
        Expr::Struct(object) => object.entries.iter_mut().for_each(|e| inside_entry(&mut e.expr)),
        Expr::Comprehension(c) => {
            for part in [&mut c.iter_range, &mut c.accu_init, &mut c.loop_cond, &mut c.loop_step, &mut c.result] {
                empty_is_null(part);
            }
        }
    }
    if let Some(new) = rewritten(node) {
        node.expr = new;
    }
}

fn inside_entry(entry: &mut EntryExpr) {
    match entry {
        EntryExpr::StructField(field) => empty_is_null(&mut field.value),
        EntryExpr::MapEntry(entry) => {
            empty_is_null(&mut entry.key);
            empty_is_null(&mut entry.value);
        }
    }
}

fn rewritten(node: &IdedExpr) -> Option<Expr> {
    let Expr::Call(call) = &node.expr else { return None };
    let is_not = call.func_name == operators::NOT_EQUALS;
    let [left, right] = call.args.as_slice() else { return None };
    if !is_not && call.func_name != operators::EQUALS {
        return None;
    }
    let is_empty = |e: &IdedExpr| matches!(&e.expr, Expr::Literal(LiteralValue::String(s)) if s.inner().is_empty());
    let (of, empty) = match (is_empty(left), is_empty(right)) {
        (false, true) => (left, right),
        (true, false) => (right, left),
        _ => return None,
    };
    let null = IdedExpr { id: empty.id, expr: Expr::Literal(LiteralValue::Null) };
    let both = IdedExpr { id: empty.id, expr: Expr::List(ListExpr::new(vec![empty.clone(), null])) };
    let call = |name: &str, args| Expr::Call(CallExpr { func_name: name.to_owned(), target: None, args });
    let within = call(operators::IN, vec![of.clone(), both]);
    Some(if is_not { call(operators::LOGICAL_NOT, vec![IdedExpr { id: node.id, expr: within }]) } else { within })
}
