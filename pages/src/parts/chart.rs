//! A chart: SVG made by the server, with its words beside it as text, so that they keep their size
//! however wide the picture is.
//!
//! The value under the pointer is told by the browser from each point's title; the script tells it
//! at once, in the line above the picture, and by the arrow keys too.

use maud::{Markup, html};

use super::chart_path::{HEIGHT, POINT, bars, line, stacked};
use super::chart_scale::Scale;

/// What a series is drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drawn {
    /// Bars that stand on those of the series before.
    Bars,
    /// A line.
    Line,
}

/// One series: its name, its colour in the style (1 to 3), a value for each point.
pub(crate) struct Series {
    pub(crate) name: &'static str,
    pub(crate) colour: u8,
    pub(crate) values: Vec<Option<f64>>,
}

/// What a chart shows.
pub(crate) struct Chart<'a> {
    pub(crate) id: &'a str,
    pub(crate) title: &'a str,
    /// What is counted, in which unit.
    pub(crate) about: &'a str,
    pub(crate) drawn: Drawn,
    pub(crate) series: Vec<Series>,
    pub(crate) scale: Scale,
    /// How a value of the upright axis is written.
    pub(crate) unit: fn(f64) -> String,
    /// What is written below, evenly apart, from the first point's begin to the last one's end.
    pub(crate) along: &'a [String],
    /// What each point is, in words.
    pub(crate) tips: Vec<String>,
    /// What is said where no point has a value.
    pub(crate) nothing: &'a str,
}

impl Chart<'_> {
    pub(crate) fn show(&self) -> Markup {
        let is_empty = self
            .series
            .iter()
            .all(|series| series.values.iter().all(|it| it.unwrap_or(0.0) == 0.0));
        html! {
            figure.chart id=(self.id) data-chart {
                figcaption.head {
                    h3 id={ (self.id) "-title" } { (self.title) }
                    @if self.series.len() > 1 { ul.legend { @for series in &self.series {
                        li { span.key data-colour=(series.colour) {} (series.name) }
                    } } }
                }
                p.readout aria-live="polite" data-rest=(self.about) { (self.about) }
                div.plot {
                    div.up aria-hidden="true" { @for value in self.scale.lines() { span { ((self.unit)(value)) } } }
                    @if is_empty { p.nothing { (self.nothing) } } @else { (self.picture()) }
                    div.along.many[self.along.len() > 6] aria-hidden="true" { @for text in self.along { span { (text) } } }
                }
            }
        }
    }

    fn picture(&self) -> Markup {
        let width = self.tips.len() * POINT;
        let lines = self.scale.lines().len().saturating_sub(1).max(1);
        let names: Vec<_> = self.series.iter().map(|series| series.name).collect();
        let label = format!(
            "{}: {}, {} points. The table below has the values.",
            self.title,
            names.join(", "),
            self.tips.len()
        );
        html! {
            svg role="img" tabindex="0" aria-label=(label) viewBox={ "0 0 " (width) " " (HEIGHT) } preserveAspectRatio="none" {
                path.lines d=(across(lines, width)) {}
                (self.drawn())
                @for (place, tip) in self.tips.iter().enumerate() {
                    rect.point x=(place * POINT) width=(POINT) height=(HEIGHT) { title { (tip) } }
                }
            }
        }
    }

    fn drawn(&self) -> Markup {
        let place = |value: &Option<f64>| value.map(|value| self.scale.place(value));
        let places: Vec<Vec<Option<f64>>> = self
            .series
            .iter()
            .map(|series| series.values.iter().map(place).collect())
            .collect();
        let paths: Vec<(String, String)> = match self.drawn {
            Drawn::Line => places.iter().map(|places| line(places)).collect(),
            Drawn::Bars => {
                let heights =
                    |places: &Vec<Option<f64>>| places.iter().map(|it| it.unwrap_or(0.0)).collect();
                let heights: Vec<Vec<f64>> = places.iter().map(heights).collect();
                let spans = stacked(&heights).into_iter();
                spans.map(|spans| (bars(&spans), String::new())).collect()
            }
        };
        let class = match self.drawn {
            Drawn::Line => "line",
            Drawn::Bars => "bars",
        };
        // The first lies above the others: a low bar of it is not hidden by the bar upon it.
        html! {
            @for (series, (path, dots)) in self.series.iter().zip(paths).rev() {
                @if !path.is_empty() { path class=(class) data-colour=(series.colour) d=(path) {} }
                @if !dots.is_empty() { path.line.dots data-colour=(series.colour) d=(dots) {} }
            }
        }
    }
}

/// The lines of the upright axis.
fn across(steps: usize, width: usize) -> String {
    let step = HEIGHT / steps as f64;
    let at = |line: usize| format!("M0 {:.0}H{width}", line as f64 * step);
    (0..=steps).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(values: Vec<Option<f64>>) -> String {
        let chart = Chart {
            id: "volume",
            title: "Deliveries",
            about: "deliveries per hour",
            drawn: Drawn::Bars,
            tips: vec!["<one>".to_owned(); values.len()],
            series: vec![Series {
                name: "delivered",
                colour: 1,
                values,
            }],
            scale: Scale::counts(4.0),
            unit: super::super::chart_scale::short,
            along: &[],
            nothing: "Nothing was sent.",
        };
        chart.show().into_string()
    }

    #[test]
    fn a_chart_has_a_point_with_its_words_for_each_value() {
        let shown = chart(vec![Some(4.0), None]);
        assert!(shown.contains("M1 1000V0h8V1000z"), "{shown}");
        assert_eq!(shown.matches("<title>&lt;one&gt;</title>").count(), 2);
        assert!(!shown.contains("Nothing was sent"));
    }

    #[test]
    fn a_chart_without_values_says_so() {
        let shown = chart(vec![None, Some(0.0)]);
        assert!(shown.contains("Nothing was sent.") && !shown.contains("<svg"));
    }
}
