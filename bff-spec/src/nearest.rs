//! The name somebody probably meant.

/// The candidate nearest to a name, if one is near enough to be meant: a third of its letters may differ.
///
/// Distance counts insertions, deletions, substitutions and swaps of neighbours; a difference in case or between `-`
/// and `_` is the least of all. The first of equals wins.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = fold(name);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let offered = fold(candidate);
        let allowed = (wanted.len().max(offered.len()) / 3).max(1);
        if wanted.len().abs_diff(offered.len()) > allowed {
            continue;
        }
        let distance = distance(&wanted, &offered);
        if distance <= allowed
            && distance < wanted.len().max(1)
            && best.is_none_or(|(least, _)| distance < least)
        {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Whether a name can only be a slip of the finger for the one nearest to it: a letter too many or too few, two that
/// changed places, or a difference in case or between `-` and `_`. A letter for another may name something else.
#[must_use]
pub fn is_slip(name: &str, near: &str) -> bool {
    let (a, b) = (fold(name), fold(near));
    if a == b {
        return true;
    }
    let short = a.len().min(b.len()) < 3;
    let swapped = || {
        let mut differ = a.iter().zip(&b).filter(|(x, y)| x != y);
        matches!(
            (differ.next(), differ.next(), differ.next()),
            (Some((x, y)), Some((v, w)), None) if x == w && y == v
        )
    };
    !short && distance(&a, &b) == 1 && (a.len() != b.len() || swapped())
}

/// Letters for comparison: without case, `-` as `_`.
fn fold(name: &str) -> Vec<char> {
    name.chars()
        .flat_map(char::to_lowercase)
        .map(|c| if c == '-' { '_' } else { c })
        .take(LONGEST)
        .collect()
}

/// Longer names are compared by their start.
const LONGEST: usize = 128;

/// Optimal string alignment: Damerau and Levenshtein's distance, no stretch edited twice.
fn distance(a: &[char], b: &[char]) -> usize {
    let at = |row: &[usize], i: usize| row.get(i).copied().unwrap_or(usize::MAX / 2);
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        for (j, y) in b.iter().enumerate() {
            let mut least = (at(&above, j) + usize::from(x != y))
                .min(at(&above, j + 1) + 1)
                .min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                least = least.min(at(&before, j - 1) + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    at(&above, b.len())
}

#[cfg(test)]
mod tests {
    use super::{is_slip, nearest};

    #[test]
    fn a_slip_is_told_from_another_name() {
        for (name, near, slip) in [
            ("nmae", "name", true),
            ("nam", "name", true),
            ("names", "name", true),
            ("customer-Id", "customer_id", true),
            ("line1", "line2", false),
            ("state", "status", false),
            ("di", "id", false),
            ("getUsr", "getUser", true),
        ] {
            assert_eq!(is_slip(name, near), slip, "{name}");
        }
    }

    #[test]
    fn finds_what_was_meant() {
        let names = ["listOrders", "getOrder", "createOrder", "id", "customer_id"];
        let cases = [
            ("listOrder", Some("listOrders")),
            ("getOrdre", Some("getOrder")),
            ("LISTORDERS", Some("listOrders")),
            ("customer-id", Some("customer_id")),
            ("creatOrdr", Some("createOrder")),
            ("di", Some("id")),
            ("x", None),
            ("", None),
            ("shipment", None),
        ];
        for (name, expected) in cases {
            assert_eq!(nearest(name, names), expected, "{name}");
        }
    }

    #[test]
    fn the_first_of_equals_wins() {
        assert_eq!(nearest("cat", ["bat", "rat"]), Some("bat"));
    }
}
