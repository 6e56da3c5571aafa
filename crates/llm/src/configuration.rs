//! The table `[models]` of retail.toml.

use crate::role::Role;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use toml::Spanned;

/// Which models there are, what they cost, and which of them play which role. `docs/models.md` has
/// the keys with examples. Keys that do not exist are errors.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// Whether cell values of the data may be sent to a model; true by default.
    #[serde(default = "yes")]
    pub send_values: bool,
    /// A file to which every exchange is added, for replay; none by default.
    pub transcript: Option<PathBuf>,
    /// What may be spent.
    #[serde(default)]
    pub budget: Budget,
    /// Who serves models, by a name of one's own.
    pub provider: BTreeMap<String, Provider>,
    /// Models, by a name of one's own.
    pub model: BTreeMap<String, Model>,
    /// Which models play which role.
    pub roles: Roles,
}

/// What may be spent. Days are of the coordinated universal time.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// How long the models of a question may take together.
    pub seconds: f64,
    /// Input and output tokens of a question.
    pub question_tokens: u64,
    /// US dollars of a question.
    pub question_usd: f64,
    /// Tokens of a user in a day.
    pub user_tokens: Option<u64>,
    /// US dollars of a user in a day.
    pub user_usd: Option<f64>,
    /// Tokens of all users in a day.
    pub day_tokens: Option<u64>,
    /// US dollars of all users in a day.
    pub day_usd: Option<f64>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            seconds: 30.0,
            question_tokens: 40_000,
            question_usd: 0.1,
            user_tokens: None,
            user_usd: None,
            day_tokens: None,
            day_usd: None,
        }
    }
}

/// The format that a provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// OpenAI, or with `url` any server that speaks its chat completions.
    OpenAi,
    /// OpenAI's models on Azure.
    Azure,
    /// Google Gemini.
    Gemini,
    /// Anthropic.
    Anthropic,
}

/// Who serves models.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// Its format.
    pub kind: Kind,
    /// Where it is, up to the version (`https://api.openai.com/v1`); the public service if absent.
    pub url: Option<Spanned<String>>,
    /// The environment variable that holds the key. For the public services there is a default
    /// (`OPENAI_API_KEY`, `GEMINI_API_KEY`, `ANTHROPIC_API_KEY`, for Azure `AZURE_OPENAI_API_KEY`);
    /// a server named by `url` gets a key only if this or `key_file` says so.
    pub key_env: Option<String>,
    /// The file that holds the key.
    pub key_file: Option<PathBuf>,
    /// The version of the interface; Azure only.
    pub api_version: Option<String>,
    /// The proxy, as a URL. If absent, `ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` of the
    /// environment count; an empty text means none. The own machine is never asked through a proxy.
    pub proxy: Option<String>,
    /// A file of certificates in PEM, trusted instead of the public authorities.
    pub ca_file: Option<PathBuf>,
    /// Allows a key to go unencrypted to another machine.
    #[serde(default)]
    pub plain_http: bool,
    /// How long a connection may take.
    #[serde(default = "five")]
    pub connect_seconds: f64,
    /// How long the first byte of a reply, and any further byte, may take.
    #[serde(default = "twenty")]
    pub first_byte_seconds: f64,
    /// How long a whole reply may take.
    #[serde(default = "sixty")]
    pub total_seconds: f64,
    /// How often a call that failed without a reply is made again.
    #[serde(default = "two")]
    pub retries: u32,
    /// The longest that is waited for when a provider asks to slow down; beyond, the next model is
    /// asked.
    #[serde(default = "five")]
    pub longest_wait_seconds: f64,
}

/// How a reply is held to a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Structured {
    /// The provider enforces it, as far as it can.
    #[default]
    Schema,
    /// The prompt tells it.
    Prompt,
}

/// A model.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Who serves it.
    pub provider: Spanned<String>,
    /// What the provider calls it; on Azure the name of the deployment.
    pub name: String,
    /// US dollars for a million tokens of a prompt; may be absent for a server on the own machine.
    pub input_usd: Option<f64>,
    /// US dollars for a million tokens of a reply; may be absent as `input_usd`.
    pub output_usd: Option<f64>,
    /// US dollars for a million tokens of a prompt that the provider had kept; as `input_usd` if
    /// absent.
    pub cached_input_usd: Option<f64>,
    /// US dollars for a million tokens of a prompt that the provider keeps; if absent as `input_usd`,
    /// for Anthropic a quarter more.
    pub cache_write_usd: Option<f64>,
    /// The longest reply, in tokens; what the role asks for if absent.
    pub max_output_tokens: Option<u32>,
    /// How much chance there is in a reply; 0 by default, which is what structured output wants.
    #[serde(default)]
    pub temperature: f64,
    /// How replies are held to a schema.
    #[serde(default)]
    pub structured: Structured,
}

