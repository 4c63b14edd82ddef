//! Who holds what among the suspects: the references that they can account for.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::ptr::NonNull;

use crate::channel::{ChannelEnd, Handles, Receiver, Sender, Side, WaitedAt};
use crate::scope::Scope;
use crate::sync::Arc;
use crate::task::record::Raw;
use crate::{Semaphore, Task, TaskHandle};

/// More nodes than this are not followed: the search is silent then. About a tenth of a second, in which nobody runs
/// (arbitrary).
const NODES_MAX: usize = 1 << 20;

/// What suspects hold, directly or through other things, and what would wake them.
pub struct Ledger<T: Task> {
    nodes: Vec<Node<T>>,
    indices: HashMap<Key, u32, BuildHasherDefault<Mixer>>,
    /// Who may be used by whom, or wakes whom: whoever gets at the first gets at the second.
    edges: Vec<(u32, u32)>,
    /// Nodes whose contents have not been entered yet.
    pending: Vec<u32>,
    /// Whose contents are being entered.
    holder: u32,
    /// Handles of tasks may be used to ask them to end.
    cancels_tasks: bool,
}

/// Something that may be held.
struct Node<T: Task> {
    what: What<T>,
    /// References that there are.
    count: u64,
    /// References that the ledger knows of.
    found: u64,
}

/// What a node is, as far as its contents need it.
pub(super) enum What<T: Task> {
    /// A suspect; the references are its handles.
    Task,
    /// A counted object of those who write tasks.
    Object(NonNull<()>),
    /// The end of a channel that sends. It contains nothing.
    Senders(WaitedAt<T>),
    /// The end that receives; it contains the messages.
    Receivers(WaitedAt<T>),
    /// The members of a scope, taken together.
    Members,
}

impl<T: Task> What<T> {
    /// The end of a channel, with the channel's id.
    fn end(&self) -> Option<(EndOf, usize)> {
        match self {
            What::Senders(channel) => Some((EndOf::Senders, channel.id())),
            What::Receivers(channel) => Some((EndOf::Receivers, channel.id())),
            What::Task | What::Object(_) | What::Members => None,
        }
    }
}

/// The address of a node: of a record, an object, a channel or a scope.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Task(usize),
    Object(usize),
    Senders(usize),
    Receivers(usize),
    Members(usize),
}

impl<T: Task> Ledger<T> {
    /// An empty one.
    pub(super) fn new(cancels_tasks: bool) -> Self {
        let (nodes, edges, pending) = (Vec::new(), Vec::new(), Vec::new());
        Ledger { nodes, indices: HashMap::default(), edges, pending, holder: 0, cancels_tasks }
    }

    /// Enters a counted reference to an object, which has `count` of them in all. What the object holds is asked for
    /// later (`Task::trace_object`).
    pub fn object(&mut self, object: NonNull<()>, count: u64) {
        let index = self.node(Key::Object(object.addr().get()), || (What::Object(object), count));
        self.hold(index);
    }

    /// Enters a handle that sends.
    pub fn sender(&mut self, end: &Sender<T>) {
        let (senders, _) = self.ends(end);
        self.hold(senders);
    }

    /// Enters a handle that receives.
    pub fn receiver(&mut self, end: &Receiver<T>) {
        let (_, receivers) = self.ends(end);
        self.hold(receivers);
    }

    /// Enters a semaphore: who gets at it can give permits back.
    pub fn semaphore(&mut self, semaphore: &Semaphore<T>) {
        let (senders, receivers) = self.both(&semaphore.waited_at(), || semaphore.handles());
        self.hold(senders);
        self.hold(receivers);
    }

    /// Enters the handle of a task.
    pub fn task(&mut self, handle: &TaskHandle<T>) {
        // Who is no suspect does not depend on who holds its handle.
        if let Some(&index) = self.indices.get(&Key::Task(handle.0.raw().address()))
            && self.cancels_tasks
        {
            self.hold(index);
        }
    }

    /// The node of something; made when it is new, and then its contents are entered later.
    pub(super) fn node(&mut self, key: Key, make: impl FnOnce() -> (What<T>, u64)) -> u32 {
        *self.indices.entry(key).or_insert_with(|| {
            let (what, count) = make();
            let index = self.nodes.len() as u32;
            if matches!(what, What::Object(_) | What::Receivers(_)) {
                self.pending.push(index);
            }
            self.nodes.push(Node { what, count, found: 0 });
            index
        })
    }

