//! How the code of each language is run: written into a folder beside a harness that asks it.

use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hookwright_wire::{Language, Proof, receiver_code};

use crate::cases::{Case, Receiver, url};

/// What a receiver said.
pub enum Answer {
    Refused,
    Accepted(String),
}

pub enum Ran {
    /// Of these cases, one answer each.
    Answers(Vec<Answer>, Vec<Case>),
    /// The machine cannot: why.
    NotRun(String),
}

/// Runs the code of every receiver in one language on all cases.
pub fn run(language: Language, receivers: &[Receiver], cases: &[Case]) -> Ran {
    let tool = match language {
        Language::Node => "node",
        Language::Python => "python3",
        Language::Rust => "cargo",
        Language::Go => "go",
        Language::Php => "php",
        Language::Ruby => "ruby",
        Language::Java => "javac",
        Language::CSharp => "mcs",
    };
    // Go and Java are large: they are run where they are.
    if !there(tool) && matches!(language, Language::Go | Language::Java) {
        return Ran::NotRun(format!("there is no {tool} on this machine"));
    }
    let mut cases = cases.to_vec();
    if language == Language::Python && !python_has_ed25519() {
        eprintln!("Python's code for ed25519 was NOT run: its package cryptography is missing");
        cases.retain(|case| receivers[case.receiver].proof != Proof::PublicKey);
    }
    if language == Language::CSharp {
        eprintln!("C#'s code for ed25519 was NOT run: its package NSec needs .NET");
        cases.retain(|case| receivers[case.receiver].proof != Proof::PublicKey);
    }
    let folder = folder(language);
    for (number, receiver) in receivers.iter().enumerate() {
        let code = receiver_code(&receiver.profile, language, receiver.proof).expect("code");
        write(&folder, language, number, &code);
    }
    let mut command = prepare(language, &folder, receivers);
    let input: String = cases.iter().map(line).collect();
    let answers = ask(&mut command, &input);
    Ran::Answers(answers, cases)
}

fn there(tool: &str) -> bool {
    let paths = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&paths).any(|folder| folder.join(tool).exists())
}

fn python_has_ed25519() -> bool {
    let mut python = Command::new("python3");
    let asked = python
        .args(["-c", "import cryptography"])
        .stderr(Stdio::null());
    asked.status().is_ok_and(|status| status.success())
}

/// A folder of the language's own, which keeps what was compiled.
fn folder(language: Language) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("receiver_code");
    let folder = folder.join(language.as_str());
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn write(folder: &Path, language: Language, number: usize, code: &str) {
    let (name, code) = match language {
        Language::Node => (format!("p{number}.mjs"), code.to_owned()),
        Language::Python => (format!("p{number}.py"), code.to_owned()),
        Language::Php => {
            let within = code.replacen("<?php\n", &format!("<?php\nnamespace p{number};\n"), 1);
            (format!("p{number}.php"), within)
        }
        Language::Ruby => (format!("p{number}.rb"), code.to_owned()),
        Language::Go => (format!("p{number}/p.go"), code.to_owned()),
        Language::Java => {
            let within = format!("package p{number};\n{code}");
            (format!("p{number}/Webhooks.java"), within)
        }
        Language::Rust => (format!("src/p{number}.rs"), code.to_owned()),
        Language::CSharp => {
            // The usings are those that a .NET project has by itself.
            let within = format!(
                "namespace p{number} {{\nusing System;\nusing System.Collections.Generic;\nusing System.IO;\nusing System.Linq;\n{code}\n{}}}\n",
                harness("csharp_shim.txt")
            );
            (format!("p{number}.cs"), within)
        }
    };
    put(&folder.join(name), &code);
}

/// Writes a file that is not so already: what was compiled of it stays good.
fn put(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|there| there == text) {
        return;
    }
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("written");
}

fn harness(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/receiver_code/harness");
    fs::read_to_string(path.join(name)).expect("a harness")
}

fn has_url(receiver: &Receiver) -> bool {
    matches!(receiver.profile.name.as_str(), "square" | "hubspot")
}

