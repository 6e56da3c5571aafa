//! The models of a configuration.

use crate::configuration::{Configuration, ConfigurationError, Kind, Provider, is_own_machine};
use crate::failure::{Failure, Fault};
use crate::http::Connections;
use crate::ledger::{DayLimits, Ledger};
use crate::models::{Embedding, Models, Piece, Reply, Request};
use crate::money::Money;
use crate::purse::{Allowance, Purse};
use crate::role::Role;
use crate::secret::{Redactor, Secret};
use crate::spoke::{Asking, Spoke, base_of};
use crate::surroundings::Surroundings;
use crate::transcript::Recorder;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The models of a configuration, asked over the network in the order of their role.
pub struct Hub {
    may_send_values: bool,
    allowance: Allowance,
    ledger: Option<Arc<Ledger>>,
    roles: BTreeMap<Role, Vec<Arc<Spoke>>>,
    redactor: Redactor,
    recorder: Option<Recorder>,
    now: fn() -> Timestamp,
    draws: AtomicU64,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("Hub")
            .field("roles", &self.roles.keys())
            .finish_non_exhaustive()
    }
}

impl Hub {
    /// Makes the models ready. Opens no connection; reads the files of keys and certificates. A key
    /// that is missing is no error here but a failure of the calls that need it, so that the other
    /// models of a role still serve.
    ///
    /// # Errors
    /// Certificates, proxies and transcripts that cannot be used; keys that would go unencrypted
    /// over the network.
    pub fn open(
        configuration: &Configuration,
        surroundings: &Surroundings,
    ) -> Result<Self, ConfigurationError> {
        let mut redactor = Redactor::default();
        let mut spokes: BTreeMap<&str, Arc<Spoke>> = BTreeMap::new();
        let mut keys = BTreeMap::new();
        for (name, provider) in &configuration.provider {
            let key = key(name, provider, surroundings);
            let base = base_of(provider);
            if let Ok(Some(secret)) = &key {
                redactor.add(secret.clone());
                if base.starts_with("http://") && !is_own_machine(&base) && !provider.plain_http {
                    return Err(ConfigurationError::new(
                        format!(
                            "retail.toml: the key of provider `{name}` would go unencrypted to {base}"
                        ),
                        "use https://, or say `plain_http = true` if the network is your own",
                    ));
                }
            }
            let ca_file = provider
                .ca_file
                .as_ref()
                .map(|path| surroundings.folder.join(path));
            let connections =
                Connections::new(provider, &base, ca_file.as_deref()).map_err(|what| {
                    ConfigurationError::new(
                        format!("retail.toml: provider `{name}`: {what}"),
                        "check `ca_file` and `proxy` of the provider",
                    )
                })?;
            keys.insert(name.as_str(), (key, Arc::new(connections)));
        }
        for (name, model) in &configuration.model {
            let provider_name = model.provider.get_ref().as_str();
            let (Some(provider), Some((key, connections))) = (
                configuration.provider.get(provider_name),
                keys.get(provider_name),
            ) else {
                return Err(ConfigurationError::new(
                    format!("retail.toml: model `{name}` has no provider `{provider_name}`"),
                    "define it under [models.provider]",
                ));
            };
            let spoke = Spoke::new(name, model, provider, key.clone(), Arc::clone(connections));
            spokes.insert(name, Arc::new(spoke));
        }
        let roles = Role::ALL
            .into_iter()
            .map(|role| {
                let models = configuration.roles.of(role).iter();
                (
                    role,
                    models
                        .filter_map(|name| spokes.get(name.get_ref().as_str()).cloned())
                        .collect(),
                )
            })
            .filter(|(_, models): &(Role, Vec<_>)| !models.is_empty())
            .collect();
        let budget = &configuration.budget;
        let recorder = configuration
            .transcript
            .as_ref()
            .map(|path| {
                let path = surroundings.folder.join(path);
                Recorder::append_to(&path, redactor.clone(), configuration.send_values).map_err(
                    |error| {
                        ConfigurationError::new(
                            format!(
                                "retail.toml: `transcript`: `{}` cannot be written: {error}",
                                path.display()
                            ),
                            "name a file in a folder that can be written",
                        )
                    },
                )
            })
            .transpose()?;
        Ok(Self {
            may_send_values: configuration.send_values,
            allowance: Allowance {
                tokens: budget.question_tokens,
                money: Money::from_usd(budget.question_usd),
                time: Duration::from_secs_f64(budget.seconds),
            },
            ledger: DayLimits::of(budget).map(|limits| {
                let folder: PathBuf = surroundings.cache.join("model-spending");
                Arc::new(Ledger::new(folder, limits, surroundings.now))
            }),
            roles,
            redactor,
            recorder,
            now: surroundings.now,
            draws: AtomicU64::new(surroundings.seed),
        })
    }