    /// The node of a suspect.
    pub(super) fn known(&self, suspect: Raw<T>) -> u32 {
        self.indices[&Key::Task(suspect.address())]
    }

    /// The ends of a channel that a task waits at.
    ///
    /// # Safety
    /// As for `WaitedAt::handles`.
    pub(super) unsafe fn channel(&mut self, channel: &WaitedAt<T>) -> (u32, u32) {
        // SAFETY: promised by the caller.
        let handles = || unsafe { channel.handles() };
        self.both(channel, handles)
    }

    /// Who gets at `from` can wake the suspect `to`.
    pub(super) fn wakes(&mut self, from: u32, to: u32) {
        self.edges.push((from, to));
    }

    /// The end of this task is what the suspect waits for; if it may still run, so may the suspect.
    pub(super) fn wakes_if_suspect(&mut self, target: Raw<T>, to: u32) {
        match self.indices.get(&Key::Task(target.address())) {
            Some(&from) => self.wakes(from, to),
            None => self.wakes_from_outside(to),
        }
    }

    /// The suspect waits for something else.
    pub(super) fn wakes_from_outside(&mut self, suspect: u32) {
        self.nodes[suspect as usize].count = u64::MAX;
    }

    /// Is it known already that the suspect may be woken from outside?
    pub(super) fn may_go_on(&self, suspect: u32) -> bool {
        self.nodes[suspect as usize].count == u64::MAX
    }

    /// The ends of the members of a scope are what the suspect waits for; any of them may be the last.
    pub(super) fn members(&mut self, scope: &Arc<Scope<T>>, to: u32) {
        let key = Key::Members(Arc::as_ptr(scope).addr());
        let is_new = !self.indices.contains_key(&key);
        let members = self.node(key, || (What::Members, 0));
        if is_new {
            scope.visit(|member| {
                // SAFETY: members live while their scope's list has them, and the world is stopped.
                if !unsafe { member.get() }.has_ended() {
                    self.wakes_if_suspect(member, members);
                }
            });
        }
        self.wakes(members, to);
    }

    /// What is entered next is held by this node.
    pub(super) fn hold_as(&mut self, holder: u32) {
        self.holder = holder;
    }

    /// Is there room for more?
    pub(super) fn has_room(&self) -> bool {
        self.nodes.len() < NODES_MAX && self.edges.len() < 4 * NODES_MAX
    }

    /// Nodes.
    pub(super) fn len(&self) -> usize {
        self.nodes.len() + self.edges.len()
    }

    /// Enters what the nodes contain that have been found, and what those contain. False: there is too much of it.
    pub(super) fn follow(&mut self) -> bool {
        while let Some(index) = self.pending.pop() {
            self.holder = index;
            match self.nodes[index as usize].what {
                // SAFETY: it was entered as an object of this type of task, and is held by a suspect, which does not
                // run.
                What::Object(object) => unsafe { T::trace_object(object, self) },
                // SAFETY: a suspect waits there or holds an end, and the world is stopped.
                What::Receivers(channel) => unsafe { channel.visit(|message| T::trace_value(message, self)) },
                What::Task | What::Senders(_) | What::Members => {}
            }
            if !self.has_room() {
                return false;
            }
        }
        true
    }

    /// What has been entered, to be asked.
    pub(super) fn graph(&self) -> Graph<'_, T> {
        let mut starts = vec![0u32; self.nodes.len() + 1];
        self.edges.iter().for_each(|(from, _)| starts[*from as usize + 1] += 1);
        (0..self.nodes.len()).for_each(|index| starts[index + 1] += starts[index]);
        let mut next = starts.clone();
        let mut targets = vec![0u32; self.edges.len()];
        for &(from, to) in &self.edges {
            targets[next[from as usize] as usize] = to;
            next[from as usize] += 1;
        }
        let mut is_reached: Vec<bool> = self.nodes.iter().map(|node| node.count > node.found).collect();
        let mut stack: Vec<usize> = (0..self.nodes.len()).filter(|index| is_reached[*index]).collect();
        while let Some(index) = stack.pop() {
            for &to in &targets[starts[index] as usize..starts[index + 1] as usize] {
                if !std::mem::replace(&mut is_reached[to as usize], true) {
                    stack.push(to as usize);
                }
            }
        }
        Graph { ledger: self, starts, targets, is_reached }
    }

    fn hold(&mut self, index: u32) {
        self.nodes[index as usize].found += 1;
        self.edges.push((self.holder, index));
    }

    fn ends<S: Side>(&mut self, end: &ChannelEnd<T, S>) -> (u32, u32) {
        self.both(&end.waited_at(), || end.handles())
    }

    /// The nodes of a channel: both at once, so that the messages are entered even if only senders are known.
    fn both(&mut self, channel: &WaitedAt<T>, handles: impl Fn() -> Handles) -> (u32, u32) {
        let senders = self.node(Key::Senders(channel.id()), || (What::Senders(*channel), handles().senders.into()));
        let what = || (What::Receivers(*channel), handles().receivers.into());
        (senders, self.node(Key::Receivers(channel.id()), what))
    }
}

