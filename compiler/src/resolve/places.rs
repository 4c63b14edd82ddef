//! Where things are written, for reports that point there.

use super::tables::{self, ModuleId, Tables, TypeSource, Value};
use crate::core::{ConstructorId, GlobalId};
use crate::image::ConstructorPlaces;
use crate::syntax::{FileId, Span, Symbol, ast};

impl Tables {
    /// Where the signature of a global writes the type of a parameter.
    #[must_use]
    pub fn parameter_span(&self, global: GlobalId, index: u32) -> Option<Span> {
        let info = self.global(global);
        let module = self.module(info.module);
        match info.signature {
            TypeSource::Inferred => None,
            TypeSource::Written(place) => parameter_spans(tables::signature(&module.file, place)?).nth(index as usize),
            TypeSource::Image(number) => {
                let places = self.linked.as_ref()?.image.signature_places(number);
                places.parameters.get(index as usize).map(|span| in_file(*span, module.file_id))
            }
        }
    }

    /// Where the signature of a global writes what is left behind a number of parameters, or behind all of them.
    #[must_use]
    pub fn signature_span(&self, global: GlobalId, taken: u32) -> Option<Span> {
        let info = self.global(global);
        let module = self.module(info.module);
        let behind = taken as usize + 1;
        match info.signature {
            TypeSource::Inferred => None,
            TypeSource::Written(place) => rest_spans(tables::signature(&module.file, place)?).take(behind).last(),
            TypeSource::Image(number) => {
                let places = self.linked.as_ref()?.image.signature_places(number);
                places.rests.iter().take(behind).next_back().map(|span| in_file(*span, module.file_id))
            }
        }
    }

    /// Where a constructor is declared.
    #[must_use]
    pub fn constructor_span(&self, id: ConstructorId) -> Option<Span> {
        match self.linked_places(id) {
            Some((places, file)) => places.whole.map(|span| in_file(span, file)),
            None => Some(self.constructor_decl(id)?.span),
        }
    }

    /// Where a constructor's argument is declared.
    #[must_use]
    pub fn argument_span(&self, id: ConstructorId, index: u32) -> Option<Span> {
        match self.linked_places(id) {
            Some((places, file)) => places.arguments.get(index as usize).map(|span| in_file(*span, file)),
            None => self.constructor_decl(id)?.arguments.get(index as usize).map(|ty| ty.span),
        }
    }

    /// Whether a module defines `name`, which it does not export; and where, if it is a value.
    #[must_use]
    pub fn is_private(&self, module: ModuleId, name: Symbol) -> Option<Option<Span>> {
        let this = self.module(module);
        if let (Some(number), Some(linked)) = (this.image, &self.linked) {
            let private = linked.image.private(number, self.text(name))?;
            return Some(private.span.map(|span| in_file(span, this.file_id)));
        }
        match this.own.values.get(&name) {
            Some(Value::Global(global)) => Some(Some(self.global(*global).span)),
            Some(Value::Constructor(_)) => Some(None),
            None => this.own.types.contains_key(&name).then_some(None),
        }
    }

    /// What the image knows about a constructor that it declares, and its file.
    fn linked_places(&self, id: ConstructorId) -> Option<(ConstructorPlaces, FileId)> {
        let number = self.constructors[id.0 as usize].image?;
        let places = self.linked.as_ref()?.image.constructor_places(number);
        let module = self.modules.iter().find(|known| known.image == Some(places.module))?;
        Some((places, module.file_id))
    }

    fn constructor_decl(&self, id: ConstructorId) -> Option<&ast::ConstructorDecl> {
        let constructor = &self.constructors[id.0 as usize];
        let (module, place) = self.data_places[constructor.data.0 as usize]?;
        constructor_decl(tables::type_decl(&self.module(module).file, place)?, constructor.index)
    }
}

fn in_file((start, end): (u32, u32), file: FileId) -> Span {
    Span { file, start, end }
}

/// Where the parameters of a written type of a function are.
pub fn parameter_spans(ty: &ast::Type) -> impl Iterator<Item = Span> {
    let mut rest = ty;
    std::iter::from_fn(move || {
        let ast::TypeKind::Function(from, to) = &rest.kind else { return None };
        rest = to;
        Some(from.span)
    })
}

/// Where a written type is, then what is behind its first parameter, and so on.
pub fn rest_spans(ty: &ast::Type) -> impl Iterator<Item = Span> {
    let mut rest = Some(ty);
    std::iter::from_fn(move || {
        let ty = rest?;
        rest = match &ty.kind {
            ast::TypeKind::Function(_, to) => Some(to),
            _ => None,
        };
        Some(ty.span)
    })
}

/// The declaration of a constructor in that of its type; a type without `|` has none of its own.
#[must_use]
pub fn constructor_decl(decl: &ast::TypeDecl, index: u32) -> Option<&ast::ConstructorDecl> {
    match &decl.body {
        ast::TypeBody::Sum(constructors) => constructors.get(index as usize),
        _ => None,
    }
}
