//! A plot of a backtest: how many builds there have been after each commit.

use std::fmt::Write as _;

use crate::job::backtest::count::{Counts, Row, Run};
use crate::print::plural;

/// How many builds there have been so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sums {
    /// Where every commit builds everything.
    pub(super) always: usize,
    /// Where the whole folders are hashed.
    pub(super) whole: usize,
    /// With docktag.
    pub(super) docktag: usize,
}

/// The sums after each commit.
pub(super) fn sums(counts: &Counts) -> Vec<Sums> {
    let mut sums = Sums::default();
    let mut all = Vec::with_capacity(counts.commits.len());
    for index in 0..counts.commits.len() {
        for run in counts.rows.iter().filter_map(|row: &Row| row.runs.get(index)) {
            let (always, whole, docktag) = match run {
                Run::None | Run::Unknown(_) => (false, false, false),
                Run::Hit { whole, .. } => (true, *whole, false),
                Run::Built { whole, .. } => (true, *whole, true),
            };
            sums.always += usize::from(always);
            sums.whole += usize::from(whole);
            sums.docktag += usize::from(docktag);
        }
        all.push(sums);
    }
    all
}

const WIDTH: usize = 800;
const HEIGHT: usize = 400;
/// Around the lines: above, right, below, left.
const AROUND: [usize; 4] = [40, 150, 40, 60];

/// An SVG that fits light and dark pages.
pub(super) fn svg(counts: &Counts) -> String {
    let sums = sums(counts);
    let last = sums.last().copied().unwrap_or_default();
    let top = last.always.max(1);
    let [above, right, below, left] = AROUND;
    let (wide, high) = (WIDTH - left - right, HEIGHT - above - below);
    let x = |index: usize| left + wide * index / sums.len().max(1);
    let y = |value: usize| above + high - high * value / top;
    let commits = plural(sums.len(), "commit");
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"system-ui, sans-serif\" font-size=\"13\">\n\
         <style>:root {{ color: #1f2328; background: #fff }} text {{ fill: currentColor }} path {{ fill: none; stroke-width: 2 }}\n\
         .axis {{ stroke: currentColor; stroke-width: 1 }} .always {{ stroke: #8c959f }} .whole {{ stroke: #bf8700 }} .docktag {{ stroke: #1a7f37; stroke-width: 3 }}\n\
         @media (prefers-color-scheme: dark) {{ :root {{ color: #e6edf3; background: #0d1117 }} .docktag {{ stroke: #3fb950 }} .whole {{ stroke: #d29922 }} }}</style>\n\
         <title>Builds in {commits}: {} always, {} by whole folders, {} with docktag</title>\n\
         <text x=\"{left}\" y=\"24\" font-size=\"15\">Builds in {commits}</text>\n\
         <path class=\"axis\" d=\"M{left} {above}V{}H{}\"/>\n",
        last.always,
        last.whole,
        last.docktag,
        above + high,
        left + wide,
    );
    for part in 0..=4 {
        let value = top * part / 4;
        writeln!(svg, "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{value}</text>", left - 8, y(value) + 4).ok();
    }
    writeln!(svg, "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">commits</text>", left + wide / 2, HEIGHT - 12).ok();
    let mut labels: Vec<usize> = Vec::new();
    for (class, name, of) in [
        ("always", "always", (|sums| sums.always) as fn(&Sums) -> usize),
        ("whole", "whole folders", |sums| sums.whole),
        ("docktag", "docktag", |sums| sums.docktag),
    ] {
        let mut path = format!("M{} {}", x(0), y(0));
        for (index, sums) in sums.iter().enumerate() {
            write!(path, "V{}H{}", y(of(sums)), x(index + 1)).ok();
        }
        // Names of lines that end at the same height stand below each other.
        let mut label = y(of(&last)) + 4;
        while labels.iter().any(|other| other.abs_diff(label) < 16) {
            label += 4;
        }
        labels.push(label);
        writeln!(svg, "<path class=\"{class}\" d=\"{path}\"/>\n<text x=\"{}\" y=\"{label}\">{name}: {}</text>", left + wide + 8, of(&last))
            .ok();
    }
    svg.push_str("</svg>\n");
    svg
}
