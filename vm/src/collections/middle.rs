//! `Middle`: what stands between the two ends of a list. A tree; or bytes, which become one when somebody asks for an
//! element.
//!
//! What was read from a socket is mostly passed on as it is, or turned into a text: as bytes it takes a sixteenth of
//! the memory, and is written in as many instructions as it has elements otherwise.
//!
//! The form changes although others may look at the list, so it stands in a cell. That is sound, for these reasons: no
//! reference to the bytes leaves this file; the form changes behind a shared reference only to become a tree, and only
//! while it is none; and it does so on one thread: a list that crosses to other threads has its tree (`List::trace`).

use std::cell::UnsafeCell;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::slice;

use super::tree::Tree;
use super::view::View;
use crate::object::alloc;

/// What stands between the views at the ends of a list. Its length is kept beside it, so that asking for it loads no
/// node.
#[derive(Default)]
pub(super) struct Middle {
    form: UnsafeCell<ManuallyDrop<Form>>,
    length: usize,
}

#[derive(Default)]
enum Form {
    #[default]
    Nothing,
    /// With the length 0 it is not the middle, but the other form of a flat list.
    Tree(Tree<View>),
    Bytes(Packed),
}

impl From<Option<Tree<View>>> for Middle {
    fn from(tree: Option<Tree<View>>) -> Middle {
        let length = tree.as_ref().map_or(0, Tree::len);
        Middle::of(tree.map_or(Form::Nothing, Form::Tree), length)
    }
}

impl Clone for Middle {
    #[inline]
    fn clone(&self) -> Middle {
        if self.is_nothing() {
            return Middle::default();
        }
        let tree = self.any_tree().cloned();
        Middle::of(tree.map_or(Form::Nothing, Form::Tree), self.length)
    }
}

impl Drop for Middle {
    #[inline]
    fn drop(&mut self) {
        // Most lists have none: one look, and no call.
        if !self.is_nothing() {
            self.discard();
        }
    }
}

impl Middle {
    fn of(form: Form, length: usize) -> Middle {
        Middle { form: UnsafeCell::new(ManuallyDrop::new(form)), length }
    }

    /// Bytes.
    pub(super) fn of_bytes(bytes: &[u8]) -> Middle {
        Middle::of(Packed::new(bytes).map_or(Form::Nothing, Form::Bytes), bytes.len())
    }

    /// Number of elements.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.length
    }

    #[inline(always)]
    fn form(&self) -> &Form {
        // SAFETY: who changes the form behind a shared reference has no other reference to it, nor has anybody else one
        // to what is replaced (module page).
        unsafe { &*self.form.get() }
    }

    /// Neither elements nor the other form of a flat list.
    #[inline(always)]
    pub(super) fn is_nothing(&self) -> bool {
        matches!(self.form(), Form::Nothing)
    }

    /// The tree, if there are elements.
    #[inline]
    pub(super) fn tree(&self) -> Option<&Tree<View>> {
        if self.length > 0 { self.any_tree() } else { None }
    }

    /// The tree, also the other form of a flat list.
    #[inline]
    pub(super) fn any_tree(&self) -> Option<&Tree<View>> {
        if let Form::Bytes(_) = self.form() {
            self.unpack();
        }
        self.quick_tree()
    }

    /// As `any_tree`, if it was made already.
    #[inline(always)]
    pub(super) fn quick_tree(&self) -> Option<&Tree<View>> {
        match self.form() {
            Form::Tree(tree) => Some(tree),
            _ => None,
        }
    }

    /// As `quick_tree`, for a change.
    #[inline(always)]
    pub(super) fn quick_tree_mut(&mut self) -> Option<&mut Tree<View>> {
        match &mut **self.form.get_mut() {
            Form::Tree(tree) => Some(tree),
            _ => None,
        }
    }

    /// The other form of a flat list, which is longer than a leaf.
    #[inline(never)]
    pub(super) fn tree_or_make(&self, flat: &View) -> &Tree<View> {
        debug_assert!(self.length == 0);
        if let Some(tree) = self.quick_tree() {
            return tree;
        }
        self.become_tree(tree_of(flat));
        self.quick_tree().unwrap_or_else(|| unreachable!("it was just made"))
    }

    /// The tree, if there are elements.
    #[inline]
    pub(super) fn take(&mut self) -> Option<Tree<View>> {
        let length = self.length;
        self.take_any().filter(|_| length > 0)
    }

    /// The tree, also the other form of a flat list.
    #[inline]
    pub(super) fn take_any(&mut self) -> Option<Tree<View>> {
        if let Form::Bytes(_) = self.form() {
            self.unpack();
        }
        self.length = 0;
        match std::mem::take(&mut **self.form.get_mut()) {
            Form::Tree(tree) => Some(tree),
            _ => None,
        }
    }

    /// Are the elements still bytes?
    #[inline(always)]
    pub(super) fn is_packed(&self) -> bool {
        matches!(self.form(), Form::Bytes(_))
    }

    /// The elements in one chunk, if they are still bytes.
    pub(super) fn take_bytes(&mut self) -> Option<View> {
        let Form::Bytes(packed) = self.form() else { return None };
        let view = packed.view();
        *self = Middle::default();
        Some(view)
    }

    /// Writes the elements behind `bytes`, if they are still bytes.
    pub(super) fn read_bytes(&self, bytes: &mut Vec<u8>) -> bool {
        let Form::Bytes(packed) = self.form() else { return false };
        bytes.extend_from_slice(packed.as_slice());
        true
    }

    #[cold]
    fn unpack(&self) {
        if let Form::Bytes(packed) = self.form() {
            self.become_tree(tree_of(&packed.view()));
        }
    }

    /// Of what is no tree so far.
    fn become_tree(&self, tree: Tree<View>) {
        // SAFETY: no reference to what is replaced is left (module page).
        drop(unsafe { std::mem::replace(&mut **self.form.get(), Form::Tree(tree)) });
    }

    #[inline(never)]
    fn discard(&mut self) {
        drop(std::mem::take(&mut **self.form.get_mut()));
    }
}

fn tree_of(view: &View) -> Tree<View> {
    Tree::from_leaves(view.leaves().collect())
}

/// Bytes, at least one, in memory for objects.
struct Packed {
    start: NonNull<u8>,
    length: usize,
}

impl Packed {
    fn new(bytes: &[u8]) -> Option<Packed> {
        if bytes.is_empty() {
            return None;
        }
        let memory = alloc::allocate(Packed::size(bytes.len()));
        // SAFETY: there is room for them, and it was not there before.
        unsafe { memory.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        NonNull::new(memory).map(|start| Packed { start, length: bytes.len() })
    }

    const fn size(length: usize) -> usize {
        length.next_multiple_of(alloc::ALIGN)
    }

    fn as_slice(&self) -> &[u8] {
        // SAFETY: written by `new`, and ours.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }

    fn view(&self) -> View {
        View::of_bytes(self.as_slice())
    }
}

impl Drop for Packed {
    fn drop(&mut self) {
        // SAFETY: allocated by `new` with this size, and nobody has it any more.
        unsafe { alloc::free(self.start.as_ptr(), Packed::size(self.length)) };
    }
}
