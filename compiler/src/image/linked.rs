//! The part of an image that a program uses: which of the program's ids stands for which image number.

use super::Image;
use crate::check::builtin;
use crate::core::{ConstructorId, DataId, GlobalId};
use crate::resolve::tables::{AliasId, DomainId};

/// An image, and what of it is declared so far.
#[derive(Debug)]
pub struct Linked {
    /// The image.
    pub image: &'static Image,
    datas: Vec<Option<DataId>>,
    constructors: Vec<Option<ConstructorId>>,
    aliases: Vec<Option<AliasId>>,
    domains: Vec<Option<DomainId>>,
    globals: Vec<Option<GlobalId>>,
}

macro_rules! numbers {
    ($($(#[doc = $doc:literal])+ $get:ident $set:ident $list:ident: $id:ty)*) => {$(
        $(#[doc = $doc])+
        #[must_use]
        pub fn $get(&self, number: u32) -> $id {
            self.$list.get(number as usize).copied().flatten().expect("what a module uses is declared before it")
        }

        pub(crate) fn $set(&mut self, number: u32, id: $id) {
            let index = number as usize;
            if self.$list.len() <= index {
                self.$list.resize(index + 1, None);
            }
            self.$list[index] = Some(id);
        }
    )*};
}

impl Linked {
    /// Nothing is declared yet but what the compiler itself knows.
    #[must_use]
    pub fn new(image: &'static Image) -> Linked {
        Linked {
            image,
            datas: (0..builtin::DATAS.len() as u32).map(|id| Some(DataId(id))).collect(),
            constructors: (0..builtin::CONSTRUCTORS.len() as u32).map(|id| Some(ConstructorId(id))).collect(),
            aliases: Vec::new(),
            domains: Vec::new(),
            globals: Vec::new(),
        }
    }

    numbers! {
        /// The nominal type with this number.
        data set_data datas: DataId
        /// The constructor with this number.
        constructor set_constructor constructors: ConstructorId
        /// The alias with this number.
        alias set_alias aliases: AliasId
        /// The domain with this number.
        domain set_domain domains: DomainId
        /// The global with this number.
        global set_global globals: GlobalId
    }
}