    /// Goes through the models of a role until one does.
    fn first_that_does<T>(
        &self,
        role: Role,
        purse: &Purse,
        stop: &dyn Fn() -> bool,
        work: &mut dyn FnMut(&Spoke, &mut Asking<'_>) -> Result<T, Failure>,
    ) -> Result<(T, Vec<answer::ModelCall>), Failure> {
        let models = self.roles.get(&role).map(Vec::as_slice).unwrap_or_default();
        let mut asking = Asking {
            purse,
            stop,
            chance: &|| self.chance(),
            now: self.now,
            redactor: &self.redactor,
            calls: Vec::new(),
        };
        let mut failures: Vec<Failure> = Vec::new();
        for spoke in models {
            match work(spoke, &mut asking) {
                Ok(done) => return Ok((done, asking.calls)),
                Err(failure) => {
                    let ends = failure.fault.ends_the_question();
                    failures.push(failure);
                    if ends {
                        break;
                    }
                }
            }
        }
        let Some(last) = failures.pop() else {
            return Err(Failure::new(
                Fault::NotConfigured,
                format!("no model plays the role `{role}`"),
            ));
        };
        let mut message = last.message;
        // The first error of a chain says more than the last one alone.
        for earlier in failures.iter().rev() {
            message = format!("{message}; before that, {}", earlier.message);
        }
        Err(Failure::new(last.fault, message).after(asking.calls))
    }

    /// SplitMix64 over a counter: 53 bits of it as a number in 0..1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a float exactly")]
    fn chance(&self) -> f64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self
            .draws
            .fetch_add(STEP, Ordering::Relaxed)
            .wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        (z >> 11) as f64 / (1u64 << 53) as f64
    }
}

impl Models for Hub {
    fn offers(&self, role: Role) -> bool {
        self.roles.contains_key(&role)
    }

    fn may_send_values(&self) -> bool {
        self.may_send_values
    }

    fn purse(&self, user: &str) -> Purse {
        let purse = Purse::new(self.allowance);
        match &self.ledger {
            Some(ledger) => purse.charged_to(Arc::clone(ledger), user),
            None => purse,
        }
    }

    fn ask(
        &self,
        request: &Request,
        purse: &Purse,
        stop: &dyn Fn() -> bool,
        on_text: &mut dyn FnMut(Piece<'_>),
    ) -> Result<Reply, Failure> {
        let mut pieces = Vec::new();
        let recorded = self.recorder.is_some();
        let mut shown = false;
        let mut on_piece = |piece: Piece<'_>| {
            // Nothing that was not shown has to be taken back.
            if std::mem::replace(&mut shown, piece != Piece::Restart) || piece != Piece::Restart {
                if recorded {
                    pieces.push(match piece {
                        Piece::Text(text) => Some(text.to_owned()),
                        Piece::Restart => None,
                    });
                }
                on_text(piece);
            }
        };
        let result = self
            .first_that_does(request.role, purse, stop, &mut |spoke, asking| {
                let done = spoke.ask(request, asking, &mut on_piece);
                if done.is_err() {
                    on_piece(Piece::Restart);
                }
                done
            })
            .map(|((text, value), calls)| Reply { text, value, calls });
        if let Some(recorder) = &self.recorder {
            recorder.add(request, &pieces, &result);
        }
        result
    }

    fn embed(
        &self,
        texts: &[String],
        purse: &Purse,
        stop: &dyn Fn() -> bool,
    ) -> Result<Embedding, Failure> {
        let result = self
            .first_that_does(Role::Embed, purse, stop, &mut |spoke, asking| {
                spoke.embed(texts, asking)
            })
            .map(|(vectors, calls)| Embedding { vectors, calls });
        if let Some(recorder) = &self.recorder {
            recorder.add_vectors(texts, &result);
        }
        result
    }
}

/// The key of a provider: none where none is needed, or why it cannot be had.
fn key(
    name: &str,
    provider: &Provider,
    surroundings: &Surroundings,
) -> Result<Option<Secret>, String> {
    if let Some(path) = &provider.key_file {
        let path = surroundings.folder.join(path);
        return match Secret::from_file(&path) {
            Ok(secret) if secret.exposed().is_empty() => {
                Err(format!("the key file `{}` is empty", path.display()))
            }
            Ok(secret) => Ok(Some(secret)),
            Err(error) => Err(format!(
                "the key file `{}` cannot be read: {error}",
                path.display()
            )),
        };
    }
    let default = match provider.kind {
        Kind::Azure => Some("AZURE_OPENAI_API_KEY"),
        // A key of the public service is not shown to another server.
        _ if provider.url.is_some() => None,
        Kind::OpenAi => Some("OPENAI_API_KEY"),
        Kind::Gemini => Some("GEMINI_API_KEY"),
        Kind::Anthropic => Some("ANTHROPIC_API_KEY"),
    };
    let Some(variable) = provider.key_env.as_deref().or(default) else {
        return Ok(None);
    };
    match (surroundings.environment)(variable).map(|key| key.trim().to_owned()) {
        Some(key) if !key.is_empty() => Ok(Some(Secret::new(key))),
        _ => Err(format!(
            "the environment variable `{variable}` with the key of provider `{name}` is not set"
        )),
    }
}
