//! The state of the checker, and the scope of local variables.

use std::rc::Rc;

use super::elaborate::AliasState;
use super::operators::Pending;
use super::reason::{Asked, Reason};
use super::types::{Sight, TyId, TypeStore};
use crate::core::{self, Expr, ExprKind, GlobalBody, GlobalId, LocalId};
use crate::diagnostic::{Code, Diagnostic};
use crate::hash::{IdMap, IdSet};
use crate::resolve::{ModuleId, Tables};
use crate::syntax::{Span, Symbol, ast};

/// Checks a program, group by group.
pub(super) struct Checker<'a> {
    pub(super) tables: &'a mut Tables,
    pub(super) types: TypeStore,
    /// Types of globals, by id: schemes, or monomorphic types while their group is checked.
    pub(super) schemes: Vec<Option<TyId>>,
    /// How the writer of a signature called a quantified variable.
    pub(super) written: IdMap<TyId, Symbol>,
    pub(super) bodies: IdMap<GlobalId, GlobalBody>,
    pub(super) aliases: IdMap<crate::resolve::tables::AliasId, AliasState>,
    pub(super) alias_depth: u32,
    pub(super) constructor_types: Vec<Option<TyId>>,
    pub(super) locals: Vec<core::Local>,
    pub(super) local_facts: Vec<LocalFacts>,
    /// Globals that were found by type, not by name; their definitions may not have been visited yet.
    pub(super) demanded: Vec<GlobalId>,

    // What follows belongs to the definition that is being checked.
    pub(super) module: ModuleId,
    /// Warnings about unused names are wanted.
    pub(super) warns: bool,
    pub(super) level: u32,
    pub(super) scope: IdMap<Symbol, LocalId>,
    undo: Vec<(Symbol, Option<LocalId>, LocalId)>,
    pub(super) pending: Vec<Pending>,
    /// Functions of active domains, by module and operator.
    pub(super) operators: IdMap<(ModuleId, ast::BinaryOp), Rc<[GlobalId]>>,
    /// Operators of domains, by the type that was made for their result.
    pub(super) domain_operators: IdMap<TyId, GlobalId>,
    /// Some operator was written down before its operand's type was known.
    pub(super) provisional: bool,
    pub(super) compared: Vec<(TyId, Span)>,
    /// Parameters of the sections around here.
    pub(super) sections: Vec<LocalId>,
    /// What the expression around here is asked for.
    pub(super) asked: Asked,
    /// Why the next expression is asked for its type, when its own caller knows.
    pub(super) next_reason: Option<Reason>,
    /// What fixed the type of the subject of the patterns around here.
    pub(super) matched: Reason,
    /// What fixed the error that the statements around here fail with.
    pub(super) fails: Reason,
    /// Local names whose values are being checked, so that they are not known yet.
    pub(super) unbound: Vec<Symbol>,
    /// What did not fit last: where, what was wanted, what was found.
    pub(super) last_mismatch: Option<(Span, TyId, TyId)>,
    /// Unknown names of this definition that were reported.
    pub(super) reported: IdSet<Symbol>,
    /// What the literal `1` of a suffix template stands for.
    pub(super) hole: Option<LocalId>,
    /// `recurse` may stand here: the expression is in tail position of the innermost loop.
    pub(super) tail: bool,
    pub(super) loops: Vec<Loop>,
    /// How many binds of chains (`do Option` and its like) are open around here.
    pub(super) binds: u32,
}

/// What the checker knows about a variable beyond its type.
pub(super) struct LocalFacts {
    pub(super) span: Span,
    pub(super) generalised: bool,
    pub(super) used: bool,
    /// Its non-use is worth a warning.
    pub(super) bound: bool,
    /// Its last use while its type was unknown, so the one that told its type.
    pub(super) unknown_use: Option<Span>,
}

/// A loop around the expression.
#[derive(Clone, Copy)]
pub(super) struct Loop {
    pub(super) state: TyId,
    pub(super) effect: TyId,
    /// Its first state.
    pub(super) init: Span,
}

