//! What the image knows already: types of its functions, constructors and aliases, and what its globals are bound to.

use super::checker::Checker;
use super::elaborate::AliasState;
use super::types::portable::Reader;
use super::types::{TyId, TypeStore};
use crate::core::{GlobalBody, Native};
use crate::image::{AliasBody, Body, Image};

impl Checker<'_> {
    /// The scheme of a global of the image.
    pub(super) fn image_global_type(&mut self, number: u32) -> TyId {
        self.read(|image, types| types.read(&image.global_type(number))).unwrap_or(TypeStore::ERROR)
    }

    /// The scheme of a constructor of the image.
    pub(super) fn image_constructor_type(&mut self, number: u32) -> TyId {
        self.read(|image, types| types.read(&image.constructor_type(number))).unwrap_or(TypeStore::ERROR)
    }

    /// An alias of the image.
    pub(super) fn image_alias(&mut self, number: u32) -> AliasState {
        let read = self.read(|image, types| {
            let AliasBody { parameters, body } = image.alias(number);
            let parameters = (0..parameters).map(|index| types.variable(index)).collect();
            AliasState::Done { parameters, body: types.read(&body) }
        });
        read.unwrap_or(AliasState::Done { parameters: Vec::new(), body: TypeStore::ERROR })
    }

    /// What a global of the image is bound to.
    pub(super) fn image_body(&mut self, number: u32) -> GlobalBody {
        let Some(linked) = &self.tables.linked else { return GlobalBody::Error };
        match linked.image.body(number) {
            Body::Code(global) => GlobalBody::Image(global),
            Body::Native(name, arity, effect, modes) => {
                GlobalBody::Native(Native { name: name.into(), arity, effect, modes: modes.into() })
            }
        }
    }

    /// What `read` takes from the image, if there is one.
    fn read<T>(&mut self, read: impl FnOnce(&Image, &mut Reader<'_>) -> T) -> Option<T> {
        let linked = self.tables.linked.as_ref()?;
        let mut reader = Reader {
            store: &mut self.types,
            interner: &mut self.tables.interner,
            data: &|number| linked.data(number),
            name: &|number| linked.image.text(number),
            variables: Vec::new(),
        };
        Some(read(linked.image, &mut reader))
    }
}
