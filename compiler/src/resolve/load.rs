//! Reads modules, imports first. A module is declared once everything it uses has been; a circle is reported where it
//! closes, and the import that closes it then brings nothing.

use std::rc::Rc;

use super::tables::{ModuleId, Tables};
use super::{declare, library};
use crate::diagnostic::{Code, Diagnostic, Sources};
use crate::hash::IdMap;
use crate::image::{Image, Linked};
use crate::syntax::{FileId, Span, Symbol, ast};
use crate::{Loader, Source, parse};

/// The path of the module that is used by default.
pub const PRELUDE: &str = "aivi.prelude";

/// Loads modules on demand.
pub struct Load<'a> {
    loader: &'a dyn Loader,
    /// All sources read so far.
    pub sources: Sources,
    entry: Option<(Symbol, Parsed)>,
    states: IdMap<Symbol, State>,
}

#[derive(Clone, Copy)]
enum State {
    Running,
    Done(ModuleId),
    Missing,
}

struct Parsed {
    file: Rc<ast::File>,
    file_id: FileId,
}

/// A module whose imports are being loaded.
struct Frame {
    path: Symbol,
    parsed: Parsed,
    uses: Vec<UsePath>,
    next: usize,
    is_host: bool,
}

/// What a module uses.
#[derive(Clone, Copy)]
pub struct UsePath {
    /// The module's path.
    pub path: Symbol,
    /// Where it is named.
    pub span: Span,
    /// The `use` item; none for the prelude.
    pub item: Option<u32>,
}

impl<'a> Load<'a> {
    /// Nothing is loaded yet.
    #[must_use]
    pub fn new(loader: &'a dyn Loader) -> Self {
        Load { loader, sources: Sources::default(), entry: None, states: IdMap::default() }
    }

    /// The library's modules with their texts.
    pub(crate) fn library(&self) -> impl Iterator<Item = (String, String)> {
        let paths = self.loader.modules().into_iter().filter(|path| path.starts_with("aivi."));
        paths.filter_map(|path| self.loader.load(&path).map(|source| (path, source.text.into_owned())))
    }

    /// Loads the prelude, then the entry module with all that it uses.
    pub fn entry(&mut self, tables: &mut Tables, source: Source) -> ModuleId {
        let parsed = self.parse(tables, source);
        let path = match &parsed.file.path {
            Some(path) => join(tables, path),
            None => tables.interner.intern("main"),
        };
        self.check_not_library(tables, path, &parsed);
        self.entry = Some((path, parsed));
        // Who works on a module of the library wants it, not what it was when the image was made.
        let image = self.loader.image().filter(|image| image.module(tables.text(path)).is_none());
        tables.linked = image.map(Linked::new);
        let prelude = tables.interner.intern(PRELUDE);
        tables.prelude = self.request(tables, prelude);
        self.request(tables, path).expect("the entry module was just parsed")
    }

    /// E2000: a program cannot put a module in the place of one of the library. (The library's own file is that
    /// module.)
    fn check_not_library(&self, tables: &mut Tables, path: Symbol, parsed: &Parsed) {
        let text = tables.text(path);
        let (Some(header), true) = (&parsed.file.path, text == "aivi" || text.starts_with("aivi.")) else { return };
        let library = self.loader.load(text);
        let source = self.sources.get(parsed.file_id);
        if library.as_ref().is_none_or(|library| source.is_none_or(|source| source.text != library.text)) {
            let message = match library {
                Some(_) => format!("module `{text}` is part of the library"),
                None => "names that begin with `aivi.` are those of the library's modules".to_owned(),
            };
            tables.report(Diagnostic::new(Code::E2000, header.span, message).help("give the module another name"));
        }
    }

    /// Loads a module and everything it uses, unless that was done already.
    pub fn request(&mut self, tables: &mut Tables, path: Symbol) -> Option<ModuleId> {
        match self.states.get(&path) {
            Some(State::Done(id)) => return Some(*id),
            Some(State::Running | State::Missing) => return None,
            None => {}
        }
        if let Some(id) = self.link(tables, path) {
            return Some(id);
        }
        let Some(root) = self.open(tables, path) else {
            self.states.insert(path, State::Missing);
            return None;
        };
        let mut stack = vec![root];
        while let Some(frame) = stack.last_mut() {
            if let Some(used) = frame.uses.get(frame.next).copied() {
                frame.next += 1;
                match self.states.get(&used.path).copied() {
                    Some(State::Done(_)) => {}
                    Some(State::Running) => report_circle(tables, &stack, used),
                    Some(State::Missing) => report_missing(self.loader, tables, used),
                    None if self.link(tables, used.path).is_some() => {}
                    None => match self.open(tables, used.path) {
                        Some(frame) => stack.push(frame),
                        None => {
                            self.states.insert(used.path, State::Missing);
                            report_missing(self.loader, tables, used);
                        }
                    },
                }
            } else if let Some(frame) = stack.pop() {
                self.finish(tables, frame);
            }
        }
        match self.states.get(&path) {
            Some(State::Done(id)) => Some(*id),
            _ => None,
        }
    }

    fn finish(&mut self, tables: &mut Tables, frame: Frame) {
        let uses = frame
            .uses
            .iter()
            .map(|used| match self.states.get(&used.path) {
                Some(State::Done(id)) => (*used, Some(*id)),
                _ => (*used, None),
            })
            .collect::<Vec<_>>();
        let id = declare::module(tables, frame.path, frame.parsed.file, frame.parsed.file_id, &uses, frame.is_host);
        self.states.insert(frame.path, State::Done(id));
    }

