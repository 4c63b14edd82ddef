//! The whole program: what is reachable from `main`, tests and exports becomes the module.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use aivi_bytecode::module::{DataType, Export, Global, HIDDEN, Module, Proto, SourceFile, Test};
use aivi_bytecode::{GlobalId, ProtoId, Reg, ScalarKind, ShapeId};

use super::constants::Pool;
use super::function::{Function, Signature};
use super::link::Links;
use super::repr::{Repr, effect_result, repr};
use crate::check::types::{TyId, View};
use crate::core::{self, ConstructorId, Expr, ExprKind, GlobalBody, Native, Pattern, Program};
use crate::diagnostic::{Code, Diagnostic, Source, Sources};
use crate::image::Image;
use crate::syntax::{FileId, Span};

/// Compiles a program without errors. What it uses of the image is linked.
///
/// # Errors
/// E4000 when something in it does not fit the machine.
pub fn lower(program: &Program, sources: &Sources, image: Option<&'static Image>) -> Result<Module, Vec<Diagnostic>> {
    let mut lowering = Lowering::new(program, sources, image);
    lowering.exchanged();
    lowering.roots();
    lowering.work();
    if lowering.errors.is_empty() { Ok(lowering.module) } else { Err(lowering.errors) }
}

/// The code of a library.
pub struct Linkable {
    /// All of it.
    pub module: Module,
    /// What each global of the program is in `module`; none for functions of the machine.
    pub globals: Vec<Option<GlobalId>>,
    /// The shapes of constructors, as far as the code uses them.
    pub constructor_shapes: Vec<Option<ShapeId>>,
}

/// Compiles everything in a program.
///
/// # Errors
/// As `lower`.
pub fn library(program: &Program, sources: &Sources) -> Result<Linkable, Vec<Diagnostic>> {
    let mut lowering = Lowering::new(program, sources, None);
    let compiled = program.globals.iter().enumerate().map(|(index, global)| match global.body {
        GlobalBody::Expr(_) => Some(lowering.global(core::GlobalId(index as u32))),
        GlobalBody::Native(_) | GlobalBody::Image(_) | GlobalBody::Error => None,
    });
    let globals = compiled.collect();
    lowering.work();
    if !lowering.errors.is_empty() {
        return Err(lowering.errors);
    }
    let constructors = 0..program.constructors.len() as u32;
    let constructor_shapes = constructors.map(|id| lowering.pool.known_constructor(ConstructorId(id))).collect();
    Ok(Linkable { module: lowering.module, globals, constructor_shapes })
}

/// A function that is known where it is called.
#[derive(Clone, Debug)]
pub(super) struct Callee {
    pub proto: ProtoId,
    /// What it expects and does.
    pub signature: Rc<Signature>,
}

/// A proto that is still to be compiled.
enum Job {
    Global(core::GlobalId, ProtoId),
    Native(core::GlobalId, ProtoId),
    Constructor(ConstructorId, ProtoId),
    Linked(Proto, ProtoId),
}

/// What using the name of a top-level binding means.
pub(super) enum Named<'p> {
    /// A function or effect.
    Callee(Callee),
    /// A value that is computed on first use.
    Value(GlobalId),
    /// A function of the machine.
    Native(&'p Native),
}

/// The state of one compilation.
pub(super) struct Lowering<'p> {
    pub program: &'p Program,
    pub module: Module,
    pub pool: Pool,
    pub errors: Vec<Diagnostic>,
    pub links: Option<Links>,
    sources: &'p Sources,
    queue: VecDeque<Job>,
    callees: HashMap<core::GlobalId, Callee>,
    constructors: HashMap<ConstructorId, Callee>,
    globals: HashMap<core::GlobalId, GlobalId>,
}

impl<'p> Lowering<'p> {
    fn new(program: &'p Program, sources: &'p Sources, image: Option<&'static Image>) -> Self {
        let file = |(index, source): (usize, &Source)| {
            let is_library = program.library_files.contains(&FileId(index as u32));
            let text = if is_library { String::new() } else { source.text.to_string() };
            SourceFile { path: source.path.clone(), text }
        };
        let roots = program.tests.iter().map(|test| test.global).chain(program.exports.iter().map(|e| e.1));
        let entry = program.main.into_iter().chain(roots).next();
        let name = entry.map_or("", |id| program.interner.text(program.globals[id.0 as usize].module));
        Lowering {
            program,
            module: Module {
                name: name.into(),
                shapes: aivi_bytecode::module::well_known::shapes(),
                sources: sources.iter().enumerate().map(file).collect(),
                ..Module::default()
            },
            pool: Pool::default(),
            errors: Vec::new(),
            links: image.map(Links::new),
            sources,
            queue: VecDeque::new(),
            callees: HashMap::new(),
            constructors: HashMap::new(),
            globals: HashMap::new(),
        }
    }

