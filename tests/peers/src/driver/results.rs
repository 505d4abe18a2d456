//! The figures of all samples, and what is computed from them.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::meters::Figure;

/// All figures of a run.
#[derive(Default)]
pub(super) struct Results {
    series: Vec<Series>,
}

/// One figure of one subject, round after round.
struct Series {
    bench: String,
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
    pub(super) fn add(&mut self, bench: &str, subject: &str, figures: Vec<Figure>) {
        for Figure { unit, value } in figures {
            match self.find_mut(bench, subject, &unit) {
                Some(series) => series.values.push(value),
                None => self.series.push(Series {
                    bench: bench.to_string(),
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

    /// Whether anybody has a figure for a bench.
    pub(super) fn know(&self, bench: &str) -> bool {
        self.series.iter().any(|series| series.bench == bench)
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

    /// A line for each series of a bench. `values` are those of the rounds.
    pub(super) fn json(&self, bench: &str) -> String {
        let line = |series: &Series| {
            let summary = Summary::of(&series.values);
            let line = json!({
                "bench": series.bench, "impl": series.subject, "unit": series.unit,
                "median": summary.median, "min": summary.min, "max": summary.max,
                "values": series.values,
            });
            format!("{line}\n")
        };
        let series = self.series.iter();
        series
            .filter(|series| series.bench == bench)
            .map(line)
            .collect()
    }

    /// Takes the series of a file that `json` has filled. A bench that begins anew takes the
    /// place of what was there of it: a ratio is of figures from one run.
    pub(super) fn read(&mut self, path: &Path) -> Result<(), String> {
        let text =
            fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut current = String::new();
        for (number, line) in text.lines().enumerate() {
            let series = Series::read(line);
            let series = series
                .ok_or_else(|| format!("{}: line {}: no figure", path.display(), number + 1))?;
            let again = self
                .values(&series.bench, &series.subject, &series.unit)
                .is_some();
            if series.bench != current || again {
                self.series.retain(|other| other.bench != series.bench);
                current.clone_from(&series.bench);
            }
            self.series.push(series);
        }
        Ok(())
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

impl Series {
    fn read(line: &str) -> Option<Self> {
        let line: Value = serde_json::from_str(line).ok()?;
        let word = |name: &str| Some(line.get(name)?.as_str()?.to_string());
        let values: Option<Vec<f64>> = line
            .get("values")?
            .as_array()?
            .iter()
            .map(Value::as_f64)
            .collect();
        Some(Self {
            bench: word("bench")?,
            subject: word("impl")?,
            unit: word("unit")?,
            values: values.filter(|values| !values.is_empty())?,
        })
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