/// Text for each receiver, one on each line.
fn each(receivers: &[Receiver], text: impl Fn(usize, &str) -> String) -> String {
    let lines = receivers.iter().enumerate().map(|(number, receiver)| {
        text(
            number,
            if has_url(receiver) {
                "url, method, "
            } else {
                ""
            },
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Compiles what is to be compiled, and says how it is run.
fn prepare(language: Language, folder: &Path, receivers: &[Receiver]) -> Command {
    let at = |name: &str| folder.join(name);
    let mut command;
    match language {
        Language::Node => {
            put(&at("harness.mjs"), &harness("node.mjs"));
            command = Command::new("node");
            command.arg(at("harness.mjs"));
        }
        Language::Python => {
            put(&at("harness.py"), &harness("python.py"));
            command = Command::new("python3");
            command.arg(at("harness.py")).arg(folder);
        }
        Language::Php => {
            put(&at("harness.php"), &harness("php.php"));
            command = Command::new("php");
            command.arg(at("harness.php")).arg(folder);
        }
        Language::Ruby => {
            put(&at("harness.rb"), &harness("ruby.rb"));
            command = Command::new("ruby");
            command.arg(at("harness.rb")).arg(folder);
        }
        Language::Go => {
            let imports = each(receivers, |number, _| {
                format!("\tp{number} \"harness/p{number}\"")
            });
            let cases = each(receivers, |number, url| {
                format!(
                    "\t\tcase \"{number}\":\n\t\t\tif good = p{number}.Verify(headers, body, {url}secrets, now); good {{\n\t\t\t\tid = p{number}.MessageID(headers, body)\n\t\t\t}}"
                )
            });
            let main = harness("go.txt")
                .replace("IMPORTS", &imports)
                .replace("CASES", &cases);
            put(&at("main.go"), &main);
            put(&at("go.mod"), "module harness\n\ngo 1.19\n");
            compile(
                Command::new("go")
                    .args(["build", "-o", "harness", "."])
                    .env("GOFLAGS", "-mod=mod")
                    .env("GOPROXY", "off")
                    .current_dir(folder),
            );
            command = Command::new(at("harness"));
        }
        Language::Java => {
            let cases = each(receivers, |number, url| {
                format!(
                    "                case \"{number}\": good = p{number}.Webhooks.verify(headers, body, {url}secrets, now); if (good) id = p{number}.Webhooks.messageId(headers, body); break;"
                )
            });
            put(
                &at("Main.java"),
                &harness("java.txt").replace("CASES", &cases),
            );
            let sources = (0..receivers.len()).map(|number| format!("p{number}/Webhooks.java"));
            compile(
                Command::new("javac")
                    .args(["-d", "classes", "Main.java"])
                    .args(sources)
                    .current_dir(folder),
            );
            command = Command::new("java");
            command.arg("-cp").arg(at("classes")).arg("Main");
        }
        Language::Rust => {
            let modules = each(receivers, |number, _| {
                format!("#[allow(dead_code, unused)]\nmod p{number};")
            });
            let cases = each(receivers, |number, url| {
                let url = url.replace("url, ", "&url, ");
                format!(
                    "            \"{number}\" => (p{number}::verify(header, body, {url}&secrets, now).is_some(), p{number}::message_id(header, body)),"
                )
            });
            put(
                &at("src/main.rs"),
                &harness("rust.txt")
                    .replace("MODULES", &modules)
                    .replace("CASES", &cases),
            );
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
            let lock = fs::read_to_string(root.join("Cargo.lock")).expect("the lock file");
            if !at("Cargo.lock").exists() {
                put(&at("Cargo.lock"), &lock);
            }
            put(
                &at("Cargo.toml"),
                "[package]\nname = \"receivers\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[workspace]\n\n[dependencies]\nbase64 = \"0.22\"\nhex = \"0.4\"\nring = \"0.17\"\nserde_json = \"1\"\ntime = { version = \"0.3\", features = [\"parsing\"] }\n",
            );
            compile(
                Command::new("cargo")
                    .args(["build", "--quiet", "--offline", "--target-dir", "target"])
                    .current_dir(folder),
            );
            command = Command::new(at("target/debug/receivers"));
        }
        Language::CSharp => {
            // Of ed25519 only the shape is looked at, elsewhere.
            let own: Vec<usize> = (0..receivers.len())
                .filter(|number| receivers[*number].proof != Proof::PublicKey)
                .collect();
            let case = |number: &usize| {
                let url = if has_url(&receivers[*number]) {
                    "url, method, "
                } else {
                    ""
                };
                format!(
                    "                case \"{number}\": good = p{number}.Webhooks.Verify(headers, body, {url}secrets.ToArray(), now); if (good) id = p{number}.Webhooks.MessageId(headers, body); break;"
                )
            };
            let cases: Vec<String> = own.iter().map(case).collect();
            let main = harness("csharp.txt").replace("CASES", &cases.join("\n"));
            put(&at("Main.cs"), &main);
            put(&at("Json.cs"), &harness("csharp_json.txt"));
            let sources = own.iter().map(|number| format!("p{number}.cs"));
            compile(
                Command::new("mcs")
                    .args([
                        "-nologo",
                        "-r:System.Json",
                        "-out:harness.exe",
                        "Main.cs",
                        "Json.cs",
                    ])
                    .args(sources)
                    .current_dir(folder),
            );
            command = Command::new("mono");
            command.arg(at("harness.exe"));
        }
    }
    command
}

fn compile(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}

/// A case on one line, its texts in base64.
fn line(case: &Case) -> String {
    let secrets: Vec<String> = case
        .secrets
        .iter()
        .map(|secret| STANDARD.encode(secret))
        .collect();
    let headers = case.headers.iter();
    let headers: Vec<String> = headers
        .map(|(name, value)| format!("{name}={}", STANDARD.encode(value)))
        .collect();
    format!(
        "{}\t{}\t{}\tPOST\t{}\t{}\t{}\n",
        case.receiver,
        case.now_s,
        STANDARD.encode(url()),
        STANDARD.encode(&case.body),
        secrets.join(","),
        headers.join(";"),
    )
}

fn ask(command: &mut Command, input: &str) -> Vec<Answer> {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = piped
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("{command:?}: {error}\nhint: the script ./test installs it")
        });
    let mut stdin = child.stdin.take().expect("its input");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("its output");
    let _ = writer.join();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    let answers = String::from_utf8(output.stdout).expect("UTF-8");
    let answer = |line: &str| match line.split_once(' ') {
        Some(("1", id)) => Answer::Accepted(id.to_owned()),
        _ => Answer::Refused,
    };
    answers.lines().map(answer).collect()
}
