//! A day of traffic in the height of a line of text.

use maud::{Markup, html};

use super::chart_path::{HEIGHT, POINT, bars, stacked};

/// What one hour came to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Hour {
    pub(crate) good: u64,
    /// Failed and repeated.
    pub(crate) bad: u64,
}

/// Bars of some hours; `words` are what they say to those who do not see them.
pub(crate) fn sparkline(hours: &[Hour], words: &str) -> Markup {
    let most = hours.iter().map(|it| it.good + it.bad).max().unwrap_or(0);
    let share = |count: u64| count as f64 / most.max(1) as f64;
    let spans = stacked(&[
        hours.iter().map(|it| share(it.bad)).collect(),
        hours.iter().map(|it| share(it.good)).collect(),
    ]);
    let [bad, good] = [bars(&spans[0]), bars(&spans[1])];
    html! {
        svg.sparkline role="img" aria-label=(words) viewBox={ "0 0 " (hours.len() * POINT) " " (HEIGHT) } preserveAspectRatio="none" {
            title { (words) }
            path.ground d={ "M0 " (HEIGHT) "H" (hours.len() * POINT) } {}
            @if !good.is_empty() { path.bars data-colour="1" d=(good) {} }
            @if !bad.is_empty() { path.bars data-colour="2" d=(bad) {} }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_lies_at_the_bottom_and_above_the_rest() {
        let hours = [Hour { good: 3, bad: 1 }, Hour::default()];
        let shown = sparkline(&hours, "a < b").into_string();
        let good = shown.find("M1 750V0h8V750z").expect("the good ones");
        let bad = shown.find("M1 1000V750h8V1000z").expect("the bad ones");
        assert!(good < bad && shown.contains("a &lt; b"), "{shown}");
        let nothing = sparkline(&[Hour::default()], "nothing").into_string();
        assert!(!nothing.contains("bars"), "{nothing}");
    }
}
