//! Modules that a host gives its scripts.
//!
//! A module is rendered as AIVI text: declarations of types, and signatures that are bound to functions of the host
//! (`@native`). So scripts are checked against it like against any other module, reports can point into it
//! (`<host game>`), and nothing else in the compiler knows of it. The Rust side of each function is compared with its
//! signature when the engine is built.
//!
//! A function comes to a program when that is loaded and calls it (`bind`): its closure then knows the program's
//! shapes.

mod agree;
mod bind;
mod check;
mod dynamic;
mod error;
mod functions;
pub(crate) mod panics;
mod parameters;

use std::any::TypeId;
use std::fmt::{self, Write as _};
use std::future::Future;
use std::sync::Arc;

use aivi_bytecode::Module;
use aivi_bytecode::module::NativeImport;
use aivi_vm::Natives;

use crate::convert::{AiviType, Declaration, Declarations, IntoAivi, Shapes};
use crate::data::Data;
use crate::object::ObjectNames;
use crate::signature::Type;

pub(crate) use agree::OtherType;
use bind::Bind;
pub use dynamic::HostKind;
pub use error::HostModuleError;
pub use functions::HostFunction;
pub use parameters::Parameters;

/// Functions and types that scripts can `use`: `use game (damage, Player)`.
///
/// A function is given with its AIVI signature and a closure. The closure takes Rust values for the arguments and gives
/// one for the result, of types that fit the signature ([`FromAivi`](crate::FromAivi), [`IntoAivi`]); when the engine
/// is built this is checked. Fibers run on the engine's workers, so closures are `Send + Sync`, and several may run at
/// the same time. There are four kinds:
///
/// | | the signature gives | the closure gives | it runs |
/// |---|---|---|---|
/// | [`function`](Self::function) | a value | the value | in the fiber that calls it |
/// | [`effect`](Self::effect) | `Effect E A` | `Result<A, E>` | in the fiber that runs the effect |
/// | [`blocking`](Self::blocking) | `Effect E A` | `Result<A, E>` | on a thread that may block |
/// | [`future`](Self::future) | `Effect E A` | a future of `Result<A, E>` | polled by the fiber |
///
/// An `Err` is a failure of the effect, which the script can handle. A panic is a fault of the fiber that called, with
/// the panic's text and the line of the call; everything else goes on. Functions of the first two kinds hold up a
/// worker while they run: what waits or computes for long belongs into the others.
///
/// ```
/// use aivi::{Engine, HostModule};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let game = HostModule::new("game")
///     .function("damage : Int -> Int -> Int", |strength: i64, armor: i64| (strength - armor).max(0))
///     .effect("load : Text -> Effect Text Int", |name: String| match name.as_str() {
///         "tower" => Ok(7),
///         _ => Err(format!("there is no level {name}")),
///     });
/// let engine = Engine::builder().module(game).build()?;
/// let script = engine.compile("hit.aivi", "
/// module hit
/// use game (damage, load)
/// export hit
///
/// hit : Text -> Int -> Effect Text Int
/// hit = level strength => do Effect {
///   armor <- load level
///   pure (damage strength armor)
/// }
/// ")?;
/// assert_eq!(script.call::<i64, _>("hit", ("tower", 9)), Ok(2));
/// assert!(script.call::<i64, _>("hit", ("swamp", 9)).is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct HostModule {
    name: String,
    functions: Vec<Function>,
    declarations: Vec<Declaration>,
    objects: Vec<(TypeId, &'static str)>,
    /// Opaque types without a type of Rust.
    opaque: Vec<String>,
}

impl fmt::Debug for HostModule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostModule({})", self.name)
    }
}

/// A function with both of its types.
#[derive(Clone)]
struct Function {
    /// As the host wrote it: `name : Type`.
    signature: String,
    name: String,
    /// The written type, if it is one.
    declared: Option<Type>,
    /// The type that fits the closure; any does if it takes and gives data.
    needed: Option<Type>,
    /// What the closure gives, if it has a type.
    result: Type,
    /// Types that it mentions.
    mentioned: Arc<Declarations>,
    arity: usize,
    effect: bool,
    bind: Arc<Bind>,
}

impl HostModule {
    /// A module with this name, of one part or several: `game`, `game.map`. It may not be one of the library's.
    pub fn new(name: impl Into<String>) -> HostModule {
        let (functions, declarations, objects, opaque) = Default::default();
        HostModule { name: name.into(), functions, declarations, objects, opaque }
    }

    /// Adds a function without effects: it gives the same for the same arguments, and a script may call it more or less
    /// often than it is written. One of numbers is called like an instruction.
    #[must_use]
    pub fn function<A: Parameters, F>(self, signature: &str, function: F) -> HostModule
    where
        F: HostFunction<A>,
        F::Output: IntoAivi,
    {
        self.add::<A, F::Output>(signature, F::Output::ty(), false, bind::pure(function))
    }