/// Models by role, in the order in which they are asked.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the roles are documented at `Role`")]
pub struct Roles {
    /// For every role that is not named, except `embed`.
    pub default: Vec<Spanned<String>>,
    pub orchestrate: Option<Vec<Spanned<String>>>,
    pub plan: Option<Vec<Spanned<String>>>,
    pub query: Option<Vec<Spanned<String>>>,
    pub sql: Option<Vec<Spanned<String>>>,
    pub summarise: Option<Vec<Spanned<String>>>,
    pub validate: Option<Vec<Spanned<String>>>,
    pub embed: Option<Vec<Spanned<String>>>,
}

impl Roles {
    /// The models of a role.
    pub fn of(&self, role: Role) -> &[Spanned<String>] {
        let own = match role {
            Role::Orchestrate => &self.orchestrate,
            Role::Plan => &self.plan,
            Role::Query => &self.query,
            Role::Sql => &self.sql,
            Role::Summarise => &self.summarise,
            Role::Validate => &self.validate,
            Role::Embed => return self.embed.as_deref().unwrap_or_default(),
        };
        own.as_deref().unwrap_or(&self.default)
    }
}

/// A configuration that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigurationError {
    /// What is wrong, with the line of retail.toml where there is one.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl ConfigurationError {
    /// The stable code.
    pub const CODE: &str = "models_invalid";

    pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: hint.into(),
        }
    }
}

impl std::fmt::Display for ConfigurationError {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(&self.message)
    }
}

impl std::error::Error for ConfigurationError {}

/// Of the project file only the models are read here.
#[derive(Deserialize)]
struct Project {
    models: Option<Configuration>,
}

impl Configuration {
    /// Reads the models of a project file; none if it names none.
    ///
    /// # Errors
    /// TOML that is none, keys that do not exist, values out of range, names that nothing bears.
    pub fn read(text: &str) -> Result<Option<Self>, ConfigurationError> {
        let project: Project = toml::from_str(text).map_err(|error| {
            let place = error
                .span()
                .map_or_else(String::new, |span| line(text, span.start));
            ConfigurationError::new(
                format!("retail.toml{place}: {}", error.message()),
                "docs/models.md has the keys of [models] with examples",
            )
        })?;
        if let Some(configuration) = &project.models {
            configuration.check(text)?;
        }
        Ok(project.models)
    }

    fn check(&self, text: &str) -> Result<(), ConfigurationError> {
        let at = |value: &Spanned<String>| line(text, value.span().start);
        for (name, provider) in &self.provider {
            let here = format!("retail.toml: provider `{name}`");
            if provider.kind == Kind::Azure {
                if provider.url.is_none() {
                    return Err(ConfigurationError::new(
                        format!("{here} has no `url`"),
                        "Azure needs the resource's address, such as https://NAME.openai.azure.com",
                    ));
                }
                if provider.api_version.is_none() {
                    return Err(ConfigurationError::new(
                        format!("{here} has no `api_version`"),
                        "the Azure portal shows it beside the deployment, such as 2024-10-21",
                    ));
                }
            }
            if let Some(url) = &provider.url
                && !(url.get_ref().starts_with("https://") || url.get_ref().starts_with("http://"))
            {
                return Err(ConfigurationError::new(
                    format!("retail.toml{}: `{}` is no address", at(url), url.get_ref()),
                    "an address begins with https:// or, on the own machine, http://",
                ));
            }
            for (key, seconds) in [
                ("connect_seconds", provider.connect_seconds),
                ("first_byte_seconds", provider.first_byte_seconds),
                ("total_seconds", provider.total_seconds),
                ("longest_wait_seconds", provider.longest_wait_seconds),
            ] {
                if !(0.0..=86_400.0).contains(&seconds) {
                    return Err(ConfigurationError::new(
                        format!("{here}: `{key}` is {seconds}"),
                        "between 0 and 86400",
                    ));
                }
            }
        }
        for (name, model) in &self.model {
            let Some(provider) = self.provider.get(model.provider.get_ref()) else {
                return Err(ConfigurationError::new(
                    format!(
                        "retail.toml{}: model `{name}` is served by `{}`, which is no provider here",
                        at(&model.provider),
                        model.provider.get_ref()
                    ),
                    format!("the providers are: {}", listed(self.provider.keys())),
                ));
            };
            let is_local = provider
                .url
                .as_ref()
                .is_some_and(|url| is_own_machine(url.get_ref()));
            if !is_local && (model.input_usd.is_none() || model.output_usd.is_none()) {
                return Err(ConfigurationError::new(
                    format!("retail.toml: model `{name}` has no price"),
                    "give `input_usd` and `output_usd` for a million tokens (0 where it is free): without them no budget can be kept",
                ));
            }
            for (key, price) in [
                ("input_usd", model.input_usd),
                ("output_usd", model.output_usd),
                ("cached_input_usd", model.cached_input_usd),
                ("cache_write_usd", model.cache_write_usd),
            ] {
                if price.is_some_and(|price| !(0.0..=1e6).contains(&price)) {
                    return Err(ConfigurationError::new(
                        format!("retail.toml: model `{name}`: `{key}` is no price"),
                        "US dollars for a million tokens",
                    ));
                }
            }
        }
        for role in Role::ALL {
            for name in self.roles.of(role) {
                let Some(model) = self.model.get(name.get_ref()) else {
                    return Err(ConfigurationError::new(
                        format!(
                            "retail.toml{}: the role `{role}` is to be played by `{}`, which is no model here",
                            at(name),
                            name.get_ref()
                        ),
                        format!("the models are: {}", listed(self.model.keys())),
                    ));
                };
                let kind = self.provider.get(model.provider.get_ref()).map(|p| p.kind);
                if role == Role::Embed && kind == Some(Kind::Anthropic) {
                    return Err(ConfigurationError::new(
                        format!(
                            "retail.toml{}: `{}` cannot play the role `embed`",
                            at(name),
                            name.get_ref()
                        ),
                        "Anthropic has no vectors; name a model of another provider",
                    ));
                }
            }
        }
        let budget = &self.budget;
        if !(0.0..=86_400.0).contains(&budget.seconds)
            || !(0.0..=1e6).contains(&budget.question_usd)
        {
            return Err(ConfigurationError::new(
                "retail.toml: [models.budget] has a number out of range",
                "`seconds` up to 86400, `question_usd` up to a million",
            ));
        }
        Ok(())
    }
}

