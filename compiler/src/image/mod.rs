//! The library, compiled ahead: what its modules let others use, and their bytecode, in one sequence of bytes.
//!
//! ```text
//! sources of the library --- check, lower --- write ---> image        (once, when the host is built)
//! a program --- parse --- declare ... lower --- link ---> module      (at each start; both read the image)
//! ```
//!
//! Words. An *image number* names a text, module, type, constructor, alias, domain, global, proto, constant, shape or
//! native function of the image. A module of the image is *declared* when a program uses it: what it exports gets ids
//! in the program's `Tables`, and `Linked` remembers which image number each has. Code is *linked* when lowering
//! reaches it: the proto is copied into the program's module and what it refers to is numbered anew.
//!
//! What always holds: everything lies in tables (`codec::table`) whose items are read one by one, so a program pays for
//! what it uses and not for the size of the library. A module that is declared is preceded by all modules whose types
//! or functions occur in what it exports (`Interface::uses`). What is linked is part of the program's module like its
//! own code, and is verified with it.
//!
//! Rejected: an image whose numbers are the ids of every program, which would save `Linked`: each start would enter the
//! whole library. An image of types only, with code that the machine maps: code would need a loader of its own, and a
//! program's module would not say any more what it runs.

mod interface;
mod linked;
mod write;

use aivi_bytecode::codec::DecodeError;
use aivi_bytecode::codec::table::Table;
use aivi_bytecode::codec::wire::{Reader, Wire};
use aivi_bytecode::module::{Constant, Global, NativeImport, Proto, Shape};

use crate::check::types::portable::Portable;

pub use interface::{
    AliasBody, Body, ConstructorPlaces, DataDecl, DomainDecl, GlobalDecl, Interface, Private, SignaturePlaces, TypeRef,
    ValueRef,
};
pub use linked::Linked;
pub use write::build;

/// The library, compiled ahead. It is made by `build`, and read only by the program that was built with it.
#[derive(Debug)]
pub struct Image {
    bytes: &'static [u8],
    sections: Sections,
}

