//! Bars, as SVG: no script, no font of their own, legible on light and on dark.

use std::fmt::Write;

use crate::spread::Spread;

const WIDTH: f64 = 760.0;
/// Where bars begin: names stand left of it.
const LEFT: f64 = 130.0;
/// Where the longest bar ends: figures stand right of it.
const RIGHT: f64 = 560.0;
const ROW: f64 = 30.0;
const TOP: f64 = 44.0;

/// One bar.
pub(crate) struct Bar {
    /// Whose it is.
    pub(crate) name: String,
    /// How long, with the ends of what was seen.
    pub(crate) value: Spread,
    /// Whether it is drawn as ours.
    pub(crate) ours: bool,
    /// What stands behind the figure.
    pub(crate) note: String,
}

/// Horizontal bars from zero, in the order given.
pub(crate) fn bars(title: &str, unit: &str, bars: &[Bar]) -> String {
    let height = TOP + ROW * bars.len() as f64 + 12.0;
    let most = bars.iter().map(|bar| bar.value.most);
    let most = most.fold(f64::MIN_POSITIVE, f64::max);
    let along = |value: f64| LEFT + (RIGHT - LEFT) * value / most;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\" aria-label=\"{title}\">\n\
         <style>\n\
         text {{ font: 13px system-ui, sans-serif; fill: #24292f; }}\n\
         .title {{ font-weight: 600; font-size: 14px; }}\n\
         .figure {{ fill: #57606a; }}\n\
         .ours {{ fill: #0969da; }} .other {{ fill: #8c959f; }}\n\
         .ends {{ stroke: #24292f; stroke-width: 1.5; }}\n\
         @media (prefers-color-scheme: dark) {{\n\
         text {{ fill: #e6edf3; }} .figure {{ fill: #9198a1; }}\n\
         .ours {{ fill: #4493f8; }} .other {{ fill: #656c76; }} .ends {{ stroke: #e6edf3; }}\n\
         }}\n\
         </style>\n\
         <text class=\"title\" x=\"0\" y=\"20\">{title}</text>\n",
        title = escaped(title),
    );
    for (place, bar) in bars.iter().enumerate() {
        let top = TOP + ROW * place as f64;
        let (middle, class) = (top + ROW / 2.0, if bar.ours { "ours" } else { "other" });
        let Spread {
            median,
            least,
            most,
        } = bar.value;
        let digits = usize::from(median < 100.0);
        // Writing to a text can't fail.
        let _ = writeln!(
            svg,
            "<text x=\"{name_at}\" y=\"{base:.1}\" text-anchor=\"end\">{name}</text>\n\
             <rect class=\"{class}\" x=\"{LEFT}\" y=\"{bar_top:.1}\" width=\"{width:.1}\" height=\"18\" rx=\"2\"/>\n\
             <path class=\"ends\" d=\"M{from:.1} {middle:.1}H{to:.1}\"/>\n\
             <text class=\"figure\" x=\"{figure_at:.1}\" y=\"{base:.1}\">{median:.digits$} {unit}{note}</text>",
            name_at = LEFT - 10.0,
            base = middle + 4.5,
            name = escaped(&bar.name),
            bar_top = middle - 9.0,
            width = (along(median) - LEFT).max(1.0),
            from = along(least),
            to = along(most),
            figure_at = along(most) + 8.0,
            unit = escaped(unit),
            note = escaped(&bar.note),
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_fits_and_texts_are_escaped() {
        let bar = |name: &str, value: f64| Bar {
            name: name.to_owned(),
            value: Spread::of([value]),
            ours: false,
            note: String::new(),
        };
        let svg = bars("a < b", "µs", &[bar("one", 1.0), bar("\"two\"", 200.0)]);
        for part in [
            "a &lt; b",
            "&quot;two&quot;",
            "width=\"430.0\"",
            "200 µs",
            "1.0 µs",
        ] {
            assert!(svg.contains(part), "{part} in {svg}");
        }
        assert!(svg.ends_with("</svg>\n"));
    }
}