    /// Declares a module of the image and everything it uses, if it is there.
    fn link(&mut self, tables: &mut Tables, path: Symbol) -> Option<ModuleId> {
        let number = tables.linked.as_ref()?.image.module(tables.text(path))?;
        let mut linked = tables.linked.take()?;
        let id = self.declare_linked(tables, &mut linked, number);
        tables.linked = Some(linked);
        Some(id)
    }

    /// Recurses as deep as library modules use each other.
    fn declare_linked(&mut self, tables: &mut Tables, linked: &mut Linked, number: u32) -> ModuleId {
        let name = linked.image.module_name(number);
        let path = tables.interner.intern(name);
        if let Some(State::Done(id)) = self.states.get(&path) {
            return *id;
        }
        let interface = linked.image.interface(number);
        for used in &interface.uses {
            self.declare_linked(tables, linked, *used);
        }
        let source = self.loader.load(name).unwrap_or_else(|| Source::built_in(Image::path_of(name), ""));
        let id = library::declare(tables, linked, &interface, number, self.sources.add(source));
        self.states.insert(path, State::Done(id));
        id
    }

    /// Reads and parses a module.
    fn open(&mut self, tables: &mut Tables, path: Symbol) -> Option<Frame> {
        let (parsed, is_host) = match self.entry.take() {
            Some((entry, parsed)) if entry == path => (parsed, false),
            other => {
                self.entry = other;
                let source = self.loader.load(tables.text(path))?;
                let parsed = self.parse(tables, source);
                check_header(tables, path, &parsed.file);
                (parsed, self.loader.is_host(tables.text(path)))
            }
        };
        let uses = self.uses(tables, path, &parsed.file);
        self.states.insert(path, State::Running);
        Some(Frame { path, parsed, uses, next: 0, is_host })
    }

    fn parse(&mut self, tables: &mut Tables, source: Source) -> Parsed {
        let file_id = self.sources.add(source);
        let text = self.sources.get(file_id).map_or("", |source| &*source.text);
        let parsed = parse::parse(file_id, text, &mut tables.interner);
        tables.diagnostics.extend(parsed.diagnostics);
        Parsed { file: Rc::new(parsed.file), file_id }
    }

    fn uses(&self, tables: &mut Tables, path: Symbol, file: &ast::File) -> Vec<UsePath> {
        let mut uses = Vec::new();
        let prelude = tables.interner.intern(PRELUDE);
        let unwanted = file.decorators.iter().any(|decorator| tables.text(decorator.name.symbol) == "no_prelude");
        let below = path == prelude || matches!(self.states.get(&prelude), Some(State::Running));
        if !unwanted && !below && !matches!(self.states.get(&prelude), Some(State::Missing)) {
            uses.push(UsePath { path: prelude, span: Span::default(), item: None });
        }
        for (index, item) in file.items.iter().enumerate() {
            if let ast::ItemKind::Use(used) = &item.kind {
                let path = join(tables, &used.path);
                uses.push(UsePath { path, span: used.path.span, item: Some(index as u32) });
            }
        }
        uses
    }
}

/// `a.b.c` as one name.
fn join(tables: &mut Tables, path: &ast::Path) -> Symbol {
    let texts: Vec<&str> = path.segments.iter().map(|segment| tables.text(segment.symbol)).collect();
    let joined = texts.join(".");
    tables.interner.intern(&joined)
}

fn check_header(tables: &mut Tables, path: Symbol, file: &ast::File) {
    let Some(header) = &file.path else { return };
    let named = join(tables, header);
    if named == path {
        return;
    }
    let (named_text, wanted) = (tables.text(named).to_owned(), tables.text(path).to_owned());
    let diagnostic = if tables.by_path.contains_key(&named) {
        Diagnostic::new(Code::E2000, header.span, format!("module `{named_text}` is defined twice"))
            .note(format!("this file was read as `{wanted}`"))
    } else {
        Diagnostic::new(Code::E2002, header.span, format!("expected module `{wanted}`, found `{named_text}`"))
    };
    tables.report(diagnostic);
}

fn report_circle(tables: &mut Tables, stack: &[Frame], used: UsePath) {
    let from = stack.iter().position(|frame| frame.path == used.path).unwrap_or(0);
    let mut names: Vec<&str> = stack[from..].iter().map(|frame| tables.text(frame.path)).collect();
    names.push(tables.text(used.path));
    let message = format!("modules import each other in a circle: {}", names.join(" -> "));
    tables.report(Diagnostic::new(Code::E2004, used.span, message));
}

fn report_missing(loader: &dyn Loader, tables: &mut Tables, used: UsePath) {
    let text = tables.text(used.path).to_owned();
    let modules = loader.modules();
    let lower = text.to_lowercase();
    let same = modules.iter().find(|path| path.to_lowercase() == lower).map(String::as_str);
    let (parent, last) = text.rsplit_once('.').unwrap_or(("", &text));
    let known = tables.by_path.keys().map(|path| tables.text(*path)).chain(modules.iter().map(String::as_str));
    let siblings = known.filter_map(|path| match path.rsplit_once('.').unwrap_or(("", path)) {
        (other, name) if other == parent => Some(name),
        _ => None,
    });
    let mut diagnostic = Diagnostic::new(Code::E2002, used.span, format!("unknown module `{text}`"));
    if let Some(same) = same {
        diagnostic = diagnostic.help(format!("did you mean `{same}`?"));
    } else if let Some(near) = super::suggest::nearest(last, siblings) {
        let near = if parent.is_empty() { near.to_owned() } else { format!("{parent}.{near}") };
        diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
    }
    if let Some(why) = loader.why_absent(&text) {
        diagnostic = diagnostic.note(why);
    }
    tables.report(diagnostic);
}
