//! "Did you mean": the nearest of the names that would have been right.

/// The candidate closest to `name`, if one is close enough that the writer may have meant it.
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // A third of the letters may be wrong; arbitrary, but one letter of a short name must be allowed.
    let limit = (name.chars().count() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        if candidate == name || candidate.is_empty() {
            continue;
        }
        let distance = distance(name, candidate, limit);
        let better = match best {
            None => distance <= limit,
            Some((least, text)) => distance < least || (distance == least && candidate < text),
        };
        if better {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, text)| text).filter(|text| text.len() > 1 || name.len() == 1 && text.eq_ignore_ascii_case(name))
}

/// The candidate closest to `name`, or else the only one that begins with it.
pub fn nearest_or_longer<'a>(name: &str, candidates: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let longer = || {
        let mut found = candidates.clone().filter(|candidate| name.len() > 2 && candidate.starts_with(name));
        found.next().filter(|_| found.next().is_none())
    };
    nearest(name, candidates.clone()).or_else(longer)
}

/// Number of letters to insert, remove, replace or swap with a neighbour; `limit + 1` when it is more than `limit`.
fn distance(a: &str, b: &str, limit: usize) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > limit {
        return limit + 1;
    }
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replace = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replace.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before_last[j - 2] + 1);
            }
            row.push(least);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_swapped_missing_and_wrong_letters() {
        let names = ["println", "price", "length"];
        assert_eq!(nearest("pritnln", names.into_iter()), Some("println"));
        assert_eq!(nearest("prise", names.into_iter()), Some("price"));
        assert_eq!(nearest("lenth", names.into_iter()), Some("length"));
    }

    #[test]
    fn is_silent_when_nothing_is_near() {
        assert_eq!(nearest("banana", ["println", "x"].into_iter()), None);
        assert_eq!(nearest("x", ["y", "z"].into_iter()), None);
    }
}