macro_rules! sections {
    ($($(#[doc = $doc:literal])+ $name:ident: $ty:ty,)*) => {
        /// The tables, in the order in which they lie one behind the other.
        #[derive(Debug)]
        struct Sections { $($(#[doc = $doc])+ $name: Table<$ty>,)* }

        impl Sections {
            fn open(bytes: &[u8]) -> Result<(Sections, usize), DecodeError> {
                let end = 0;
                $(let ($name, end) = Table::open(bytes, end)?;)*
                Ok((Sections { $($name),* }, end))
            }
        }

        /// What is written into each table.
        #[derive(Default)]
        struct Contents { $($name: Vec<$ty>,)* }

        impl Contents {
            fn write(self) -> Vec<u8> {
                let mut out = Vec::new();
                $(aivi_bytecode::codec::table::write(self.$name, &mut out);)*
                out
            }
        }

        impl Image {
            /// Reads everything there is, as a test.
            ///
            /// # Errors
            /// When something cannot be read.
            pub fn read_all(&self) -> Result<(), DecodeError> {
                $((0..self.sections.$name.len()).try_for_each(|index| {
                    self.sections.$name.get(self.bytes, index).map(drop)
                })?;)*
                Ok(())
            }
        }
    };
}

sections! {
    /// Names of all kinds.
    texts: String,
    /// Names of the modules.
    module_names: String,
    /// What each module lets others use.
    interfaces: Interface,
    /// Names that each module keeps to itself.
    private: Vec<Private>,
    /// Schemes of the globals.
    global_types: Portable,
    /// Where the signature of each global is written.
    signature_places: SignaturePlaces,
    /// What they are bound to.
    bodies: Body,
    /// Schemes of the constructors.
    constructor_types: Portable,
    /// Where the constructors are declared.
    constructor_places: ConstructorPlaces,
    /// Shapes of the constructors that the code of the library uses.
    constructor_shapes: Option<u32>,
    /// What aliases stand for.
    aliases: AliasBody,
    /// Code.
    protos: Proto,
    /// Constants of the code.
    constants: Constant,
    /// Layouts of objects.
    shapes: Shape,
    /// Native functions that the code calls.
    natives: NativeImport,
    /// Top-level values and functions as the code knows them.
    code_globals: Global,
    /// Paths of the source files that lines refer to.
    sources: String,
}

impl Image {
    /// The image in these bytes.
    ///
    /// # Errors
    /// When they are not an image.
    pub fn open(bytes: &'static [u8]) -> Result<Image, DecodeError> {
        let (sections, end) = Sections::open(bytes)?;
        if end == bytes.len() { Ok(Image { bytes, sections }) } else { Err(DecodeError::TrailingBytes) }
    }

    /// The path under which the source of a library module is reported.
    #[must_use]
    pub fn path_of(module: &str) -> String {
        format!("<{module}>")
    }

    /// How many modules there are.
    #[must_use]
    pub fn modules(&self) -> usize {
        self.sections.module_names.len()
    }

    /// The number of a module.
    #[must_use]
    pub fn module(&self, name: &str) -> Option<u32> {
        (0..self.sections.module_names.len() as u32).find(|module| self.module_name(*module) == name)
    }

    /// The name of a module.
    #[must_use]
    pub fn module_name(&self, module: u32) -> &'static str {
        self.text_in(&self.sections.module_names, module)
    }

    /// A name.
    #[must_use]
    pub fn text(&self, text: u32) -> &'static str {
        self.text_in(&self.sections.texts, text)
    }

    /// What a module defines as `name` and does not export.
    #[must_use]
    pub fn private(&self, module: u32, name: &str) -> Option<Private> {
        self.item(&self.sections.private, module).into_iter().find(|private| self.text(private.name) == name)
    }

    /// What a module lets others use.
    #[must_use]
    pub fn interface(&self, module: u32) -> Interface {
        self.item(&self.sections.interfaces, module)
    }

    /// The scheme of a global.
    #[must_use]
    pub fn global_type(&self, global: u32) -> Portable {
        self.item(&self.sections.global_types, global)
    }

    /// Where the signature of a global is written.
    #[must_use]
    pub fn signature_places(&self, global: u32) -> SignaturePlaces {
        self.item(&self.sections.signature_places, global)
    }

    /// Where a constructor is declared.
    #[must_use]
    pub fn constructor_places(&self, constructor: u32) -> ConstructorPlaces {
        self.item(&self.sections.constructor_places, constructor)
    }

    /// What a global is bound to.
    #[must_use]
    pub fn body(&self, global: u32) -> Body {
        self.item(&self.sections.bodies, global)
    }

    /// The scheme of a constructor.
    #[must_use]
    pub fn constructor_type(&self, constructor: u32) -> Portable {
        self.item(&self.sections.constructor_types, constructor)
    }

    /// The shape of a constructor, if the code of the library uses it.
    #[must_use]
    pub fn constructor_shape(&self, constructor: u32) -> Option<u32> {
        self.item(&self.sections.constructor_shapes, constructor)
    }

    /// What an alias stands for.
    #[must_use]
    pub fn alias(&self, alias: u32) -> AliasBody {
        self.item(&self.sections.aliases, alias)
    }

    /// A proto.
    #[must_use]
    pub fn proto(&self, proto: u32) -> Proto {
        self.item(&self.sections.protos, proto)
    }

    /// A constant.
    #[must_use]
    pub fn constant(&self, constant: u32) -> Constant {
        self.item(&self.sections.constants, constant)
    }

    /// A shape.
    #[must_use]
    pub fn shape(&self, shape: u32) -> Shape {
        self.item(&self.sections.shapes, shape)
    }

    /// A native function.
    #[must_use]
    pub fn native(&self, native: u32) -> NativeImport {
        self.item(&self.sections.natives, native)
    }

    /// A global as the code knows it.
    #[must_use]
    pub fn code_global(&self, global: u32) -> Global {
        self.item(&self.sections.code_globals, global)
    }

    /// The path of a source file.
    #[must_use]
    pub fn source(&self, source: u32) -> &'static str {
        self.text_in(&self.sections.sources, source)
    }

    fn item<T: Wire>(&self, table: &Table<T>, index: u32) -> T {
        table.get(self.bytes, index as usize).expect(WRITTEN)
    }

    fn text_in(&self, table: &Table<String>, index: u32) -> &'static str {
        let bytes = table.bytes_of(self.bytes, index as usize).expect(WRITTEN);
        Reader::new(bytes).text().expect(WRITTEN)
    }
}

/// Why nothing in an image can be wrong: `write` made it in the same build, and a test reads all of it.
const WRITTEN: &str = "the image was written by this compiler";