impl<'a> Checker<'a> {
    pub(super) fn new(tables: &'a mut Tables) -> Self {
        Checker {
            tables,
            types: TypeStore::new(),
            schemes: Vec::new(),
            written: IdMap::default(),
            bodies: IdMap::default(),
            aliases: IdMap::default(),
            alias_depth: 0,
            constructor_types: Vec::new(),
            locals: Vec::new(),
            local_facts: Vec::new(),
            demanded: Vec::new(),
            module: ModuleId(0),
            warns: false,
            level: 0,
            scope: IdMap::default(),
            undo: Vec::new(),
            pending: Vec::new(),
            operators: IdMap::default(),
            domain_operators: IdMap::default(),
            provisional: false,
            compared: Vec::new(),
            sections: Vec::new(),
            asked: Asked::NOTHING,
            next_reason: None,
            matched: Reason::Unknown,
            fails: Reason::Unknown,
            unbound: Vec::new(),
            last_mismatch: None,
            reported: IdSet::default(),
            hole: None,
            tail: false,
            loops: Vec::new(),
            binds: 0,
        }
    }

    pub(super) fn fresh(&mut self) -> TyId {
        self.types.fresh(self.level)
    }

    pub(super) fn text(&self, name: Symbol) -> &str {
        self.tables.interner.text(name)
    }

    pub(super) fn report(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.tables.report(Diagnostic::new(code, span, message));
    }

    /// A variable that the source does not name.
    pub(super) fn made_up_local(&mut self, ty: TyId, span: Span) -> LocalId {
        let name = self.tables.interner.intern("");
        self.new_local(name, ty, span)
    }

    pub(super) fn new_local(&mut self, name: Symbol, ty: TyId, span: Span) -> LocalId {
        let id = LocalId(self.locals.len() as u32);
        self.locals.push(core::Local { name, ty });
        self.local_facts.push(LocalFacts { span, generalised: false, used: false, bound: false, unknown_use: None });
        id
    }

    /// Makes a variable visible from here to the end of the scope.
    pub(super) fn bind(&mut self, name: ast::Name, ty: TyId) -> LocalId {
        let id = self.new_local(name.symbol, ty, name.span);
        let before = self.scope.insert(name.symbol, id);
        self.undo.push((name.symbol, before, id));
        id
    }

    /// A mark for `leave`.
    pub(super) fn enter(&self) -> usize {
        self.undo.len()
    }

    /// Forgets the variables that were bound since the mark; warns of those that were bound and not used.
    pub(super) fn leave(&mut self, mark: usize) {
        while self.undo.len() > mark {
            let Some((name, before, id)) = self.undo.pop() else { break };
            match before {
                Some(before) => self.scope.insert(name, before),
                None => self.scope.remove(&name),
            };
            let facts = &self.local_facts[id.0 as usize];
            if facts.bound && !facts.used && self.warns && !self.text(name).starts_with('_') {
                let (span, message) = (facts.span, format!("`{}` is not used", self.text(name)));
                self.report(Code::W2101, span, message);
            }
        }
    }

    /// The variables bound since the mark.
    pub(super) fn bound_since(&self, mark: usize) -> Vec<LocalId> {
        self.undo[mark..].iter().map(|(_, _, id)| *id).collect()
    }

    /// A global that no name led to has to be checked too.
    pub(super) fn demand(&mut self, global: GlobalId) {
        self.demanded.push(global);
    }

    /// `f` one level deeper: variables that it makes and that do not escape can be quantified afterwards.
    pub(super) fn deeper<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> T {
        self.level += 1;
        let result = f(self);
        self.level -= 1;
        result
    }

    /// The state that belongs to a definition, ready for the next one.
    pub(super) fn start_definition(&mut self, module: ModuleId, warns: bool) {
        self.module = module;
        self.types.look(Sight::From(module));
        self.warns = warns;
        self.scope.clear();
        self.undo.clear();
        self.sections.clear();
        self.loops.clear();
        self.binds = 0;
        self.asked = Asked::NOTHING;
        self.next_reason = None;
        self.matched = Reason::Unknown;
        self.fails = Reason::Unknown;
        self.unbound.clear();
        self.last_mismatch = None;
        self.reported.clear();
        self.hole = None;
        self.tail = false;
    }
}

/// Core of something that was reported.
pub(super) fn error_expr(span: Span) -> Expr {
    Expr { kind: ExprKind::Error, ty: TypeStore::ERROR, span }
}

/// Core of something.
pub(super) fn expr(kind: ExprKind, ty: TyId, span: Span) -> Expr {
    Expr { kind, ty, span }
}

/// Modules whose unused names are reported: those that the user wrote, or is checking.
pub(super) fn warned_modules(tables: &Tables, entry: ModuleId) -> IdSet<ModuleId> {
    (0..tables.modules.len() as u32).map(ModuleId).filter(|id| *id == entry || !tables.module(*id).is_library).collect()
}