/// The nodes with those that each leads to.
pub(super) struct Graph<'a, T: Task> {
    ledger: &'a Ledger<T>,
    starts: Vec<u32>,
    targets: Vec<u32>,
    /// Does somebody outside get at the node?
    is_reached: Vec<bool>,
}

impl<T: Task> Graph<'_, T> {
    /// Those of the first `suspects` nodes that nobody outside gets at, in groups that depend on each other.
    pub(super) fn stuck_groups(&self, suspects: usize) -> Vec<Vec<usize>> {
        let mut groups = Groups::new(self.is_reached.len());
        for &(from, to) in &self.ledger.edges {
            if !self.is_reached[from as usize] && !self.is_reached[to as usize] {
                groups.unite(from, to);
            }
        }
        let mut places = HashMap::new();
        let mut stuck: Vec<Vec<usize>> = Vec::new();
        for index in (0..suspects).filter(|index| !self.is_reached[*index]) {
            let place = *places.entry(groups.first(index as u32)).or_insert(stuck.len());
            if place == stuck.len() {
                stuck.push(Vec::new());
            }
            stuck[place].push(index);
        }
        stuck
    }

    /// The ends of channels that nobody outside gets at.
    pub(super) fn ends(&self) -> impl Iterator<Item = (EndOf, usize)> {
        let nodes = self.ledger.nodes.iter().zip(&self.is_reached).filter(|(_, is_reached)| !**is_reached);
        nodes.filter_map(|(node, _)| node.what.end())
    }

    /// Does anybody outside get at this end?
    pub(super) fn is_reached(&self, key: Key) -> bool {
        self.ledger.indices.get(&key).is_none_or(|index| self.is_reached[*index as usize])
    }

    /// The ends of channels that a suspect holds, directly or inside of something else, if nobody outside gets at them.
    pub(super) fn ends_held(&self, suspect: usize) -> Vec<(EndOf, usize)> {
        let (mut ends, mut seen, mut stack) = (Vec::new(), HashSet::from([suspect]), vec![suspect]);
        while let Some(index) = stack.pop() {
            for &to in &self.targets[self.starts[index] as usize..self.starts[index + 1] as usize] {
                let to = to as usize;
                if self.is_reached[to] || !seen.insert(to) {
                    continue;
                }
                let what = &self.ledger.nodes[to].what;
                if matches!(what, What::Object(_)) {
                    stack.push(to);
                }
                ends.extend(what.end());
            }
        }
        ends
    }
}

/// Which end of a channel.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndOf {
    /// The one that sends.
    Senders,
    /// The one that receives.
    Receivers,
}

/// Mixes an address and what it is of. Nobody chooses addresses to make the search slow; a hash that withstands that
/// took half of it.
#[derive(Default)]
struct Mixer(u64);

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_usize(usize::from(*byte)));
    }

    fn write_usize(&mut self, part: usize) {
        // Fibonacci's constant for 64 bits; the upper half is the well mixed one.
        self.0 = (self.0 ^ part as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(32);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Nodes that belong together: each points to another one of its group, the first of all to itself.
struct Groups(Vec<u32>);

impl Groups {
    fn new(len: usize) -> Self {
        Groups((0..len as u32).collect())
    }

    /// The node that stands for the group.
    fn first(&mut self, mut index: u32) -> u32 {
        while self.0[index as usize] != index {
            // Halves the way for the next time.
            let next = self.0[self.0[index as usize] as usize];
            self.0[index as usize] = next;
            index = next;
        }
        index
    }

    fn unite(&mut self, one: u32, other: u32) {
        let (one, other) = (self.first(one), self.first(other));
        self.0[one.max(other) as usize] = one.min(other);
    }
}
