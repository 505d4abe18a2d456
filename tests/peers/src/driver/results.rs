//! The figures of all samples, and what is computed from them.

use serde_json::json;

use crate::meters::Figure;

/// All figures of a run.
#[derive(Default)]
pub(super) struct Results {
    series: Vec<Series>,
}

/// One figure of one subject, round after round.
struct Series {
    bench: &'static str,
    subject: String,
    unit: String,
    values: Vec<f64>,
}

/// What is shown of a series.
#[derive(Clone, Copy)]
pub(super) struct Summary {
    pub(super) median: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Results {
    pub(super) fn add(&mut self, bench: &'static str, subject: &str, figures: Vec<Figure>) {
        for Figure { unit, value } in figures {
            match self.find_mut(bench, subject, &unit) {
                Some(series) => series.values.push(value),
                None => self.series.push(Series {
                    bench,
                    subject: subject.to_string(),
                    unit,
                    values: vec![value],
                }),
            }
        }
    }

    /// Drops the figures of a subject that has failed.
    pub(super) fn forget(&mut self, bench: &str, subject: &str) {
        self.series
            .retain(|series| series.bench != bench || series.subject != subject);
    }

    pub(super) fn summary(&self, bench: &str, subject: &str, unit: &str) -> Option<Summary> {
        self.values(bench, subject, unit).map(Summary::of)
    }

    /// The median of looplet's figure divided by the subject's, round by round.
    pub(super) fn ratio(&self, bench: &str, subject: &str, unit: &str) -> Option<f64> {
        let ours = self.values(bench, "looplet", unit)?;
        let theirs = self.values(bench, subject, unit)?;
        let pairs = ours.iter().zip(theirs);
        let ratios: Vec<f64> = pairs.map(|(ours, theirs)| ours / theirs).collect();
        (!ratios.is_empty()).then(|| Summary::of(&ratios).median)
    }

    /// Those who have a figure for a bench, but looplet.
    pub(super) fn peers(&self, bench: &str, unit: &str) -> Vec<&str> {
        let series = self.series.iter();
        series
            .filter(|series| series.bench == bench && series.unit == unit)
            .map(|series| series.subject.as_str())
            .filter(|subject| !subject.starts_with("looplet"))
            .collect()
    }

    /// A line for each series.
    pub(super) fn json(&self) -> String {
        let line = |series: &Series| {
            let summary = Summary::of(&series.values);
            let line = json!({
                "bench": series.bench, "impl": series.subject, "unit": series.unit,
                "median": summary.median, "min": summary.min, "max": summary.max,
            });
            format!("{line}\n")
        };
        self.series.iter().map(line).collect()
    }

    fn values(&self, bench: &str, subject: &str, unit: &str) -> Option<&[f64]> {
        let mut series = self.series.iter();
        series
            .find(|s| s.bench == bench && s.subject == subject && s.unit == unit)
            .map(|series| series.values.as_slice())
    }

    fn find_mut(&mut self, bench: &str, subject: &str, unit: &str) -> Option<&mut Series> {
        let mut series = self.series.iter_mut();
        series.find(|s| s.bench == bench && s.subject == subject && s.unit == unit)
    }
}

impl Summary {
    fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (half, last) = (sorted.len() / 2, sorted.len() - 1);
        let median = if sorted.len().is_multiple_of(2) {
            (sorted[half - 1] + sorted[half]) / 2.0
        } else {
            sorted[half]
        };
        Self {
            median,
            min: sorted[0],
            max: sorted[last],
        }
    }
}
