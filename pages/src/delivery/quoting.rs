//! Text as one word of a shell, whatever is in it.

use std::fmt::Write;

/// In quotes that sh, bash and zsh read alike. What pages would show as a picture (control
/// characters, and what turns the order of letters around) is written in octal, so that what is
/// copied is what is meant; those words need `$'...'`, as bash and zsh have it.
pub(super) fn quote(text: &str) -> String {
    let is_plain = |found: char| found == '\n' || found == '\t' || !is_hidden(found);
    if text.chars().all(is_plain) {
        return format!("'{}'", text.replace('\'', "'\\''"));
    }
    let mut word = String::from("$'");
    for found in text.chars() {
        match found {
            '\'' | '\\' => word.extend(['\\', found]),
            found if is_plain(found) => word.push(found),
            found => {
                for byte in found.encode_utf8(&mut [0; 4]).bytes() {
                    // Writing to a string does not fail.
                    let _ = write!(word, "\\{byte:03o}");
                }
            }
        }
    }
    word.push('\'');
    word
}

fn is_hidden(found: char) -> bool {
    let shown = crate::parts::show::visible(found.encode_utf8(&mut [0; 4]));
    !shown.starts_with(found)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    /// What a shell makes of a word.
    fn read(word: &str) -> Vec<u8> {
        let script = format!("printf %s {word}");
        let done = Command::new("bash")
            .args(["-c", &script])
            .output()
            .expect("bash");
        assert!(done.status.success(), "{script}");
        done.stdout
    }

    #[test]
    fn words_are_quoted_as_one_would() {
        assert_eq!(quote(""), "''");
        assert_eq!(quote("a b"), "'a b'");
        assert_eq!(quote("it's $HOME `x` \\ !"), "'it'\\''s $HOME `x` \\ !'");
        assert_eq!(quote("a\u{1b}b\u{202e}'"), "$'a\\033b\\342\\200\\256\\''");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn a_shell_reads_the_very_text(text in "[\\x01-\\x7f\u{80}-\u{a0}é'\"$`\\\\!\n\u{202e}😀]{0,30}") {
            prop_assert_eq!(read(&quote(&text)), text.into_bytes());
        }

        #[test]
        fn a_shell_reads_any_text(text in "[^\\x00]{0,30}") {
            prop_assert_eq!(read(&quote(&text)), text.into_bytes());
        }
    }
}