/// Whether an address is on the own machine.
pub(crate) fn is_own_machine(url: &str) -> bool {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = host.split(['/', '?', '#']).next().unwrap_or_default();
    if host.contains('@') {
        return false;
    }
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost"
        || name
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn line(text: &str, byte: usize) -> String {
    let before = text.as_bytes().get(..byte).unwrap_or_default();
    format!(
        ", line {}",
        before.iter().filter(|b| **b == b'\n').count() + 1
    )
}

fn listed<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names: Vec<&str> = names.map(String::as_str).collect();
    if names.is_empty() {
        "none".into()
    } else {
        names.join(", ")
    }
}

fn yes() -> bool {
    true
}

fn two() -> u32 {
    2
}

fn five() -> f64 {
    5.0
}

fn twenty() -> f64 {
    20.0
}

fn sixty() -> f64 {
    60.0
}

#[cfg(test)]
mod tests {
    use super::{Configuration, is_own_machine};
    use crate::role::Role;

    const FIVE_LINES: &str = r#"
data = ["sales.csv"]
[models]
provider.openai = { kind = "openai" }
model.fast = { provider = "openai", name = "gpt-4o-mini", input_usd = 0.15, output_usd = 0.6 }
model.strong = { provider = "openai", name = "gpt-4o", input_usd = 2.5, output_usd = 10 }
roles = { default = ["fast", "strong"], plan = ["strong"] }
"#;

    #[test]
    fn five_lines_are_enough() {
        let configuration = Configuration::read(FIVE_LINES)
            .expect("valid")
            .expect("present");
        let of = |role| {
            configuration
                .roles
                .of(role)
                .iter()
                .map(|n| n.get_ref().as_str())
                .collect::<Vec<_>>()
        };
        assert_eq!(of(Role::Query), ["fast", "strong"]);
        assert_eq!(of(Role::Plan), ["strong"]);
        assert!(of(Role::Embed).is_empty());
        assert!(configuration.send_values);
        assert!(Configuration::read("data = []").expect("valid").is_none());
    }

    #[test]
    fn faults_say_where() {
        for (from, to, said) in [
            ("roles =", "rolls =", ["line 7", "rolls"]),
            (
                "kind = \"openai\"",
                "kind = \"openay\"",
                ["line 4", "openay"],
            ),
            (
                "input_usd = 0.15",
                "input_euro = 0.15",
                ["line 5", "input_euro"],
            ),
            (
                "provider = \"openai\", name = \"gpt-4o\"",
                "provider = \"opnai\", name = \"gpt-4o\"",
                ["line 6", "opnai"],
            ),
            (
                "plan = [\"strong\"]",
                "plan = [\"weak\"]",
                ["line 7", "weak"],
            ),
            (", input_usd = 0.15", "", ["fast", "no price"]),
            ("input_usd = 0.15", "input_usd = -1", ["fast", "no price"]),
            ("kind = \"openai\"", "kind = \"azure\"", ["openai", "`url`"]),
            (
                "kind = \"openai\"",
                "kind = \"openai\", url = \"api\"",
                ["line 4", "no address"],
            ),
            (
                "kind = \"openai\"",
                "kind = \"openai\", retries = -1",
                ["line 4", "-1"],
            ),
            ("plan = [\"strong\"]", "plan = strong", ["line 7", ""]),
        ] {
            assert!(FIVE_LINES.contains(from), "{from}");
            let text = FIVE_LINES.replace(from, to);
            let error = Configuration::read(&text).expect_err(to);
            for part in said {
                assert!(error.message.contains(part), "{to}: {error}");
            }
        }
    }

    #[test]
    fn own_machine() {
        for (url, own) in [
            ("http://localhost:11434/v1", true),
            ("http://127.0.0.1/v1", true),
            ("http://[::1]:8080", true),
            ("http://127.0.0.1.example.com/v1", false),
            ("http://localhost@example.com/v1", false),
            ("https://api.openai.com/v1", false),
        ] {
            assert_eq!(is_own_machine(url), own, "{url}");
        }
    }
}