    fn roots(&mut self) {
        let program = self.program;
        let is_effect = |id: &core::GlobalId| program.types.is_effect(program.globals[id.0 as usize].ty);
        self.module.main = program.main.filter(is_effect).map(|id| self.global(id).0);
        let type_of = |id: core::GlobalId| {
            program.types.display(program.globals[id.0 as usize].ty, &program.interner, &program.datas)
        };
        for test in &program.tests {
            let global = self.global(test.global).0;
            let (description, ty) = (test.description.to_string(), type_of(test.global));
            self.module.tests.push(Test { global, description, ty });
        }
        for &(name, id) in &program.exports {
            let (global, ty) = (self.global(id).0, type_of(id));
            self.module.exports.push(Export { name: program.interner.text(name).into(), global, ty });
        }
    }

    /// Shapes of what the host may make, and types that it may compare with its own. They come first: a host finds
    /// shapes by name, and other types of the program may have the same.
    fn exchanged(&mut self) {
        let program = self.program;
        let text = |symbol| program.interner.text(symbol).to_owned();
        program.exchanged.tuples.iter().for_each(|count| _ = self.tuple_shape(*count));
        program.exchanged.records.iter().for_each(|names| _ = self.record_shape(names));
        for (data, constructors) in &program.exchanged.datas {
            let describe = |(id, ty): &(ConstructorId, TyId)| {
                let name = program.constructors[id.0 as usize].name;
                (text(name), program.types.display(*ty, &program.interner, &program.datas))
            };
            let name = text(program.datas[data.0 as usize].name);
            let hidden = program.exchanged.hidden.contains(data).then(|| (HIDDEN.to_owned(), name.clone()));
            let constructors_told = constructors.iter().map(describe).chain(hidden).collect();
            self.module.types.push(DataType { name, constructors: constructors_told });
            constructors.iter().for_each(|(id, _)| _ = self.constructor_shape(*id));
        }
    }

    pub(super) fn error(&mut self, span: Span, message: &str) {
        self.errors.push(Diagnostic::new(Code::E4000, span, message));
    }

    /// A new proto, to be filled in.
    pub(super) fn reserve(&mut self) -> ProtoId {
        self.module.protos.push(Proto::default());
        ProtoId(self.module.protos.len() as u32 - 1)
    }

