//! Does the code for receivers, run in its own language, take what the sender signs and nothing else?

mod cases;
mod run;

use hookwright_wire::{Language, Proof, builtin_profiles, proofs, receiver_code};

use cases::{Case, receivers};
use run::{Answer, Ran, run};

/// Runs every case in one language and holds each answer against what the profile itself says.
#[track_caller]
fn holds(language: Language) {
    let receivers = receivers();
    let cases: Vec<Case> = receivers
        .iter()
        .enumerate()
        .flat_map(|(number, receiver)| cases::cases(number, receiver))
        .collect();
    let (ran, cases) = match run(language, &receivers, &cases) {
        Ran::Answers(answers, cases) => (answers, cases),
        Ran::NotRun(why) => {
            eprintln!("the code in {} was NOT run: {why}", language.title());
            return;
        }
    };
    assert_eq!(ran.len(), cases.len(), "an answer to each case");
    for (answer, case) in ran.iter().zip(&cases) {
        let receiver = &receivers[case.receiver];
        let name = format!(
            "{} {} {}: {}",
            language.title(),
            receiver.profile.name,
            receiver.proof.as_str(),
            case.what
        );
        match answer {
            Answer::Refused => assert!(!case.good, "{name}: was refused"),
            Answer::Accepted(id) => {
                assert!(case.good, "{name}: was accepted");
                // Java reads no JSON: there the body's hash may stand for the id.
                let hashed = id.len() == 64;
                assert!(*id == case.id || hashed, "{name}: its id is {id}");
            }
        }
    }
}

#[test]
fn node() {
    holds(Language::Node);
}

#[test]
fn python() {
    holds(Language::Python);
}

#[test]
fn php() {
    holds(Language::Php);
}

#[test]
fn ruby() {
    holds(Language::Ruby);
}

#[test]
fn go() {
    holds(Language::Go);
}

#[test]
fn java() {
    holds(Language::Java);
}

#[test]
fn csharp() {
    holds(Language::CSharp);
}

#[test]
fn rust() {
    holds(Language::Rust);
}

/// What no machine of ours runs must at least hold everything and leave no blank open.
#[test]
fn every_format_has_code_in_every_language_with_nothing_left_open() {
    for profile in builtin_profiles() {
        let proofs = proofs(&profile);
        assert!(proofs.contains(&Proof::Secret), "{}", profile.name);
        for (language, proof) in Language::ALL
            .into_iter()
            .flat_map(|language| proofs.iter().map(move |proof| (language, *proof)))
        {
            let code = receiver_code(&profile, language, proof).expect("code");
            let name = format!("{} {}", profile.name, language.title());
            let header = profile.signatures[0].header.as_str();
            assert!(code.to_lowercase().contains(header), "{name}");
            assert!(
                !code.contains('«') && !code.contains('»'),
                "{name}:\n{code}"
            );
            assert!(
                !code.lines().any(|line| line.starts_with('?')),
                "{name}:\n{code}"
            );
            let lines = code.lines().count();
            assert!((25..=100).contains(&lines), "{name}: {lines} lines");
        }
    }
}
