//! Code of the image becomes code of the program: protos that are reached are copied, and what they refer to is
//! numbered anew.
//!
//! Everything is linked once. Constructors have one shape wherever their code comes from: code of the program that uses
//! a constructor of the image asks here as well.

use std::collections::HashMap;

use aivi_bytecode::module::{Constant, Global, Proto, Shape, SourceFile};
use aivi_bytecode::operand::OperandKind;
use aivi_bytecode::relocate::relocate;
use aivi_bytecode::{ConstId, GlobalId, NativeId, ProtoId, ShapeId};

use super::function::Signature;
use super::program::{Callee, Lowering};
use super::repr::Repr;
use crate::core::ConstructorId;
use crate::image::Image;

/// What is linked: numbers of the image, and of the program's module.
pub(super) struct Links {
    image: &'static Image,
    protos: HashMap<u32, Callee>,
    constants: HashMap<u32, ConstId>,
    shapes: HashMap<u32, ShapeId>,
    natives: HashMap<u32, NativeId>,
    globals: HashMap<u32, GlobalId>,
    sources: HashMap<u32, u32>,
}

impl Links {
    pub(super) fn new(image: &'static Image) -> Links {
        Links {
            image,
            protos: HashMap::new(),
            constants: HashMap::new(),
            shapes: HashMap::new(),
            natives: HashMap::new(),
            globals: HashMap::new(),
            sources: HashMap::new(),
        }
    }
}

impl Lowering<'_> {
    /// The function or effect of a proto of the image.
    pub(super) fn link_proto(&mut self, number: u32) -> Callee {
        if let Some(callee) = self.links().protos.get(&number) {
            return callee.clone();
        }
        let proto = self.links().image.proto(number);
        let mut parameters = vec![Repr::Counted; usize::from(proto.parameters)];
        for (reg, kind) in &proto.raw {
            parameters[usize::from(reg.0)] = Repr::Scalar(*kind);
        }
        let signature = Signature { effect: proto.effect, parameters };
        let callee = Callee { proto: self.reserve(), signature: signature.into() };
        self.links().protos.insert(number, callee.clone());
        self.later(proto, callee.proto);
        callee
    }

    /// A global of the image as its code knows it.
    pub(super) fn link_global(&mut self, number: u32) -> GlobalId {
        if let Some(&known) = self.links().globals.get(&number) {
            return known;
        }
        let Global { name, proto, function } = self.links().image.code_global(number);
        let entry = GlobalId(self.module.globals.len() as u32);
        self.links().globals.insert(number, entry);
        self.module.globals.push(Global { name, proto: ProtoId(0), function });
        let callee = self.link_proto(proto.0);
        self.module.globals[entry.0 as usize].proto = callee.proto;
        entry
    }

    /// A global of the image as its code knows it, in image numbers.
    pub(super) fn image_global(&mut self, number: u32) -> Global {
        self.links().image.code_global(number)
    }

    /// The image's number for the shape of a constructor that the image declares and uses.
    pub(super) fn image_shape(&mut self, id: ConstructorId) -> Option<u32> {
        let number = self.program.constructors[id.0 as usize].image?;
        self.links().image.constructor_shape(number)
    }

    /// A shape of the image.
    pub(super) fn link_shape(&mut self, number: u32) -> ShapeId {
        if let Some(&known) = self.links().shapes.get(&number) {
            return known;
        }
        let id = match self.links().image.shape(number) {
            shape @ Shape::Constructor { .. } => self.add_shape(shape),
            shape @ (Shape::Tuple(_) | Shape::Record(_)) => self.structural_shape(shape),
        };
        self.links().shapes.insert(number, id);
        id
    }

    /// Puts a proto of the image in its place.
    pub(super) fn link(&mut self, mut proto: Proto, id: ProtoId) {
        relocate(&mut proto.code, |kind, old| match kind {
            OperandKind::Const => self.link_constant(old).0,
            OperandKind::Proto => self.link_proto(old).proto.0,
            OperandKind::Native => self.link_native(old).0,
            OperandKind::Global => self.link_global(old).0,
            OperandKind::Shape => self.link_shape(old).0.into(),
            _ => old,
        });
        for line in &mut proto.lines {
            line.source = self.link_source(line.source);
        }
        self.module.protos[id.0 as usize] = proto;
    }

    fn link_constant(&mut self, number: u32) -> ConstId {
        if let Some(&known) = self.links().constants.get(&number) {
            return known;
        }
        let constant = match self.links().image.constant(number) {
            Constant::Nullary(shape) => Constant::Nullary(self.link_shape(shape.0.into())),
            Constant::Function(proto) => Constant::Function(self.link_proto(proto.0).proto),
            other => other,
        };
        let id = self.constant(constant);
        self.links().constants.insert(number, id);
        id
    }

    fn link_native(&mut self, number: u32) -> NativeId {
        if let Some(&known) = self.links().natives.get(&number) {
            return known;
        }
        let native = self.links().image.native(number);
        let id = self.native_import(native);
        self.links().natives.insert(number, id);
        id
    }

    fn link_source(&mut self, number: u32) -> u32 {
        if let Some(&known) = self.links().sources.get(&number) {
            return known;
        }
        let path = self.links().image.source(number);
        let sources = &mut self.module.sources;
        let known = sources.iter().position(|source| source.path == path);
        let source = known.unwrap_or_else(|| {
            sources.push(SourceFile { path: path.to_owned(), text: String::new() });
            sources.len() - 1
        }) as u32;
        self.links().sources.insert(number, source);
        source
    }

    fn links(&mut self) -> &mut Links {
        self.links.as_mut().expect("only what comes from an image is linked")
    }
}
