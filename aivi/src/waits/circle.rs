//! Circles of fibers that wait for each other's end: none of them ever will.

use std::collections::HashMap;

use aivi_scheduler::{Dump, WaitReason};

/// The indices of fibers of which each waits for the next, and the last for the first; empty if there is no such
/// circle.
///
/// A race is over when one branch is, so waiting for branches of a race closes no circle. Without recursion: chains may
/// be long.
pub(super) fn find(dump: &Dump, indices: &HashMap<u64, usize>) -> Vec<usize> {
    let mut is_seen = vec![false; dump.tasks.len()];
    let mut is_on_path = vec![false; dump.tasks.len()];
    for start in 0..dump.tasks.len() {
        // The path from `start`, with the number of edges that were followed from each.
        let mut path = vec![(start, 0)];
        while let Some((index, followed)) = path.last_mut() {
            let index = *index;
            if *followed == 0 {
                if is_seen[index] {
                    path.pop();
                    continue;
                }
                is_seen[index] = true;
                is_on_path[index] = true;
            }
            let task = &dump.tasks[index];
            let edges =
                if matches!(task.reason, WaitReason::Race | WaitReason::Any) { &[][..] } else { &task.waits_for[..] };
            let Some(id) = edges.get(*followed) else {
                is_on_path[index] = false;
                path.pop();
                continue;
            };
            *followed += 1;
            let Some(&next) = indices.get(id).filter(|next| **next != index) else { continue };
            if is_on_path[next] {
                let from = path.iter().position(|(index, _)| *index == next).unwrap_or(0);
                return path[from..].iter().map(|(index, _)| *index).collect();
            }
            if !is_seen[next] {
                path.push((next, 0));
            }
        }
    }
    Vec::new()
}