    /// Adds a function that acts, quickly.
    #[must_use]
    pub fn effect<A: Parameters, F, T, E>(self, signature: &str, function: F) -> HostModule
    where
        F: HostFunction<A, Output = Result<T, E>>,
        T: IntoAivi,
        E: IntoAivi,
    {
        self.add::<A, Result<T, E>>(signature, effect_type::<T, E>(), true, bind::effect(function))
    }

    /// Adds a function that acts and may block its thread: it runs on the engine's pool for such jobs. When the fiber
    /// that waits for it is cancelled it runs on to its end, and its result is dropped; if it has not begun, it does
    /// not.
    ///
    /// The pool has 128 threads at most, and reading and writing files and looking up names take threads of the same
    /// one. A script gets another thread as long as it has fewer than there are left: alone 64 of them, beside one
    /// whose 64 calls never end 32, and so on. So a script whose calls block for ever keeps the others from nothing; it
    /// takes eight such scripts to use up all.
    #[must_use]
    pub fn blocking<A: Parameters + Send + 'static, F, T, E>(self, signature: &str, function: F) -> HostModule
    where
        F: HostFunction<A, Output = Result<T, E>>,
        T: IntoAivi,
        E: IntoAivi,
    {
        self.add::<A, Result<T, E>>(signature, effect_type::<T, E>(), true, bind::blocking(function))
    }

    /// Adds a function that gives a future, of whatever runtime. The fiber polls it, and waits until its waker is
    /// called, from any thread. A fiber that is cancelled drops the future before its cleanups run. Futures that need
    /// to be polled inside of a runtime (tokio's timers and sockets) enter it themselves:
    /// `tokio::runtime::Handle::spawn` gives a future that needs nothing.
    #[must_use]
    pub fn future<A: Parameters, F, W, T, E>(self, signature: &str, function: F) -> HostModule
    where
        F: HostFunction<A, Output = W>,
        W: Future<Output = Result<T, E>> + Send + 'static,
        T: IntoAivi + 'static,
        E: IntoAivi + 'static,
    {
        self.add::<A, Result<T, E>>(signature, effect_type::<T, E>(), true, bind::future(function))
    }

    /// Adds a function that takes and gives [`Data`](crate::Data), for hosts that know its type only when they run. The
    /// closure gets an argument for each arrow of the signature; what it gives is compared with the signature each
    /// time, and is a fault of the fiber that called when it does not fit. The signature's result has no variables and
    /// no functions, since nobody could check these for the script.
    ///
    /// ```
    /// use aivi::{Data, Engine, HostKind, HostModule};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let shop = HostModule::new("shop").dynamic(HostKind::Effect, "price : Text -> Effect Text Int", |arguments| {
    ///     match arguments.as_slice() {
    ///         [Data::Text(name)] if name == "tea" => Ok(Data::Int(3)),
    ///         _ => Err(Data::Text("not for sale".into())),
    ///     }
    /// });
    /// let engine = Engine::builder().module(shop).build()?;
    /// let script = engine.compile("m.aivi", "module m\nuse shop\nexport two\n\ntwo : Text -> Effect Text Int\n\
    ///     two = name => do Effect {\n  one <- price name\n  pure (one * 2)\n}\n")?;
    /// assert_eq!(script.call::<i64, _>("two", ("tea",)), Ok(6));
    /// assert!(script.call::<i64, _>("two", ("sea",)).is_err());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn dynamic<F>(self, kind: HostKind, signature: &str, function: F) -> HostModule
    where
        F: Fn(Vec<Data>) -> Result<Data, Data> + Send + Sync + 'static,
    {
        self.add_dynamic(signature, kind != HostKind::Function, dynamic::bind(kind, function))
    }

    /// Adds a function that takes data and gives a future of data: as [`dynamic`](Self::dynamic) and
    /// [`future`](Self::future).
    ///
    /// ```
    /// use aivi::{Data, Engine, HostModule};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mail = HostModule::new("mail").dynamic_future("count : Text -> Effect Text Int", async |arguments: Vec<Data>| {
    ///     // Here it waits for a server.
    ///     Ok(Data::Int(arguments.len() as i64))
    /// });
    /// let engine = Engine::builder().module(mail).build()?;
    /// let script = engine.compile("m.aivi", "module m\nuse mail\nexport f\n\nf : Text -> Effect Text Int\nf = count\n")?;
    /// assert_eq!(script.call::<i64, _>("f", ("ada",)), Ok(1));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn dynamic_future<F, W>(self, signature: &str, function: F) -> HostModule
    where
        F: Fn(Vec<Data>) -> W + Send + Sync + 'static,
        W: Future<Output = Result<Data, Data>> + Send + 'static,
    {
        self.add_dynamic(signature, true, dynamic::future(function))
    }

    fn add_dynamic(mut self, signature: &str, effect: bool, bind: Arc<Bind>) -> HostModule {
        let (name, declared) = split(signature);
        self.functions.push(Function {
            signature: signature.trim().to_owned(),
            name,
            arity: declared.as_ref().map_or(0, Type::arity),
            declared,
            needed: None,
            result: Data::ty(),
            mentioned: Arc::default(),
            effect,
            bind,
        });
        self
    }

