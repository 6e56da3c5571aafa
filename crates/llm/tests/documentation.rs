//! The examples of docs/models.md are read by the program, and the codes in it are all that there are.

#![allow(clippy::expect_used, reason = "what prepares a test may end it")]

use llm::{Configuration, Fault, Hub, Kind, Role, Surroundings};

const GUIDE: &str = include_str!("../../../docs/models.md");

/// The blocks of TOML in the guide.
fn examples() -> Vec<&'static str> {
    let blocks = GUIDE.split("```toml\n").skip(1);
    blocks
        .map(|rest| rest.split("```").next().expect("a block has an end"))
        .collect()
}

#[test]
fn each_provider_is_configured_in_five_lines() {
    let mut kinds = Vec::new();
    for example in examples()
        .into_iter()
        .filter(|text| text.starts_with("[models]"))
    {
        assert!(example.lines().count() <= 5, "{example}");
        let configuration = Configuration::read(example)
            .expect(example)
            .expect("it has models");
        for role in Role::ALL.into_iter().filter(|role| *role != Role::Embed) {
            assert!(
                !configuration.roles.of(role).is_empty(),
                "{role} in {example}"
            );
        }
        Hub::open(
            &configuration,
            &Surroundings::of_process(".".into(), ".".into()),
        )
        .expect(example);
        kinds.extend(
            configuration
                .provider
                .values()
                .map(|p| (p.kind, p.url.is_some())),
        );
    }
    for (kind, own) in [
        (Kind::OpenAi, false),
        (Kind::Gemini, false),
        (Kind::Anthropic, false),
        (Kind::OpenAi, true),
    ] {
        assert!(kinds.contains(&(kind, own)), "{kind:?}, own server: {own}");
    }
}

#[test]
fn every_code_and_role_is_explained() {
    for fault in Fault::ALL {
        let code = format!("| `{}` |", fault.code());
        assert_eq!(GUIDE.matches(&code).count(), 1, "{code}");
    }
    for role in Role::ALL {
        assert!(GUIDE.contains(&format!("| `{role}` |")), "{role}");
    }
}
