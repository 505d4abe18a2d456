//! A plot as SVG, with logarithms on both axes.
//!
//! It is as small as it can be: lines, points, a grid of powers of ten, and names at the right.
//! It has colors of its own and a white ground, so that it looks the same wherever it is shown.

use std::fmt::Write;

/// The size of the picture, and of what is around the grid.
const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 140.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 50.0;
/// Pixels between two names.
const LEADING: f64 = 18.0;
/// The first line is drawn thicker: it is ours.
const COLORS: [&str; 9] = [
    "#d62728", "#1f77b4", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#7f7f7f",
    "#bcbd22",
];

/// What is drawn for one subject.
pub(crate) struct Line {
    pub(crate) name: String,
    /// Positive on both axes, from left to right.
    pub(crate) points: Vec<(f64, f64)>,
}

/// An axis: from which power of ten to which, and where these are.
struct Axis {
    first: i32,
    last: i32,
    from: f64,
    to: f64,
}

impl Axis {
    /// The axis that has all `values` on it.
    fn over(values: impl Iterator<Item = f64> + Clone, from: f64, to: f64) -> Self {
        let least = values.clone().fold(f64::INFINITY, f64::min);
        let most = values.fold(f64::NEG_INFINITY, f64::max);
        let first = least.log10().floor() as i32;
        let last = (most.log10().ceil() as i32).max(first + 1);
        Self {
            first,
            last,
            from,
            to,
        }
    }

    fn place(&self, value: f64) -> f64 {
        let part = (value.log10() - f64::from(self.first)) / f64::from(self.last - self.first);
        self.from + part * (self.to - self.from)
    }

    fn powers(&self) -> impl Iterator<Item = i32> {
        self.first..=self.last
    }
}

/// Draws lines, if there is a point at all.
pub(crate) fn svg(title: &str, across: &str, up: &str, lines: &[Line]) -> Option<String> {
    let points = lines.iter().flat_map(|line| &line.points);
    points.clone().next()?;
    let x = Axis::over(points.clone().map(|point| point.0), LEFT, WIDTH - RIGHT);
    let y = Axis::over(points.map(|point| point.1), HEIGHT - BOTTOM, TOP);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"22\" font-size=\"14\">{title}</text>\n"
    );
    grid(&mut text, &x, &y);
    let middle = (LEFT + WIDTH - RIGHT) / 2.0;
    let _ = writeln!(
        text,
        "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{across}</text>\n\
         <text x=\"{LEFT}\" y=\"{}\" text-anchor=\"end\" fill=\"#555\">{up}</text>",
        HEIGHT - 12.0,
        TOP - 6.0
    );
    for (number, line) in lines.iter().enumerate() {
        draw(&mut text, number, line, &x, &y);
    }
    text.push_str("</svg>\n");
    Some(text)
}

fn grid(text: &mut String, x: &Axis, y: &Axis) {
    for power in x.powers() {
        let at = x.place(10_f64.powi(power));
        let _ = writeln!(
            text,
            "<path d=\"M{at:.1} {TOP}V{:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            y.from,
            y.from + 16.0,
            number(power)
        );
    }
    for power in y.powers() {
        let at = y.place(10_f64.powi(power));
        let _ = writeln!(
            text,
            "<path d=\"M{LEFT} {at:.1}H{:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            x.to,
            LEFT - 6.0,
            at + 4.0,
            number(power)
        );
    }
}

/// A power of ten with its digits in threes.
fn number(power: i32) -> String {
    if power < 0 {
        return format!("{}", 10_f64.powi(power));
    }
    let digits = format!("1{}", "0".repeat(power as usize));
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{2009}');
        }
        text.push(digit);
    }
    text
}

fn draw(text: &mut String, number: usize, line: &Line, x: &Axis, y: &Axis) {
    let color = COLORS[number % COLORS.len()];
    let width = if number == 0 { 3.0 } else { 1.5 };
    let places: Vec<String> = line
        .points
        .iter()
        .map(|point| format!("{:.1},{:.1}", x.place(point.0), y.place(point.1)))
        .collect();
    let _ = writeln!(
        text,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\"/>",
        places.join(" ")
    );
    let at = TOP + LEADING * (number as f64 + 0.5);
    let _ = writeln!(
        text,
        "<path d=\"M{:.1} {:.1}h18\" stroke=\"{color}\" stroke-width=\"{width}\"/>\
         <text x=\"{:.1}\" y=\"{at:.1}\">{}</text>",
        WIDTH - RIGHT + 12.0,
        at - 4.0,
        WIDTH - RIGHT + 36.0,
        line.name
    );
}
