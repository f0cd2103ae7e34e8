//! A product's colour in its customers' portal: as it was chosen, if a text in it can be read.

/// Of text against its ground, as WCAG 2 asks for.
const CONTRAST_MIN: f64 = 4.5;
/// What texts in the colour stand on, in the light and in the dark theme: the harder of ground, card
/// and what is pointed at.
const LIGHT_GROUND: Colour = Colour([0xe9, 0xec, 0xf1]);
const DARK_GROUND: Colour = Colour([0x26, 0x2e, 0x3b]);
const WHITE: Colour = Colour([0xff; 3]);
const BLACK: Colour = Colour([0; 3]);
/// Steps on the way to black or to white.
const STEPS: u8 = 50;

/// Red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Colour([u8; 3]);

/// A colour of a theme, and that of a text on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Accent {
    pub(crate) colour: Colour,
    pub(crate) on: Colour,
}

impl Colour {
    /// Reads `#rrggbb`.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let bytes = hex::decode(text.strip_prefix('#')?).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    pub(crate) fn text(self) -> String {
        format!("#{}", hex::encode(self.0))
    }

    /// Relative luminance, 0 to 1.
    fn luminance(self) -> f64 {
        let linear = |value: u8| {
            let value = f64::from(value) / 255.0;
            match value <= 0.040_45 {
                true => value / 12.92,
                false => ((value + 0.055) / 1.055).powf(2.4),
            }
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// On the way to another colour: `step` of [`STEPS`].
    fn towards(self, other: Self, step: u8) -> Self {
        let share = f64::from(step) / f64::from(STEPS);
        let mix = |place: usize| {
            let (from, to) = (f64::from(self.0[place]), f64::from(other.0[place]));
            (from + (to - from) * share).round() as u8
        };
        Self([mix(0), mix(1), mix(2)])
    }
}

/// The nearest to the chosen colour that can be read on a light ground, or on a dark one.
pub(crate) fn accent(chosen: Colour, is_dark: bool) -> Accent {
    let (ground, end) = match is_dark {
        true => (DARK_GROUND, WHITE),
        false => (LIGHT_GROUND, BLACK),
    };
    let steps = (0..=STEPS).map(|step| chosen.towards(end, step));
    let fits = |colour: &Colour| colour.contrast(ground) >= CONTRAST_MIN;
    let colour = { steps }.find(fits).unwrap_or(end);
    let on = match colour.contrast(WHITE) >= colour.contrast(BLACK) {
        true => WHITE,
        false => BLACK,
    };
    Accent { colour, on }
}

/// What a theme's two choices come to in the light and in the dark theme: nothing where none was made.
pub(crate) fn of_theme(accent: Option<&str>, accent_dark: Option<&str>) -> [Option<Accent>; 2] {
    let light = accent.and_then(Colour::read);
    let dark = accent_dark.and_then(Colour::read).or(light);
    [
        light.map(|it| self::accent(it, false)),
        dark.map(|it| self::accent(it, true)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(text: &str, is_dark: bool) -> (String, String) {
        let accent = accent(Colour::read(text).expect("a colour"), is_dark);
        (accent.colour.text(), accent.on.text())
    }

    #[test]
    fn contrast_is_as_the_standard_counts_it() {
        assert!((BLACK.contrast(WHITE) - 21.0).abs() < 0.001);
        let grey = Colour::read("#767676").expect("a colour");
        assert!((grey.contrast(WHITE) - 4.54).abs() < 0.01);
    }

    #[test]
    fn a_colour_that_can_be_read_stays_as_it_is() {
        assert_eq!(
            chosen("#1d4ed8", false),
            ("#1d4ed8".into(), "#ffffff".into())
        );
        assert_eq!(
            chosen("#ffcc00", true),
            ("#ffcc00".into(), "#000000".into())
        );
    }

    #[test]
    fn any_colour_ends_up_readable_in_both_themes() {
        for text in [
            "#ffcc00", "#ffffff", "#000000", "#00ff00", "#808080", "#0000ff",
        ] {
            for (is_dark, ground) in [(false, LIGHT_GROUND), (true, DARK_GROUND)] {
                let accent = accent(Colour::read(text).expect("a colour"), is_dark);
                assert!(accent.colour.contrast(ground) >= CONTRAST_MIN, "{text}");
                assert!(accent.colour.contrast(accent.on) >= CONTRAST_MIN, "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_colour_is_none() {
        for text in ["", "#fff", "red", "#gggggg", "#11223344"] {
            assert_eq!(Colour::read(text), None, "{text}");
        }
    }
}
