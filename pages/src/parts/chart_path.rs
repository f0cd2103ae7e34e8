//! The lines and bars of a chart as SVG paths, in a picture that is ten wide for each point and a
//! thousand high.

use std::fmt::Write as _;

/// How wide one point is.
pub(crate) const POINT: usize = 10;
/// How high the picture is.
pub(crate) const HEIGHT: f64 = 1_000.0;
/// A bar that is more than nothing is at least this high: one failure among millions is seen.
const BAR_MIN: f64 = 15.0;

/// The bars of one series: from where to where each stands, 0 the bottom and 1 the top.
pub(crate) fn bars(spans: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (place, (from, to)) in spans.iter().enumerate() {
        if to <= from {
            continue;
        }
        let (x, bottom) = (place * POINT + 1, down(*from));
        let top = down(*to).min(bottom - BAR_MIN);
        // Writing into a String cannot fail.
        let _ = write!(path, "M{x} {bottom:.0}V{top:.0}h8V{bottom:.0}z");
    }
    path
}

/// What stands on what: the spans of each series upon those before it.
pub(crate) fn stacked(series: &[Vec<f64>]) -> Vec<Vec<(f64, f64)>> {
    let mut reached = vec![0.0; series.first().map_or(0, Vec::len)];
    let upon = |values: &Vec<f64>| {
        let spans = values.iter().zip(&mut reached).map(|(value, reached)| {
            let from = *reached;
            *reached += value;
            (from, *reached)
        });
        spans.collect()
    };
    series.iter().map(upon).collect()
}

/// A line through the points that have a value, which breaks where there is none; and the points
/// without neighbours, as lines of no length that are drawn as dots.
pub(crate) fn line(places: &[Option<f64>]) -> (String, String) {
    let (mut path, mut dots) = (String::new(), String::new());
    let mut follows = false;
    for (place, value) in places.iter().enumerate() {
        let Some(value) = value else {
            follows = false;
            continue;
        };
        let (x, y) = (place * POINT + POINT / 2, down(*value));
        let alone = !follows && places.get(place + 1).copied().flatten().is_none();
        let _ = match (follows, alone) {
            (true, _) => write!(path, "L{x} {y:.0}"),
            (false, false) => write!(path, "M{x} {y:.0}"),
            (false, true) => write!(dots, "M{x} {y:.0}h0"),
        };
        follows = true;
    }
    (path, dots)
}

/// SVG counts from the top.
fn down(share: f64) -> f64 {
    (1.0 - share) * HEIGHT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_on_each_other_and_nothing_has_none() {
        let spans = stacked(&[vec![0.5, 0.0], vec![0.25, 0.0], vec![0.0, 0.1]]);
        assert_eq!(spans[1], [(0.5, 0.75), (0.0, 0.0)]);
        assert_eq!(bars(&spans[0]), "M1 1000V500h8V1000z");
        assert_eq!(bars(&spans[1]), "M1 500V250h8V500z");
        assert_eq!(bars(&spans[2]), "M11 1000V900h8V1000z");
    }

    #[test]
    fn one_among_millions_is_seen() {
        assert_eq!(bars(&[(0.0, 1e-7)]), "M1 1000V985h8V1000z");
    }

    #[test]
    fn a_line_breaks_where_there_is_no_value() {
        let places = [Some(0.0), Some(1.0), None, Some(0.5), None, None];
        let (path, dots) = line(&places);
        assert_eq!(
            (path.as_str(), dots.as_str()),
            ("M5 1000L15 0", "M35 500h0")
        );
        assert_eq!(line(&[None, None]), Default::default());
    }
}