    /// Adds the AIVI type that stands for a Rust type with `#[derive(Aivi)]`, and those that it mentions.
    #[must_use]
    pub fn declare<T: AiviType>(mut self) -> HostModule {
        for declaration in Declarations::of::<T>().iter() {
            if !self.declarations.contains(declaration) {
                self.declarations.push(declaration.clone());
            }
        }
        self
    }

    /// Adds an opaque type, whose values hold a `T`: functions take and give [`Object<T>`](crate::Object).
    #[must_use]
    pub fn object<T: Send + Sync + 'static>(mut self, name: &'static str) -> HostModule {
        self.objects.push((TypeId::of::<T>(), name));
        self
    }

    /// Adds an opaque type that is known by its name alone: its values are [`Data::Object`]s, which functions that take
    /// and give data have. Two modules may have a type of the same name; each function looks at what it gets.
    #[must_use]
    pub fn opaque(mut self, name: impl Into<String>) -> HostModule {
        self.opaque.push(name.into());
        self
    }

    /// The module's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The module as AIVI text, as scripts see it.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("module {}\nexport *\n", self.name);
        if self.mentions_span() {
            text.push_str("use aivi.duration (Span)\n");
        }
        // Writing to a text does not fail.
        for name in self.opaque_types() {
            let _ = writeln!(text, "\n{name}");
        }
        for declaration in &self.declarations {
            let _ = writeln!(text, "\n{declaration}");
        }
        for Function { name, declared, .. } in &self.functions {
            let Some(declared) = declared else { continue };
            let _ = writeln!(text, "\n@native \"{PREFIX}{}.{name}\"\n{name} : {declared}", self.name);
        }
        text
    }

    /// The names of its opaque types.
    fn opaque_types(&self) -> impl Iterator<Item = &str> {
        let named = self.opaque.iter().map(String::as_str);
        self.objects.iter().map(|(_, name)| *name).chain(named)
    }

    fn add<A: Parameters, R: AiviType>(
        mut self,
        signature: &str,
        result: Type,
        effect: bool,
        bind: Arc<Bind>,
    ) -> HostModule {
        let mut mentioned = Declarations::of::<R>();
        A::declare(&mut mentioned);
        let (name, declared) = split(signature);
        self.functions.push(Function {
            signature: signature.trim().to_owned(),
            name,
            declared,
            needed: Some(Type::function(A::types(), result.clone())),
            result,
            mentioned: Arc::new(mentioned),
            arity: A::types().len(),
            effect,
            bind,
        });
        self
    }
}

/// Name and type of `name : Type`.
fn split(signature: &str) -> (String, Option<Type>) {
    match signature.split_once(':') {
        Some((name, ty)) => (name.trim().to_owned(), Type::parse(ty)),
        None => (signature.trim().to_owned(), None),
    }
}

/// In front of the names of a host's functions, so that they are no others'.
const PREFIX: &str = "host:";

/// What an import calls, if that is a function of a host.
fn module_and_name(import: &str) -> Option<(&str, &str)> {
    import.strip_prefix(PREFIX)?.rsplit_once('.')
}

fn effect_type<T: AiviType, E: AiviType>() -> Type {
    Type::named("Effect", [E::ty(), T::ty()])
}

/// The modules of an engine.
#[derive(Default)]
pub(crate) struct HostModules {
    modules: Vec<HostModule>,
    objects: Arc<ObjectNames>,
}

impl HostModules {
    /// All of them, checked.
    pub(crate) fn new(modules: Vec<HostModule>) -> Result<HostModules, HostModuleError> {
        let objects = modules.iter().flat_map(|module| module.objects.iter().copied()).collect();
        let modules = HostModules { modules, objects: Arc::new(objects) };
        modules.check()?;
        Ok(modules)
    }

    /// Their names.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> + '_ {
        self.modules.iter().map(|module| module.name.clone())
    }

    /// The one of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&HostModule> {
        self.modules.iter().find(|module| module.name == name)
    }

    /// What their opaque types are called.
    pub(crate) fn objects(&self) -> &Arc<ObjectNames> {
        &self.objects
    }

    /// The first module whose functions a program calls, and which is another one elsewhere.
    pub(crate) fn first_other<'m>(&self, program: &'m Module, elsewhere: &HostModules) -> Option<&'m str> {
        let text = |modules: &HostModules, name| modules.get(name).map(HostModule::text);
        let names = program.natives.iter().filter_map(|import| module_and_name(&import.name)).map(|(module, _)| module);
        names.into_iter().find(|name| text(self, name) != text(elsewhere, name))
    }

    /// Adds the functions that a program calls.
    pub(crate) fn bind(&self, imports: &[NativeImport], shapes: &Arc<Shapes>, natives: &mut Natives) {
        for import in imports {
            let Some((module, name)) = module_and_name(&import.name) else { continue };
            let Some(module) = self.get(module) else { continue };
            if let Some(function) = module.functions.iter().find(|function| function.name == name) {
                natives.add_host((function.bind)(module.named(function, &import.name), shapes));
            }
        }
    }
}
