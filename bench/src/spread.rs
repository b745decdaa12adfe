//! A sample's middle and ends.

/// The median of a sample, its least and its most.
#[derive(Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Spread {
    /// Of these values; of none, it is no number.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Spread {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let at = |place: usize| values.get(place).copied().unwrap_or(f64::NAN);
        let last = values.len().saturating_sub(1);
        Spread {
            median: (at(last / 2) + at(last.div_ceil(2))) / 2.0,
            least: at(0),
            most: at(last),
        }
    }

    /// As it is shown: `2.5 (1.0–4.0)`.
    pub(crate) fn text(&self, digits: usize) -> String {
        let Spread {
            median,
            least,
            most,
        } = self;
        format!("{median:.digits$} ({least:.digits$}–{most:.digits$})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_has_the_middle_of_an_even_number_too() {
        for (values, median, least, most) in [
            (vec![3.0, 1.0, 2.0], 2.0, 1.0, 3.0),
            (vec![4.0, 1.0, 2.0, 3.0], 2.5, 1.0, 4.0),
            (vec![5.0], 5.0, 5.0, 5.0),
        ] {
            let spread = Spread::of(values);
            assert_eq!(
                (spread.median, spread.least, spread.most),
                (median, least, most)
            );
        }
    }
}