    pub(super) fn source(&self, file: FileId) -> Option<&'p Source> {
        self.sources.get(file)
    }

    pub(super) fn line(&self, span: Span) -> usize {
        self.source(span.file).map_or(0, |source| source.position(span.start).line)
    }

    fn name(&self, id: core::GlobalId) -> String {
        let global = &self.program.globals[id.0 as usize];
        let text = |symbol| self.program.interner.text(symbol);
        format!("{}.{}", text(global.module), text(global.name))
    }

    /// What the name of a top-level binding means.
    pub(super) fn named(&mut self, id: core::GlobalId) -> Named<'p> {
        match &self.program.globals[id.0 as usize].body {
            GlobalBody::Native(native) => Named::Native(native),
            GlobalBody::Expr(body) if is_callee(self.program, body) => Named::Callee(self.callee(id)),
            GlobalBody::Image(number) => {
                let Global { proto, function, .. } = self.image_global(*number);
                match function {
                    true => Named::Callee(self.link_proto(proto.0)),
                    false => Named::Value(self.link_global(*number)),
                }
            }
            GlobalBody::Expr(_) | GlobalBody::Error => Named::Value(self.global(id)),
        }
    }

    /// The function or effect of a top-level binding; for a native one, a proto that calls it.
    pub(super) fn callee(&mut self, id: core::GlobalId) -> Callee {
        if let Some(callee) = self.callees.get(&id) {
            return callee.clone();
        }
        let program = self.program;
        let global = &program.globals[id.0 as usize];
        if let GlobalBody::Image(number) = global.body {
            let proto = self.image_global(number).proto;
            return self.link_proto(proto.0);
        }
        let proto = self.reserve();
        let signature = match &global.body {
            GlobalBody::Native(native) => {
                self.queue.push_back(Job::Native(id, proto));
                native_signature(program, native, global.ty)
            }
            GlobalBody::Expr(body) => {
                self.queue.push_back(Job::Global(id, proto));
                let (parameters, body) = peel(body);
                Signature::of(program, &parameters, body)
            }
            GlobalBody::Image(_) | GlobalBody::Error => Signature::default(),
        };
        let callee = Callee { proto, signature: Rc::new(signature) };
        self.callees.insert(id, callee.clone());
        callee
    }

    /// A proto that applies a constructor.
    pub(super) fn constructor(&mut self, id: ConstructorId) -> Callee {
        if let Some(callee) = self.constructors.get(&id) {
            return callee.clone();
        }
        let proto = self.reserve();
        self.queue.push_back(Job::Constructor(id, proto));
        let arity = self.program.constructors[id.0 as usize].arity as usize;
        let signature = Signature { effect: false, parameters: vec![Repr::Counted; arity] };
        let callee = Callee { proto, signature: Rc::new(signature) };
        self.constructors.insert(id, callee.clone());
        callee
    }

    /// The entry of a top-level binding in the module's table.
    pub(super) fn global(&mut self, id: core::GlobalId) -> GlobalId {
        if let Some(&known) = self.globals.get(&id) {
            return known;
        }
        let program = self.program;
        if let GlobalBody::Image(number) = program.globals[id.0 as usize].body {
            return self.link_global(number);
        }
        let entry = GlobalId(self.module.globals.len() as u32);
        self.globals.insert(id, entry);
        let name = self.name(id);
        self.module.globals.push(Global { name, proto: ProtoId(0), function: false });
        let callee = self.callee(id);
        let function = match &program.globals[id.0 as usize].body {
            GlobalBody::Native(native) => native.arity > 0 || native.effect,
            GlobalBody::Expr(body) => is_callee(program, body),
            GlobalBody::Image(_) | GlobalBody::Error => false,
        };
        let global = &mut self.module.globals[entry.0 as usize];
        (global.proto, global.function) = (callee.proto, function);
        entry
    }

    /// Notes a proto of the image that is to be put in its place.
    pub(super) fn later(&mut self, proto: Proto, id: ProtoId) {
        self.queue.push_back(Job::Linked(proto, id));
    }

    fn work(&mut self) {
        while let Some(job) = self.queue.pop_front() {
            self.run(job);
        }
    }

    fn run(&mut self, job: Job) {
        let program = self.program;
        match job {
            Job::Global(id, proto) => {
                let global = &program.globals[id.0 as usize];
                let GlobalBody::Expr(expr) = &global.body else { return };
                let name = self.name(id);
                let (parameters, body) = peel(expr);
                let mut function = Function::new(self, name, global.span);
                function.compile_body(&parameters, body, &[], Some(proto));
                let done = function.finish();
                self.module.protos[proto.0 as usize] = done;
            }
            Job::Native(id, proto) => {
                let global = &program.globals[id.0 as usize];
                let GlobalBody::Native(native) = &global.body else { return };
                let signature = self.callees[&id].signature.clone();
                let name = self.name(id);
                let mut function = Function::new(self, name, global.span);
                function.compile_native(native, global.ty, &signature);
                let done = function.finish();
                self.module.protos[proto.0 as usize] = done;
            }
            Job::Linked(proto, id) => self.link(proto, id),
            Job::Constructor(id, proto) => {
                let constructor = &program.constructors[id.0 as usize];
                let name = program.interner.text(constructor.name).to_string();
                let mut function = Function::new(self, name, Span::default());
                function.compile_constructor(id);
                let done = function.finish();
                self.module.protos[proto.0 as usize] = done;
            }
        }
    }
}

/// Whether a top-level binding to `body` is a function or an effect rather than a value to be computed.
fn is_callee(program: &Program, body: &Expr) -> bool {
    matches!(body.kind, ExprKind::Lambda { .. }) || effect_result(program, body.ty).is_some()
}

/// The parameters of nested lambdas, and the innermost body.
pub(super) fn peel(mut body: &Expr) -> (Vec<&Pattern>, &Expr) {
    let mut all = Vec::new();
    while let ExprKind::Lambda { parameters, body: inner } = &body.kind {
        all.extend(parameters);
        body = inner;
    }
    (all, body)
}

/// Parameters by the type of a native function: there are no patterns to look at.
fn native_signature(program: &Program, native: &Native, ty: crate::check::types::TyId) -> Signature {
    let parameters = parameter_types(program, native, ty).iter().map(|&ty| repr(program, ty)).collect();
    Signature { effect: native.effect, parameters }
}

/// Types of a native function's parameters.
pub(super) fn parameter_types(
    program: &Program,
    native: &Native,
    mut ty: crate::check::types::TyId,
) -> Vec<crate::check::types::TyId> {
    let mut parameters = Vec::new();
    for _ in 0..native.arity {
        let View::Function(from, to) = program.types.view(ty) else { break };
        parameters.push(from);
        ty = to;
    }
    parameters
}

/// Raw parameters as the module lists them.
pub(super) fn raw(parameters: &[Repr]) -> Vec<(Reg, ScalarKind)> {
    let listed = parameters.iter().enumerate();
    listed.filter_map(|(index, repr)| Some((Reg(index as u16), repr.scalar()?))).collect()
}
